// SPDX-License-Identifier: MIT
#pragma once

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// What a skill does with each of several models is not measured for a folder of skills. Errors:
/// usage.
[[nodiscard]] Result<> check_one_skill(const RunSetup& setup);
/// With --models, each task of the run becomes one for each of them (docs/across.md). Once, after
/// the tasks were checked. Errors: config.
[[nodiscard]] Result<> spread_models(RunSetup& setup);
/// Names of the executing models, "a, b"; the run's model without --models.
[[nodiscard]] std::string executing_names(const RunSetup& setup);

}  // namespace skillgrad::cli
