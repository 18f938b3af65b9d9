// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <skillgrad/core/json.hpp>

#include "bench/graders/json/json_numbers.hpp"

namespace skillgrad::bench {

struct JsonOptions {
  bool subset = false;     ///< objects of the answer may have further keys
  bool unordered = false;  ///< the order of lists does not count; with subset: further items too
  double tol = 0;          ///< absolute, for numbers
};

/// A value together with the text that it was parsed from. It stays where it is.
struct JsonSide {
  JsonSide(std::string source, Json parsed)
      : text(std::move(source)), value(std::move(parsed)), numbers(text, value) {}
  JsonSide(const JsonSide&) = delete;
  JsonSide& operator=(const JsonSide&) = delete;
  JsonSide(JsonSide&&) = delete;
  JsonSide& operator=(JsonSide&&) = delete;
  ~JsonSide() = default;
  const std::string text;
  const Json value;
  const JsonNumbers numbers;
};

/// Comparing each item of a list with each of another may take long, where `tol` or
/// `subset` keep equal items from being found by sorting. About a second.
inline constexpr std::size_t kMaxJsonSteps = 50'000'000;

}  // namespace skillgrad::bench
