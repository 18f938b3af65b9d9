// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <skillgrad/core/clock.hpp>

#include "llm/errors/header_values.hpp"

namespace skillgrad::llm {

/// What a reply says about one of the endpoint's buckets; values that mean nothing (0 and -1 as a
/// limit or a reset, -1 as a rest, garbage) are left out.
struct LimitHint {
  std::optional<double> limit;  ///< per minute
  std::optional<double> remaining;
  std::optional<Duration> reset;  ///< from now
};

struct LimitHints {
  LimitHint requests, tokens;
};

/// The limit headers of R3.13: x-ratelimit-{limit,remaining,reset}-{requests,tokens},
/// anthropic-ratelimit-*-{limit,remaining,reset}, X-RateLimit-{Remaining,Reset}. `wall_now` stands
/// in for the reply's Date.
[[nodiscard]] LimitHints limit_hints(const Headers& headers, WallTime wall_now);
/// The longest reset of the buckets that are said to be empty.
[[nodiscard]] std::optional<Duration> empty_bucket_reset(const Headers& headers, WallTime wall_now);

}  // namespace skillgrad::llm
