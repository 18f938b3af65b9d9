// SPDX-License-Identifier: MIT
#include "exec/process/process_tree.hpp"

#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/process/proc_path.hpp"

namespace skillgrad::exec {

void ProcessTree::add_children_of_thread(pid_t pid, pid_t thread) {
  const ProcPath path =
      ProcPath().text("/proc/").number(pid).text("/task/").number(thread).text("/children");
  const int fd = ::open(path.get(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::array<char, 4096> buffer;
  pid_t value = 0;
  for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      const char c = buffer[static_cast<std::size_t>(i)];
      if (c >= '0' && c <= '9') {
        value = value * 10 + (c - '0');
        continue;
      }
      if (value > 0 && killing_) ::kill(value, SIGKILL);
      if (value > 0 && count_ < pids_.size()) pids_[count_++] = value;
      value = 0;
    }
  }
  ::close(fd);
}

void ProcessTree::add_children_of(pid_t pid) {
  const ProcPath path = ProcPath().text("/proc/").number(pid).text("/task");
  const int fd = ::open(path.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  alignas(KernelEntry) std::array<char, 2048> buffer;
  for (long got = 0; (got = ::syscall(SYS_getdents64, fd, buffer.data(), buffer.size())) > 0;) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      KernelEntry entry;
      std::memcpy(&entry, buffer.data() + at, sizeof entry);
      pid_t thread = 0;
      for (const char* c = buffer.data() + at + kNameOffset; *c >= '0' && *c <= '9'; ++c) {
        thread = thread * 10 + (*c - '0');
      }
      if (thread > 0) add_children_of_thread(pid, thread);
      at += entry.size;
    }
  }
  ::close(fd);
}

void ProcessTree::scan(pid_t root) {
  killing_ = false;
  walk(root);
}

void ProcessTree::kill_all(pid_t root) {
  killing_ = true;
  walk(root);
}

void ProcessTree::walk(pid_t root) {
  count_ = 0;
  add_children_of(root);
  for (std::size_t next = 0; next < count_; ++next) add_children_of(pids_[next]);
}

}  // namespace skillgrad::exec
