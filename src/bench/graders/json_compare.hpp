// SPDX-License-Identifier: MIT
// Comparison of the JSON values of `json-equal`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/json.hpp>

#include "bench/graders/json_numbers.hpp"

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

struct JsonOutcome {
  bool equal = false;
  /// More steps than kMaxJsonSteps would be needed to tell: there is no verdict.
  bool given_up = false;
  std::vector<Difference> differences;  ///< the first kMaxJsonDifferences
  std::size_t unlisted = 0;             ///< how many more there are
};

/// Comparing each item of a list with each of another may take long, where `tol` or
/// `subset` keep equal items from being found by sorting. About a second.
inline constexpr std::size_t kMaxJsonSteps = 50'000'000;
inline constexpr std::size_t kMaxJsonDifferences = 200'000;

[[nodiscard]] JsonOutcome compare_json(const JsonSide& want, const JsonSide& got,
                                       const JsonOptions& options);

/// The answer without the one fenced block around all of it, which is packaging and no content.
[[nodiscard]] std::string unwrap_fence(const std::string& answer);

}  // namespace skillgrad::bench
