// SPDX-License-Identifier: MIT
#include "exec/process_cap.hpp"

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

/// Makes a group below `parent`, with the limit set; empty if that is not possible.
std::string make_group(const std::string& parent, unsigned most) {
  static std::atomic<unsigned> counter{0};
  std::string folder =
      parent + "/skillgrad-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  if (::mkdir(folder.c_str(), 0755) != 0) return {};
  if (write_to(folder + "/pids.max", std::to_string(most))) return folder;
  ::rmdir(folder.c_str());
  return {};
}

/// Folder in which groups can be made, or empty. A version 2 group with processes cannot hand its
/// controllers down, but the root group can.
std::string find_parent() {
  std::vector<std::string> candidates;
  if (const std::string own = own_group("pids"); !own.empty()) {
    candidates.push_back("/sys/fs/cgroup/pids" + own);
    candidates.emplace_back("/sys/fs/cgroup/pids");
  }
  if (const std::string own = own_group(""); !own.empty()) {
    candidates.push_back("/sys/fs/cgroup" + own);
    candidates.emplace_back("/sys/fs/cgroup");
  }
  for (const std::string& parent : candidates) {
    const std::string folder = make_group(parent, 1);
    if (folder.empty()) continue;
    ::rmdir(folder.c_str());
    return parent;
  }
  return {};
}

const std::string& parent_folder() {
  static const std::string parent = find_parent();
  return parent;
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

ProcessCap::ProcessCap(unsigned processes) {
  if (processes == 0 || parent_folder().empty()) return;
  folder_ = make_group(parent_folder(), bearable_tasks(processes));
  if (!folder_.empty()) join_file_ = folder_ + "/cgroup.procs";
}

ProcessCap::~ProcessCap() {
  if (!active()) return;
  for (int round = 0; round < kEndRounds; ++round) {
    if (::rmdir(folder_.c_str()) == 0 || errno != EBUSY) return;
    end_members(join_file_);
    ::poll(nullptr, 0, 1);
  }
}

unsigned bearable_tasks(unsigned processes) { return 4 * processes + 256; }

bool can_cap_processes() { return !parent_folder().empty(); }

}  // namespace skillgrad::exec
