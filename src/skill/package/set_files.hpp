// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// The packages that the folders of a set's files are, in order; empty where no folder has a
/// SKILL.md: it is no set. Errors: those of SkillPackage::from_files for one of them; input (a file
/// in none of them, too many, two of one name).
[[nodiscard]] Result<std::vector<SkillPackage>> packages_of_set(
    const std::map<std::string, BundledFile>& files);

}  // namespace skillgrad::skill
