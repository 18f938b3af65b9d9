// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// A path that names an archive of a package: a regular file whose name ends in ".skill".
[[nodiscard]] bool is_archive(const std::filesystem::path& path);

/// A package as a `.skill` file: a zip archive with one top folder, named like the skill. `evals/`,
/// which holds expected results, and `*.pyc` are left out. Entries are sorted and stored without
/// compression, with one time for all and the modes 0644 or 0755, so that equal packages give equal
/// bytes wherever they are packed. `SkillPackage::load` reads it. Errors: invalid_skill (the
/// package breaks a rule of the profile `spec`), infra (the archive cannot be made).
[[nodiscard]] Result<std::string> pack(const SkillPackage& package);

}  // namespace skillgrad::skill
