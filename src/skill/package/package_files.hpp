// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

constexpr std::size_t kMaxSkillMd = 256 * 1024;
constexpr std::size_t kMaxTextFile = 1024 * 1024;
constexpr std::size_t kMaxPackageFiles = 500;
constexpr std::size_t kMaxPackageBytes = 20 * 1024 * 1024;
constexpr std::size_t kMaxLevels = 6;
constexpr std::size_t kMaxPatchFile = 50'000;

/// The files of a package folder; what breaks a limit of rule P1 is left out and listed.
struct PackageFiles {
  std::string skill_file;  ///< "SKILL.md", "skill.md", or "" when there is none
  std::string skill_md;
  bool has_skill_md = false;  ///< it was read; else `limits` says why not
  std::uint32_t skill_mode = 0644;
  std::map<std::string, BundledFile> files;
  std::vector<Finding> limits;  ///< P1, severity not yet judged
};

/// Errors: io.
[[nodiscard]] Result<PackageFiles> read_package_files(const std::filesystem::path& dir);

/// Rule P1 of a package in memory.
[[nodiscard]] std::vector<Finding> check_limits(std::string_view skill_md,
                                                const std::map<std::string, BundledFile>& files);

/// The configuration that `skillgrad init` writes: at the root of a package it is the user's, and
/// no part of what an agent is given.
inline constexpr std::string_view kConfigFile = "skillgrad.json";

/// Hidden, __pycache__ or node_modules: not part of any package.
[[nodiscard]] bool is_ignored_component(std::string_view component);
[[nodiscard]] bool is_below_evals(std::string_view path);
/// Valid UTF-8 without NUL.
[[nodiscard]] bool is_text(std::string_view bytes);

}  // namespace skillgrad::skill
