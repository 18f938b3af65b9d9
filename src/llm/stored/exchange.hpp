// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/llm/exchange_store.hpp>

#include "llm/transport/transport.hpp"

namespace skillgrad::llm {

/// What is worth keeping of a reply: its bytes, and the headers that decide how it is understood.
[[nodiscard]] Exchange exchange_of(const HttpReply& http);
/// The reply as the transport would have brought it; at most `max_bytes` of body are read.
[[nodiscard]] HttpReply reply_of(const Exchange& exchange, std::size_t max_bytes);

}  // namespace skillgrad::llm
