// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::cli {

/// "skillgrad 0.1.0" and, on further lines, with what it was built.
[[nodiscard]] std::string version_text();

}  // namespace skillgrad::cli
