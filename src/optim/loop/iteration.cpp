// SPDX-License-Identifier: MIT
#include "optim/loop/iteration.hpp"

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/optim/plan.hpp>

#include "optim/loop/bookkeeper.hpp"
#include "optim/momentum/remedies.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kUngraded = "ungraded.json";

std::string json_lines(const Json& array) {
  std::string out;
  for (const auto& item : array) out += dump_json(item) + "\n";
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

}  // namespace

IterationRunner::IterationRunner(const LoopContext& loop, int iteration,
                                 const std::vector<std::string>& batch, RunState& state,
                                 const std::vector<std::string>& lineage)
    : loop_(loop),
      settings_(*loop.settings),
      parts_(*loop.parts),
      t_(iteration),
      state_(state),
      lineage_(lineage),
      name_(iteration_name(iteration)) {
  row_.iteration = iteration;
  // A small pool with --updates gives batches that name a task twice: it is one piece of evidence.
  batch_ = each_once(batch);
}

std::string IterationRunner::file(const std::string& name) const { return name_ + "/" + name; }

StageContext IterationRunner::context() const { return stage_context(loop_, name_, t_); }

Result<IterationRow> IterationRunner::run() {
  const std::size_t before = loop_.book->book().size();
  SKILLGRAD_TRY(current_, load_candidate(parts_, state_.current_iteration));
  SKILLGRAD_CHECK(execute());
  SKILLGRAD_CHECK(gather_evidence());
  SKILLGRAD_CHECK(diagnose());
  SKILLGRAD_TRY(facts_, task_facts());
  SKILLGRAD_CHECK(confirm_remedies());
  const bool bootstrap = t_ == 1;
  if (!bootstrap) SKILLGRAD_CHECK(update_momentum());
  SKILLGRAD_CHECK(patch());
  SKILLGRAD_CHECK(decide());
  // The first memory is made after the patch, but like every other it is about the skill that ran.
  if (bootstrap) SKILLGRAD_CHECK(update_momentum());
  if (overlay_) judge_remedies(state_.memory, gradients_, *overlay_, t_);
  SKILLGRAD_CHECK(remember_remedy());
  SKILLGRAD_CHECK(settle());
  SKILLGRAD_CHECK(loop_.book->save(before, file(kBookFile)));
  return row_;
}

Result<> IterationRunner::execute() {
  RolloutRunner::Batch batch;
  batch.skill = &current_;
  batch.task_ids = batch_;
  batch.samples = settings_.rollouts;
  batch.dir = name_;
  batch.label = fmt::format("iteration {}: execute", t_);
  SKILLGRAD_TRY(batch.again, forgotten());
  StageContext scoring = context();
  scoring.objective = package_facts(loop_, current_);
  SKILLGRAD_TRY(losses_, loop_.runner->run(batch, scoring));
  const auto summary = summarize(losses_, settings_.rollouts);
  if (summary.graded == 0) SKILLGRAD_CHECK(wait_for_grades(batch));
  loop_.book->add(current_, losses_);
  Json lines = Json::array();
  for (const auto& record : losses_) lines.push_back(to_json(record));
  SKILLGRAD_CHECK(parts_.store->write(file("losses.jsonl"), json_lines(lines)));
  row_.train_score = summary.score;
  row_.train_n = summary.graded;
  return {};
}

/// What an earlier process asked of this batch in vain.
Result<RolloutRunner::Again> IterationRunner::forgotten() const {
  RolloutRunner::Again out;
  SKILLGRAD_TRY(const auto earlier, parts_.store->read(file(kUngraded)));
  if (!earlier) return out;
  const auto json = parse_json(*earlier, kUngraded);
  const Json tries = json && json->is_object() ? json->value("tries", Json()) : Json();
  out.tries = tries.is_number_integer() ? std::clamp(tries.get<int>(), 1, 1'000'000) : 1;
  out.executor = json && json->is_object() && json->value("executor", Json()) == Json(true);
  return out;
}

/// Where no rollout could be graded, something other than the agent is at fault: the batch waits
/// for a resume instead of being lost. Only a task that stands alone and fails again at the resume
/// is taken for the culprit itself, so that it cannot hold up the run for ever.
Result<> IterationRunner::wait_for_grades(const RolloutRunner::Batch& batch) {
  const std::string marker = file(kUngraded);
  SKILLGRAD_TRY(const auto earlier, parts_.store->read(marker));
  if (earlier && batch_.size() == 1) return {};
  const std::string first = losses_.front().task_id + ": " + losses_.front().error;
  const bool unfinished = std::any_of(losses_.begin(), losses_.end(), [](const auto& record) {
    return record.error.starts_with(name_of(ErrorCode::malformed_reply));
  });
  const Json note = {{"error", first},
                     {"tries", batch.again.tries + 1},
                     {"executor", batch.again.executor || unfinished}};
  SKILLGRAD_CHECK(parts_.store->write(marker, dump_json(note, 1) + "\n"));
  SKILLGRAD_CHECK(loop_.runner->forget(batch));
  return fail(ErrorCode::infra,
              fmt::format("none of the {} rollouts of iteration {} could be graded; the first: {}",
                          losses_.size(), t_, first),
              name_, "mend what the error names (`skillgrad doctor` looks at it), then resume");
}

