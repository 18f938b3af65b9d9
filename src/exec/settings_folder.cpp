// SPDX-License-Identifier: MIT
#include "exec/settings_folder.hpp"

#include <system_error>

#include <skillgrad/core/untrusted_tree.hpp>

#include "exec/backends.hpp"

namespace skillgrad::exec {

namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    "agent:x:65534:65534:agent:/tmp:/bin/bash\n";
constexpr const char* kGroup = "root:x:0:\nagent:x:65534:\n";
constexpr const char* kNsswitch = "passwd: files\ngroup: files\nhosts: files\n";
constexpr const char* kHosts = "127.0.0.1 localhost\n::1 localhost\n";

constexpr std::uint64_t kMostCopied = std::uint64_t{2} << 20;  ///< bytes of a file or folder
constexpr std::size_t kMostEntries =
    16;  ///< of a folder: making more would cost a process more than a mount costs its commands

/// Whatever the umask is. Links are left as they are.
Result<> open_to_everyone(const fs::path& path) {
  using fs::perms;
  std::error_code problem;
  const fs::file_status status = fs::symlink_status(path, problem);
  if (!problem && !fs::is_symlink(status)) {
    const perms read = perms::owner_read | perms::group_read | perms::others_read;
    const perms pass = perms::owner_exec | perms::group_exec | perms::others_exec;
    fs::permissions(path, fs::is_directory(status) ? read | pass | perms::owner_write : read,
                    problem);
  }
  if (!problem) return {};
  return fail(ErrorCode::io, "cannot set the mode: " + problem.message(), path.string());
}

/// False: it is too large, or not for this user to read.
Result<bool> copy_setting(const fs::path& from, const fs::path& to) {
  std::error_code problem;
  if (!fs::is_directory(from, problem)) {
    const auto text = read_file(from, kMostCopied);
    if (!text) return false;
    SKILLGRAD_CHECK(write_file_in_place(to, *text));
    return true;
  }
  TreeLimits limits;
  limits.bytes = kMostCopied;
  limits.entries = kMostEntries;
  limits.links = Links::copy;
  const auto copy = copy_untrusted_tree(from, to, limits);
  if (copy && copy->refused.empty()) return true;
  // A folder that is a link leads elsewhere, and is not to be copied either.
  if (!copy && copy.error().code != ErrorCode::input) return tl::unexpected(copy.error());
  fs::remove_all(to, problem);
  return false;
}

/// To be mounted upon.
Result<> make_stand_in(const fs::path& original, const fs::path& place) {
  std::error_code problem;
  if (!fs::is_directory(original, problem)) return write_file_in_place(place, "");
  fs::create_directory(place, problem);
  if (!problem) return {};
  return fail(ErrorCode::io, "cannot create the folder: " + problem.message(), place.string());
}

}  // namespace

Result<SettingsFolder> make_settings_folder() {
  SKILLGRAD_TRY(TempDir folder, TempDir::create("skillgrad-etc-"));
  SettingsFolder out{std::move(folder), {}};
  const fs::path& etc = out.folder.path();
  SKILLGRAD_CHECK(write_file_in_place(etc / "passwd", kPasswd));
  SKILLGRAD_CHECK(write_file_in_place(etc / "group", kGroup));
  SKILLGRAD_CHECK(write_file_in_place(etc / "nsswitch.conf", kNsswitch));
  SKILLGRAD_CHECK(write_file_in_place(etc / "hosts", kHosts));
  for (const std::string& name : readable_settings()) {
    const fs::path place = etc / fs::path(name).lexically_relative("/etc");
    std::error_code problem;
    fs::create_directories(place.parent_path(), problem);
    if (problem)
      return fail(ErrorCode::io, "cannot create the folder: " + problem.message(),
                  place.parent_path().string());
    SKILLGRAD_TRY(const bool copied, copy_setting(name, place));
    if (copied) continue;
    SKILLGRAD_CHECK(make_stand_in(name, place));
    out.shown.push_back(name);
  }
  std::error_code problem;
  SKILLGRAD_CHECK(open_to_everyone(etc));
  for (fs::recursive_directory_iterator it(etc, problem), end; !problem && it != end;
       it.increment(problem))
    SKILLGRAD_CHECK(open_to_everyone(it->path()));
  if (problem)
    return fail(ErrorCode::io, "cannot read the folder: " + problem.message(), etc.string());
  return out;
}

}  // namespace skillgrad::exec
