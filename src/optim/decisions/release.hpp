// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/optim/decisions.hpp>
#include <skillgrad/stats/planning.hpp>
#include <skillgrad/stats/sequential.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct ReleaseOptions {
  double alpha = 0.05;  ///< one-sided
  std::size_t looks = 4;
  std::size_t repeats = 1;  ///< rollouts of each task under either package
};

struct ReleasePlan {
  std::string initial, chosen;
  std::vector<std::string> test_tasks;
  std::uint64_t seed = 0;
  std::size_t start = 0;  ///< size of the book before the test
};

struct ReleaseStep {
  std::vector<Need> needs;
  ReleaseResult result;
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// One test on tasks that no decision saw. Without test tasks: not tested. With equal packages: not
/// shown, and nothing is run.
[[nodiscard]] ReleaseStep release(const ReleasePlan& plan, const ReleaseOptions& options,
                                  const ScoreBook& book);

}  // namespace skillgrad::optim::decisions
