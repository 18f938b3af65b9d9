// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::cli {

/// All commands with their arguments, options, configuration keys and exit codes, from the tables
/// that the program itself uses: docs/reference.md.
[[nodiscard]] std::string reference_markdown();
/// The same as a manual page, skillgrad(1), in man(7) macros.
[[nodiscard]] std::string reference_man();

}  // namespace skillgrad::cli
