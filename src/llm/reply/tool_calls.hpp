// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// Fills `arguments` and `problem` of a call from what the model sent (R2.11). nullptr: nothing.
void set_arguments(ToolCall& call, const Json* sent);
/// The offered name that is meant (R2.12): trimmed, without "functions." or "default_api." and
/// template debris, case ignored; the cleaned text when none fits.
[[nodiscard]] std::string resolve_tool_name(std::string_view sent,
                                            const std::vector<ToolSpec>& offered);
/// True if `name` is one of the offered tools.
[[nodiscard]] bool is_offered(std::string_view name, const std::vector<ToolSpec>& offered);
/// Gives missing and repeated ids a fresh one of 9 alphanumerics, the same in every run.
void assign_ids(std::vector<ToolCall>& calls, const std::vector<Message>& conversation,
                const std::string& salt);
/// 9 alphanumerics, which every known server accepts as an id.
[[nodiscard]] std::string short_id(std::string_view salt, std::size_t number);

/// Calls found in a message (`tool_calls`, the older `function_call`, or parts of its content), not
/// yet with ids assigned.
[[nodiscard]] std::vector<ToolCall> read_tool_calls(const Json& message,
                                                    const std::vector<ToolSpec>& offered);

}  // namespace skillgrad::llm
