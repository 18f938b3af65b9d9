// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <skillgrad/core/clock.hpp>

#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {

using Headers = std::map<std::string, std::string>;  ///< names in lower case, last value wins

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

/// "1s", "6m0s", "17ms", "2m59.56s", "0.5", "34s", "2 hours"; nullopt for anything else or for <=
/// 0.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// A number alone, white space around it allowed; too large ones become the longest wait.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);
/// nullopt unless finite and above 0.
[[nodiscard]] std::optional<Duration> from_seconds(double seconds);
/// The server's own time when it answered (its Date), so that points in time which it names survive
/// a wrong clock here; else `wall_now`.
[[nodiscard]] WallTime reply_time(const Headers& headers, WallTime wall_now);

/// Full-jitter backoff: uniform in [0, min(cap, base * 2^(attempt-1))], at least 10 ms.
[[nodiscard]] Duration backoff(int attempt, double uniform);
/// A requested delay plus 0 to 10 %, never less.
[[nodiscard]] Duration with_jitter(Duration delay, double uniform);

/// Uniform numbers in [0,1) from (seed, key, attempt): the same in every run, whatever the thread.
[[nodiscard]] double jitter_number(std::uint64_t seed, const std::string& key, int attempt);

}  // namespace skillgrad::llm
