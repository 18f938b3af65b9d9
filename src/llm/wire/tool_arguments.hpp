// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// Fills `arguments` and `problem` of a call from what the model sent (R2.11). nullptr: nothing.
void set_arguments(ToolCall& call, const Json* sent);

}  // namespace skillgrad::llm
