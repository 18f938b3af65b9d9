// SPDX-License-Identifier: MIT
#include "agent/external/staging.hpp"

#include <algorithm>
#include <system_error>

namespace skillgrad::agent {

Result<StagedSkill> StagedSkill::stage(const fs::path& work_dir, const fs::path& skill_dir,
                                       const std::vector<std::string>& folders,
                                       const std::string& name) {
  StagedSkill out;
  std::error_code problem;
  for (const std::string& folder : folders) {
    const fs::path target = work_dir / folder / name;
    if (fs::exists(fs::symlink_status(target, problem)))
      return fail(ErrorCode::dataset,
                  "the task has a file or folder of its own where the agent looks for the skill",
                  (fs::path(folder) / name).string(), "rename it in the task");
    fs::path uppermost = target;
    for (fs::path at = target; at != work_dir; at = at.parent_path()) {
      if (fs::is_symlink(fs::symlink_status(at, problem)))
        return fail(ErrorCode::dataset, "the task has a link where the agent looks for skills",
                    at.string(), "take it out of the task");
      if (!fs::exists(at, problem)) uppermost = at;
    }
    SKILLGRAD_CHECK(make_directories(target.parent_path()));
    SKILLGRAD_CHECK(copy_tree(skill_dir, target));
    if (std::find(out.made_.begin(), out.made_.end(), uppermost) == out.made_.end())
      out.made_.push_back(uppermost);
    if (out.first_.empty()) out.first_ = (fs::path(folder) / name).generic_string();
  }
  return out;
}

Result<> StagedSkill::take_out() {
  for (const fs::path& folder : made_) SKILLGRAD_CHECK(remove_tree(folder));
  made_.clear();
  return {};
}

}  // namespace skillgrad::agent
