// SPDX-License-Identifier: MIT
#include "exec/process/detour.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/process/proc_path.hpp"

namespace skillgrad::exec {

namespace {

constexpr std::size_t kMost = 64;
constexpr mode_t kOpen = 0755;

/// Makes the folders between the closed one and the target, and the target itself, empty.
bool make_place(const Detour& detour) {
  std::array<char, PATH_MAX> path{};
  if (detour.target.size() >= path.size()) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(path.data(), detour.target.c_str(), detour.target.size() + 1);
  for (std::size_t at = detour.closed.size() + 1; at <= detour.target.size(); ++at) {
    if (path[at] != '/' && path[at] != '\0') continue;
    const bool last = path[at] == '\0';
    path[at] = '\0';
    if (last && !detour.folder) {
      const int fd = ::open(path.data(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      if (fd < 0) return false;
      ::close(fd);
    } else if (::mkdir(path.data(), kOpen) != 0 && errno != EEXIST) {
      return false;
    }
    if (!last) path[at] = '/';
  }
  return true;
}

bool show(const std::vector<Detour>& detours, const std::array<int, kMost>& held) {
  for (std::size_t i = 0; i < detours.size(); ++i) {
    const std::string& closed = detours[i].closed;
    const auto end = detours.begin() + static_cast<std::ptrdiff_t>(i);
    const bool done = std::any_of(detours.begin(), end,
                                  [&](const Detour& before) { return before.closed == closed; });
    if (!done &&
        ::mount("none", closed.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0)
      return false;
  }
  for (std::size_t i = 0; i < detours.size(); ++i) {
    const ProcPath source = ProcPath().text("/proc/self/fd/").number(held[i]);
    if (!make_place(detours[i])) return false;
    if (::mount(source.get(), detours[i].target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      return false;
  }
  return true;
}

}  // namespace

bool open_detours(const std::vector<Detour>& detours) {
  if (detours.empty()) return true;
  if (detours.size() > kMost) {
    errno = E2BIG;
    return false;
  }
  if (::unshare(CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  // Opened before the first of them is covered.
  std::array<int, kMost> held{};
  for (std::size_t i = 0; i < detours.size(); ++i) {
    held[i] = ::open(detours[i].target.c_str(), O_PATH | O_CLOEXEC);
    if (held[i] < 0) return false;
  }
  const mode_t mask = ::umask(0);
  const bool shown = show(detours, held);
  const int problem = errno;
  ::umask(mask);
  for (std::size_t i = 0; i < detours.size(); ++i) ::close(held[i]);
  errno = problem;
  return shown;
}

}  // namespace skillgrad::exec
