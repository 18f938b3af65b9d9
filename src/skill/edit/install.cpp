// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/archive.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::skill {
namespace {

constexpr std::size_t kNamedFiles = 8;

Result<> remove_file(const fs::path& file) {
  std::error_code failed;
  fs::remove(file, failed);
  if (failed) return tl::unexpected(errno_error(failed.value(), "cannot remove", file));
  return {};
}

/// The live folder's files that the new package no longer has.
Result<> remove_missing(const SkillPackage& before, const SkillPackage& after,
                        const fs::path& dir) {
  for (const auto& [path, file] : before.files()) {
    if (after.files().contains(path)) continue;
    SKILLGRAD_CHECK(remove_file(dir / path));
    std::error_code failed;  // a folder that is left without files goes with them
    for (fs::path at = (dir / path).parent_path(); at != dir && fs::is_empty(at, failed) && !failed;
         at = at.parent_path())
      SKILLGRAD_CHECK(remove_file(at));
  }
  return {};
}

/// A link in the place of a folder could lead the new bytes out of the copy.
Result<> refuse_linked_folders(const fs::path& dir, const fs::path& file) {
  std::error_code ignored;
  fs::path at = dir;
  for (const fs::path& part : file.parent_path()) {
    at /= part;
    if (fs::is_symlink(at, ignored))
      return fail(ErrorCode::input, "is a link in the place of a folder of the package",
                  at.string(),
                  "replace it by a folder, or take the new package from RUN/best by hand");
  }
  return {};
}

bool is_link(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored);
}

std::uint32_t mode_of(const fs::path& file) {
  std::error_code failed;
  const auto mode = fs::status(file, failed).permissions() & fs::perms::all;
  return failed ? 0644U : static_cast<std::uint32_t>(mode);
}

/// Root may replace what is another's, and must not become its owner.
Result<> keep_owners(const fs::path& live, const fs::path& fresh) {
  if (::geteuid() != 0) return {};
  struct stat folder {};
  if (::lstat(live.c_str(), &folder) != 0)
    return tl::unexpected(errno_error(errno, "cannot look at", live.string()));
  std::error_code failed;
  std::vector<fs::path> paths{fresh};
  for (fs::recursive_directory_iterator it(fresh, failed), end; !failed && it != end;
       it.increment(failed))
    paths.push_back(it->path());
  if (failed) return tl::unexpected(errno_error(failed.value(), "cannot list", fresh.string()));
  for (const fs::path& path : paths) {
    struct stat old {};
    const fs::path same = path == fresh ? live : live / path.lexically_relative(fresh);
    const struct stat& owner = ::lstat(same.c_str(), &old) == 0 ? old : folder;
    if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0 && errno != ENOENT)
      return tl::unexpected(errno_error(errno, "cannot keep the owner of", path.string()));
  }
  return {};
}

/// Files of a folder that are none of the package's: hidden ones, a repository's.
Result<std::set<std::string>> other_files(const SkillPackage& package, const fs::path& dir) {
  SKILLGRAD_TRY(const auto files, list_files(dir));
  std::set<std::string> out;
  for (const std::string& file : files)
    if (file != "SKILL.md" && !package.files().contains(file)) out.insert(file);
  return out;
}

bool written_later(const fs::path& file, const fs::path& copy) {
  std::error_code failed;
  const auto written = fs::last_write_time(file, failed);
  if (failed) return false;
  const auto copied = fs::last_write_time(copy, failed);
  return failed || written >= copied;
}

/// What others wrote into the old folder, or removed there, after it was copied and before it was
/// swapped: a commit in its repository, say.
Result<> follow_up(const std::set<std::string>& copied, const SkillPackage& before,
                   const fs::path& aside, const fs::path& live) {
  SKILLGRAD_TRY(const auto present, other_files(before, aside));
  std::error_code failed;
  for (const std::string& file : present) {
    if (!written_later(aside / file, live / file)) continue;
    SKILLGRAD_CHECK(remove_file(live / file));
    SKILLGRAD_CHECK(make_directories((live / file).parent_path()));
    auto kept = copy_tree(aside / file, live / file, Links::copy);
    if (!kept && fs::exists(fs::symlink_status(aside / file, failed))) return kept;
  }
  for (const std::string& file : copied)
    if (!present.contains(file)) SKILLGRAD_CHECK(remove_file(live / file));
  return {};
}

