// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include <utf8proc.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad {
namespace {

std::string mapped(std::string_view utf8, int options) {
  const std::string clean = sanitize_utf8(utf8);
  if (clean.empty()) return {};
  utf8proc_uint8_t* out = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(clean.data()),
      static_cast<utf8proc_ssize_t>(clean.size()), &out, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(out, &std::free);
  if (size < 0) throw std::bad_alloc();  // the only failure that valid UTF-8 leaves
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

// White_Space of the Unicode Character Database, in ascending order beyond ASCII.
constexpr std::u32string_view kWhiteSpaceBeyondAscii =
    U"\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028"
    U"\u2029\u202F\u205F\u3000";

template <class View>
View trimmed(View text) {
  const auto is_space = [](auto c) { return is_white_space(static_cast<char32_t>(c)); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::u32string to_code_points(std::string_view utf8) {
  const std::string clean = sanitize_utf8(utf8);
  std::u32string out;
  out.reserve(clean.size());
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(clean.data());
  auto left = static_cast<utf8proc_ssize_t>(clean.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(at, left, &code_point);
    if (used <= 0) break;
    out.push_back(static_cast<char32_t>(code_point));
    at += used;
    left -= used;
  }
  return out;
}

std::string to_utf8(std::u32string_view code_points) {
  std::string out;
  out.reserve(code_points.size());
  for (const char32_t c : code_points) append_utf8(out, c);
  return out;
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0 && byte < 0x80;
  });
}

bool is_white_space_beyond_ascii(char32_t c) {
  return kWhiteSpaceBeyondAscii.find(c) != std::u32string_view::npos;
}

std::u32string_view trim_white_space(std::u32string_view text) { return trimmed(text); }

std::string_view trim_white_space(std::string_view ascii) { return trimmed(ascii); }

// No sequence of UTF-8 is the end of another, so bytes can be compared.
std::string_view trim_white_space_utf8(std::string_view utf8) {
  std::size_t before = 0;
  do {
    before = utf8.size();
    utf8 = trimmed(utf8);
    for (const char32_t& c : kWhiteSpaceBeyondAscii) {
      const std::string bytes = to_utf8({&c, 1});
      if (utf8.starts_with(bytes)) utf8.remove_prefix(bytes.size());
      if (utf8.ends_with(bytes)) utf8.remove_suffix(bytes.size());
    }
  } while (utf8.size() != before);
  return utf8;
}

std::u32string collapse_white_space(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : trim_white_space(text)) {
    if (!is_white_space(c))
      out.push_back(c);
    else if (out.back() != ' ')
      out.push_back(' ');
  }
  return out;
}

std::optional<unsigned> decimal_digit(char32_t c) {
  if (c >= '0' && c <= '9') return c - U'0';
  if (c < 0x80 || utf8proc_category(static_cast<utf8proc_int32_t>(c)) != UTF8PROC_CATEGORY_ND)
    return std::nullopt;
  // Decimal digits stand in runs of ten, each from zero up: the distance to the run's start is the
  // value. Runs may touch (mathematical digits), but each starts at a multiple of ten from the
  // first.
  unsigned before = 0;
  while (utf8proc_category(static_cast<utf8proc_int32_t>(c - before - 1)) == UTF8PROC_CATEGORY_ND)
    ++before;
  return before % 10;
}

std::string nfc(std::string_view utf8) { return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE); }

std::string nfkc(std::string_view utf8) {
  return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

std::string case_folded(std::string_view utf8) {
  return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
}

std::string without_invisible(std::string_view utf8) {
  return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
}

std::string fold_case(std::string_view utf8) {
  return mapped(utf8, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}

std::u32string nfkd_without_marks(std::string_view utf8) {
  std::u32string out;
  for (const char32_t c :
       to_code_points(mapped(utf8, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT)))
    if (utf8proc_category(static_cast<utf8proc_int32_t>(c)) != UTF8PROC_CATEGORY_MN)
      out.push_back(c);
  return out;
}

std::u32string simple_lower(std::u32string text) {
  for (char32_t& c : text)
    c = static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  return text;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || at + length > text.size()) {
    ++at;
    return first;
  }
  char32_t out = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) out = (out << 6) | (byte(at + i) & 0x3FU);
  at += length;
  return out;
}

bool is_lower_case(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<utf8proc_int32_t>(next_code_point(text, at));
    if (utf8proc_tolower(c) != c) return false;
  }
  return true;
}

bool is_letter_or_number(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

bool is_mark(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return true;
    default:
      return false;
  }
}

bool is_dense_script(char32_t c) {
  return (c >= 0x1100 && c <= 0x11FF) || (c >= 0x2E80 && c <= 0x2FDF) ||
         (c >= 0x3005 && c <= 0x3007) || (c >= 0x3041 && c <= 0x31FF) ||
         (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
         (c >= 0xA960 && c <= 0xA97F) || (c >= 0xAC00 && c <= 0xD7FF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF66 && c <= 0xFF9D) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

}  // namespace skillgrad
