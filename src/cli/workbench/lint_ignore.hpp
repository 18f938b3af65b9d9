// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// The rules of --lint-ignore. Errors (config): a rule that does not exist, with the nearest match;
/// the one that keeps answers and secrets out of skills.
[[nodiscard]] Result<std::vector<std::string>> ignored_lint_rules(const Settings& settings);

}  // namespace skillgrad::cli
