// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <skillgrad/core/clock.hpp>

namespace skillgrad::llm {

using Headers = std::map<std::string, std::string>;  ///< names in lower case, last value wins

/// Without the white space before it.
[[nodiscard]] std::string_view trim_left(std::string_view text);
/// A date as headers write it, in seconds since 1970; nullopt where it cannot be read.
[[nodiscard]] std::optional<std::int64_t> http_date(const std::string& text);
/// The server's own time when it answered (its Date), so that points in time which it names survive
/// a wrong clock here; else `wall_now`.
[[nodiscard]] WallTime reply_time(const Headers& headers, WallTime wall_now);
/// A number alone, white space around it allowed; too large ones become the longest wait.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);
/// nullopt unless finite and above 0.
[[nodiscard]] std::optional<Duration> from_seconds(double seconds);
/// "1s", "6m0s", "17ms", "2m59.56s", "0.5", "34s", "2 hours"; nullopt for anything else or for <=
/// 0.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// Number and unit ("5.2s", "2 hours") at the beginning of `text`, which loses them, in seconds;
/// nullopt: none there.
[[nodiscard]] std::optional<double> take_span(std::string_view& text);

}  // namespace skillgrad::llm
