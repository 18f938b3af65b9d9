// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// Calls found in a message (`tool_calls`, the older `function_call`, or parts of its content), not
/// yet with ids assigned.
[[nodiscard]] std::vector<ToolCall> read_tool_calls(const Json& message,
                                                    const std::vector<ToolSpec>& offered);

}  // namespace skillgrad::llm