/// Writes a new state over a copy of the live folder.
class Overwrite {
 public:
  Overwrite(const SkillPackage& before, const SkillPackage& after, const fs::path& dir)
      : before_(before), after_(after), dir_(dir) {}

  Result<std::vector<std::string>> run() {
    SKILLGRAD_CHECK(remove_missing(before_, after_, dir_));
    for (const auto& [path, file] : after_.files()) SKILLGRAD_CHECK(write(path, file));
    if (!is_set(after_)) SKILLGRAD_CHECK(write_skill());
    SKILLGRAD_CHECK(verify());
    return std::move(notes_);
  }

 private:
  Result<> write(const std::string& path, const BundledFile& file) {
    SKILLGRAD_CHECK(refuse_linked_folders(dir_, path));
    const auto old = before_.files().find(path);
    const bool same = old != before_.files().end() && old->second.bytes == file.bytes;
    if (is_link(dir_ / path)) {
      if (same) {
        kept_links_.insert(path);
        return {};
      }
      notes_.push_back(path +
                       " was a link and is a file now, with the text that the patch gave it");
    }
    return write_file_atomic(dir_ / path, file.bytes, file.mode);
  }

  /// A SKILL.md that is a link stays one: its target takes the text.
  Result<> write_skill() {
    const fs::path file = dir_ / "SKILL.md";
    if (!is_link(file)) return write_file_atomic(file, after_.skill_md(), mode_of(file));
    std::error_code failed;
    const fs::path target = fs::canonical(file, failed);
    const fs::path root = failed ? fs::path() : fs::canonical(dir_, failed);
    if (failed) return tl::unexpected(errno_error(failed.value(), "cannot follow", file.string()));
    const fs::path inside = target.lexically_relative(root);
    if (inside.empty() || *inside.begin() == "..")
      return fail(ErrorCode::input, "is a link out of the package", file.string(),
                  "replace it by the file it leads to, then resume");
    kept_links_.insert(inside.generic_string());
    return write_file_atomic(target, after_.skill_md(), mode_of(target));
  }

  /// Everything but the links must be what was asked for, byte by byte.
  Result<> verify() {
    SKILLGRAD_TRY(const auto written, load_skills(dir_));
    std::vector<std::string> differing;
    for (const std::string& name : changed_files(after_, written)) {
      if (kept_links_.count(name) == 0)
        differing.push_back(name);
      else if (is_link(dir_ / name))
        notes_.push_back(name + " is a link and shows the new text of the file it leads to");
    }
    if (differing.empty()) return {};
    return fail(
        ErrorCode::io,
        "the copy differs from the package after writing: " + list_some(differing, kNamedFiles),
        dir_.string(), "check the disk; the skill was left as it was");
  }

  const SkillPackage& before_;
  const SkillPackage& after_;
  fs::path dir_;
  std::set<std::string> kept_links_;
  std::vector<std::string> notes_;
};

/// Names of our own, so that no folder of the user's is ever in the way or removed.
fs::path beside(const fs::path& live, const char* what) {
  return live.parent_path() / ("." + live.filename().string() + ".skillgrad-" + what);
}

Result<std::vector<std::string>> make_fresh(const SkillPackage& before, const SkillPackage& after,
                                            const fs::path& live) {
  const fs::path fresh = beside(live, "new");
  SKILLGRAD_CHECK(remove_tree(fresh));
  SKILLGRAD_CHECK(copy_tree(live, fresh, Links::copy));
  SKILLGRAD_TRY(auto notes, Overwrite(before, after, fresh).run());
  SKILLGRAD_CHECK(keep_owners(live, fresh));
  return notes;
}

tl::unexpected<Error> edited(const std::vector<std::string>& files, const fs::path& live) {
  return fail(ErrorCode::input,
              "the skill was edited since the run began, so it was not replaced: " +
                  list_some(files, kNamedFiles),
              live.string(),
              "the result is in best/ of the run: take over by hand what you want, or put the "
              "files back as they are in initial/skill of the run and resume it");
}

/// Errors: input by name where the live folder is not `expected` any more.
Result<SkillPackage> load_expected(const fs::path& dir, const Installation& installation) {
  auto live = load_skills(dir);
  if (!live) {
    Error error = std::move(live).error();
    error.mend = "put the folder back, or take the result from best/ of the run by hand";
    return tl::unexpected(
        std::move(error).with_context("the skill cannot be replaced, it is not what it was"));
  }
  const auto files = changed_files(*installation.expected, *live);
  if (!files.empty()) return edited(files, installation.live);
  return live;
}

}  // namespace

