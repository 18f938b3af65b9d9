// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/several.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::optim {

OwnTasks::OwnTasks(const skill::SkillPackage& set, const bench::Benchmark& benchmark)
    : benchmark_(benchmark) {
  for (const skill::SkillPackage& member : skill::members_of(set)) {
    skills_.push_back(member.folder_name());
    folders_.emplace(to_lower_ascii(trim(member.name())), member.folder_name());
  }
}

std::optional<std::string> OwnTasks::folder_of(const std::string& name) const {
  for (const std::string& folder : skills_)
    if (folder == trim(name)) return folder;
  const auto found = folders_.find(to_lower_ascii(trim(name)));
  return found == folders_.end() ? std::nullopt : std::optional(found->second);
}

void OwnTasks::note(const std::vector<LossRecord>& records) {
  for (const LossRecord& record : records) {
    if (!record.graded() || !record.signs) continue;
    for (const std::string& name : record.signs->skills)
      if (const auto folder = folder_of(name)) chosen_[record.task_id].insert(*folder);
  }
}

bool OwnTasks::is_own(const std::string& skill, const std::string& task) const {
  if (const bench::Task* known = benchmark_.find(task); known != nullptr) {
    const auto tag = known->fields.find("skill");
    const auto folder = tag == known->fields.end() ? std::nullopt : folder_of(tag->second);
    if (folder) return *folder == skill;
  }
  const auto found = chosen_.find(task);
  return found != chosen_.end() && found->second.size() == 1 && found->second.contains(skill);
}

}  // namespace skillgrad::optim
