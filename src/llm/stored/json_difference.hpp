// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// What stands for a missing value in a difference.
inline constexpr const char* kNothing = "(nothing)";

/// The first place where two values differ.
struct JsonDifference {
  std::string path;  ///< JSON pointer; "" is the whole value
  std::string expected,
      got;  ///< excerpts around the place, one line each; kNothing for a missing one
  std::size_t equal_before = 0;  ///< how many leaves, members and characters were equal up to there
};
/// nullopt: the values are equal. Members are compared in the order of `expected`.
[[nodiscard]] std::optional<JsonDifference> first_difference(const Json& expected, const Json& got);

}  // namespace skillgrad::llm
