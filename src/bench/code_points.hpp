// SPDX-License-Identifier: MIT
// Unicode helpers of the graders. Input may be any bytes: bad UTF-8 becomes U+FFFD first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skillgrad::bench {

[[nodiscard]] std::u32string to_code_points(std::string_view utf8);
[[nodiscard]] std::string to_utf8(std::u32string_view code_points);

/// Bytes that are code points of their own and that nothing here replaces: ASCII without NUL.
[[nodiscard]] bool is_plain_ascii(std::string_view text);

/// Unicode White_Space and U+001C-U+001F (what Python's str.isspace accepts).
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

/// Value of a Unicode decimal digit (category Nd), or nullopt.
[[nodiscard]] std::optional<unsigned> decimal_digit(char32_t c);

[[nodiscard]] std::string nfc(std::string_view utf8);
/// Full case folding, then NFC.
[[nodiscard]] std::string fold_case(std::string_view utf8);
/// NFKD without the code points of category Mn.
[[nodiscard]] std::u32string nfkd_without_marks(std::string_view utf8);
[[nodiscard]] std::u32string simple_lower(std::u32string text);

}  // namespace skillgrad::bench
