// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// 9 alphanumerics, which every known server accepts as an id.
[[nodiscard]] std::string short_id(std::string_view salt, std::size_t number);
/// Gives missing and repeated ids a fresh one of 9 alphanumerics, the same in every run.
void assign_ids(std::vector<ToolCall>& calls, const std::vector<Message>& conversation,
                const std::string& salt);

}  // namespace skillgrad::llm
