// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <skillgrad/bench/benchmark.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// What the simulated endpoint that plays the agent can do with a benchmark: a task without a
/// script would only be failed, which says nothing about a skill.
class SimulatedTasks {
 public:
  /// nullopt: no simulation plays the agent here. Errors: config (it has a script for none of the
  /// tasks), those of reading the scenario.
  [[nodiscard]] static Result<std::optional<SimulatedTasks>> open(
      const Settings& settings, const bench::Benchmark& benchmark);
  /// The scenario's own split, where it plays only a part of the benchmark, which has all of it.
  [[nodiscard]] std::optional<bench::Splits> own_split() const { return split_; }
  /// Takes tasks without a script out; a sentence about them, or "". Errors: config (none is left).
  [[nodiscard]] Result<std::string> keep_played(bench::Splits& splits) const;

 private:
  std::string scenario_;
  const bench::Benchmark* benchmark_ = nullptr;
  std::function<bool(std::string_view prompt)> plays_;
  std::optional<bench::Splits> split_;
  std::size_t played_ = 0;
};

}  // namespace skillgrad::cli
