// SPDX-License-Identifier: MIT
// Comparison of the JSON values of `json-equal`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/json.hpp>

#include "bench/graders/json/json_side.hpp"

namespace skillgrad::bench {

struct JsonOutcome {
  bool equal = false;
  /// More steps than kMaxJsonSteps would be needed to tell: there is no verdict.
  bool given_up = false;
  std::vector<Difference> differences;  ///< the first kMaxJsonDifferences
  std::size_t unlisted = 0;             ///< how many more there are
};

inline constexpr std::size_t kMaxJsonDifferences = 200'000;

[[nodiscard]] JsonOutcome compare_json(const JsonSide& want, const JsonSide& got,
                                       const JsonOptions& options);

/// The answer without the one fenced block around all of it, which is packaging and no content.
[[nodiscard]] std::string unwrap_fence(const std::string& answer);

}  // namespace skillgrad::bench
