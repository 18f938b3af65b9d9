// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <skillgrad/core/clock.hpp>

#include "llm/errors/error_body.hpp"
#include "llm/errors/header_values.hpp"

namespace skillgrad::llm {

/// How long the endpoint asks to wait (R3.4), in the order of the sources; zero, negative and
/// unreadable values do not count. `wall_now` stands in when the reply carries no Date.
[[nodiscard]] std::optional<Duration> requested_delay(const Headers& headers,
                                                      const ErrorBody& error, WallTime wall_now);
/// Whether a reply asks for a wait, and how: a 402 with Retry-After passes by itself, one beside
/// an empty bucket of requests does not (R3.2).
struct Delays {
  bool asked = false;      ///< in any way
  bool in_header = false;  ///< Retry-After in one of its forms
};
[[nodiscard]] Delays delays_of(const Headers& headers, const ErrorBody& error);

/// Full-jitter backoff: uniform in [0, min(cap, base * 2^(attempt-1))], at least 10 ms.
[[nodiscard]] Duration backoff(int attempt, double uniform);
/// A requested delay plus 0 to 10 %, never less.
[[nodiscard]] Duration with_jitter(Duration delay, double uniform);

/// Uniform numbers in [0,1) from (seed, key, attempt): the same in every run, whatever the thread.
[[nodiscard]] double jitter_number(std::uint64_t seed, const std::string& key, int attempt);

}  // namespace skillgrad::llm
