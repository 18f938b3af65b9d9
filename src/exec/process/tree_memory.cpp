// SPDX-License-Identifier: MIT
#include "exec/process/tree_memory.hpp"

#include <array>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "exec/process/proc_path.hpp"

namespace skillgrad::exec {

namespace {

using Buffer = std::array<char, 4096>;

/// The beginning of /proc/PID/NAME, ended by a zero; false: it cannot be read.
bool read_start(pid_t pid, const char* name, Buffer& buffer) {
  const ProcPath path = ProcPath().text("/proc/").number(pid).text("/").text(name);
  const int fd = ::open(path.get(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size() - 1);
  ::close(fd);
  buffer[static_cast<std::size_t>(got < 0 ? 0 : got)] = '\0';
  return got > 0;
}

/// Reads a number after blanks and moves on behind it.
std::uint64_t next_number(const char*& at) {
  while (*at == ' ' || *at == '\t') ++at;
  std::uint64_t value = 0;
  while (*at >= '0' && *at <= '9') value = value * 10 + static_cast<std::uint64_t>(*at++ - '0');
  return value;
}

struct Pages {
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
};

Pages pages_of(pid_t pid, Buffer& buffer) {
  if (!read_start(pid, "statm", buffer)) return {};
  const char* at = buffer.data();
  static_cast<void>(next_number(at));
  Pages out;
  out.resident = next_number(at);
  out.shared = next_number(at);
  return out;
}

/// The share of what it has in common with others counts in part: "Pss: 123 kB".
bool proportional_kib(pid_t pid, Buffer& buffer, std::uint64_t& kib) {
  if (!read_start(pid, "smaps_rollup", buffer)) return false;
  const char* line = std::strstr(buffer.data(), "\nPss:");
  if (line == nullptr) return false;
  line += 5;
  kib = next_number(line);
  return true;
}

}  // namespace

bool uses_more_memory(const ProcessTree& tree, std::uint64_t most) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Buffer buffer;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < tree.size(); ++i) sum += pages_of(tree.at(i), buffer).resident * page;
  if (sum <= most) return false;
  // Exact, but slow, hence only now.
  sum = 0;
  for (std::size_t i = 0; i < tree.size() && sum <= most; ++i) {
    std::uint64_t kib = 0;
    if (proportional_kib(tree.at(i), buffer, kib)) {
      sum += kib << 10U;
      continue;
    }
    const Pages pages = pages_of(tree.at(i), buffer);
    sum += (pages.resident - (pages.shared < pages.resident ? pages.shared : 0)) * page;
  }
  return sum > most;
}

}  // namespace skillgrad::exec
