// SPDX-License-Identifier: MIT
#include "optim/methods/gradient_proposer.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>

#include "optim/methods/gradient_method.hpp"
#include "optim/momentum/remedies.hpp"
#include "optim/rollouts/shown_trace.hpp"

namespace skillgrad::optim {
namespace {

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

Result<std::vector<Gradient>> gradients_from_lines(const std::string& text) {
  std::vector<Gradient> out;
  for (const auto& line : split_lines(text)) {
    if (trim(line).empty()) continue;
    SKILLGRAD_TRY(const auto value, parse_json(line, "line " + std::to_string(out.size() + 1)));
    SKILLGRAD_TRY(auto gradient, gradient_from_json(value));
    out.push_back(std::move(gradient));
  }
  return out;
}

class GradientMethod final : public Method {
 public:
  [[nodiscard]] std::unique_ptr<Proposer> start(Step& step) const override {
    return std::make_unique<GradientProposer>(step);
  }
};

}  // namespace

std::unique_ptr<Method> make_gradient_method() { return std::make_unique<GradientMethod>(); }

Result<> GradientProposer::propose() {
  SKILLGRAD_CHECK(diagnose());
  SKILLGRAD_TRY(facts_, task_facts());
  SKILLGRAD_CHECK(confirm_remedies());
  if (step_.iteration > 1) SKILLGRAD_CHECK(update_momentum());
  return patch();
}

Result<> GradientProposer::learn() {
  // The first memory is made after the patch, but like every other it is about the skill that ran.
  if (step_.iteration == 1) SKILLGRAD_CHECK(update_momentum());
  if (overlay_) judge_remedies(step_.state.memory, gradients_, *overlay_, step_.iteration);
  return remember_remedy();
}

Result<> GradientProposer::diagnose() {
  SKILLGRAD_TRY(bool known, restore_gradients());
  if (known) return {};
  SKILLGRAD_CHECK(make_gradients());
  SKILLGRAD_TRY(known, restore_gradients());
  return {};
}

Result<bool> GradientProposer::restore_gradients() {
  SKILLGRAD_TRY(const auto saved, parts_.store->read(step_.file("gradients.jsonl")));
  if (!saved) return false;
  auto restored = gradients_from_lines(*saved);
  if (!restored)
    return tl::unexpected(step_.damaged_file(std::move(restored).error(), "gradients.jsonl"));
  gradients_ = std::move(*restored);
  return true;
}

Result<> GradientProposer::make_gradients() {
  std::vector<std::optional<Result<Gradient>>> results(step_.evidence.size());
  const std::string label = fmt::format("iteration {}: diagnose", step_.iteration);
  std::atomic<std::size_t> done{0};
  parts_.observer->progress(label, 0, step_.evidence.size());
  parallel_for(step_.evidence.size(), parts_.jobs, [&](std::size_t i) {
    results[i] = parts_.diagnoser->diagnose(step_.evidence[i], step_.context());
    parts_.observer->progress(label, ++done, step_.evidence.size());
  });
  const bool none = std::all_of(results.begin(), results.end(), [](const auto& r) { return !*r; });
  Json lines = Json::array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!*results[i]) {
      const Error& error = results[i]->error();
      // Where no diagnosis could be had at all, the batch waits for a resume instead of being lost.
      if (llm::ends_run(error.code) || (none && waits_for_mend(error.code)))
        return tl::unexpected(error);
      parts_.observer->notice(
          fmt::format("{}: no diagnosis: {}", step_.evidence[i].task_id, error.to_line()));
      continue;
    }
    Gradient gradient = std::move(**results[i]);
    gradient.task_id = step_.evidence[i].task_id;
    gradient.kind = step_.evidence[i].kind;
    gradient.loss = step_.evidence[i].current.loss;
    if (step_.evidence[i].group.recorded) SKILLGRAD_CHECK(tell_diagnosis(gradient));
    lines.push_back(to_json(gradient));
  }
  return parts_.store->write(step_.file("gradients.jsonl"), json_lines(lines));
}

/// Which recorded session a diagnosis is of: nothing else in the events names it.
Result<> GradientProposer::tell_diagnosis(const Gradient& gradient) const {
  Json labels = Json::array();
  for (const Cause& cause : gradient.causes) labels.push_back(cause.label);
  return parts_.store->event(
      "diagnosis", dump_json({{"iteration", step_.iteration},
                              {"task_id", gradient.task_id},
                              {"trace", parts_.benchmark->find(gradient.task_id)->content_hash},
                              {"causes", labels}}));
}