std::vector<std::string> changed_files(const SkillPackage& before, const SkillPackage& after) {
  std::vector<std::string> out;
  if (before.skill_md() != after.skill_md()) out.emplace_back("SKILL.md");
  std::set<std::string> paths;
  for (const auto& [path, file] : before.files()) paths.insert(path);
  for (const auto& [path, file] : after.files()) paths.insert(path);
  for (const std::string& path : paths) {
    const auto old = before.files().find(path);
    const auto now = after.files().find(path);
    if (old == before.files().end())
      out.push_back(path + " (new)");
    else if (now == after.files().end())
      out.push_back(path + " (gone)");
    else if (old->second.bytes != now->second.bytes ||
             (old->second.mode & 0100U) != (now->second.mode & 0100U))
      out.push_back(path);
  }
  return out;
}

namespace {

Result<> refuse_archive_as_place(const fs::path& live) {
  if (!is_archive(live)) return {};
  return fail(ErrorCode::input, "is an archive, which is not written over", live.string(),
              "unpack it and name the folder (of `apply`: --to DIR), then make another one with "
              "`skillgrad pack FOLDER`");
}

}  // namespace

Result<> check_install(const fs::path& live) {
  SKILLGRAD_CHECK(refuse_archive_as_place(live));
  SKILLGRAD_TRY(const auto package, load_skills(live));
  const auto made = make_fresh(package, package, live);
  SKILLGRAD_CHECK(remove_tree(beside(live, "new")));
  if (!made) return tl::unexpected(made.error());
  return {};
}

Result<std::vector<std::string>> install_package(const Installation& installation) {
  const fs::path& live = installation.live;
  SKILLGRAD_CHECK(refuse_archive_as_place(live));
  const fs::path fresh = beside(live, "new"), aside = beside(live, "old");
  SKILLGRAD_CHECK(recover_install(live));
  SKILLGRAD_TRY(const auto before, load_expected(live, installation));
  auto notes = make_fresh(before, *installation.package, live);
  if (!notes) {
    SKILLGRAD_CHECK(remove_tree(fresh));
    return notes;
  }
  SKILLGRAD_TRY(auto copied, other_files(before, fresh));
  for (const auto& [path, file] : installation.package->files()) copied.erase(path);
  SKILLGRAD_CHECK(remove_tree(installation.old_copy));
  SKILLGRAD_CHECK(before.save(installation.old_copy));
  SKILLGRAD_CHECK(swap_directory(fresh, live, aside));
  const auto followed = [&]() -> Result<> {
    SKILLGRAD_CHECK(load_expected(aside, installation));
    SKILLGRAD_CHECK(follow_up(copied, before, aside, live));
    return keep_owners(aside, live);
  }();
  // An edit that came between the look and the swap, or one that cannot be followed, is put back.
  if (!followed) {
    SKILLGRAD_CHECK(swap_directory(aside, live, fresh));
    SKILLGRAD_CHECK(remove_tree(fresh));
    return tl::unexpected(followed.error());
  }
  SKILLGRAD_CHECK(remove_tree(aside));
  return notes;
}

Result<std::vector<std::string>> recover_install(const fs::path& live) {
  std::vector<std::string> done;
  std::error_code failed;
  const auto exists = [&](const fs::path& path) {
    return fs::exists(fs::symlink_status(path, failed));
  };
  // The last one is where swap_directory() sets a folder aside that it cannot exchange.
  const fs::path two_steps = live.parent_path() / ("." + live.filename().string() + ".sg-old");
  const fs::path places[] = {beside(live, "old"), two_steps, beside(live, "new")};
  for (const fs::path& place : {places[0], places[1]}) {
    if (exists(live) || !fs::is_directory(place, failed)) continue;
    fs::rename(place, live, failed);
    if (failed)
      return tl::unexpected(errno_error(failed.value(), "cannot put back", live.string()));
    done.push_back(live.string() + " was put back: an earlier run was killed while it replaced it");
  }
  if (!exists(live)) return done;
  for (const fs::path& place : places) {
    if (!exists(place)) continue;
    SKILLGRAD_CHECK(remove_tree(place));
    done.push_back(place.string() +
                   " was removed: an earlier run was killed while it replaced the skill");
  }
  return done;
}

}  // namespace skillgrad::skill
