// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "exec/process/child_plan.hpp"
#include "exec/process/folder_usage.hpp"
#include "exec/process/process_tree.hpp"

namespace skillgrad::exec {

/// What a supervisor listens to besides kControl.
struct Ears {
  int signals = -1;   ///< a signalfd for SIGCHLD
  int socket = -1;    ///< yields the listener; -1: the filter asks nothing
  int listener = -1;  ///< questions of the filter, once it has come
};

/// The supervisor's eyes: waits for the end of a command, answers its questions, and holds its tree
/// against the limits of the whole command. Everything here is async-signal-safe. Too large for a
/// stack of unknown size.
class Watch {
 public:
  /// Before the command starts: what its folders hold already.
  void begin(const ChildPlan& child);
  /// Until the command ends, the owner lets go, or a limit is passed (outcome.excess).
  void run(pid_t command, Ears ears, Outcome& outcome);
  /// After the whole tree has ended: what it left, and what the kernel ended.
  void finish(Outcome& outcome);
  [[nodiscard]] ProcessTree& tree() { return tree_; }

 private:
  void check(Outcome& outcome);
  void plan_next_check();
  [[nodiscard]] bool watches_folders() const;
  [[nodiscard]] bool memory_exceeds();
  [[nodiscard]] bool folders_exceed();
  [[nodiscard]] Usage measure();

  const ChildPlan* child_ = nullptr;
  ProcessTree tree_;
  FolderUsage folders_;
  Usage at_start_;
  std::uint64_t free_at_start_ = 0;
  std::int64_t interval_ms_ = 0;
  std::int64_t next_check_ms_ = 0;
  std::int64_t next_measure_ms_ = 0;
  std::int64_t next_memory_ms_ = 0;
};

/// Takes every ended child; returns true once `command` is among them (status in `outcome`).
/// `none_left`: there is no child any more.
bool reap(pid_t command, Outcome& outcome, bool& none_left);

}  // namespace skillgrad::exec
