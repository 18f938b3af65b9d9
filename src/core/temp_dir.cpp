// SPDX-License-Identifier: MIT
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>

#include "core/process_start.hpp"

namespace skillgrad {

namespace {

constexpr std::string_view kPrefix = "skillgrad-";
/// Names in one folder are made under one lock of the kernel, so they are spread over several.
constexpr unsigned kShards = 16;

Error no_temporary(int error_number, std::string what, std::string where) {
  Error error = errno_error(error_number, std::move(what), std::move(where));
  error.mend = "set TMPDIR to a folder that exists and can be written";
  return error;
}

/// "skillgrad-PID-START-XXXXXX"; nullopt for any other name.
std::optional<ProcessStart> owner_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  ProcessStart out;
  char* end = nullptr;
  out.pid = static_cast<pid_t>(std::strtol(name.c_str() + kPrefix.size(), &end, 10));
  if (out.pid <= 0 || *end != '-') return std::nullopt;
  const char* const start = end + 1;
  out.ticks = std::strtoull(start, &end, 10);
  if (end == start || *end != '-' || std::string_view(end + 1).size() != 6) return std::nullopt;
  return out;
}

/// The lock tells also of owners in another PID namespace, whose numbers mean nothing here.
void remove_if_left(const fs::path& folder, const ProcessStart& owner) {
  const Descriptor fd(
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_uid != ::geteuid()) return;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || start_of(owner.pid) == owner.ticks) return;
  static_cast<void>(remove_tree(folder));
}

/// What processes of this user left in `folder` when they were killed.
void remove_left_folders(const fs::path& folder) {
  std::error_code problem;
  for (fs::directory_iterator it(folder, problem), end; !problem && it != end;
       it.increment(problem)) {
    if (const auto owner = owner_of(it->path().filename().string()))
      remove_if_left(it->path(), *owner);
  }
}

/// The private folder of this process in one folder for temporary files.
class ProcessFolder {
 public:
  ProcessFolder() = default;
  ProcessFolder(const ProcessFolder&) = delete;
  ProcessFolder& operator=(const ProcessFolder&) = delete;
  ~ProcessFolder() {
    if (path_.empty() || owner_ != ::getpid()) return;  // a fork is not the owner
    std::error_code ignored;
    for (unsigned i = 0; i < kShards; ++i) fs::remove(path_ / std::to_string(i), ignored);
    fs::remove(path_, ignored);
  }

  /// Makes it where this process has none yet; a fork needs one of its own.
  Result<fs::path> open(const fs::path& folder) {
    if (owner_ == ::getpid()) return path_;
    if (path_.empty()) remove_left_folders(folder);
    SKILLGRAD_CHECK(make(folder));
    return path_;
  }
  /// Makes another one where somebody removed it.
  Result<> renew(const fs::path& folder) {
    struct stat held {};
    struct stat named {};
    const bool there = ::fstat(lock_.get(), &held) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
                       held.st_ino == named.st_ino;
    return there ? Result<>() : make(folder);
  }

 private:
  Result<> make(const fs::path& folder) {
    const ProcessStart self{::getpid(), start_of(::getpid())};
    std::string name = (folder / (std::string(kPrefix) + std::to_string(self.pid) + "-" +
                                  std::to_string(self.ticks) + "-XXXXXX"))
                           .string();
    if (::mkdtemp(name.data()) == nullptr) {
      return tl::unexpected(
          no_temporary(errno, "cannot create a temporary folder", folder.string()));
    }
    Descriptor fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    // Some network file systems know no locks: then the number and the start of the process tell.
    if (fd) static_cast<void>(::flock(fd.get(), LOCK_EX | LOCK_NB));
    if (!fd) return tl::unexpected(no_temporary(errno, "cannot open a temporary folder", name));
    lock_ = std::move(fd);
    path_ = name;
    owner_ = self.pid;
    return {};
  }

  fs::path path_;
  Descriptor lock_;  ///< held as long as the process lives
  pid_t owner_ = -1;
};

enum class Look { trust, check };

/// check: it may have been removed since.
Result<fs::path> find_process_folder(Look look) {
  static std::mutex mutex;
  static std::map<fs::path, ProcessFolder> folders;  // TMPDIR may change, in tests
  std::error_code problem;
  const fs::path named = fs::temp_directory_path(problem);
  const fs::path folder = problem ? fs::path() : fs::absolute(named, problem);
  if (problem) {
    return tl::unexpected(no_temporary(problem.value(), "no folder for temporary files", "TMPDIR"));
  }
  const std::lock_guard lock(mutex);
  ProcessFolder& own = folders[folder];
  SKILLGRAD_CHECK(own.open(folder));
  if (look == Look::check) SKILLGRAD_CHECK(own.renew(folder));
  return own.open(folder);
}

/// Others are kept out by the process folder; a user of the sandbox must come through here,
/// whatever the mask of this process.
bool make_shard(const fs::path& path) {
  if (::mkdir(path.c_str(), 0711) != 0) return errno == EEXIST;
  return ::chmod(path.c_str(), 0711) == 0;
}

/// Makes a folder in one of the shards, and the shard where it is missing.
Result<fs::path> make_in_shard(std::string_view prefix) {
  static std::atomic<unsigned> counter{0};
  const std::string shard = std::to_string(counter.fetch_add(1) % kShards);
  for (const Look look : {Look::trust, Look::check}) {
    SKILLGRAD_TRY(const fs::path folder, find_process_folder(look));
    if (look == Look::check && !make_shard(folder / shard)) break;
    std::string name = (folder / shard / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) != nullptr) return fs::path(name);
    if (errno != ENOENT) break;
  }
  return tl::unexpected(no_temporary(errno, "cannot create a temporary folder", "TMPDIR"));
}

}  // namespace

Result<fs::path> process_folder() { return find_process_folder(Look::check); }

Result<TempDir> TempDir::create(std::string_view prefix, const fs::path& parent) {
  if (parent.empty()) {
    SKILLGRAD_TRY(fs::path made, make_in_shard(prefix));
    return TempDir(std::move(made));
  }
  SKILLGRAD_CHECK(make_directories(parent));
  std::error_code problem;
  std::string name = (fs::absolute(parent, problem) / (std::string(prefix) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) {
    return tl::unexpected(no_temporary(errno, "cannot create a temporary folder", parent.string()));
  }
  return TempDir(fs::path(name));
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDir::~TempDir() {
  // What cannot be removed now is removed at the next start.
  if (!path_.empty()) static_cast<void>(remove_tree(path_));
}

}  // namespace skillgrad
