// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::cli {

/// In a run directory packages lie in folders named `skill` or `best`; their name is judged against
/// the folder that the package came from. "" outside of a run.
[[nodiscard]] std::string folder_in_run(const std::filesystem::path& path);

/// Whether this is the folder of a run, of which some folders are packages.
[[nodiscard]] bool is_run_folder(const std::filesystem::path& path);

/// The package, with the folder name of folder_in_run(). Errors: those of SkillPackage::load.
[[nodiscard]] Result<skill::SkillPackage> load_package(const std::filesystem::path& path);
/// The same, or a set of them. Errors: those of skill::load_skills.
[[nodiscard]] Result<skill::SkillPackage> load_packages(const std::filesystem::path& path);

}  // namespace skillgrad::cli
