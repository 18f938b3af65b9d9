// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <skillgrad/optim/decisions.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct CalibrationPlan {
  std::string package;
  std::vector<std::string> tasks;  ///< the validation split
  std::size_t passes = 2;
  std::size_t test_tasks = 0;    ///< planned for the release test; 0: none
  std::size_t test_repeats = 1;  ///< and its rollouts of each under either package
};

struct CalibrationStep {
  std::vector<Need> needs;
  Calibration result;
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// The validation split `passes` times under one package, and what its noise means for n and K.
[[nodiscard]] CalibrationStep calibrate(const CalibrationPlan& plan, const ScoreBook& book);

}  // namespace skillgrad::optim::decisions
