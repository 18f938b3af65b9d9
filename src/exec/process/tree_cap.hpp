// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <skillgrad/exec/sandbox.hpp>

namespace skillgrad::exec {

/// Control groups of one run; empty texts: there is none. Version 2 has one group for everything.
struct CapPaths {
  std::array<std::string, 2> folders;     ///< of processes and of memory, to be removed
  std::array<std::string, 2> join_files;  ///< a process that writes "0" there becomes a member
  std::string memory_events;              ///< has a line "oom_kill N"
};

/// Control groups of one run that bound its processes, threads and memory in the kernel. They back
/// up the supervisor, which looks only every few milliseconds and says why it ends a command. Needs
/// writable controllers, as root has outside of containers.
class TreeCap {
 public:
  /// Inactive where no such group can be made here.
  explicit TreeCap(const ResourceLimits& limits);
  TreeCap(const TreeCap&) = delete;
  TreeCap& operator=(const TreeCap&) = delete;
  /// Removes the groups, unless the supervisor did already; ends members that outlived it.
  ~TreeCap();
  [[nodiscard]] bool bounds_processes() const { return !paths_.join_files[0].empty(); }
  [[nodiscard]] bool bounds_memory() const { return !paths_.memory_events.empty(); }
  [[nodiscard]] const CapPaths& paths() const { return paths_; }

 private:
  CapPaths paths_;
};

/// Threads and processes that are still bearable: well above the limit of processes, which the
/// supervisor enforces with a message, and far below what harms the machine.
[[nodiscard]] unsigned bearable_tasks(unsigned processes);
/// The same for memory: with what the temporary folders in memory may hold besides.
[[nodiscard]] std::uint64_t bearable_memory(const ResourceLimits& limits);
/// Size of the temporary folder in memory that a command gets.
[[nodiscard]] std::uint64_t temporary_bytes(const ResourceLimits& limits);
inline constexpr std::uint64_t kSharedMemoryBytes = std::uint64_t{64} << 20;

/// Weaknesses to name where the kernel does not bind.
inline constexpr const char* kCountedOnly =
    "the number of processes is checked every 25 ms only: a burst can exceed it for a moment";
inline constexpr const char* kMeasuredOnly =
    "the memory of all processes together is checked every 25 ms only: a burst can exceed it for a "
    "moment";

/// Whether a run can be bounded by the kernel here. Tries once per program run.
[[nodiscard]] bool can_cap_processes();
[[nodiscard]] bool can_cap_memory();

}  // namespace skillgrad::exec
