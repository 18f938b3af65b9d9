// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/stats/intervals.hpp>
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

enum class ReleaseVerdict { improved, not_shown, worse, not_tested };

struct ReleaseResult {
  ReleaseVerdict verdict = ReleaseVerdict::not_tested;
  double before = 0, after = 0, difference = 0;
  /// At level 1 - 2 alpha, for a test that may stop at each look: without 0 when improvement is
  /// shown at the last look, and wider than an interval of a fixed number of tasks before it.
  stats::Interval interval{-1, 1};
  double p = 1;       ///< one-sided, for improvement
  std::size_t n = 0;  ///< tasks that the verdict stands on
  std::size_t missing =
      0;                  ///< tasks asked for up to there that have no graded rollout of both arms
  std::size_t look = 0;   ///< that decided
  double could_show = 1;  ///< smallest difference that all tasks planned show with 80 % power, with
                          ///< the spread that was found
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

namespace skillgrad {

template <>
struct EnumText<optim::decisions::ReleaseVerdict> {
  using enum optim::decisions::ReleaseVerdict;
  static constexpr EnumName<optim::decisions::ReleaseVerdict> kTable[] = {
      {improved, "improved"},
      {not_shown, "not shown"},
      {worse, "worse"},
      {not_tested, "not tested"}};
};

}  // namespace skillgrad
