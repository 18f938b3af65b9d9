// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>

#include "optim/loop/iteration.hpp"
#include "optim/loop/remedies.hpp"
#include "optim/stages/expected_texts.hpp"

namespace skillgrad::optim {
namespace {

/// How many rejected patches the patcher is shown.
constexpr std::size_t kRejectedShown = 3;

Json findings_json(const std::vector<skill::Finding>& findings) {
  Json out = Json::array();
  for (const auto& finding : findings)
    out.push_back({{"rule", finding.rule},
                   {"severity", name_of(finding.severity)},
                   {"message", finding.message},
                   {"file", finding.file},
                   {"line", finding.line},
                   {"anchor", finding.anchor}});
  return out;
}

Json refused_json(const std::vector<RefusedCall>& calls) {
  Json out = Json::array();
  for (const auto& call : calls)
    out.push_back({{"tool", call.tool}, {"arguments", call.arguments}, {"problem", call.problem}});
  return out;
}

Result<std::vector<skill::Finding>> findings_from_json(const Json& value) {
  std::vector<skill::Finding> out;
  if (!value.is_array()) return fail(ErrorCode::input, "\"blocking\" is no array");
  for (const auto& item : value) {
    StrictReader reader(item, "blocking");
    skill::Finding finding;
    finding.rule = reader.string("rule");
    finding.message = reader.string("message");
    finding.file = reader.string("file", "");
    finding.line = static_cast<int>(reader.integer("line", 0, 0, 100'000'000));
    SKILLGRAD_CHECK(reader.finish(true));
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace

Result<> IterationRunner::patch() {
  SKILLGRAD_TRY(const auto saved, parts_.store->read(file("patch.json")));
  if (saved) {
    auto restored = restore_patch(*saved);
    if (!restored) return tl::unexpected(damaged_file(std::move(restored).error(), "patch.json"));
    return {};
  }
  if (gradients_.empty()) return {};
  PatchInput input;
  input.gradients = gradients_;
  if (t_ > 1 && parts_.momentum != nullptr && overlay_) {
    input.overlay = &*overlay_;
    input.memory = &state_.memory;
  }
  const std::size_t shown = std::min(kRejectedShown, state_.rejected.size());
  input.rejected.assign(state_.rejected.end() - static_cast<std::ptrdiff_t>(shown),
                        state_.rejected.end());
  input.skill = &current_;
  input.skill_iteration = state_.current_iteration;
  input.facts = facts_;
  input.lint.procedure_profile = settings_.procedure_lint;
  input.lint.ignored = settings_.lint_ignored;
  input.lint.previous = &current_;
  input.lint.initial = &parts_.initial;
  input.lint.forbidden = parts_.forbidden_texts;
  input.lint.expected = loop_.expected->of(batch_);
  const auto criteria = judged_criteria(*parts_.benchmark, batch_);
  input.lint.expected.insert(input.lint.expected.end(), criteria.begin(), criteria.end());
  input.lint.patches_that_only_added = state_.additions_in_a_row;
  for (const auto& id : batch_) {
    const bench::Task* task = parts_.benchmark->find(id);
    input.lint.task_literals.push_back(task->prompt);
    if (!task->answer_position.empty())
      input.lint.answer_positions.push_back(task->answer_position);
  }
  for (const auto& id : parts_.splits.train) {
    const bench::Task* task = parts_.benchmark->find(id);
    const bool here = std::find(batch_.begin(), batch_.end(), id) != batch_.end();
    if (task != nullptr && !here) input.lint.other_literals.push_back(task->prompt);
  }
  parts_.observer->progress(fmt::format("iteration {}: patch", t_), 0, 1);
  auto output = parts_.patcher->patch(input, context());
  if (output) return save_patch(*output);
  if (llm::ends_run(output.error().code) || waits_for_mend(output.error().code))
    return tl::unexpected(output.error());
  parts_.observer->notice(fmt::format("iteration {}: no patch: {}", t_, output.error().to_line()));
  Candidate none;
  none.failure = output.error().to_line();
  candidate_ = std::move(none);
  return parts_.store->write(file("patch.json"),
                             dump_json({{"failed", candidate_->failure}}, 1) + "\n");
}

Result<> IterationRunner::save_patch(const PatchOutput& output) {
  const fs::path dir = parts_.store->path(file("skill"));
  SKILLGRAD_CHECK(remove_tree(dir));
  // What was measured and decided for an earlier candidate, whose patch.json was lost, is not about
  // this one.
  for (const char* gate : {"gate", "gate_again", "gate.json"})
    SKILLGRAD_CHECK(remove_tree(parts_.store->path(file(gate))));
  SKILLGRAD_CHECK(output.candidate.save(dir));
  SKILLGRAD_CHECK(
      parts_.store->write(file("patch.diff"), skill::unified_diff(current_, output.candidate)));
  Json json = to_json(output.patch);
  json["findings"] = findings_json(output.findings);
  json["blocking"] = findings_json(output.blocking);
  json["repair_rounds"] = output.repair_rounds;
  json["refused"] = refused_json(output.refused);
  json["skill_hash"] = output.candidate.hash();
  SKILLGRAD_CHECK(parts_.store->write(file("patch.json"), dump_json(json, 1) + "\n"));
  SKILLGRAD_TRY(const auto kept, parts_.store->read(file("patch.json")));
  return restore_patch(kept.value_or(""));
}

Result<> IterationRunner::restore_patch(const std::string& text) {
  SKILLGRAD_TRY(auto json, parse_json(text, "patch.json"));
  StrictReader reader(json, "patch.json");
  Candidate out;
  out.failure = reader.string("failed", "");
  Json blocking = reader.any("blocking");
  SKILLGRAD_CHECK(reader.finish(true));
  if (json.contains("failed")) {
    candidate_ = std::move(out);
    return {};
  }
  if (blocking.is_null()) blocking = Json::array();
  SKILLGRAD_TRY(out.blocking, findings_from_json(blocking));
  for (const char* key : {"findings", "blocking", "repair_rounds", "refused", "skill_hash"})
    json.erase(key);
  SKILLGRAD_TRY(out.patch, patch_from_json(json));
  SKILLGRAD_TRY(out.package, load_candidate(parts_, t_));
  candidate_ = std::move(out);
  return {};
}

Result<> IterationRunner::remember_remedy() {
  if (parts_.momentum == nullptr || !candidate_ || !candidate_->failure.empty()) return {};
  // What could not be judged tells nothing about the remedy, and neither does what changed nothing.
  if (row_.decision == Decision::accepted || row_.decision == Decision::rejected) {
    PatchOutcome outcome;
    outcome.patch = &candidate_->patch;
    outcome.iteration = t_;
    outcome.accepted = row_.decision == Decision::accepted;
    outcome.before = &current_;
    outcome.after = &candidate_->package;
    outcome.gradients = &gradients_;
    outcome.overlay = overlay_ ? &*overlay_ : nullptr;
    for (const auto& name : record_remedies(state_.memory, outcome))
      context().tell(fmt::format("the record has no pattern for \"{}\", which the patch is about",
                                 truncate_middle(strip_control(name), 80)));
  }
  return write_memory();
}

Result<> IterationRunner::write_memory() const {
  SKILLGRAD_CHECK(
      parts_.store->write(file("memory.json"), dump_json(to_json(state_.memory), 1) + "\n"));
  return parts_.store->write("momentum_memory.md", state_.memory.to_markdown());
}

}  // namespace skillgrad::optim
