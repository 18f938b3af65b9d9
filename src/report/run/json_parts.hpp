// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/stats/intervals.hpp>

namespace skillgrad::report {

// Parts of files that may be damaged or of another version: what is missing or of another type is
// empty, and nothing throws.

/// Null where there is no such member.
[[nodiscard]] const Json& member(const Json& value, const char* key);
/// An empty array where there is no such array.
[[nodiscard]] const Json& items(const Json& value, const char* key);
[[nodiscard]] std::string text_of(const Json& value, const char* key);
[[nodiscard]] std::optional<double> number_of(const Json& value, const char* key);
/// 0 where it is no number of at least 0.
[[nodiscard]] std::size_t count_of(const Json& value, const char* key);
[[nodiscard]] std::optional<std::size_t> count_if_any(const Json& value, const char* key);
[[nodiscard]] int integer_of(const Json& value, const char* key);
[[nodiscard]] bool flag_of(const Json& value, const char* key);
[[nodiscard]] std::optional<stats::Interval> interval_of(const Json& value, const char* key);
[[nodiscard]] std::vector<std::string> texts_of(const Json& value, const char* key);

}  // namespace skillgrad::report
