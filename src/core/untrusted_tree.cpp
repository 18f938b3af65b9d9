// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/untrusted_tree.hpp>

namespace skillgrad {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kShownName = 200;

/// A folder that is being copied, with the place of its copy.
struct Level {
  OpenFolder source;
  Descriptor target;
  std::string prefix;  ///< "" or "a/b/"
};

bool all_zero(const char* bytes, std::size_t count) {
  return count == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

class Copier {
 public:
  explicit Copier(const TreeLimits& limits)
      : limits_(limits), deadline_(Clock::now() + limits.time) {}

  Result<TreeCopy> run(const fs::path& from, const fs::path& to) {
    SKILLGRAD_CHECK(make_directories(to));
    Descriptor target(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!target) return tl::unexpected(errno_error(errno, "cannot open", to.string()));
    struct stat info {};
    if (::stat(from.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      return fail(ErrorCode::input, "no such folder", from.string());
    }
    SKILLGRAD_CHECK(enter(AT_FDCWD, from.string(), std::move(target), ""));
    while (!levels_.empty() && out_.refused.empty()) SKILLGRAD_CHECK(step());
    levels_.clear();
    std::sort(out_.files.begin(), out_.files.end());
    return std::move(out_);
  }

 private:
  Result<> refuse(const std::string& why) {
    out_.refused = why;
    return {};
  }
  static std::string shown(const std::string& name) {
    return truncate_middle(sanitize_utf8(name.empty() ? "." : name), kShownName);
  }
  /// The destination's fault, or the agent's: a name that this file system cannot hold.
  Result<> cannot_write(const std::string& name) {
    if (errno == ENAMETOOLONG || errno == EINVAL || errno == EILSEQ) {
      return refuse("\"" + shown(name) + "\" has a name that cannot be stored here");
    }
    return tl::unexpected(errno_error(errno, "cannot copy", shown(name)));
  }

  /// The mode, and not whether it can be read: for root everything can, and the verdict must not
  /// hang on who runs this.
  Result<> enter(int parent, const std::string& name, Descriptor target,
                 const std::string& prefix) {
    constexpr int kFlags = O_DIRECTORY | O_CLOEXEC;
    const int follow = parent == AT_FDCWD ? 0 : O_NOFOLLOW;
    const Descriptor held(::openat(parent, name.c_str(), O_PATH | kFlags | follow));
    struct stat info {};
    constexpr mode_t kNeeded = S_IRUSR | S_IXUSR;
    const bool seen = held && ::fstat(held.get(), &info) == 0;
    Descriptor fd(seen && (info.st_mode & kNeeded) == kNeeded
                      ? ::openat(held.get(), ".", O_RDONLY | kFlags)
                      : -1);
    if (!fd) return refuse("the folder \"" + shown(prefix) + "\" cannot be read");
    Level level;
    level.source.reset(::fdopendir(fd.get()));
    if (level.source == nullptr) {
      return tl::unexpected(errno_error(errno, "cannot list", shown(prefix)));
    }
    static_cast<void>(fd.release());
    level.target = std::move(target);
    level.prefix = prefix;
    levels_.push_back(std::move(level));
    return {};
  }

  /// Copies one entry of the deepest open folder, or closes it.
  Result<> step() {
    Level& level = levels_.back();
    errno = 0;
    const dirent* entry = ::readdir(level.source.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) {
      if (errno != 0) return refuse("the folder \"" + shown(level.prefix) + "\" cannot be read");
      levels_.pop_back();
      return {};
    }
    const std::string name = entry->d_name;
    if (name == "." || name == "..") return {};
    if (++entries_ > limits_.entries) {
      return refuse("more than " + std::to_string(limits_.entries) + " files and folders");
    }
    if (Clock::now() > deadline_) return refuse("copying it takes too long");
    struct stat info {};
    const std::string path = level.prefix + name;
    if (::fstatat(::dirfd(level.source.get()), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return refuse("\"" + shown(path) + "\" cannot be read");
    }
    if (S_ISDIR(info.st_mode)) return copy_folder(level, name);
    if (S_ISREG(info.st_mode)) return copy_file(level, name, info.st_mode);
    return S_ISLNK(info.st_mode) && limits_.links == Links::copy ? copy_link(level, name)
                                                                 : Result<>();
  }

  Result<> copy_folder(const Level& level, const std::string& name) {
    if (levels_.size() > limits_.depth) {
      return refuse("more than " + std::to_string(limits_.depth) + " folders in each other");
    }
    const int to = level.target.get();
    const std::string path = level.prefix + name;
    if (::mkdirat(to, name.c_str(), 0755) != 0) return cannot_write(path);
    Descriptor target(::openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!target) return cannot_write(path);
    const int parent = ::dirfd(level.source.get());  // `level` moves when another is added
    return enter(parent, name, std::move(target), path + "/");
  }

  Result<> copy_link(const Level& level, const std::string& name) {
    const ssize_t size =
        ::readlinkat(::dirfd(level.source.get()), name.c_str(), buffer_.data(), buffer_.size());
    const std::string target(buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size)));
    if (size > 0 && ::symlinkat(target.c_str(), level.target.get(), name.c_str()) == 0) return {};
    return cannot_write(level.prefix + name);
  }

  Result<> copy_file(const Level& level, const std::string& name, mode_t mode) {
    const std::string path = level.prefix + name;
    const Descriptor from((mode & S_IRUSR) == 0
                              ? -1
                              : ::openat(::dirfd(level.source.get()), name.c_str(),
                                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (!from || ::fstat(from.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return refuse("\"" + shown(path) + "\" cannot be read");
    }
    const mode_t kept = (mode & S_IXUSR) != 0 ? 0755 : 0644;
    const Descriptor to(::openat(level.target.get(), name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kept));
    if (!to) return cannot_write(path);
    SKILLGRAD_CHECK(copy_data(from.get(), to.get(), info.st_size, path));
    out_.files.push_back(path);
    return {};
  }

  /// Without holes where the file system tells of them, and without zeros where it does not.
  Result<> copy_data(int from, int to, off_t size, const std::string& path) {
    if (::ftruncate(to, size) != 0) return cannot_write(path);
    for (off_t at = 0; at < size && out_.refused.empty();) {
      const off_t data = ::lseek(from, at, SEEK_DATA);
      if (data < 0 && errno == ENXIO) return {};
      at = data < 0 ? at : data;
      const off_t hole = data < 0 ? size : ::lseek(from, at, SEEK_HOLE);
      SKILLGRAD_TRY(at, copy_range(from, to, {at, hole < 0 ? size : std::min(hole, size)}, path));
    }
    return {};
  }

  struct Range {
    off_t begin, end;
  };

  Result<off_t> copy_range(int from, int to, Range range, const std::string& path) {
    while (range.begin < range.end) {
      const auto want =
          std::min<std::size_t>(buffer_.size(), static_cast<std::size_t>(range.end - range.begin));
      const ssize_t got = ::pread(from, buffer_.data(), want, range.begin);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return tl::unexpected(errno_error(errno, "cannot read", shown(path)));
      if (got == 0) return range.end;
      bytes_ += static_cast<std::uint64_t>(got);
      if (bytes_ > limits_.bytes || Clock::now() > deadline_) {
        SKILLGRAD_CHECK(refuse(bytes_ > limits_.bytes
                                   ? "more than " + std::to_string(limits_.bytes >> 20U) + " MiB"
                                   : "copying it takes too long"));
        return range.end;
      }
      SKILLGRAD_CHECK(write_blocks(to, static_cast<std::size_t>(got), range.begin, path));
      range.begin += got;
    }
    return range.end;
  }

  Result<> write_blocks(int to, std::size_t count, off_t at, const std::string& path) {
    for (std::size_t done = 0; done < count;) {
      const std::size_t part = std::min(kBlock, count - done);
      const char* const block = buffer_.data() + done;
      const off_t where = at + static_cast<off_t>(done);
      if (!all_zero(block, part) &&
          ::pwrite(to, block, part, where) != static_cast<ssize_t>(part)) {
        return cannot_write(path);
      }
      done += part;
    }
    return {};
  }

  const TreeLimits& limits_;
  Clock::time_point deadline_;
  std::vector<Level> levels_;
  TreeCopy out_;
  std::size_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<char, 32 * kBlock> buffer_{};
};

}  // namespace

Result<TreeCopy> copy_untrusted_tree(const fs::path& from, const fs::path& to,
                                     const TreeLimits& limits) {
  const auto copier = std::make_unique<Copier>(limits);  // too large for a small stack
  return copier->run(from, to);
}

}  // namespace skillgrad
