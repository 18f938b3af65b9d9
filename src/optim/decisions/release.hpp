// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/optim/across.hpp>
#include <skillgrad/optim/decisions.hpp>
#include <skillgrad/stats/planning.hpp>
#include <skillgrad/stats/sequential.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct ReleaseOptions {
  double alpha = 0.05;  ///< one-sided
  std::size_t looks = 4;
  std::size_t repeats = 1;  ///< rollouts of each task under either package
  bool weighted = false;    ///< of the values of the weighted loss, in place of the scores
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
///
/// With several models (`across`) it is a test of the means over them, task by task, and each model
/// has tests of its own beside it. By the rule `worst`, a model that is shown to be harmed makes
/// the verdict `worse`, and the test does not end with an improvement while a model is below 0 and
/// there are tasks left. Neither can make a false `improved` more likely.
[[nodiscard]] ReleaseStep release(const ReleasePlan& plan, const ReleaseOptions& options,
                                  const ScoreBook& book, const Across* across = nullptr);

}  // namespace skillgrad::optim::decisions
