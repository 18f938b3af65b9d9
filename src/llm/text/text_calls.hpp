// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// Tool calls that a model wrote into its text because its server did not parse them (R2.13). Only
/// offered tools with arguments that fit their schema count; they are removed from `text`. Calls
/// have no ids yet. `text` must be assistant content without its thinking; nothing behind its first
/// `certain` bytes is read. Takes time in proportion to the text.
[[nodiscard]] std::vector<ToolCall> take_text_calls(std::string& text,
                                                    const std::vector<ToolSpec>& offered,
                                                    std::size_t certain = std::string::npos);

/// The beginning of what looks like a tool call in a text from which all calls that can be read
/// were taken: a token or tag of any format that begins something, a call by the name of an offered
/// tool, an object that is a call; "" if there is nothing of the kind. What is quoted as code, and
/// what a sentence mentions, is no call.
[[nodiscard]] std::string unread_call(const std::string& text,
                                      const std::vector<ToolSpec>& offered);

/// True if a text that ends at the output limit holds a tool call, whole or only begun (R2.10).
[[nodiscard]] bool holds_text_call(const std::string& text, const std::vector<ToolSpec>& offered);

}  // namespace skillgrad::llm
