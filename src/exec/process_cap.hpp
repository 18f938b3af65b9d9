// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::exec {

/// A control group of one run that bounds its processes and threads in the kernel. It backs up the
/// counting supervisor, which looks only every few milliseconds: RLIMIT_NPROC never binds root, not
/// even in a user namespace. Needs a writable pids controller, as root has outside of containers.
class ProcessCap {
 public:
  /// Inactive where no such group can be made here.
  explicit ProcessCap(unsigned processes);
  ProcessCap(const ProcessCap&) = delete;
  ProcessCap& operator=(const ProcessCap&) = delete;
  /// Removes the group, unless the supervisor did already; ends members that outlived it.
  ~ProcessCap();
  [[nodiscard]] bool active() const { return !folder_.empty(); }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// A process that writes "0" here becomes a member; empty: inactive.
  [[nodiscard]] const std::string& join_file() const { return join_file_; }

 private:
  std::string folder_;
  std::string join_file_;
};

/// Threads and processes that are still bearable: well above the limit of processes, which the
/// supervisor enforces with a message, and far below what harms the machine.
[[nodiscard]] unsigned bearable_tasks(unsigned processes);

/// Weakness to name where neither ProcessCap nor RLIMIT_NPROC binds.
inline constexpr const char* kCountedOnly =
    "the number of processes is checked every 25 ms only: a burst can exceed it for a moment";

/// Whether a run can get an active ProcessCap here. Tries once per program run.
[[nodiscard]] bool can_cap_processes();

}  // namespace skillgrad::exec
