// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// The package folder that a path argument means: itself, or the folder of its SKILL.md.
/// Errors: input.
[[nodiscard]] Result<std::filesystem::path> package_folder(const std::filesystem::path& path);
/// Last component of the absolute path.
[[nodiscard]] std::string folder_name_of(const std::filesystem::path& dir);

/// Rule W5 on the spelling of a relative path. Errors: input.
[[nodiscard]] Result<> check_package_path(std::string_view path);
/// Rule W5 on a file that a patch wants to write or delete: spelling, read-only places, names that
/// some file system takes for one, and files in the place of folders. Errors: input.
[[nodiscard]] Result<> check_patch_path(const SkillPackage& package, std::string_view path);

}  // namespace skillgrad::skill
