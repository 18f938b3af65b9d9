// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// What a finish reason says about the turn. `none`: the endpoint gave no reason; `unknown`: one
/// that says nothing to us, so that nothing proves that the turn is complete.
enum class FinishKind { stop, length, tools, filtered, error, none, unknown };
/// Of a finish reason in any case (R2.8).
[[nodiscard]] FinishKind finish_kind(std::string_view reason);
/// Which of two reasons of one turn holds: the one that tells more against it, else the later.
[[nodiscard]] const Json& worse_reason(const Json& earlier, const Json& later);

struct TurnEnd {
  FinishKind kind = FinishKind::none;
  std::string reason;  ///< as the endpoint wrote it
};
/// How a turn ended by all that its reply says of it: `finish_reason`, and what stands beside it in
/// the words of the model's own server (`native_finish_reason`, `finish_details`, `status`).
[[nodiscard]] TurnEnd turn_end(const Json& body, const Json& choice);

}  // namespace skillgrad::llm
