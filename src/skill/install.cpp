// SPDX-License-Identifier: MIT
#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/install.hpp>

namespace skillgrad::skill {
namespace {

/// The live folder's files that the new package no longer has.
Result<> remove_missing(const SkillPackage& before, const SkillPackage& after,
                        const fs::path& dir) {
  for (const auto& [path, file] : before.files()) {
    if (after.files().contains(path)) continue;
    std::error_code error;
    fs::remove(dir / path, error);
    if (error) return tl::unexpected(errno_error(error.value(), "cannot remove", dir / path));
  }
  return {};
}

Result<> overwrite(const SkillPackage& package, const fs::path& dir) {
  SKILLGRAD_CHECK(write_file_atomic(dir / "SKILL.md", package.skill_md()));
  for (const auto& [path, file] : package.files())
    SKILLGRAD_CHECK(write_file_atomic(dir / path, file.bytes, file.mode));
  return {};
}

}  // namespace

Result<> install_package(const SkillPackage& package, const fs::path& live,
                         const fs::path& old_copy) {
  SKILLGRAD_TRY(const auto before, SkillPackage::load(live));
  const fs::path fresh = live.parent_path() / ("." + live.filename().string() + ".new");
  const fs::path aside = live.parent_path() / ("." + live.filename().string() + ".old");
  SKILLGRAD_CHECK(remove_tree(fresh));
  SKILLGRAD_CHECK(remove_tree(aside));
  SKILLGRAD_CHECK(copy_tree(live, fresh));
  SKILLGRAD_CHECK(remove_missing(before, package, fresh));
  SKILLGRAD_CHECK(overwrite(package, fresh));
  SKILLGRAD_TRY(const auto written, SkillPackage::load(fresh));
  if (written.hash() != package.hash())
    return fail(ErrorCode::io, "the copy differs from the package after writing", fresh.string(),
                "check the disk; the skill was left as it was");
  SKILLGRAD_CHECK(remove_tree(old_copy));
  SKILLGRAD_CHECK(copy_tree(live, old_copy));
  SKILLGRAD_CHECK(swap_directory(fresh, live, aside));
  return remove_tree(aside);
}

}  // namespace skillgrad::skill
