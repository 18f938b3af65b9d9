// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::bench {

/// The split of SpreadsheetBench Verified that the SkillGrad paper used (docs/algorithm.md 2.1):
/// train = the 200 evolution tasks, val = 20, test = the pool of 180 in its published order.
/// nullopt unless the data set has the 400 entries of Verified. `valid`: the entry has a test case.
[[nodiscard]] std::optional<Splits> published_split(const std::vector<Task>& tasks,
                                                    const std::vector<bool>& valid);

}  // namespace skillgrad::bench
