// SPDX-License-Identifier: MIT
// What launch(), the supervisor and the command's own process tell each other.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <sys/types.h>

#include <skillgrad/exec/sandbox.hpp>

#include "exec/process/attribute_requests.hpp"
#include "exec/process/sandbox_user.hpp"
#include "exec/process/tree_cap.hpp"

namespace skillgrad::exec {

/// What a command gives up for good before it starts (the landlock backend).
struct Confinement {
  int ruleset = -1;               ///< Landlock rules
  sock_fprog filter{0, nullptr};  ///< seccomp program
  bool asks = false;              ///< the supervisor answers calls that the filter hands to it
};

/// Everything a child needs, prepared before the fork.
struct LaunchPlan {
  std::string program;  ///< path for execve
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< "NAME=value"
  std::string work_dir;
  ResourceLimits limits;
  unsigned extra_processes = 0;          ///< of the backend itself, beyond limits.processes
  SandboxUser user;                      ///< who the command runs as
  std::vector<Detour> detours;           ///< for that user
  std::vector<std::string> own_folders;  ///< real paths; their content counts against the limits
  CapPaths cap;                          ///< of the TreeCap, set by run_plan
  const Confinement* confinement = nullptr;
  /// Memory files that the command finds, opened afresh for reading, at kFirstFile and up.
  std::vector<int> files;
  bool report = false;  ///< the command writes to kReport, we read Launched::report
};

/// Descriptors of the command beyond its standard streams.
inline constexpr int kReport = 6;
inline constexpr int kFirstFile = 7;

/// Why a supervisor ended its tree.
enum class Excess { none, processes, memory, disk };

/// What the supervisor found, sent once.
struct Outcome {
  int wait_status = 0;
  int exec_errno = 0;  ///< not 0: the command was never started
  Excess excess = Excess::none;
};

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

}  // namespace skillgrad::exec
