// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/json.hpp>

#include "llm/text/text_call_reader.hpp"

namespace skillgrad::llm {

enum class CallNames { any, offered };
/// Whether a value is written as a call, or as nothing but calls. Where only the names of offered
/// tools count, or where the arguments stand beside the name, they must be that tool's.
[[nodiscard]] bool is_call_value(const Json& value, CallNames names, const TextCallReader& reader);

}  // namespace skillgrad::llm
