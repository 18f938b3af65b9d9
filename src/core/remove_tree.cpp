// SPDX-License-Identifier: MIT
// Removes a tree of any depth with names of any length and two folders open: what is deep is first
// moved up to the top, where it is emptied in turn. No path is ever followed below the root.
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad {

namespace {

/// Opens a folder to change its content, whatever modes its owner set; no link is followed.
OpenFolder open_folder(int parent, const char* name) {
  constexpr int kFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const Descriptor held(::openat(parent, name, O_PATH | kFlags));
  struct stat info {};
  if (!held || ::fstat(held.get(), &info) != 0) return nullptr;
  if ((info.st_mode & S_IRWXU) != S_IRWXU) {
    const std::string self = "/proc/self/fd/" + std::to_string(held.get());
    static_cast<void>(::chmod(self.c_str(), (info.st_mode & 07777U) | S_IRWXU));
  }
  Descriptor fd(::openat(held.get(), ".", O_RDONLY | kFlags));
  if (!fd) return nullptr;
  OpenFolder out(::fdopendir(fd.get()));
  if (out != nullptr) static_cast<void>(fd.release());
  return out;
}

class Remover {
 public:
  explicit Remover(DIR* root) : root_(root) {}

  /// 0 once the root is empty, else what the last try ended with.
  int empty_root() {
    for (;;) {
      problem_ = 0;
      bool progress = false;
      ::rewinddir(root_);
      const bool all = each_entry(root_, [&](const char* name) {
        if (remove(name)) progress = true;
      });
      if (!all) return errno;
      if (problem_ == 0 && !progress) return 0;
      if (!progress) return problem_;
    }
  }

 private:
  template <class Act>
  bool each_entry(DIR* folder, const Act& act) {
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(folder);  // NOLINT(concurrency-mt-unsafe): a stream of ours
      if (entry == nullptr) return errno == 0;
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
        act(entry->d_name);
    }
  }

  bool failed() {
    problem_ = errno;
    return false;
  }

  static bool unlink_entry(int folder, const char* name) {
    if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) return true;
    return (errno == EISDIR || errno == EPERM) && ::unlinkat(folder, name, AT_REMOVEDIR) == 0;
  }

  /// An entry of the root: a folder gives its own folders to the root and goes.
  bool remove(const char* name) {
    const int root = ::dirfd(root_);
    if (unlink_entry(root, name)) return true;
    const OpenFolder folder = open_folder(root, name);
    if (folder == nullptr) return failed();
    const bool all = each_entry(folder.get(), [&](const char* child) {
      if (!unlink_entry(::dirfd(folder.get()), child)) lift(::dirfd(folder.get()), child);
    });
    if (!all || ::unlinkat(root, name, AT_REMOVEDIR) != 0) return failed();
    return true;
  }

  void lift(int parent, const char* name) {
    const int root = ::dirfd(root_);
    // A folder must be writable to be moved, since its ".." changes.
    if (open_folder(parent, name) == nullptr) return;
    for (int tries = 0; tries < 1000; ++tries) {
      const std::string target = ".sg-lifted-" + std::to_string(lifted_++);
      if (::renameat(parent, name, root, target.c_str()) == 0) return;
      if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) return;
    }
  }

  DIR* root_;
  unsigned long lifted_ = 0;
  int problem_ = 0;
};

}  // namespace

Result<> remove_tree(const fs::path& path) {
  const auto failed = [&](int problem) {
    return tl::unexpected(errno_error(problem, "cannot remove", path.string()));
  };
  const auto gone = [](int problem) { return problem == ENOENT || problem == ENOTDIR; };
  if (::unlink(path.c_str()) == 0 || gone(errno)) return {};
  if (errno != EISDIR && errno != EPERM) return failed(errno);
  if (::rmdir(path.c_str()) == 0 || gone(errno)) return {};
  const OpenFolder root = open_folder(AT_FDCWD, path.c_str());
  if (root == nullptr) return failed(errno);
  if (const int problem = Remover(root.get()).empty_root(); problem != 0) return failed(problem);
  if (::rmdir(path.c_str()) != 0 && !gone(errno)) return failed(errno);
  return {};
}

}  // namespace skillgrad
