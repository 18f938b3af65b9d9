// SPDX-License-Identifier: MIT
#include "skill/lint/disguise.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "skill/edit/line_script.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kLeast = 8, kLeastWithoutDigit = 12;
/// Of a number: so many digits are looked for at all, and so many also within a longer run of them.
constexpr std::size_t kLeastDigits = 5, kSureDigits = 7;
constexpr std::size_t kLeastCode = 10;  ///< characters of a word that may be a code

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

std::string from_base64(std::string_view code) {
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : code) {
    bits = (bits << 6U) | static_cast<unsigned>(base64_value(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFFU);
  }
  return out;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string from_hex(std::string_view code) {
  std::string out;
  for (std::size_t i = 0; i + 1 < code.size(); i += 2)
    out += static_cast<char>((hex_value(code[i]) << 4) | hex_value(code[i + 1]));
  return out;
}

std::string shifted_letters(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
  return text;
}

/// By code points, so that a letter stays a letter.
std::string backwards(const std::string& text) {
  std::u32string points = to_code_points(text);
  std::reverse(points.begin(), points.end());
  return to_utf8(points);
}

/// The letter of a character reference such as "&#115;" or "%20" at `at`, and its end.
std::optional<std::pair<char32_t, std::size_t>> reference_at(std::string_view text,
                                                             std::size_t at) {
  if (text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
      hex_value(text[at + 2]) >= 0)
    return std::pair(static_cast<char32_t>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2])),
                     at + 3);
  if (!text.substr(at).starts_with("&#")) return std::nullopt;
  const std::size_t end = text.find(';', at);
  if (end == std::string_view::npos || end - at > 10) return std::nullopt;
  const bool hex = text[at + 2] == 'x' || text[at + 2] == 'X';
  const std::string digits(text.substr(at + (hex ? 3 : 2), end - at - (hex ? 3 : 2)));
  const unsigned long code = std::strtoul(digits.c_str(), nullptr, hex ? 16 : 10);
  if (code == 0 || code > 0x10FFFF) return std::nullopt;
  return std::pair(static_cast<char32_t>(code), end + 1);
}

/// As a rendered page shows it: without tags, with the letters that references stand for. Line ends
/// stay.
std::string rendered(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (const auto letter = reference_at(text, at)) {
      append_utf8(out, letter->first);
      at = letter->second;
      continue;
    }
    const bool tag =
        text[at] == '<' && at + 1 < text.size() && (is_letter(text[at + 1]) || text[at + 1] == '/');
    const std::size_t end = tag ? text.find_first_of(">\n", at) : std::string_view::npos;
    if (end != std::string_view::npos && text[end] == '>' && end - at < 100) {
      at = end + 1;
      continue;
    }
    out += text[at++];
  }
  return out;
}

/// A number by its digits alone, without leading and trailing zeros; "" where it is none.
std::string digits_of_number(std::string_view text) {
  std::string out;
  for (const char c : trim(text)) {
    if (is_digit(c))
      out += c;
    else if (std::string_view("+-.,_' %$").find(c) == std::string_view::npos)
      return {};
  }
  out.erase(0, std::min(out.find_first_not_of('0'), out.size()));
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

}  // namespace

Squeezed squeeze(std::string_view text) {
  Squeezed out;
  int line = 1;
  const std::string shown = rendered(text);
  for (const std::string_view one : lines_of(shown)) {
    const std::string clean = case_folded(without_invisible(one));
    for (std::size_t at = 0; at < clean.size();) {
      const std::size_t begin = at;
      if (!is_letter_or_number(next_code_point(clean, at))) continue;
      out.text += clean.substr(begin, at - begin);
      out.lines.resize(out.text.size(), line);
    }
    ++line;
  }
  return out;
}

/// Digits with what may stand between those of one number. Blanks and line ends may part the digits
/// of one number as well as two numbers, so both readings are kept.
void Disguise::find_numbers(std::string_view text) {
  const std::string clean = case_folded(without_invisible(rendered(text)));
  Run number{{}, 1}, run{{}, 1};
  const auto flush = [](Run& from, std::vector<Run>& to) {
    if (from.text.size() >= kLeastDigits) to.push_back(from);
    from.text.clear();
  };
  int line = 1;
  for (const char c : clean) {
    const bool blank = c == ' ' || c == '\n';
    const bool within = std::string_view(".,_'\\*`").find(c) != std::string_view::npos;
    for (Run* const one : {&number, &run}) {
      if (!is_digit(c)) continue;
      if (one->text.empty()) one->line = line;
      one->text += c;
    }
    if (!is_digit(c) && !within) flush(number, numbers_);
    if (!is_digit(c) && !within && !blank) flush(run, runs_);
    line += c == '\n' ? 1 : 0;
  }
  flush(number, numbers_);
  flush(run, runs_);
}

Disguise::Disguise(std::string_view text) : plain_(squeeze(text)) {
  find_numbers(text);
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    if (base64_value(text[at]) < 0) {
      line += text[at] == '\n' ? 1 : 0;
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && base64_value(text[at]) >= 0) ++at;
    const std::string_view word = text.substr(begin, at - begin);
    if (word.size() < kLeastCode) continue;
    for (const std::size_t skipped : {0U, 1U, 2U, 3U}) {
      std::string found = squeeze(sanitize_utf8(from_base64(word.substr(skipped)))).text;
      if (found.size() >= kLeast) decoded_.push_back({std::move(found), line});
    }
    if (std::all_of(word.begin(), word.end(), [](char c) { return hex_value(c) >= 0; }))
      decoded_.push_back({squeeze(sanitize_utf8(from_hex(word))).text, line});
  }
}

std::optional<int> Disguise::line_of_number(const std::string& digits) const {
  for (const std::string& form : {digits, std::string(digits.rbegin(), digits.rend())}) {
    for (const Run& number : numbers_)
      if (digits_of_number(number.text) == form) return number.line;
    if (digits.size() < kSureDigits) continue;
    for (const Run& run : runs_)
      if (run.text.find(form) != std::string::npos) return run.line;
  }
  return std::nullopt;
}

std::optional<int> Disguise::line_of(std::string_view needle) const {
  if (const std::string digits = digits_of_number(needle); digits.size() >= kLeastDigits)
    if (const auto line = line_of_number(digits)) return line;
  const std::string wanted = squeeze(needle).text;
  const bool digit = std::any_of(wanted.begin(), wanted.end(), is_digit);
  if (count_code_points(wanted) < (digit ? kLeast : kLeastWithoutDigit)) return std::nullopt;
  for (const std::string& form : {wanted, backwards(wanted), shifted_letters(wanted)})
    if (const std::size_t at = plain_.text.find(form); at != std::string::npos)
      return plain_.lines[at];
  for (const Run& run : decoded_)
    if (run.text.find(wanted) != std::string::npos) return run.line;
  return std::nullopt;
}

}  // namespace skillgrad::skill
