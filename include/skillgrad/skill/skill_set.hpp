// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// A set: several skills that are worked on together. It is a SkillPackage without a SKILL.md of
/// its own, whose files are those of its skills below their folders (`pdf/SKILL.md`,
/// `pdf/references/x.md`), and those of `evals/` beside them. Each skill is held to what a package
/// is held to. Which skills a set has is for a person to decide: no change of a set makes or
/// removes one.
inline constexpr std::size_t kMostSkills = 50;

[[nodiscard]] bool is_set(const SkillPackage& package);
/// The skills of a set, by folder name; of a package that is none, itself alone.
[[nodiscard]] std::vector<SkillPackage> members_of(const SkillPackage& package);
/// Calls `visit(const SkillPackage&)` for each of members_of(), without a copy of a package alone.
template <class Visit>
void for_each_member(const SkillPackage& package, const Visit& visit) {
  if (!is_set(package)) {
    visit(package);
    return;
  }
  for (const SkillPackage& member : members_of(package)) visit(member);
}
/// By folder name, or by name without regard to letter case.
[[nodiscard]] std::optional<SkillPackage> find_member(const SkillPackage& set,
                                                      const std::string& name);
/// The member, for one that asks to change it. Errors: input (no name, no such skill).
[[nodiscard]] Result<SkillPackage> member_to_edit(const SkillPackage& set, const std::string& name);
/// Puts a skill of the set back after a change. Errors: input (there was none of that folder, or
/// it has now the name of another).
[[nodiscard]] Result<> put_member(SkillPackage& set, const SkillPackage& member);
/// "pdf/" in a set, "" in a package that is none: what the paths of this skill's files begin with.
[[nodiscard]] std::string member_prefix(const SkillPackage& package, const SkillPackage& member);
/// The names under which agents see the skills, sorted as members_of().
[[nodiscard]] std::vector<std::string> skill_names(const SkillPackage& package);

/// A path of a set's files.
struct MemberPath {
  std::string skill;  ///< folder; "" where there is none
  std::string path;   ///< inside it
};
[[nodiscard]] MemberPath member_path(const std::string& path);
/// Whether it lies in evals/ of the set or of one of its skills.
[[nodiscard]] bool is_task_of_set(const std::string& path);

/// The folders directly below `dir` that hold a SKILL.md, sorted; hidden ones are none.
[[nodiscard]] std::vector<std::string> skill_folders(const std::filesystem::path& dir);
/// Whether the folder holds a SKILL.md, or folders that do.
[[nodiscard]] bool holds_skills(const std::filesystem::path& dir);
/// A package, or a set where `path` is a folder without a SKILL.md whose folders have one. What
/// lies beside them and `evals/` there is no part of it. Errors: those of SkillPackage::load; input
/// (too many skills, two of one name).
[[nodiscard]] Result<SkillPackage> load_skills(const std::filesystem::path& path);

}  // namespace skillgrad::skill
