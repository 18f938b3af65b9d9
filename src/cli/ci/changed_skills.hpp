// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>

#include "cli/ci/git.hpp"

namespace skillgrad::cli {

enum class SkillChange { added, changed, renamed, removed };

/// A folder with a SKILL.md of which something differs from a commit.
struct ChangedSkill {
  SkillChange change = SkillChange::changed;
  std::string folder;  ///< relative to the top of the work tree, "." for the top; of a removed
                       ///< skill where it was
  std::string before;  ///< the same in the commit; "" of an added one
};

struct SkillChanges {
  std::vector<ChangedSkill> changed;  ///< by folder
  std::size_t unchanged = 0;
};

/// Below `dir` (relative to the top; "" is everything). A file belongs to the nearest folder above
/// it that has a SKILL.md. Folders of runs and of `cache` (relative to the top, or "") are nobody's
/// skills.
[[nodiscard]] Result<SkillChanges> changed_skills(const Git& git, const std::string& commit,
                                                  const std::string& dir, const std::string& cache);
/// The package of a skill as it was, below the empty folder `to`: where it lies.
[[nodiscard]] Result<std::filesystem::path> check_out_skill(const Git& git,
                                                            const std::string& commit,
                                                            const ChangedSkill& skill,
                                                            const std::filesystem::path& to);

}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::SkillChange> {
  using enum cli::SkillChange;
  static constexpr EnumName<cli::SkillChange> kTable[] = {
      {added, "added"}, {changed, "changed"}, {renamed, "renamed"}, {removed, "removed"}};
};

}  // namespace skillgrad
