// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// Names of the texts of docs/topics/, which are compiled in, in alphabetical order.
[[nodiscard]] std::vector<std::string> topic_names();
/// One of them, for a terminal. Errors: usage (no such topic; names the nearest one).
[[nodiscard]] Result<std::string> topic_text(const std::string& name);

}  // namespace skillgrad::cli
