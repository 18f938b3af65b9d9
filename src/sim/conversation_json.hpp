// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/json.hpp>

#include "sim/conversation.hpp"

namespace skillgrad::sim {

/// read_request() of a body that is JSON already.
[[nodiscard]] tl::expected<Conversation, ApiError> read_conversation(const Json& body);

}  // namespace skillgrad::sim
