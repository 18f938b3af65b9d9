// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// SKILL.md among the other files.
using FileStates = std::map<std::string, BundledFile>;
[[nodiscard]] FileStates states_of(const SkillPackage& package);

/// One file in both states; null: it is not there.
struct FilePair {
  std::string path;
  const BundledFile* before = nullptr;
  const BundledFile* after = nullptr;
  [[nodiscard]] bool texts() const;  ///< both are, where they are there
};
/// Files that differ, SKILL.md first, then by path.
[[nodiscard]] std::vector<FilePair> differing_files(const FileStates& before,
                                                    const FileStates& after);

}  // namespace skillgrad::skill
