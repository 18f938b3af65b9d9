// SPDX-License-Identifier: MIT
// What an iteration shows of its runs: to diagnosers, and to the stages that follow them.
#include <algorithm>
#include <set>

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
/// What momentum and patcher are shown of a task, in bytes.
constexpr std::size_t kTaskBytes = 3'000, kFeedbackBytes = 3'000;
constexpr std::size_t kCitedStepBytes = 700, kCitedSteps = 8;

std::set<int> cited_steps(const Gradient& gradient) {
  std::set<int> out;
  for (const Cause& cause : gradient.causes)
    for (const int step : cause.steps)
      if (out.size() < kCitedSteps) out.insert(step);
  return out;
}

}  // namespace

RunGroup IterationRunner::group_of(const std::string& task) const {
  RunGroup out;
  for (const auto& record : losses_)
    if (record.task_id == task && record.graded()) ++(record.score < 1 ? out.wrong : out.right);
  return out;
}

/// The worst graded rollout of each task decides its evidence: a failure if any trial failed.
Result<> IterationRunner::gather_evidence() {
  for (const auto& id : batch_) {
    const LossRecord* worst = nullptr;
    for (const auto& record : losses_)
      if (record.task_id == id && record.graded() &&
          (worst == nullptr || record.score < worst->score))
        worst = &record;
    if (worst == nullptr) continue;
    SKILLGRAD_TRY(auto evidence, evidence_for(*worst, group_of(id)));
    if (evidence) evidence_.push_back(std::move(*evidence));
  }
  return {};
}

const LossRecord* IterationRunner::failed_base(const std::string& task) const {
  const auto found =
      std::find_if(loop_.base.begin(), loop_.base.end(), [&](const LossRecord& base) {
        return base.task_id == task && base.graded() && base.score < 1;
      });
  return found == loop_.base.end() ? nullptr : &*found;
}

Result<std::optional<Evidence>> IterationRunner::evidence_for(const LossRecord& record,
                                                              const RunGroup& group) {
  const bool failed = record.score < 1;
  if (!failed && state_.current_iteration == 0) {
    // The skill is still the initial one: a pass is a flip by chance, not evidence for the skill.
    ++row_.flips;
    return std::nullopt;
  }
  if (!failed && !settings_.contrastive) return std::nullopt;
  const std::string dir = RolloutRunner::rollout_dir(name_, record.task_id, record.sample);
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
  for (const auto& pattern : state_.memory.patterns)
    out.known_patterns.push_back({pattern.slug, pattern.line, pattern.action, guess_of(pattern)});
  if (failed) {
    SKILLGRAD_CHECK(add_passing(out));
    return out;
  }
  const LossRecord* initial = failed_base(record.task_id);
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
  const auto passing = std::find_if(losses_.begin(), losses_.end(), [&](const auto& record) {
    return record.task_id == evidence.task_id && record.graded() && record.score >= 1;
  });
  if (passing == losses_.end()) return {};
  evidence.passing = *passing;
  const std::string dir = RolloutRunner::rollout_dir(name_, passing->task_id, passing->sample);
  SKILLGRAD_TRY(const auto trace, loop_.runner->trajectory(dir));
  evidence.passing_trace = without_shown(trace, {evidence.task_prompt, evidence.skill_text})
                               .render(kTraceStepBytes, kTraceBytes);
  return {};
}

/// Of each diagnosed task what the later stages are shown beside the diagnosis.
Result<std::vector<TaskFacts>> IterationRunner::task_facts() const {
  std::vector<TaskFacts> out;
  for (const Gradient& gradient : gradients_) {
    const auto evidence = std::find_if(evidence_.begin(), evidence_.end(), [&](const Evidence& of) {
      return of.task_id == gradient.task_id;
    });
    if (evidence == evidence_.end()) continue;
    TaskFacts facts;
    facts.task_id = gradient.task_id;
    facts.task = truncate_middle(evidence->task_prompt, kTaskBytes);
    facts.feedback = truncate_middle(evidence->current.feedback, kFeedbackBytes);
    if (evidence->group.right + evidence->group.wrong > 1) facts.group = evidence->group.text();
    SKILLGRAD_TRY(const auto whole, loop_.runner->trajectory(evidence->task_dir));
    const auto trace = without_shown(whole, {evidence->task_prompt, evidence->skill_text});
    for (const int step : cited_steps(gradient))
      if (std::string text = trace.render_range(step, step, kCitedStepBytes); !text.empty())
        facts.steps[step] = std::string(trim(text));
    out.push_back(std::move(facts));
  }
  return out;
}

/// Runs that were right and that nobody diagnosed still say that the remedies they had in view
/// work.
Result<> IterationRunner::confirm_remedies() {
  if (parts_.momentum == nullptr || state_.current_iteration == 0) return {};
  std::vector<RightRun> runs;
  for (const auto& record : losses_) {
    const bool diagnosed =
        std::any_of(gradients_.begin(), gradients_.end(),
                    [&](const Gradient& gradient) { return gradient.task_id == record.task_id; });
    if (diagnosed || !record.graded() || group_of(record.task_id).wrong > 0 ||
        failed_base(record.task_id) == nullptr)
      continue;
    SKILLGRAD_TRY(std::string loaded, loop_.runner->skill_text(RolloutRunner::rollout_dir(
                                          name_, record.task_id, record.sample)));
    runs.push_back({record.task_id, std::move(loaded)});
  }
  if (runs.empty() || state_.memory.patterns.empty()) return {};
  optim::confirm_remedies(state_.memory, runs, t_, current_);
  return write_memory();
}

}  // namespace skillgrad::optim