Result<> GradientProposer::restore_momentum(const std::string& text) {
  SKILLGRAD_TRY(const auto json, parse_json(text, "overlay.json"));
  if (json.contains("failed")) return {};
  SKILLGRAD_TRY(auto overlay, overlay_from_json(json));
  SKILLGRAD_TRY(step_.state.memory, memory_from_json(json.value("memory", Json())));
  overlay_ = std::move(overlay);
  return {};
}

/// Tells momentum of a patch that the runs which it is about had not.
std::optional<PatchSince> GradientProposer::patch_since() const {
  if (step_.iteration > 1) return std::nullopt;
  PatchSince out;
  out.iteration = step_.iteration;
  out.decision = step_.row.decision;
  out.reason = step_.row.reason;
  if (step_.candidates.empty() || out.decision == Decision::no_patch) return out;
  out.summary = step_.row.summary;
  out.diff = skill::unified_diff(step_.current, step_.told_candidate().package);
  if (out.decision == Decision::accepted) out.kept = &step_.told_candidate().package;
  return out;
}

Result<> GradientProposer::update_momentum() {
  if (parts_.momentum == nullptr || gradients_.empty()) return {};
  SKILLGRAD_TRY(const auto saved, parts_.store->read(step_.file("overlay.json")));
  if (saved) {
    auto restored = restore_momentum(*saved);
    if (!restored)
      return tl::unexpected(step_.damaged_file(std::move(restored).error(), "overlay.json"));
    return {};
  }
  parts_.observer->progress(fmt::format("iteration {}: momentum", step_.iteration), 0, 1);
  MomentumInput input;
  input.gradients = gradients_;
  input.memory = step_.state.memory;
  input.skill = &step_.current;
  input.skill_iteration = step_.state.current_iteration;
  input.facts = facts_;
  input.since = patch_since();
  auto output = parts_.momentum->update(input, step_.context());
  if (!output) {
    if (llm::ends_run(output.error().code) || waits_for_mend(output.error().code))
      return tl::unexpected(output.error());
    // Nothing is lost when the call fails: the previous memory stays.
    parts_.observer->notice(fmt::format("iteration {}: momentum kept as it was: {}",
                                        step_.iteration, output.error().to_line()));
    return parts_.store->write(step_.file("overlay.json"),
                               dump_json({{"failed", output.error().to_line()}}) + "\n");
  }
  for (const auto& repair : output->repairs)
    parts_.observer->notice(
        fmt::format("iteration {}: momentum repaired: {}", step_.iteration, repair));
  Json json = to_json(output->overlay);
  json["memory"] = to_json(output->memory);
  SKILLGRAD_CHECK(parts_.store->write(step_.file("overlay.json"), dump_json(json, 1) + "\n"));
  SKILLGRAD_TRY(const auto kept, parts_.store->read(step_.file("overlay.json")));
  return restore_momentum(kept.value_or(""));
}

/// Of each diagnosed task what the later stages are shown beside the diagnosis.
Result<std::vector<TaskFacts>> GradientProposer::task_facts() const {
  std::vector<TaskFacts> out;
  for (const Gradient& gradient : gradients_) {
    const auto evidence =
        std::find_if(step_.evidence.begin(), step_.evidence.end(),
                     [&](const Evidence& of) { return of.task_id == gradient.task_id; });
    if (evidence == step_.evidence.end()) continue;
    TaskFacts facts;
    facts.task_id = gradient.task_id;
    facts.task = truncate_middle(evidence->task_prompt, kTaskBytes);
    facts.feedback = truncate_middle(evidence->current.feedback, kFeedbackBytes);
    if (evidence->group.right + evidence->group.wrong > 1) facts.group = evidence->group.text();
    if (evidence->current.signs) facts.skills = evidence->current.signs->skills;
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
Result<> GradientProposer::confirm_remedies() {
  if (parts_.momentum == nullptr || step_.state.current_iteration == 0) return {};
  std::vector<RightRun> runs;
  for (const auto& record : step_.losses) {
    const bool diagnosed =
        std::any_of(gradients_.begin(), gradients_.end(),
                    [&](const Gradient& gradient) { return gradient.task_id == record.task_id; });
    if (diagnosed || !record.graded() || step_.group_of(record.task_id).wrong > 0 ||
        step_.failed_base(record.task_id) == nullptr)
      continue;
    SKILLGRAD_TRY(std::string loaded, loop_.runner->skill_text(RolloutRunner::rollout_dir(
                                          step_.name, record.task_id, record.sample)));
    runs.push_back({record.task_id, std::move(loaded)});
  }
  if (runs.empty() || step_.state.memory.patterns.empty()) return {};
  optim::confirm_remedies(step_.state.memory, runs, step_.iteration, step_.current);
  return write_memory();
}

}  // namespace skillgrad::optim
