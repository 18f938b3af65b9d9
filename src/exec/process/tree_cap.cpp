// SPDX-License-Identifier: MIT
#include "exec/process/tree_cap.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::exec {

namespace {

bool write_to(const std::string& path, std::string_view text) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && write_all(fd.get(), text);
}

/// Group of this process by a line of /proc/self/cgroup ("8:pids:/a" or, version 2, "0::/a").
std::string own_group(std::string_view controller) {
  const std::string table = read_file("/proc/self/cgroup").value_or("");
  const std::string key = ":" + std::string(controller) + ":/";
  for (const std::string& line : split_lines(table)) {
    const std::size_t at = line.find(key);
    if (at != std::string::npos) return line.substr(at + key.size() - 1);
  }
  return {};
}

/// Makes a group below `parent` with a limit in one of its files; empty if that is not possible.
std::string make_group(const std::string& parent, const char* file, std::uint64_t most) {
  static std::atomic<unsigned> counter{0};
  std::string folder =
      parent + "/skillgrad-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  if (::mkdir(folder.c_str(), 0755) != 0) return {};
  if (write_to(folder + "/" + file, std::to_string(most))) return folder;
  ::rmdir(folder.c_str());
  return {};
}

/// A folder in which groups with this limit can be made.
struct Parent {
  std::string folder;
  const char* file = "";
  [[nodiscard]] explicit operator bool() const { return !folder.empty(); }
};

/// A version 2 group with processes cannot hand its controllers down, but the root group can.
Parent find_parent(const std::string& controller, const char* file, const char* unified_file) {
  std::vector<Parent> candidates;
  if (const std::string own = own_group(controller); !own.empty()) {
    candidates.push_back({"/sys/fs/cgroup/" + controller + own, file});
    candidates.push_back({"/sys/fs/cgroup/" + controller, file});
  }
  if (const std::string own = own_group(""); !own.empty()) {
    candidates.push_back({"/sys/fs/cgroup" + own, unified_file});
    candidates.push_back({"/sys/fs/cgroup", unified_file});
  }
  for (const Parent& parent : candidates) {
    const std::string folder = make_group(parent.folder, parent.file, std::uint64_t{1} << 20);
    if (folder.empty()) continue;
    ::rmdir(folder.c_str());
    return parent;
  }
  return {};
}

const Parent& process_parent() {
  static const Parent parent = find_parent("pids", "pids.max", "pids.max");
  return parent;
}

const Parent& memory_parent() {
  static const Parent parent = find_parent("memory", "memory.limit_in_bytes", "memory.max");
  return parent;
}

/// A process of one thread may join by the file of threads, which version 1 has. By that of
/// processes the kernel first waits until nobody on the machine is in the middle of a fork, which
/// takes it up to ten milliseconds.
const char* join_file(const std::string& folder) {
  return ::access((folder + "/tasks").c_str(), W_OK) == 0 ? "/tasks" : "/cgroup.procs";
}

// One millisecond each: what hangs in the kernel longer than that is left to it.
constexpr int kEndRounds = 500;

void end_members(const std::string& list_file) {
  const std::string list = read_file(list_file).value_or("");
  for (const std::string& line : split_lines(list)) {
    const long pid = std::strtol(line.c_str(), nullptr, 10);
    // 0 stands for a process of another PID namespace; to kill it would mean our own group.
    if (pid > 1) ::kill(static_cast<pid_t>(pid), SIGKILL);
  }
}

}  // namespace

TreeCap::TreeCap(const ResourceLimits& limits) {
  const auto joined = [&](std::size_t index, std::string folder) {
    if (folder.empty()) return;
    paths_.join_files[index] = folder + join_file(folder);
    paths_.folders[index] = std::move(folder);
  };
  if (const Parent& parent = process_parent(); limits.processes > 0 && parent)
    joined(0, make_group(parent.folder, parent.file, bearable_tasks(limits.processes)));
  const Parent& parent = memory_parent();
  if (limits.memory_bytes == 0 || !parent) return;
  const bool shared = parent.folder == process_parent().folder && !paths_.folders[0].empty();
  const std::uint64_t most = bearable_memory(limits);
  if (shared && !write_to(paths_.folders[0] + "/" + parent.file, std::to_string(most))) return;
  if (!shared) joined(1, make_group(parent.folder, parent.file, most));
  const std::string& group = paths_.folders[shared ? 0 : 1];
  if (group.empty()) return;
  const bool unified = std::string_view(parent.file) == "memory.max";
  paths_.memory_events = group + (unified ? "/memory.events" : "/memory.oom_control");
  // What is swapped out is memory, too. Not every kernel counts it.
  static_cast<void>(unified
                        ? write_to(group + "/memory.swap.max", "0")
                        : write_to(group + "/memory.memsw.limit_in_bytes", std::to_string(most)));
}

TreeCap::~TreeCap() {
  for (std::size_t i = 0; i < paths_.folders.size(); ++i) {
    if (paths_.folders[i].empty()) continue;
    for (int round = 0; round < kEndRounds; ++round) {
      if (::rmdir(paths_.folders[i].c_str()) == 0 || errno != EBUSY) break;
      end_members(paths_.folders[i] + "/cgroup.procs");
      ::poll(nullptr, 0, 1);
    }
  }
}

unsigned bearable_tasks(unsigned processes) { return 4 * processes + 256; }

std::uint64_t temporary_bytes(const ResourceLimits& limits) {
  return std::max<std::uint64_t>(2 * limits.file_bytes, std::uint64_t{64} << 20);
}

std::uint64_t bearable_memory(const ResourceLimits& limits) {
  constexpr std::uint64_t kSlack = std::uint64_t{64} << 20;
  return limits.memory_bytes + temporary_bytes(limits) + kSharedMemoryBytes + kSlack;
}

bool can_cap_processes() { return static_cast<bool>(process_parent()); }
bool can_cap_memory() { return static_cast<bool>(memory_parent()); }

}  // namespace skillgrad::exec
