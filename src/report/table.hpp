// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace skillgrad::report {

/// Plain columns, two blanks apart; the first row is the heading. Cells that start like a number
/// are set flush right.
[[nodiscard]] std::string format_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace skillgrad::report
