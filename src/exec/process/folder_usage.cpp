// SPDX-License-Identifier: MIT
#include "exec/process/folder_usage.hpp"

#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/process/proc_path.hpp"

namespace skillgrad::exec {

namespace {

constexpr std::uint64_t kBlock = 512;  // of st_blocks
constexpr int kFolder = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool is_dot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/// A folder that its owner may not read is readable as long as it takes to open it. By descriptor:
/// the name may lead elsewhere by now.
int open_closed_folder(int parent, const char* name) {
  const int held = ::openat(parent, name, O_PATH | kFolder);
  struct stat info {};
  int fd = -1;
  if (held >= 0 && ::fstat(held, &info) == 0) {
    const ProcPath self = ProcPath().text("/proc/self/fd/").number(held);
    if (::chmod(self.get(), (info.st_mode & 0777U) | S_IRUSR | S_IXUSR) == 0) {
      fd = ::openat(held, ".", O_RDONLY | kFolder);
      static_cast<void>(::chmod(self.get(), info.st_mode & 0777U));
    }
  }
  if (held >= 0) ::close(held);
  return fd;
}

}  // namespace

bool FolderUsage::enter(int parent, const char* name) {
  int fd = ::openat(parent, name, O_RDONLY | kFolder);
  if (fd < 0) fd = open_closed_folder(parent, name);
  if (fd < 0) return false;
  Level& level = levels_[depth_++];
  level.fd = fd;
  level.at = level.end = 0;
  return true;
}

void FolderUsage::leave() { ::close(levels_[--depth_].fd); }

void FolderUsage::count(const char* name, Usage& usage) {
  struct stat info {};
  const int parent = levels_[depth_ - 1].fd;
  if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  ++usage.entries;
  usage.bytes += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
  if (!S_ISDIR(info.st_mode)) return;
  if (depth_ == levels_.size()) {
    usage.too_deep = true;
    return;
  }
  static_cast<void>(enter(parent, name));
}

void FolderUsage::add(const char* folder, std::uint64_t most_entries, Usage& usage) {
  if (!enter(AT_FDCWD, folder)) return;
  while (depth_ > 0) {
    Level& level = levels_[depth_ - 1];
    if (level.at >= level.end) {
      const long got =
          ::syscall(SYS_getdents64, level.fd, level.buffer.data(), level.buffer.size());
      if (got <= 0 || usage.entries > most_entries) {
        leave();
        continue;
      }
      level.at = 0;
      level.end = static_cast<std::size_t>(got);
    }
    KernelEntry entry;
    std::memcpy(&entry, level.buffer.data() + level.at, sizeof entry);
    const char* const name = level.buffer.data() + level.at + kNameOffset;
    level.at += entry.size;
    if (!is_dot(name)) count(name, usage);
  }
}

std::uint64_t nameless_bytes(const ProcessTree& tree, const char* folder) {
  struct stat place {};
  if (::stat(folder, &place) != 0) return 0;
  std::uint64_t sum = 0;
  alignas(KernelEntry) std::array<char, 2048> buffer;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const ProcPath list = ProcPath().text("/proc/").number(tree.at(i)).text("/fd");
    const int fd = ::open(list.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) continue;
    for (long got = 0; (got = ::syscall(SYS_getdents64, fd, buffer.data(), buffer.size())) > 0;) {
      for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        KernelEntry entry;
        std::memcpy(&entry, buffer.data() + at, sizeof entry);
        struct stat info {};
        const char* const name = buffer.data() + at + kNameOffset;
        at += entry.size;
        if (is_dot(name) || ::fstatat(fd, name, &info, 0) != 0) continue;
        if (S_ISREG(info.st_mode) && info.st_nlink == 0 && info.st_dev == place.st_dev)
          sum += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
      }
    }
    ::close(fd);
  }
  return sum;
}

std::uint64_t free_bytes(const char* folder) {
  struct statvfs info {};
  if (::statvfs(folder, &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.f_bfree) * info.f_frsize;
}

}  // namespace skillgrad::exec
