// SPDX-License-Identifier: MIT
#include "skill/hunks/package_states.hpp"

#include <set>

#include <skillgrad/skill/skill_set.hpp>

#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

FileStates states_of(const SkillPackage& package) {
  FileStates out = package.files();
  if (!is_set(package)) out["SKILL.md"] = {package.skill_md(), 0644};
  return out;
}

bool FilePair::texts() const {
  return (before == nullptr || is_text(before->bytes)) &&
         (after == nullptr || is_text(after->bytes));
}

std::vector<FilePair> differing_files(const FileStates& before, const FileStates& after) {
  std::set<std::string> paths;
  for (const auto& [path, file] : before) paths.insert(path);
  for (const auto& [path, file] : after) paths.insert(path);
  paths.erase("SKILL.md");
  std::vector<std::string> order{"SKILL.md"};
  order.insert(order.end(), paths.begin(), paths.end());
  std::vector<FilePair> out;
  for (const std::string& path : order) {
    const auto old_file = before.find(path);
    const auto new_file = after.find(path);
    const BundledFile* a = old_file == before.end() ? nullptr : &old_file->second;
    const BundledFile* b = new_file == after.end() ? nullptr : &new_file->second;
    if (a == nullptr && b == nullptr) continue;  // a set has no SKILL.md of its own
    if (a == nullptr || b == nullptr || !(*a == *b)) out.push_back({path, a, b});
  }
  return out;
}

}  // namespace skillgrad::skill
