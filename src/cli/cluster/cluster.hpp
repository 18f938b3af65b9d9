// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// Commands of runs that several processes make (docs/cluster.md); exit code or error as those of
/// commands/commands.hpp.
[[nodiscard]] Result<int> cmd_merge(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_work(const Invocation& invocation);

}  // namespace skillgrad::cli
