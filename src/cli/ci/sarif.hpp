// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include "cli/workbench/validated.hpp"

namespace skillgrad::cli {

/// The findings as a SARIF 2.1.0 log, with each rule's text from the rule book; files below `root`
/// are named relative to it.
[[nodiscard]] Json sarif_log(const std::vector<Validated>& skills,
                             const std::filesystem::path& root);

}  // namespace skillgrad::cli
