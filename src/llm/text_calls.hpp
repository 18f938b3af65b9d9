// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// Tool calls that a model wrote into its text because its server did not parse them (R2.13). Only
/// offered tools with arguments that fit their schema count; they are removed from `text`. Calls
/// have no ids yet. `text` must be assistant content without its thinking.
[[nodiscard]] std::vector<ToolCall> take_text_calls(std::string& text,
                                                    const std::vector<ToolSpec>& offered);

/// End of the JSON object or array that begins at `start`, or npos when it is not closed.
[[nodiscard]] std::size_t json_end(std::string_view text, std::size_t start);

}  // namespace skillgrad::llm
