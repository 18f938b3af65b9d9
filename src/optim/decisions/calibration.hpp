// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/stats/planning.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct CalibrationPlan {
  std::string package;
  std::vector<std::string> tasks;  ///< the validation split
  std::size_t passes = 2;
  std::size_t test_tasks = 0;    ///< planned for the release test; 0: none
  std::size_t test_repeats = 1;  ///< and its rollouts of each under either package
};

/// What it would take to show a difference.
struct Price {
  double difference = 0;
  double tasks = 0;     ///< with test_repeats; at most so many that 10^6 is "none at any record"
  double rollouts = 0;  ///< both arms
  bool shown_by_plan = false;  ///< by the test tasks planned
};

struct Calibration {
  std::size_t tasks = 0;    ///< with two graded rollouts at least
  std::size_t missing = 0;  ///< of those asked for, with fewer
  double score = 0;
  stats::WithinTask within;                 ///< flip rate, variance within tasks
  double always_pass = 0, always_fail = 0;  ///< shares of these tasks
  double least_p = 1;                       ///< of the sign test if every test task voted
  std::optional<std::size_t>
      wins_needed;  ///< of all test tasks, if each voted; none: no record is enough
  double smallest_shown =
      1;  ///< difference that the test shows with 80 % power, see spread_between
  double spread_between =
      0;  ///< omega^2 assumed: what a gain of 10 points on some tasks would make
  std::vector<Price> prices;  ///< of +5 and +10 points
};

struct CalibrationStep {
  std::vector<Need> needs;
  Calibration result;
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// The validation split `passes` times under one package, and what its noise means for n and K.
[[nodiscard]] CalibrationStep calibrate(const CalibrationPlan& plan, const ScoreBook& book);

}  // namespace skillgrad::optim::decisions
