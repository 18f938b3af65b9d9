// SPDX-License-Identifier: MIT
#pragma once

#include "exec/process/child_plan.hpp"

namespace skillgrad::exec {

/// Life of the supervisor: starts the command, waits, ends its tree, reports. Async-signal-safe.
[[noreturn]] void supervise(const ChildPlan& child);

/// Applies limits and gives up privileges in the command's process; false with errno set.
/// `to_supervisor` is a local socket, through which a listener for the filter's questions goes to
/// the supervisor.
[[nodiscard]] bool confine(const LaunchPlan& plan, int to_supervisor);

}  // namespace skillgrad::exec
