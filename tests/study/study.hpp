// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "study/process.hpp"

namespace skillgrad::study {

/// Gated candidates by what was believed of them: whether beliefs hold what they say.
struct Calibrated {
  std::size_t candidates = 0;
  double believed = 0, better = 0;  ///< means
};

/// Ten rows, for chances of being better of 0.0-0.1 to 0.9-1.0.
[[nodiscard]] std::vector<Calibrated> calibration_of(const std::vector<Outcome>& outcomes);

/// What a rule did over many runs of a population. Shares from 0 to 1.
struct Summary {
  std::string population, rule;
  std::size_t runs = 0;
  double gain = 0, gain_error = 0;  ///< mean and its standard error
  double gain_p10 = 0;
  double worse = 0;             ///< runs that end worse
  double worse_by_a_point = 0;  ///< by more than one point
  double good_kept = 0, false_kept = 0;
  double rollouts = 0, release_rollouts = 0;
  std::optional<double> optimism;
  double released = 0, false_release = 0;
  std::vector<Calibrated> calibration;
  double false_release_high = 0;  ///< upper end of its one-sided 95 % interval (Clopper-Pearson)
};

struct StudyOptions {
  std::size_t runs = 1'000;
  std::uint64_t seed = 0;
  unsigned jobs = 1;
};

/// Equal for equal seeds, whatever the number of jobs.
[[nodiscard]] std::vector<Summary> run_study(const Population& population,
                                             const std::vector<Rule>& rules,
                                             const StudyOptions& options);
[[nodiscard]] Json to_json(const Summary& summary);

}  // namespace skillgrad::study
