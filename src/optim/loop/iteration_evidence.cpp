// SPDX-License-Identifier: MIT
// What an iteration shows of its runs.
#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "optim/loop/iteration.hpp"
#include "optim/momentum/remedies.hpp"
#include "optim/rollouts/shown_trace.hpp"

namespace skillgrad::optim {
namespace {

/// A trace in the diagnoser's prompt: per step and in all, in bytes; more is read through its
/// tools.
constexpr std::size_t kTraceStepBytes = 4'000;
constexpr std::size_t kTraceBytes = 40'000;

}  // namespace

/// The worst graded rollout of each task decides its evidence: a failure if any trial failed.
Result<> IterationRunner::gather_evidence() {
  for (const auto& id : step_.batch) {
    const LossRecord* worst = nullptr;
    for (const auto& record : step_.losses)
      if (record.task_id == id && record.graded() &&
          (worst == nullptr || record.score < worst->score))
        worst = &record;
    if (worst == nullptr) continue;
    SKILLGRAD_TRY(auto evidence, evidence_for(*worst, group_of(id)));
    if (!evidence) continue;
    if (settings_.recorded) step_.row.diagnosed.push_back(evidence->task_id);
    step_.evidence.push_back(std::move(*evidence));
  }
  const bool any_failure =
      std::any_of(step_.evidence.begin(), step_.evidence.end(),
                  [](const auto& item) { return item.kind == EvidenceKind::failure; });
  if (!any_failure && !settings_.patch_all_correct) step_.evidence.clear();
  return {};
}

/// Runs of the task; of a recorded session, all that asked for the same.
RunGroup IterationRunner::group_of(const std::string& task) const {
  if (!settings_.recorded) return step_.group_of(task);
  RunGroup out;
  out.recorded = true;
  for (const LossRecord& record : loop_.base)
    if (record.graded() && same_request(record.task_id, task))
      ++(record.score < 1 ? out.wrong : out.right);
  return out;
}

bool IterationRunner::same_request(const std::string& a, const std::string& b) const {
  if (a == b) return true;
  const bench::Task* const one = parts_.benchmark->find(a);
  const bench::Task* const other = parts_.benchmark->find(b);
  return one != nullptr && other != nullptr && trim(one->prompt) == trim(other->prompt);
}

Result<std::optional<Evidence>> IterationRunner::evidence_for(const LossRecord& record,
                                                              const RunGroup& group) {
  const bool failed = record.score < 1;
  if (!failed && step_.state.current_iteration == 0) {
    // The skill is still the initial one: a pass is a flip by chance, not evidence for the skill.
    ++step_.row.flips;
    return std::nullopt;
  }
  if (!failed && !settings_.contrastive) return std::nullopt;
  const std::string dir = RolloutRunner::rollout_dir(step_.name, record.task_id, record.sample);
  Evidence out;
  out.task_id = record.task_id;
  out.kind = failed ? EvidenceKind::failure : EvidenceKind::contrastive;
  out.task_prompt = parts_.benchmark->find(record.task_id)->prompt;
  out.group = group;
  out.current = record;
  out.task_dir = dir;
  SKILLGRAD_TRY(const auto trace, loop_.runner->trajectory(dir));
  SKILLGRAD_TRY(out.skill_text, loop_.runner->skill_text(dir));
  out.current_trace =
      without_shown(trace, {out.task_prompt, out.skill_text}).render(kTraceStepBytes, kTraceBytes);
  for (const auto& pattern : step_.state.memory.patterns)
    out.known_patterns.push_back({pattern.slug, pattern.line, pattern.action, guess_of(pattern)});
  if (failed) {
    SKILLGRAD_CHECK(add_passing(out));
    return out;
  }
  const LossRecord* initial = step_.failed_base(record.task_id);
  if (initial == nullptr) return std::nullopt;
  out.initial = *initial;
  SKILLGRAD_TRY(const auto earlier, loop_.runner->trajectory(RolloutRunner::rollout_dir(
                                        "base", record.task_id, initial->sample)));
  out.initial_trace =
      without_shown(earlier, {out.task_prompt, ""}).render(kTraceStepBytes, kTraceBytes);
  return out;
}

/// Of a task that came out both ways under one skill, a run that was right: the skill, the task and
/// the model are the same, so the two show more than any other pair.
Result<> IterationRunner::add_passing(Evidence& evidence) {
  if (!evidence.group.mixed()) return {};
  // A session that went well is in no batch of failures: it was read at the beginning.
  const std::vector<LossRecord>& runs = settings_.recorded ? loop_.base : step_.losses;
  const auto passing = std::find_if(runs.begin(), runs.end(), [&](const auto& record) {
    const bool same = settings_.recorded ? same_request(record.task_id, evidence.task_id)
                                         : record.task_id == evidence.task_id;
    return same && record.graded() && record.score >= 1;
  });
  if (passing == runs.end()) return {};
  evidence.passing = *passing;
  const std::string dir = RolloutRunner::rollout_dir(settings_.recorded ? "base" : step_.name,
                                                     passing->task_id, passing->sample);
  SKILLGRAD_TRY(const auto trace, loop_.runner->trajectory(dir));
  evidence.passing_trace = without_shown(trace, {evidence.task_prompt, evidence.skill_text})
                               .render(kTraceStepBytes, kTraceBytes);
  return {};
}

}  // namespace skillgrad::optim
