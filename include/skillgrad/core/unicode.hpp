// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace skillgrad {

// Unicode by the tables of utf8proc, which are linked in: no locale. All functions are pure.

/// Appends the UTF-8 of a code point of at most U+10FFFF; a surrogate is written as it is.
inline void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}
/// Decodes the code point at `at` of a valid UTF-8 text and moves `at` behind it.
[[nodiscard]] char32_t next_code_point(std::string_view utf8, std::size_t& at);
/// Of any bytes: bad UTF-8 becomes U+FFFD.
[[nodiscard]] std::u32string to_code_points(std::string_view bytes);
[[nodiscard]] std::string to_utf8(std::u32string_view code_points);

/// Bytes that are code points of their own and that nothing here replaces: ASCII without NUL.
[[nodiscard]] bool is_plain_ascii(std::string_view text);

/// Unicode White_Space and U+001C-U+001F: what Python's str.isspace accepts and str.strip removes.
[[nodiscard]] bool is_white_space_beyond_ascii(char32_t c);
[[nodiscard]] inline bool is_white_space(char32_t c) {
  if (c >= 0x80) return is_white_space_beyond_ascii(c);
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
}
[[nodiscard]] std::u32string_view trim_white_space(std::u32string_view text);
[[nodiscard]] std::string_view trim_white_space(std::string_view ascii);
[[nodiscard]] std::string_view trim_white_space_utf8(std::string_view utf8);
/// Runs of white space become one space each; none at the ends.
[[nodiscard]] std::u32string collapse_white_space(std::u32string_view text);

/// Value of a decimal digit (general category Nd), or nullopt.
[[nodiscard]] std::optional<unsigned> decimal_digit(char32_t c);
/// General category L* or N*.
[[nodiscard]] bool is_letter_or_number(char32_t c);
/// General category M*: part of the letter before it.
[[nodiscard]] bool is_mark(char32_t c);
/// CJK ideographs, kana and hangul, of which each is about a token.
[[nodiscard]] bool is_dense_script(char32_t c);
/// Equal to its lower-case form.
[[nodiscard]] bool is_lower_case(std::string_view utf8);
[[nodiscard]] std::u32string simple_lower(std::u32string text);

// Normal forms; of any bytes, bad UTF-8 becomes U+FFFD.
[[nodiscard]] std::string nfc(std::string_view bytes);
[[nodiscard]] std::string nfkc(std::string_view bytes);
/// Full case folding, then NFC.
[[nodiscard]] std::string fold_case(std::string_view bytes);
/// nfkc() and full case folding: equal for texts that differ by letter case or form alone.
[[nodiscard]] std::string case_folded(std::string_view bytes);
/// Without default ignorable code points: bidirectional controls, joiners, variation selectors,
/// tags, fillers, soft hyphens.
[[nodiscard]] std::string without_invisible(std::string_view bytes);
/// NFKD without the code points of category Mn.
[[nodiscard]] std::u32string nfkd_without_marks(std::string_view bytes);

}  // namespace skillgrad
