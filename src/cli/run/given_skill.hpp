// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::cli {

/// The package's own folder, absolute and without links, for a path of it or of its SKILL.md.
[[nodiscard]] fs::path skill_folder(const fs::path& skill);
enum class SkillKind { one, any };
/// Loads a skill for execution: lenient; spec errors and repairs are notes, and so are conflicts
/// where `any` means that it may be a folder of several.
[[nodiscard]] Result<skill::SkillPackage> load_skill(const std::string& path,
                                                     SkillKind kind = SkillKind::one);
/// A note for each line of `folder`'s package that only a repair made readable.
void say_repairs(const skill::SkillPackage& package, const std::string& folder);
/// What a run that was killed while it wrote back with --in-place left beside the skill.
[[nodiscard]] Result<> recover_skill(const fs::path& skill);

}  // namespace skillgrad::cli