Result<> IterationRunner::diagnose() {
  const bool any_failure = std::any_of(evidence_.begin(), evidence_.end(), [](const auto& item) {
    return item.kind == EvidenceKind::failure;
  });
  if (!any_failure && !settings_.patch_all_correct) evidence_.clear();
  SKILLGRAD_TRY(bool known, restore_gradients());
  if (known) return {};
  SKILLGRAD_CHECK(make_gradients());
  SKILLGRAD_TRY(known, restore_gradients());
  return {};
}

Result<bool> IterationRunner::restore_gradients() {
  SKILLGRAD_TRY(const auto saved, parts_.store->read(file("gradients.jsonl")));
  if (!saved) return false;
  auto restored = gradients_from_lines(*saved);
  if (!restored)
    return tl::unexpected(damaged_file(std::move(restored).error(), "gradients.jsonl"));
  gradients_ = std::move(*restored);
  return true;
}

Result<> IterationRunner::make_gradients() {
  std::vector<std::optional<Result<Gradient>>> results(evidence_.size());
  const std::string label = fmt::format("iteration {}: diagnose", t_);
  std::atomic<std::size_t> done{0};
  parts_.observer->progress(label, 0, evidence_.size());
  parallel_for(evidence_.size(), parts_.jobs, [&](std::size_t i) {
    results[i] = parts_.diagnoser->diagnose(evidence_[i], context());
    parts_.observer->progress(label, ++done, evidence_.size());
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
          fmt::format("{}: no diagnosis: {}", evidence_[i].task_id, error.to_line()));
      continue;
    }
    Gradient gradient = std::move(**results[i]);
    gradient.task_id = evidence_[i].task_id;
    gradient.kind = evidence_[i].kind;
    gradient.loss = evidence_[i].current.loss;
    lines.push_back(to_json(gradient));
  }
  return parts_.store->write(file("gradients.jsonl"), json_lines(lines));
}

Error IterationRunner::damaged_file(Error error, const char* name) const {
  return damaged(std::move(error), *parts_.store, file(name));
}

Result<> IterationRunner::restore_momentum(const std::string& text) {
  SKILLGRAD_TRY(const auto json, parse_json(text, "overlay.json"));
  if (json.contains("failed")) return {};
  SKILLGRAD_TRY(auto overlay, overlay_from_json(json));
  SKILLGRAD_TRY(state_.memory, memory_from_json(json.value("memory", Json())));
  overlay_ = std::move(overlay);
  return {};
}

/// Tells momentum of a patch that the runs which it is about had not.
std::optional<PatchSince> IterationRunner::patch_since() const {
  if (t_ > 1) return std::nullopt;
  PatchSince out;
  out.iteration = t_;
  out.decision = row_.decision;
  out.reason = row_.reason;
  if (candidates_.empty() || out.decision == Decision::no_patch) return out;
  out.summary = row_.summary;
  out.diff = skill::unified_diff(current_, told().package);
  if (out.decision == Decision::accepted) out.kept = &told().package;
  return out;
}

Result<> IterationRunner::update_momentum() {
  if (parts_.momentum == nullptr || gradients_.empty()) return {};
  SKILLGRAD_TRY(const auto saved, parts_.store->read(file("overlay.json")));
  if (saved) {
    auto restored = restore_momentum(*saved);
    if (!restored) return tl::unexpected(damaged_file(std::move(restored).error(), "overlay.json"));
    return {};
  }
  parts_.observer->progress(fmt::format("iteration {}: momentum", t_), 0, 1);
  MomentumInput input;
  input.gradients = gradients_;
  input.memory = state_.memory;
  input.skill = &current_;
  input.skill_iteration = state_.current_iteration;
  input.facts = facts_;
  input.since = patch_since();
  auto output = parts_.momentum->update(input, context());
  if (!output) {
    if (llm::ends_run(output.error().code) || waits_for_mend(output.error().code))
      return tl::unexpected(output.error());
    // Nothing is lost when the call fails: the previous memory stays.
    parts_.observer->notice(
        fmt::format("iteration {}: momentum kept as it was: {}", t_, output.error().to_line()));
    return parts_.store->write(file("overlay.json"),
                               dump_json({{"failed", output.error().to_line()}}) + "\n");
  }
  for (const auto& repair : output->repairs)
    parts_.observer->notice(fmt::format("iteration {}: momentum repaired: {}", t_, repair));
  Json json = to_json(output->overlay);
  json["memory"] = to_json(output->memory);
  SKILLGRAD_CHECK(parts_.store->write(file("overlay.json"), dump_json(json, 1) + "\n"));
  SKILLGRAD_TRY(const auto kept, parts_.store->read(file("overlay.json")));
  return restore_momentum(kept.value_or(""));
}

}  // namespace skillgrad::optim
