// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace skillgrad::sheet {

/// The title that openpyxl gives to a sheet `name` behind others with the titles `before`: one that
/// differs from each in more than case.
[[nodiscard]] std::string openpyxl_title(const std::vector<std::string>& before,
                                         const std::string& name);
/// Whether openpyxl refuses a sheet of this name.
[[nodiscard]] bool is_refused_title(const std::string& name);

}  // namespace skillgrad::sheet
