// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// "90s", "30m", "2h", "1h30m", "2d" or plain seconds. Errors: config, at `where`.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(const std::string& text,
                                                               const std::string& where);

}  // namespace skillgrad::cli
