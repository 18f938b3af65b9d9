// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "exec/process/attribute_requests.hpp"
#include "exec/process/launch.hpp"

namespace skillgrad::exec {

/// Descriptors of the supervisor; the command inherits none of them.
inline constexpr int kControl = 3;
inline constexpr int kOutcome = 4;
inline constexpr int kRuleset = 5;

/// One descriptor to put in its place: `from`, or `path` opened for reading.
struct Move {
  int from = -1;
  const char* path = nullptr;
  int to = -1;
  bool for_command = true;
  int parked = -1;  ///< scratch
};

/// The plan as plain pointers: between fork and exec nothing may allocate.
struct ChildPlan {
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* env = nullptr;
  const char* work_dir = nullptr;
  const LaunchPlan* plan = nullptr;
  Move* moves = nullptr;
  std::size_t move_count = 0;
  OwnFolders own_folders;
};

/// Life of the supervisor: starts the command, waits, ends its tree, reports. Async-signal-safe.
[[noreturn]] void supervise(const ChildPlan& child);

/// Applies limits and gives up privileges in the command's process; false with errno set.
/// `to_supervisor` is a local socket, through which a listener for the filter's questions goes to
/// the supervisor.
[[nodiscard]] bool confine(const LaunchPlan& plan, int to_supervisor);

}  // namespace skillgrad::exec
