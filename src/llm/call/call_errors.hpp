// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/core/error.hpp>

#include "llm/call/call_facts.hpp"
#include "llm/call/request_form.hpp"

namespace skillgrad::llm {

/// A failed attempt in a few words, for people who see the call wait; without secrets.
[[nodiscard]] std::string reason_of(const Endpoint& endpoint, const Failure& failure);

/// No further call of this client can succeed.
[[nodiscard]] bool is_fatal(FailureClass cls);

/// The error that the call ends with after this failure; `note` is why no further attempt is made,
/// where that matters. May ask the endpoint for its list of models, unless the call is played.
[[nodiscard]] Error give_up(const CallFacts& facts, const RequestForm& form, const Failure& failure,
                            const std::string& note);

/// The same error, after which no further call of this client starts.
[[nodiscard]] Error end_run(Endpoint& endpoint, Error error);

}  // namespace skillgrad::llm
