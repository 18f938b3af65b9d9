// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// Whether a message's member under this name holds its calls: OpenAI's names and those that its
/// neighbours use.
[[nodiscard]] bool is_call_member(std::string_view key);
/// What a message (or a piece of one) has under the names of a list of calls, OpenAI's first; no
/// nulls. The pointers are valid as long as `message`.
[[nodiscard]] std::vector<const Json*> call_lists(const Json& message);
/// The same of the names of one call.
[[nodiscard]] std::vector<const Json*> single_calls(const Json& message);

}  // namespace skillgrad::llm
