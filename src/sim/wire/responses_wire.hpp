// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "sim/wire/conversation.hpp"
#include "sim/wire/wire.hpp"

namespace skillgrad::sim {

/// A request of the responses API, checked. The conversation and its key are those of the chat
/// completions request that says the same, so that the simulated model answers both alike.
[[nodiscard]] tl::expected<Conversation, ApiError> read_responses_request(const std::string& body);
/// The reply as a response object; it holds a reasoning item, which clients must send back.
[[nodiscard]] std::string response_json(const Completion& completion);
/// The typed events of a stream, each with its blank line.
[[nodiscard]] std::vector<std::string> response_events(const Completion& completion);

}  // namespace skillgrad::sim
