// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace skillgrad::llm {

/// What a finish reason says about the turn. `none`: the endpoint gave no reason; `unknown`: one
/// that says nothing to us, so that nothing proves that the turn is complete.
enum class FinishKind { stop, length, tools, filtered, error, none, unknown };
/// Of a finish reason in any case (R2.8).
[[nodiscard]] FinishKind finish_kind(std::string_view reason);

}  // namespace skillgrad::llm
