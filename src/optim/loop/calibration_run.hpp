// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "optim/decisions/calibration.hpp"
#include "optim/loop/bookkeeper.hpp"

namespace skillgrad::optim {

/// Folder of its rollouts.
inline constexpr const char* kCalibrationDir = "base_val";

/// What a run would calibrate, with the package of this hash.
[[nodiscard]] decisions::CalibrationPlan calibration_plan(const OptimizeSettings& settings,
                                                          const bench::Splits& splits,
                                                          std::string package);
/// Makes the rollouts. Errors: those that end a run, io.
[[nodiscard]] Result<decisions::Calibration> run_calibration(
    Bookkeeper& book, const decisions::CalibrationPlan& plan);

}  // namespace skillgrad::optim
