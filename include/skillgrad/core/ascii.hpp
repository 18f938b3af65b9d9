// SPDX-License-Identifier: MIT
#pragma once

/// Signs of ASCII, whatever the locale. Bytes of 0x80 and above are none of these, so UTF-8 text
/// may be looked at byte by byte. Any thread.
namespace skillgrad {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
[[nodiscard]] constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace skillgrad
