// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/optim/optimizer.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// What the options say of the loop. Errors (config): a lint rule to ignore that cannot be.
[[nodiscard]] Result<optim::OptimizeSettings> optimize_settings(const Settings& settings);

}  // namespace skillgrad::cli
