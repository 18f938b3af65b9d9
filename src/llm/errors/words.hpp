// SPDX-License-Identifier: MIT
#pragma once

namespace skillgrad::llm {

/// Whether c can stand in a name in the error text of a server: an ASCII letter or digit, or "_".
[[nodiscard]] constexpr bool is_word_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace skillgrad::llm
