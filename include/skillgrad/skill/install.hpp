// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// Puts a new state of a package in place of its live folder.
struct Installation {
  const SkillPackage* package = nullptr;   ///< the new state
  const SkillPackage* expected = nullptr;  ///< what the live folder must still hold
  std::filesystem::path live;
  std::filesystem::path old_copy;  ///< where the files of the previous state are kept
};

/// Replaces the live package atomically: a copy of the live folder is changed and swapped in by
/// rename. Hidden files, __pycache__ and node_modules of the live folder stay, and so do links
/// whose own text the new state does not change: they show what their target holds now. The
/// package files of the previous state are kept at `old_copy` (on the same file system or not).
/// Returns what a user should know, one sentence each. Errors: conflict by name (input) when the
/// live folder no longer holds `expected`, which is then left alone; invalid_skill, io, disk_full.
[[nodiscard]] Result<std::vector<std::string>> install_package(const Installation& installation);

/// Whether install_package() could work for this folder: tries everything up to the swap. For the
/// time before a run is paid for. Errors: as install_package().
[[nodiscard]] Result<> check_install(const std::filesystem::path& live);

/// Files that differ between two states of a package, `evals/` included, sorted; "x (new)" and
/// "x (gone)" where only one has it.
[[nodiscard]] std::vector<std::string> changed_files(const SkillPackage& before,
                                                     const SkillPackage& after);

/// Cleans up after an installation that was killed: puts the live folder back where it is missing,
/// removes the half made copy and the state that was set aside. Returns what was done, one
/// sentence each. Errors: io.
[[nodiscard]] Result<std::vector<std::string>> recover_install(const std::filesystem::path& live);

}  // namespace skillgrad::skill
