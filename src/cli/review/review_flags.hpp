// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <skillgrad/core/error.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// --iter N. Errors: usage.
[[nodiscard]] Result<std::optional<int>> iteration_flag(const Invocation& invocation);
/// --port N of a page; 0: any free one. Errors: usage.
[[nodiscard]] Result<int> port_flag(const Invocation& invocation);

}  // namespace skillgrad::cli
