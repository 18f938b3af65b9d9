// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// Reads an archive into memory; nothing of it is written anywhere. Errors: input (no zip archive,
/// not one top folder, encrypted, a link, a name twice or that leads out of it, more than a package
/// may hold), and those of SkillPackage::load.
[[nodiscard]] Result<SkillPackage> read_archive(const std::filesystem::path& file);

}  // namespace skillgrad::skill
