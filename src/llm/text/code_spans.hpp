// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace skillgrad::llm {

/// A part of a Markdown text that is quoted as code.
struct CodeSpan {
  std::size_t end = 0;                         ///< behind its backticks
  std::size_t inner_begin = 0, inner_end = 0;  ///< without them, and without the fence's first line
  std::string_view info;                       ///< of a fence: the word behind its backticks
  bool fence = false;                          ///< else backticks on one line
};

/// The code that begins with the backticks at `at`: a fence of three or more that begins a line and
/// is closed, or what stands between equally many on one line.
[[nodiscard]] std::optional<CodeSpan> code_span_at(std::string_view text, std::size_t at);
/// Behind the backticks that begin at `at`.
[[nodiscard]] std::size_t behind_ticks(std::string_view text, std::size_t at);
/// Nothing but blanks stands between `at` and the beginning of its line.
[[nodiscard]] bool begins_line(std::string_view text, std::size_t at);

}  // namespace skillgrad::llm
