// SPDX-License-Identifier: MIT
#include "optim/rollouts/rollout_signs.hpp"

#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::size_t kErrorBytes = 300;

/// A file besides those that the task began with.
bool wrote_a_file(const bench::Task& task, const fs::path& work_dir) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(work_dir, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    const std::string name = fs::relative(it->path(), work_dir, ignored).generic_string();
    const auto& inputs = task.input_files;
    if (std::find(inputs.begin(), inputs.end(), name) == inputs.end()) return true;
  }
  return false;
}

/// Something that a grader can judge, right or wrong.
bool left_an_answer(const bench::Task& task, const agent::Rollout& rollout) {
  std::error_code ignored;
  const fs::path folder = rollout.work_dir();
  if (!task.output_file.empty())
    return !folder.empty() && fs::exists(folder / task.output_file, ignored);
  return !trim(rollout.final_message).empty() || (!folder.empty() && wrote_a_file(task, folder));
}

}  // namespace

RolloutSigns signs_of(const bench::Task& task, const agent::Rollout& rollout,
                      const skill::SkillPackage* skill) {
  RolloutSigns out;
  const auto& events = rollout.trajectory.events;
  out.tool_calls = static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [](const agent::TraceEvent& event) {
        return event.kind == agent::TraceEvent::Kind::tool_call;
      }));
  out.cut_replies = static_cast<std::size_t>(std::max(0, rollout.cut_replies));
  out.cut_at = rollout.cut_at;
  out.answered = left_an_answer(task, rollout);
  if (skill != nullptr) out.skill_read = rollout.activated;
  if (skill != nullptr && skill::is_set(*skill)) out.skills = rollout.activated_skills;
  const auto last = std::find_if(events.rbegin(), events.rend(), [](const auto& event) {
    return event.kind == agent::TraceEvent::Kind::tool_output;
  });
  if (last != events.rend() && last->is_error)
    out.tool_error = sanitize_utf8(truncate_middle(trim(last->text), kErrorBytes));
  return out;
}

}  // namespace skillgrad::optim
