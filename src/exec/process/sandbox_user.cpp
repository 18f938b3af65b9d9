// SPDX-License-Identifier: MIT
#include "exec/process/sandbox_user.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <random>
#include <sstream>

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/untrusted_tree.hpp>

namespace skillgrad::exec {

namespace {

constexpr IdRange kPreferred{2'100'000'000, 40'000'000};
/// In smaller maps: the last ones, but for nobody (65534) and its neighbour.
constexpr std::uint64_t kFewIds = 512, kReserved = 3, kSmallestMap = 4096;
/// Of a copy that is made since the original is closed to others.
constexpr TreeLimits kViewLimits{std::uint64_t{4} << 30, 200'000, 128,
                                 std::chrono::milliseconds(600'000), Links::copy};

bool has_capabilities(std::initializer_list<unsigned> needed) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return std::all_of(needed.begin(), needed.end(), [&](unsigned capability) {
    return ((data[0].effective >> capability) & 1U) != 0;
  });
}

Error cannot_give(int problem, const fs::path& path) {
  Error error = errno_error(problem, "cannot give to the user of the sandbox", path.string());
  error.code = ErrorCode::sandbox;
  return error;
}

/// Deeper than any work folder may be: what lies there is a command's own already.
constexpr std::size_t kDeepest = 128;

OpenFolder open_folder(int parent, const char* name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Descriptor fd(::openat(parent, name, kFlags));
  OpenFolder out(fd ? ::fdopendir(fd.get()) : nullptr);
  if (out != nullptr) static_cast<void>(fd.release());
  return out;
}

/// Makes everything in an open folder the user's, without a path that could be too long. Returns 0
/// or an error number.
int give_content(OpenFolder top, const SandboxUser& user) {
  std::vector<OpenFolder> folders;
  folders.push_back(std::move(top));
  while (!folders.empty()) {
    errno = 0;
    const dirent* entry = ::readdir(folders.back().get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) {
      if (errno != 0) return errno;
      folders.pop_back();
      continue;
    }
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const int parent = ::dirfd(folders.back().get());
    if (::fchownat(parent, name.c_str(), user.uid, user.gid, AT_SYMLINK_NOFOLLOW) != 0)
      return errno;
    if (folders.size() == kDeepest) continue;
    if (OpenFolder child = open_folder(parent, name.c_str())) folders.push_back(std::move(child));
  }
  return 0;
}

/// A command may have taken the rights to its own folder away; the next one gets them again.
Result<> make_usable(const fs::path& folder) {
  const Descriptor held(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat info {};
  if (!held || ::fstat(held.get(), &info) != 0) {
    return tl::unexpected(errno_error(errno, "cannot open the work folder", folder.string()));
  }
  if ((info.st_mode & S_IRWXU) == S_IRWXU) return {};
  const std::string self = "/proc/self/fd/" + std::to_string(held.get());
  if (::chmod(self.c_str(), (info.st_mode & 0777U) | S_IRWXU) == 0) return {};
  return tl::unexpected(errno_error(errno, "cannot open the work folder", folder.string()));
}

bool can_read_all(const fs::path& path) {
  std::error_code problem;
  const auto open = [](const fs::file_status& status) {
    using fs::perms;
    const perms needed =
        fs::is_directory(status) ? perms::others_read | perms::others_exec : perms::others_read;
    return fs::is_symlink(status) || (status.permissions() & needed) == needed;
  };
  const fs::file_status top = fs::status(path, problem);
  if (problem || !open(top)) return false;
  if (!fs::is_directory(top)) return true;
  for (fs::recursive_directory_iterator it(path, problem), end; !problem && it != end;
       it.increment(problem)) {
    const fs::file_status status = it->symlink_status(problem);
    if (problem || !open(status)) return false;
  }
  return !problem;
}

void open_to_all(const fs::path& path, const fs::file_status& status) {
  using fs::perms;
  std::error_code ignored;
  const bool runs =
      fs::is_directory(status) || (status.permissions() & perms::owner_exec) != perms::none;
  const perms all = perms::owner_read | perms::group_read | perms::others_read;
  const perms pass = perms::owner_exec | perms::group_exec | perms::others_exec;
  fs::permissions(path, runs ? all | pass : all, fs::perm_options::add, ignored);
}

}  // namespace

std::optional<IdRange> unused_ids(std::string_view id_map) {
  std::optional<IdRange> largest;
  for (const std::string& line : split_lines(id_map)) {
    std::istringstream words(line);
    std::uint64_t inside = 0, outside = 0, count = 0;
    if (!(words >> inside >> outside >> count)) continue;
    const bool whole =
        inside <= kPreferred.first && inside + count >= kPreferred.first + kPreferred.count;
    if (whole) return kPreferred;
    if (!largest || count > largest->count) largest = IdRange{inside, count};
  }
  if (!largest || largest->count < kSmallestMap) return std::nullopt;
  return IdRange{largest->first + largest->count - kReserved - kFewIds, kFewIds};
}

SandboxUsers::SandboxUsers() {
  if (::geteuid() != 0 ||
      !has_capabilities({CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE}))
    return;
  mounts_ = has_capabilities({CAP_SYS_ADMIN});
  const auto users = unused_ids(read_file("/proc/self/uid_map").value_or(""));
  const auto groups = unused_ids(read_file("/proc/self/gid_map").value_or(""));
  if (!users || !groups) return;
  std::random_device random;
  const auto draw = [&](const IdRange& range) {
    return std::uniform_int_distribution<std::uint64_t>(0, range.count - 1)(random);
  };
  ids_ = *users;
  next_ = draw(ids_);
  group_ = static_cast<gid_t>(groups->first + draw(*groups));
  active_ = true;
}

Result<SandboxUser> SandboxUsers::adopt(const fs::path& work_dir) {
  struct stat info {};
  if (::stat(work_dir.c_str(), &info) != 0) {
    return fail(ErrorCode::sandbox, "the work folder does not exist", work_dir.string());
  }
  SandboxUser user{active_, info.st_uid, group_};
  const bool adopted = info.st_uid >= ids_.first && info.st_uid < ids_.first + ids_.count;
  if (active_ && !adopted) {
    SKILLGRAD_CHECK(open_process_folder());
    SKILLGRAD_CHECK(check_reachable(work_dir));
    const std::lock_guard lock(mutex_);
    user.uid = static_cast<uid_t>(ids_.first + next_++ % ids_.count);
  }
  if (active_ && (!adopted || info.st_gid != group_)) SKILLGRAD_CHECK(give(work_dir, user));
  SKILLGRAD_CHECK(make_usable(work_dir));
  return user;
}

/// The folder itself comes last: its owner tells that everything in it is done.
Result<> SandboxUsers::give(const fs::path& folder, const SandboxUser& user) {
  if (!user.active) return {};
  OpenFolder top = open_folder(AT_FDCWD, folder.c_str());
  int problem = top == nullptr ? errno : give_content(std::move(top), user);
  if (problem == 0 && ::chown(folder.c_str(), user.uid, user.gid) != 0) problem = errno;
  if (problem != 0) return tl::unexpected(cannot_give(problem, folder));
  return {};
}

void SandboxUsers::take_back(const fs::path& folder) {
  // Should it fail, the next command cannot write what lies there, and says so.
  if (::geteuid() == 0) static_cast<void>(::chown(folder.c_str(), 0, 0) + 1);
}

/// The process folder keeps everybody out but the users of its sandboxes, and they cannot open it.
Result<> SandboxUsers::open_process_folder() const {
  if (!active_) return {};
  SKILLGRAD_TRY(const fs::path folder, process_folder());
  struct stat info {};
  if (::stat(folder.c_str(), &info) == 0 && info.st_gid == group_) return {};
  if (::chown(folder.c_str(), 0, group_) == 0 && ::chmod(folder.c_str(), 0710) == 0) return {};
  return tl::unexpected(cannot_give(errno, folder));
}

bool SandboxUsers::can_pass(const fs::path& folder) const {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return false;
  return (info.st_mode & (info.st_gid == group_ ? S_IXGRP : S_IXOTH)) != 0;
}

fs::path SandboxUsers::closed_above(const fs::path& path) const {
  std::error_code problem;
  fs::path out, folder = fs::canonical(path, problem).parent_path();
  for (; !folder.empty(); folder = folder.parent_path()) {
    if (!can_pass(folder)) out = folder;
    if (!folder.has_relative_path()) break;
  }
  return out;
}

Result<> SandboxUsers::check_reachable(const fs::path& path) const {
  const fs::path closed = closed_above(path);
  if (closed.empty() || mounts_) return {};
  return fail(ErrorCode::sandbox,
              "commands run as a user of their own, who cannot pass " + closed.string(),
              path.string(),
              "set TMPDIR to a folder that others can pass, such as /tmp, or: chmod o+x " +
                  closed.string());
}

std::vector<Detour> SandboxUsers::detours(const std::vector<fs::path>& paths) const {
  std::vector<Detour> out;
  std::error_code problem;
  for (const fs::path& path : paths) {
    const fs::path closed = active_ ? closed_above(path) : fs::path();
    const fs::path target = fs::canonical(path, problem);
    if (closed.empty() || problem) continue;
    out.push_back({closed.string(), target.string(), fs::is_directory(target, problem)});
  }
  return out;
}

Result<fs::path> SandboxUsers::readable(const fs::path& path) {
  if (!active_) return fs::absolute(path);
  const std::lock_guard lock(mutex_);
  const fs::path whole = fs::absolute(path).lexically_normal();
  const auto in = [&](const std::optional<TempDir>& copy) {
    return copy ? copy->path() / "view" : whole;
  };
  if (const auto found = views_.find(whole); found != views_.end()) return in(found->second);
  if (check_reachable(whole) && can_read_all(whole)) return in(views_[whole] = std::nullopt);
  SKILLGRAD_CHECK(open_process_folder());
  SKILLGRAD_TRY(TempDir copy, TempDir::create("skillgrad-view-"));
  const fs::path view = copy.path() / "view";
  std::error_code problem;
  if (fs::is_directory(whole, problem)) {
    SKILLGRAD_TRY(const TreeCopy copied, copy_untrusted_tree(whole, view, kViewLimits));
    if (!copied.refused.empty()) {
      return fail(
          ErrorCode::sandbox,
          "commands run as a user of their own, who cannot read this, and it is too much to "
          "copy: " +
              copied.refused,
          whole.string(), "chmod -R o+rX " + whole.string() + ", and o+x its parents");
    }
  } else {
    SKILLGRAD_CHECK(copy_tree(whole, view));
  }
  for (const fs::path& entry : {copy.path(), view}) open_to_all(entry, fs::status(entry, problem));
  for (fs::recursive_directory_iterator it(view, problem), end; !problem && it != end;
       it.increment(problem)) {
    if (!it->is_symlink()) open_to_all(it->path(), it->status(problem));
  }
  SKILLGRAD_CHECK(check_reachable(view));
  return in(views_[whole] = std::move(copy));
}

bool become(const SandboxUser& user) {
  if (!user.active) return true;
  // Not by the C library, which would tell the other threads that this child does not have.
  return ::syscall(SYS_setgroups, 0, nullptr) == 0 &&
         ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0 &&
         ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0;
}

}  // namespace skillgrad::exec
