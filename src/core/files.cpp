// SPDX-License-Identifier: MIT
#include <atomic>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad {

namespace {

Result<> sync_folder(const fs::path& folder) {
  const fs::path path = folder.empty() ? fs::path(".") : folder;
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(errno_error(errno, "cannot open folder", path.string()));
  // Some network file systems refuse to sync a folder; the rename itself has been done.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return tl::unexpected(errno_error(errno, "cannot sync folder", path.string()));
  }
  return {};
}

Result<> write_new(const fs::path& temporary, std::string_view bytes, std::uint32_t mode) {
  const Descriptor fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return tl::unexpected(errno_error(errno, "cannot create file", temporary.string()));
  if (!write_all(fd.get(), bytes) || ::fsync(fd.get()) != 0) {
    return tl::unexpected(errno_error(errno, "cannot write file", temporary.string()));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
  const std::string name = path.string();
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG || errno == ELOOP) {
      return fail(ErrorCode::input, "no such file", name);
    }
    return tl::unexpected(errno_error(errno, "cannot read file", name));
  }
  if (S_ISDIR(info.st_mode)) return fail(ErrorCode::input, "is a folder, expected a file", name);
  const auto too_large = [&] {
    return fail(ErrorCode::input, "file is larger than " + std::to_string(max_bytes) + " bytes",
                name);
  };
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (S_ISREG(info.st_mode) && size > max_bytes) return too_large();
  std::string out;
  out.resize(S_ISREG(info.st_mode) ? size + 1 : 65536);
  std::size_t used = 0;
  for (;;) {
    if (used == out.size()) out.resize(out.size() * 2);
    const ssize_t count = ::read(fd.get(), out.data() + used, out.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(errno_error(errno, "cannot read file", name));
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
    if (used > max_bytes) return too_large();
  }
  out.resize(used);
  return out;
}

Result<> write_file_atomic(const fs::path& path, std::string_view bytes, std::uint32_t mode) {
  static std::atomic<std::uint64_t> counter{0};
  const fs::path folder = path.parent_path();
  if (!folder.empty()) SKILLGRAD_CHECK(make_directories(folder));
  // The name must stay below NAME_MAX whatever the target is called.
  const std::string name = ".sg-tmp-" + std::to_string(::getpid()) + "-" +
                           std::to_string(counter.fetch_add(1)) + "-" +
                           path.filename().string().substr(0, 64);
  const fs::path temporary = folder / name;
  ::unlink(temporary.c_str());  // left over by an earlier process with this id
  auto written = write_new(temporary, bytes, mode);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = tl::unexpected(errno_error(errno, "cannot replace file", path.string()));
  }
  if (!written) {
    ::unlink(temporary.c_str());
    if (written.error().where == temporary.string()) written.error().where = path.string();
    return written;
  }
  return sync_folder(folder);
}

Result<> write_file_in_place(const fs::path& path, std::string_view bytes, std::uint32_t mode) {
  const Descriptor fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return tl::unexpected(errno_error(errno, "cannot create file", path.string()));
  if (write_all(fd.get(), bytes)) return {};
  return tl::unexpected(errno_error(errno, "cannot write file", path.string()));
}

Result<> sync_file_system(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return tl::unexpected(errno_error(errno, "cannot open", path.string()));
  if (::syncfs(fd.get()) == 0 || errno == EROFS) return {};
  return tl::unexpected(errno_error(errno, "cannot write to the disk", path.string()));
}

Result<> append_file(const fs::path& path, std::string_view bytes, bool sync) {
  const std::string name = path.string();
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return tl::unexpected(errno_error(errno, "cannot open file", name));
  // The lock makes the way back safe: after a failed write the torn part is cut off again.
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return tl::unexpected(errno_error(errno, "cannot lock file", name));
  }
  const off_t before = ::lseek(fd.get(), 0, SEEK_END);
  if (!write_all(fd.get(), bytes)) {
    const int problem = errno;
    if (before >= 0 && ::ftruncate(fd.get(), before) != 0) {
      return tl::unexpected(errno_error(problem, "cannot append, and left a torn line", name));
    }
    return tl::unexpected(errno_error(problem, "cannot append", name));
  }
  if (sync && ::fsync(fd.get()) != 0) {
    return tl::unexpected(errno_error(errno, "cannot sync file", name));
  }
  return {};
}

Result<> make_directories(const fs::path& path) {
  std::error_code problem;
  fs::create_directories(path, problem);
  if (!problem && !fs::is_directory(path, problem) && !problem) {
    problem = std::make_error_code(std::errc::not_a_directory);
  }
  if (problem) {
    return tl::unexpected(errno_error(problem.value(), "cannot create folder", path.string()));
  }
  return {};
}

Result<> make_fresh_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return {};
  if (errno == EEXIST) SKILLGRAD_CHECK(remove_tree(path));
  return make_directories(path);
}

}  // namespace skillgrad
