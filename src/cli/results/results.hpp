// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// The commands that read what a run wrote and make no rollout. As in commands.hpp: the process
/// exit code of what came to a result; an Error where it came to nothing.
[[nodiscard]] Result<int> cmd_tail(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_view(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_report(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_diff(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_apply(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_history(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_review(const Invocation& invocation);

}  // namespace skillgrad::cli
