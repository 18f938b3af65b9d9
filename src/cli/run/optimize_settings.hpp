// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/optim/optimizer.hpp>

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// What the options say of the loop. Errors (config): a lint rule to ignore that cannot be.
[[nodiscard]] Result<optim::OptimizeSettings> optimize_settings(const Settings& settings);

/// What --optimizer-command and its like say; empty for another optimizer. Errors (config): a
/// command that is missing or idle, a variable that is not set.
[[nodiscard]] Result<optim::OptimizerProgram> optimizer_program(const RunSetup& setup);

/// That what weighs in the loss beside quality can be known: prices, times that were measured, a
/// gate that decides by values. Errors: config.
[[nodiscard]] Result<> check_weights(const RunSetup& setup);

}  // namespace skillgrad::cli
