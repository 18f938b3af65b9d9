// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

#include <sys/types.h>

namespace skillgrad::exec {

/// Descendants of a process, found through /proc/PID/task/TID/children. Everything here is
/// async-signal-safe, because the supervisor runs it between fork and exit.
class ProcessTree {
 public:
  /// Lists the descendants of `root`, up to capacity; what forks meanwhile may be missed.
  void scan(pid_t root);
  [[nodiscard]] std::size_t size() const { return count_; }
  /// The number of one of them, `index` < size().
  [[nodiscard]] pid_t at(std::size_t index) const { return pids_[index]; }
  /// Ends the descendants of `root`, each as soon as it is found: parents first, so that the first
  /// process of a PID namespace takes its whole namespace along. What it missed, another call
  /// finds.
  void kill_all(pid_t root);

 private:
  void walk(pid_t root);
  void add_children_of(pid_t pid);
  void add_children_of_thread(pid_t pid, pid_t thread);

  std::array<pid_t, 8192> pids_{};
  std::size_t count_ = 0;
  bool killing_ = false;
};

}  // namespace skillgrad::exec
