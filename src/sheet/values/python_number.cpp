// SPDX-License-Identifier: MIT
#include "sheet/values/python_number.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <string>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::sheet {
namespace {

// Code point of the digit zero of each script with decimal digits (category Nd); nine follow each.
constexpr std::uint32_t kZeros[] = {
    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,
    0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,
    0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
    0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
    0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

bool is_unicode_space(std::uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

char ascii_digit(std::uint32_t c) {
  const auto* above = std::upper_bound(std::begin(kZeros), std::end(kZeros), c);
  if (above == std::begin(kZeros) || c - *(above - 1) > 9) return 0;
  return static_cast<char>('0' + (c - *(above - 1)));
}

// Next code point of valid UTF-8; text from workbooks that is not valid gives 0xFFFD.
std::uint32_t next_code_point(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t at) -> std::uint32_t {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const std::uint32_t lead = byte(i);
  const unsigned extra = lead < 0x80 ? 0 : lead < 0xC0 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  if (extra == 4) {
    ++i;
    return 0xFFFD;
  }
  std::uint32_t code = extra == 0 ? lead : lead & (0x3FU >> extra);
  for (unsigned k = 1; k <= extra; ++k) code = (code << 6) | (byte(i + k) & 0x3F);
  i += extra + 1;
  return code;
}

// Digits of all scripts and white space become ASCII; ends are trimmed. Any other sign becomes '?'.
std::string to_ascii(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t code = next_code_point(text, i);
    if (is_unicode_space(code)) {
      out.push_back(' ');
    } else if (code > 0 && code < 0x80) {
      out.push_back(static_cast<char>(code));
    } else {
      const char digit = ascii_digit(code);
      out.push_back(digit != 0 ? digit : '?');
    }
  }
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

// Most texts are words: one look at the first sign spares them the rest.
bool may_be_number(std::string_view text) {
  if (text.empty() || text.size() > 100'000) return false;
  const auto c = static_cast<unsigned char>(text.front());
  return c >= 0x80 || c <= ' ' || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' ||
         c == 'i' || c == 'I' || c == 'n' || c == 'N';
}

// Removes '_' between two digits; false if one stands elsewhere.
bool drop_underscores(std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out.push_back(text[i]);
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return false;
    }
  }
  text = std::move(out);
  return true;
}

std::size_t skip_digits(std::string_view text, std::size_t i) {
  while (i < text.size() && is_digit(text[i])) ++i;
  return i;
}

// digits[.digits] or .digits, then an optional exponent; nothing else.
bool is_decimal(std::string_view text) {
  const std::size_t whole = skip_digits(text, 0);
  std::size_t i = whole;
  bool any = whole > 0;
  if (i < text.size() && text[i] == '.') {
    const std::size_t end = skip_digits(text, i + 1);
    any = any || end > i + 1;
    i = end;
  }
  if (!any) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const std::size_t end = skip_digits(text, i);
    if (end == i) return false;
    i = end;
  }
  return i == text.size();
}

double decimal_value(const std::string& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  // from_chars leaves the value alone out of range; strtod gives infinity or zero.
  return problem == std::errc{} ? value : std::strtod(text.c_str(), nullptr);
}

struct Signed {
  std::string digits;
  double sign = 1;
};

std::optional<Signed> split_sign(std::string_view text) {
  if (!may_be_number(text)) return std::nullopt;
  Signed out{to_ascii(text), 1};
  if (!out.digits.empty() && (out.digits[0] == '+' || out.digits[0] == '-')) {
    if (out.digits[0] == '-') out.sign = -1;
    out.digits.erase(0, 1);
  }
  if (out.digits.empty() || !drop_underscores(out.digits)) return std::nullopt;
  return out;
}

// What nearly every number of a workbook is: ASCII digits with a sign, a point or an exponent.
std::optional<double> parse_plain(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!is_decimal(text)) return std::nullopt;
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{}) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace

std::optional<double> parse_python_float(std::string_view text) {
  if (const auto plain = parse_plain(text)) return plain;
  const auto number = split_sign(text);
  if (!number) return std::nullopt;
  if (is_decimal(number->digits)) return number->sign * decimal_value(number->digits);
  const std::string word = to_lower_ascii(number->digits);
  if (word == "inf" || word == "infinity") {
    return number->sign * std::numeric_limits<double>::infinity();
  }
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

std::optional<double> parse_python_int(std::string_view text) {
  constexpr std::size_t kExact = 15;  // so many digits a double holds
  if (!text.empty() && text.size() <= kExact && skip_digits(text, 0) == text.size()) {
    std::uint64_t value = 0;
    for (const char c : text) value = 10 * value + static_cast<std::uint64_t>(c - '0');
    return static_cast<double>(value);
  }
  const auto number = split_sign(text);
  if (!number || skip_digits(number->digits, 0) != number->digits.size()) return std::nullopt;
  return number->sign * decimal_value(number->digits);
}

}  // namespace skillgrad::sheet
