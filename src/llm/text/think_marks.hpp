// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace skillgrad::llm {

/// A mark of thinking in the shape that models give it: <thought>, <mm:think>, [REASONING],
/// <|begin_of_thought|>, <|think>, with '/' or a word for the end in the closing one.
struct ThinkMark {
  std::string name;  ///< think, thought, ...: without its namespace and words for begin and end
  bool closes = false;
  bool token = false;  ///< written with bars, as templates do and texts do not
  std::size_t end = 0;
};
[[nodiscard]] std::optional<ThinkMark> think_mark_at(std::string_view text, std::size_t at);

/// Thinking and what marks it.
struct ThinkBlock {
  std::size_t begin = 0, body = 0, body_end = 0, end = 0;
};
/// The thinking that opens a reply at `at`, in any mark of thinking that is closed by one of its
/// name, or in Granite's words. A token that nothing closes marks everything behind it.
[[nodiscard]] std::optional<ThinkBlock> leading_thinking(std::string_view text, std::size_t at);

}  // namespace skillgrad::llm
