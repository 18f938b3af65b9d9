// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// The texts of an assistant message, told apart (R2.4 to R2.6).
struct ReplyTexts {
  std::string visible, reasoning, refusal;
  std::size_t certain = std::string::npos;  ///< of `visible`, see ThinkSplit
  std::vector<std::string> left_out;        ///< types of content parts that are nothing we know
  std::string problem;                      ///< not empty: the content cannot be read, and why
};
[[nodiscard]] ReplyTexts read_texts(const Json& message);

/// Content parts that are tool calls, in the words of other APIs: {"type":"tool_use",..}.
[[nodiscard]] std::vector<Json> call_parts(const Json& message);

/// Nothing but blanks, control characters and characters without width.
[[nodiscard]] bool is_blank(std::string_view text);
/// Nothing but tokens of a chat template (padding, marks of turns), of which no text is made.
[[nodiscard]] bool only_tokens(std::string_view text);

}  // namespace skillgrad::llm
