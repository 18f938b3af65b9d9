// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad {

namespace {

Result<> copy_entry(const fs::path& from, const fs::path& to, Links links);

/// Copies the entries of one folder, then its mode (a read-only folder could not be filled).
Result<> copy_folder(const fs::path& from, const fs::path& to, fs::perms mode, Links links) {
  SKILLGRAD_CHECK(make_directories(to));
  std::error_code problem;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(from, problem), end; !problem && it != end;
       it.increment(problem)) {
    entries.push_back(it->path());
  }
  if (problem) {
    return tl::unexpected(errno_error(problem.value(), "cannot list folder", from.string()));
  }
  for (const fs::path& entry : entries) {
    auto copied = copy_entry(entry, to / entry.filename(), links);
    std::error_code ignored;  // what was removed meanwhile, a lock file say, is no part of it
    if (!copied && fs::exists(fs::symlink_status(entry, ignored))) return copied;
  }
  fs::permissions(to, mode, problem);
  if (problem) {
    return tl::unexpected(errno_error(problem.value(), "cannot set the mode of", to.string()));
  }
  return {};
}

Result<> copy_entry(const fs::path& from, const fs::path& to, Links links) {
  std::error_code problem;
  const fs::file_status status = fs::symlink_status(from, problem);
  if (status.type() == fs::file_type::not_found) {
    return fail(ErrorCode::input, "no such file or folder", from.string());
  }
  if (problem) return tl::unexpected(errno_error(problem.value(), "cannot read", from.string()));
  if (fs::is_directory(status)) return copy_folder(from, to, status.permissions(), links);
  if (fs::is_symlink(status) && links == Links::copy) {
    fs::copy_symlink(from, to, problem);
    if (!problem) return {};
    return tl::unexpected(errno_error(problem.value(), "cannot copy to", to.string()));
  }
  if (!fs::is_regular_file(status)) {
    return fail(ErrorCode::input,
                fs::is_symlink(status) ? "is a link, which is not copied" : "is not a regular file",
                from.string(), "replace it by a regular file");
  }
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, problem);
  if (problem) return tl::unexpected(errno_error(problem.value(), "cannot copy to", to.string()));
  return {};
}

Result<> sync_tree(const fs::path& root) {
  std::error_code problem;
  std::vector<fs::path> paths{root};
  for (fs::recursive_directory_iterator it(root, problem), end; !problem && it != end;
       it.increment(problem)) {
    if (!it->is_symlink()) paths.push_back(it->path());
  }
  if (problem) return tl::unexpected(errno_error(problem.value(), "cannot list", root.string()));
  for (const fs::path& path : paths) {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS)) {
      return tl::unexpected(errno_error(errno, "cannot sync", path.string()));
    }
  }
  return {};
}

Result<> rename_path(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return tl::unexpected(errno_error(errno, "cannot rename to " + to.string(), from.string()));
}

/// The previous content may be kept on another file system, e.g. in the run directory.
Result<> move_tree(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  if (errno != EXDEV) {
    return tl::unexpected(errno_error(errno, "cannot rename to " + to.string(), from.string()));
  }
  SKILLGRAD_CHECK(copy_tree(from, to));
  return remove_tree(from);
}

/// For file systems that cannot exchange two names in one step: a failure puts the old back.
Result<> swap_in_two_steps(const fs::path& fresh, const fs::path& live, const fs::path& old_copy) {
  const fs::path aside = live.parent_path() / ("." + live.filename().string() + ".sg-old");
  SKILLGRAD_CHECK(rename_path(live, aside));
  if (auto moved = rename_path(fresh, live); !moved) {
    SKILLGRAD_CHECK(rename_path(aside, live));
    return moved;
  }
  return move_tree(aside, old_copy);
}

}  // namespace

Result<> copy_tree(const fs::path& from, const fs::path& to, Links links) {
  std::error_code problem;
  const auto source = fs::weakly_canonical(from, problem);
  const auto target = fs::weakly_canonical(to, problem);
  const auto differs = std::mismatch(source.begin(), source.end(), target.begin(), target.end());
  if (!source.empty() && differs.first == source.end()) {
    return fail(ErrorCode::input, "cannot copy a folder into itself", to.string());
  }
  return copy_entry(from, to, links);
}

Result<> swap_directory(const fs::path& fresh, const fs::path& live, const fs::path& old_copy) {
  std::error_code problem;
  if (!fs::is_directory(fresh, problem)) {
    return fail(ErrorCode::io, "no folder to put in place", fresh.string());
  }
  SKILLGRAD_CHECK(sync_tree(fresh));
  if (!old_copy.parent_path().empty()) SKILLGRAD_CHECK(make_directories(old_copy.parent_path()));
  if (!fs::exists(fs::symlink_status(live, problem))) return rename_path(fresh, live);
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, live.c_str(), RENAME_EXCHANGE) == 0) {
    return move_tree(fresh, old_copy);
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return tl::unexpected(errno_error(errno, "cannot replace", live.string()));
  }
  return swap_in_two_steps(fresh, live, old_copy);
}

Result<std::vector<std::string>> list_files(const fs::path& root) {
  std::error_code problem;
  if (!fs::is_directory(root, problem)) {
    return fail(ErrorCode::input, "no such folder", root.string());
  }
  std::vector<std::string> out;
  for (fs::recursive_directory_iterator it(root, problem), end; !problem && it != end;
       it.increment(problem)) {
    std::error_code ignored;  // an entry that vanished meanwhile is no regular file
    if (fs::is_regular_file(it->symlink_status(ignored))) {
      out.push_back(it->path().lexically_relative(root).generic_string());
    }
  }
  if (problem) return tl::unexpected(errno_error(problem.value(), "cannot list", root.string()));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace skillgrad
