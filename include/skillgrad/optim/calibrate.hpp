// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::optim {

/// What a calibration came to, whether it ended or was stopped.
struct CalibrationRun {
  decisions::Calibration found;        ///< of no tasks where it was stopped
  EvalSummary measured;                ///< all rollouts of the validation split
  std::vector<std::string> tripwires;  ///< signs that the measurement is broken, one sentence each
  bool broken = false;                 ///< one of them would stop an optimization
  std::optional<Error> error;          ///< set when it was stopped; it can be resumed
  llm::LedgerTotals totals;
  CostParts parts;
  std::size_t fresh = 0;  ///< rollouts done by this process
};

/// The validation split `passes` times with the initial skill, in RUN/base_val (docs/deciding.md).
/// Of the parts those of the loop's stages may be null. Errors: those that leave no result.
[[nodiscard]] Result<CalibrationRun> calibrate(const OptimizeSettings& settings,
                                               const OptimizeParts& parts, std::size_t passes,
                                               const llm::CallContext& call);

}  // namespace skillgrad::optim
