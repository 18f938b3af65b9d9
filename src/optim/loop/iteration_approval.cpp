// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "optim/loop/iteration.hpp"
#include "optim/loop/trial.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kApproval = "approval.json";
constexpr const char* kApprovalSchema = "skillgrad.approval/1";
constexpr const char* kAgainGate = "approved/gate.json";

}  // namespace

/// A person has the last word on what the gate took. What was decided stays decided, also where a
/// resumed run does not ask any more.
Result<> IterationRunner::approve() {
  if (step_.row.decision != Decision::accepted) return {};
  SKILLGRAD_TRY(auto approval, restore_approval());
  // A package that was not approved to its end is none.
  if (!approval && parts_.approver == nullptr)
    return remove_tree(parts_.store->path(step_.file(kApprovedDir)));
  if (!approval) {
    SKILLGRAD_CHECK(ask_for_approval());
    SKILLGRAD_TRY(approval, restore_approval());
  }
  if (!approval) return fail(ErrorCode::internal, "the approval was not kept", step_.name);
  step_.row.approval = approval;
  switch (approval->outcome) {
    case ApprovalOutcome::accepted:
      step_.row.reason += "; " + approval_text(*approval);
      return {};
    case ApprovalOutcome::rejected:
      step_.row.decision = Decision::rejected;
      step_.row.reason = approval_text(*approval);
      return {};
    case ApprovalOutcome::changed:
      return measure_again();
  }
  return {};
}

Result<> IterationRunner::ask_for_approval() {
  const Candidate& told = step_.told_candidate();
  const Json asked = {{"iteration", step_.iteration}, {"state", "asked"}};
  SKILLGRAD_CHECK(parts_.store->event("approval", dump_json(asked)));
  const auto began = parts_.clock->now();
  auto answer = parts_.approver->ask(
      {step_.iteration, step_.name, &step_.current, &told.package, step_.row.reason});
  loop_.wait_longer(parts_.clock->now() - began);
  if (!answer) return tl::unexpected(std::move(answer).error());
  Approval approval{ApprovalOutcome::changed, answer->hunks, answer->comment};
  if (answer->package.hash() == told.package.hash())
    approval.outcome = ApprovalOutcome::accepted;
  else if (answer->package.hash() == step_.current.hash())
    approval.outcome = ApprovalOutcome::rejected;
  SKILLGRAD_CHECK(remove_tree(parts_.store->path(step_.name + "/" + kApprovedDir)));
  if (approval.outcome == ApprovalOutcome::changed) {
    PatchOutput output{answer->package, told.patch, {}, {}, 0, {}};
    SKILLGRAD_TRY([[maybe_unused]] const auto written,
                  write_candidate(parts_, step_.file(kApprovedDir), step_.current, output));
  }
  // The last of these files: without it a resume asks again.
  Json json = {{"schema", kApprovalSchema}, {"iteration", step_.iteration}};
  json.update(to_json(approval));
  SKILLGRAD_CHECK(parts_.store->write(step_.file(kApproval), dump_json(json, 1) + "\n"));
  Json event = {{"iteration", step_.iteration}, {"state", "answered"}};
  event.update(to_json(approval));
  return parts_.store->event("approval", dump_json(event));
}

Result<std::optional<Approval>> IterationRunner::restore_approval() const {
  SKILLGRAD_TRY(const auto saved, parts_.store->read(step_.file(kApproval)));
  if (!saved) return std::nullopt;
  auto read = parse_json(*saved, kApproval).and_then([](Json json) {
    if (json.is_object())
      for (const char* key : {"schema", "iteration"}) json.erase(key);
    return approval_from_json(json);
  });
  if (!read) {
    Error error = step_.damaged_file(std::move(read).error(), kApproval);
    error.mend =
        "it was changed by hand or is damaged; delete it and resume: with --approve the question "
        "is asked again (what was decided about each change is kept in review.json beside it)";
    return tl::unexpected(std::move(error));
  }
  return std::optional<Approval>(std::move(*read));
}

/// What a person made of the patch is another package than the one that was measured: it goes
/// through screen and gate like every other.
Result<> IterationRunner::measure_again() {
  SKILLGRAD_TRY(auto candidate, read_candidate(parts_, step_.file(kApprovedDir)));
  if (!candidate)
    return fail(ErrorCode::input, "the package that a person approved is not there",
                parts_.store->path(step_.file(kApprovedDir)).string(),
                "put it back, or remove approval.json beside it to be asked again");
  step_.candidates.at(step_.told) = std::move(*candidate);
  GateDecision decision;
  if (settings_.staged) {
    TrialPlan plan;
    plan.iteration = step_.iteration;
    plan.current = &step_.current;
    plan.candidates = {&step_.told_candidate().package};
    plan.source_tasks = step_.probe;
    plan.lineage = step_.lineage;
    SKILLGRAD_TRY(const auto result, try_candidates(loop_, plan));
    decision = result.decision;
    Json json = to_json(decision);
    json["candidate"] = 1;
    json["candidates"] = 1;
    json["screen"] = result.screen;
    SKILLGRAD_CHECK(parts_.store->write(step_.file(kAgainGate), dump_json(json, 1) + "\n"));
  } else {
    candidate_scores_.clear();
    SKILLGRAD_TRY(auto saved, restore_gate(kAgainGate));
    if (!saved) {
      SKILLGRAD_TRY(const auto found, run_gate("gate_approved"));
      SKILLGRAD_CHECK(save_gate(found, kAgainGate));
      SKILLGRAD_TRY(saved, restore_gate(kAgainGate));
    }
    decision = *saved;
  }
  step_.row.gate = decision;
  step_.row.decision = decision.decision;
  step_.row.reason = approval_text(*step_.row.approval) + "; measured again: " + decision.reason;
  return {};
}

}  // namespace skillgrad::optim
