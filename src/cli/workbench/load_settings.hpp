// SPDX-License-Identifier: MIT
#pragma once

#include "cli/screen/invocation.hpp"
#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// Merged settings; unknown environment variables are named on stderr.
[[nodiscard]] Result<Settings> load_settings(const Invocation& invocation);
/// Lets --hard-max-time, if it is set, end this command. Errors: config.
[[nodiscard]] Result<> arm_hard_limit(const Settings& settings, const Invocation& invocation);

}  // namespace skillgrad::cli
