// SPDX-License-Identifier: MIT
#include "cli/run/given_skill.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/archive.hpp>
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/run_package.hpp"

namespace skillgrad::cli {

fs::path skill_folder(const fs::path& skill) {
  std::error_code ignored;
  const fs::path whole = fs::absolute(skill).lexically_normal();
  if (skill::is_archive(whole)) return fs::weakly_canonical(whole, ignored);
  return fs::weakly_canonical(fs::is_directory(whole, ignored) ? whole / "" : whole.parent_path(),
                              ignored);
}

Result<skill::SkillPackage> load_skill(const std::string& path, SkillKind kind) {
  SKILLGRAD_TRY(auto package, load_packages(path));
  if (kind == SkillKind::one && skill::is_set(package))
    return skill::SkillPackage::load(path);  // which says why it is not one
  const std::string folder = skill_folder(path).string();
  for (const auto& finding : skill::validate(package, skill::Profile::spec))
    if (finding.severity == skill::Severity::error)
      notes().say(fmt::format("{}/{}:{}: {} [{}]", folder, finding.file, finding.line,
                              finding.message, finding.rule));
  say_repairs(package, folder);
  for (const skill::Conflict& conflict : skill::conflicts_between(package))
    notes().say(conflict.sentence());
  return package;
}

void say_repairs(const skill::SkillPackage& package, const std::string& folder) {
  for (const auto& repair : package.repairs())
    notes().say(fmt::format("{}/{}: {}; a run keeps these bytes as they are", folder, repair.file,
                            repair.message));
}

Result<> recover_skill(const fs::path& skill) {
  fs::path live = fs::absolute(skill).lexically_normal();
  if (live.filename() == "SKILL.md" || live.filename() == "skill.md" || !live.has_filename())
    live = live.parent_path();
  SKILLGRAD_TRY(const auto done, skill::recover_install(live));
  for (const auto& sentence : done) print_err("note: " + strip_control(sentence) + "\n");
  return {};
}

}  // namespace skillgrad::cli
