// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include <skillgrad/core/json.hpp>

#include "llm/wire/sse.hpp"

namespace skillgrad::llm {

/// True if an object says that something failed, whatever else it holds. It is told by what its
/// members are named and say, not by a list of shapes: an error, exception or fault, a text for
/// people that does not speak of success, a number that is no success, a flag of success that is
/// false.
[[nodiscard]] bool reports_failure(const Json& body);
/// True if a 2xx JSON body, or a piece of a stream, is an error in disguise (R2.2).
[[nodiscard]] bool is_error_json(const Json& body);
/// The same body without the answer that an error may stand beside.
[[nodiscard]] Json only_error(Json body);
/// A name (of an event, a type, a status) that is one of failures.
[[nodiscard]] bool names_failure(std::string_view name);

/// True for a piece of a streamed chat completion: choices, usage, or what servers tell beside
/// them. Anything else in a stream is no part of a reply.
[[nodiscard]] bool is_chunk(const Json& value);

/// What servers send so that no proxy closes a silent connection: a name for the event, a word, a
/// comment, or the time.
[[nodiscard]] bool keeps_alive(const SseEvent& event, std::string_view data);
/// The same as an object, {"type":"ping"}; and typed events that say nothing of a reply.
[[nodiscard]] bool is_other_event(const SseEvent& event, const Json& value);

}  // namespace skillgrad::llm
