// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/clock.hpp>

#include "llm/reply/reply.hpp"
#include "llm/transport/transport.hpp"

namespace skillgrad::llm {

/// Understands what the transport brought: a reply or a classified failure (R2.1, R2.2, R2.14,
/// R2.16, R3.2, R3.7). `wall_now` serves for delays given as a date.
[[nodiscard]] ReadReply read_outcome(HttpReply& http, const ReplyContext& context,
                                     WallTime wall_now);
/// Class of a libcurl result code (R3.7).
[[nodiscard]] FailureClass classify_curl(int code);

}  // namespace skillgrad::llm
