// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// The offered name that is meant (R2.12): trimmed, without "functions." or "default_api." and
/// template debris, case ignored; the cleaned text when none fits.
[[nodiscard]] std::string resolve_tool_name(std::string_view sent,
                                            const std::vector<ToolSpec>& offered);
/// True if `name` is one of the offered tools.
[[nodiscard]] bool is_offered(std::string_view name, const std::vector<ToolSpec>& offered);

}  // namespace skillgrad::llm
