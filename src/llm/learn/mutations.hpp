// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "llm/errors/error_body.hpp"
#include "llm/wire/body.hpp"

namespace skillgrad::llm {

/// One change of the request that an endpoint's rejection asks for (R1.19).
struct Mutation {
  WireStyle style;          ///< with the change applied
  std::string description;  ///< for the one-time warning, e.g. "temperature dropped"
};

/// The change that answers this rejection (400, 422) of `body`, written in `style`; nullopt when
/// the message names nothing that the body holds, or nothing that would help.
[[nodiscard]] std::optional<Mutation> find_mutation(const ErrorBody& error, const Body& body,
                                                    const WireStyle& style);

/// Back to chat completions, for an endpoint that turned out to have no responses API; nullopt if
/// `style` does not use it, or the user asked for it.
[[nodiscard]] std::optional<Mutation> leave_responses(const WireStyle& style);

}  // namespace skillgrad::llm
