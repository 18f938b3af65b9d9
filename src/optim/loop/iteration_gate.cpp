// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "optim/loop/iteration.hpp"
#include "optim/loop/trial.hpp"

namespace skillgrad::optim {
namespace {

/// End of the folders of a gate that is tried once more.
constexpr const char* kAgain = "_again";

}  // namespace

/// Patches that change something and break no rule, each package once.
std::vector<std::size_t> IterationRunner::candidates_to_try() const {
  std::vector<std::size_t> out;
  std::set<std::string> seen = {current_.hash()};
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& candidate = candidates_[i];
    if (!candidate.failure.empty() || !candidate.blocking.empty()) continue;
    if (seen.insert(candidate.package.hash()).second) out.push_back(i);
  }
  return out;
}

/// Why there is nothing to try; of several patches the first that was made at all speaks.
void IterationRunner::tell_of_none() {
  const auto made =
      std::find_if(candidates_.begin(), candidates_.end(),
                   [](const Candidate& candidate) { return candidate.failure.empty(); });
  row_.decision = Decision::no_patch;
  if (made == candidates_.end()) {
    row_.reason = !candidates_.empty() ? candidates_.front().failure
                  : !evidence_.empty() ? "no diagnosis could be had"
                  : row_.train_n == 0  ? "no rollout of this batch could be graded"
                                       : "nothing in this batch asks for a change";
    return;
  }
  told_ = static_cast<std::size_t>(made - candidates_.begin());
  row_.summary = made->patch.summary;
  if (made->blocking.empty()) {
    row_.reason = "the patch changes nothing";
    return;
  }
  const auto& finding = made->blocking.front();
  const bool taken_back = made->package == current_;
  if (!taken_back) row_.decision = Decision::rejected;
  row_.reason =
      fmt::format("{} {}: {}", taken_back ? "the patch was taken back, since it broke" : "breaks",
                  finding.rule, finding.message);
}

Result<> IterationRunner::decide() {
  const auto tried = candidates_to_try();
  if (tried.empty())
    tell_of_none();
  else if (settings_.staged)
    SKILLGRAD_CHECK(decide_by_trial(tried));
  else
    SKILLGRAD_CHECK(decide_by_gate());
  const std::string dir = candidate_dir(told_ + 1);
  if (!candidates_.empty() && dir != name_) return copy_candidate(parts_, dir, name_);
  return {};
}

/// Nothing of it is kept but its rollouts: a resumed run comes to the same.
Result<> IterationRunner::decide_by_trial(const std::vector<std::size_t>& tried) {
  TrialPlan plan;
  plan.iteration = t_;
  plan.current = &current_;
  for (const std::size_t i : tried) plan.candidates.push_back(&candidates_[i].package);
  plan.source_tasks = batch_;
  plan.lineage = lineage_;
  SKILLGRAD_TRY(const auto result, try_candidates(loop_, plan));
  told_ = tried.at(result.told);
  row_.summary = told().patch.summary;
  row_.gate = result.decision;
  row_.decision = result.decision.decision;
  row_.reason = result.decision.reason;
  Json json = to_json(result.decision);
  json["candidate"] = told_ + 1;
  json["candidates"] = candidates_.size();
  json["screen"] = result.screen;
  SKILLGRAD_CHECK(parts_.store->event("gate", dump_json({{"iteration", t_}, {"gate", json}})));
  return parts_.store->write(file("gate.json"), dump_json(json, 1) + "\n");
}

Result<> IterationRunner::decide_by_gate() {
  row_.summary = told().patch.summary;
  SKILLGRAD_TRY(auto decision, restore_gate());
  if (!decision) {
    SKILLGRAD_TRY(decision, run_gate());
    SKILLGRAD_CHECK(save_gate(*decision));
    SKILLGRAD_TRY(decision, restore_gate());
  }
  row_.gate = decision;
  row_.decision = decision->decision;
  row_.reason = decision->reason;
  return {};
}

Result<> IterationRunner::save_gate(const GateDecision& decision) {
  Json json = to_json(decision);
  json["scores"] = {{"before", scores_json(state_.current_scores)},
                    {"after", scores_json(candidate_scores_)}};
  return parts_.store->write(file("gate.json"), dump_json(json, 1) + "\n");
}

/// What was decided stays decided, whatever a program in the place of the gate would say now.
Result<std::optional<GateDecision>> IterationRunner::restore_gate() {
  SKILLGRAD_TRY(const auto saved, parts_.store->read(file("gate.json")));
  if (!saved) return std::nullopt;
  auto decision = read_gate(*saved);
  if (!decision) return tl::unexpected(damaged_file(std::move(decision).error(), "gate.json"));
  return decision;
}

Result<std::optional<GateDecision>> IterationRunner::read_gate(const std::string& text) {
  SKILLGRAD_TRY(auto json, parse_json(text, "gate.json"));
  const Json scores = json.is_object() ? json.value("scores", Json()) : Json();
  if (json.is_object()) json.erase("scores");
  SKILLGRAD_TRY(auto decision, gate_from_json(json));
  // Without the scores (an earlier version wrote it) the next gate would have nothing to compare.
  if (!scores.is_object()) return std::nullopt;
  state_.current_scores = scores_from_json(scores.value("before", Json::object()));
  candidate_scores_ = scores_from_json(scores.value("after", Json::object()));
  return std::optional<GateDecision>(std::move(decision));
}

/// Scores a package on those of the tasks that have no score of it yet.
Result<> IterationRunner::score_missing(const skill::SkillPackage& package,
                                        const std::vector<std::string>& tasks,
                                        const std::string& folder,
                                        std::map<std::string, double>& scores) {
  RolloutRunner::Batch batch;
  for (const auto& id : tasks)
    if (!scores.contains(id)) batch.task_ids.push_back(id);
  if (batch.task_ids.empty()) return {};
  batch.skill = &package;
  batch.samples = settings_.rollouts;
  batch.dir = file(folder);
  batch.label = fmt::format("iteration {}: gate", t_);
  if (folder.ends_with(kAgain)) batch.again.tries = 1;
  StageContext scoring = context();
  scoring.objective = package_facts(loop_, package);
  SKILLGRAD_TRY(const auto records, loop_.runner->run(batch, scoring));
  for (const auto& [id, score] : task_scores(records)) scores[id] = score;
  return {};
}

GateInput IterationRunner::gate_input() const {
  GateInput out;
  out.planned = loop_.gate_tasks.size();
  for (const auto& id : loop_.gate_tasks) {
    const auto before = state_.current_scores.find(id);
    const auto after = candidate_scores_.find(id);
    const bool graded = before != state_.current_scores.end() && after != candidate_scores_.end();
    out.samples.push_back({id, graded ? before->second : 0, graded ? after->second : 0, graded});
  }
  return out;
}

Result<GateDecision> IterationRunner::run_gate() {
  if (!parts_.gate->needs_scores()) return parts_.gate->decide({}, context());
  // An undecided candidate is tried once more, on the tasks without a score, before it is dropped.
  for (const std::string again : {"", kAgain}) {
    SKILLGRAD_CHECK(
        score_missing(told().package, loop_.gate_tasks, "gate" + again, candidate_scores_));
    // A task that could not be graded under the current skill gets another chance, or the
    // comparison would shrink from gate to gate.
    std::vector<std::string> graded;
    for (const auto& [id, score] : candidate_scores_) graded.push_back(id);
    SKILLGRAD_CHECK(score_missing(current_, graded, "gate_current" + again, state_.current_scores));
    SKILLGRAD_TRY(auto decision, parts_.gate->decide(gate_input(), context()));
    if (decision.decision != Decision::undecided || !again.empty()) return decision;
    parts_.observer->notice(fmt::format("iteration {}: {}; trying once more", t_, decision.reason));
  }
  return fail(ErrorCode::internal, "the gate came to no decision", name_);
}

void IterationRunner::measure() {
  const auto sizes = current_.sizes();
  row_.l1 = sizes.l1.tokens;
  row_.l2 = sizes.l2.tokens;
  row_.l3 = sizes.l3.tokens;
}

/// Against the best package so far, on the tasks that were graded for both.
bool IterationRunner::beats_best() const {
  double best = 0, now = 0;
  std::size_t common = 0;
  for (const auto& [id, score] : state_.best_scores) {
    const auto found = candidate_scores_.find(id);
    if (found == candidate_scores_.end()) continue;
    best += score;
    now += found->second;
    ++common;
  }
  if (common > 0) return now > best;
  return !state_.best_score || row_.gate->after > *state_.best_score;
}

void IterationRunner::accept() {
  const bool only_added = skill::changed_lines(current_, told().package).removed == 0;
  state_.additions_in_a_row = only_added ? state_.additions_in_a_row + 1 : 0;
  current_ = told().package;
  state_.current_iteration = t_;
  if (settings_.staged) {
    // The last one that was kept is the favourite until the run's end.
    state_.gates_without_gain = 0;
    state_.best_iteration = t_;
    state_.best_score = row_.gate->after;
    return;
  }
  state_.current_scores = candidate_scores_;
  const bool scored = row_.gate && row_.gate->n > 0;
  const bool better = !scored || beats_best();
  state_.gates_without_gain = better ? 0 : state_.gates_without_gain + 1;
  if (!better && settings_.keep_best) return;
  state_.best_iteration = t_;
  if (!scored) return;
  state_.best_score = row_.gate->after;
  state_.best_scores = candidate_scores_;
}

Result<> IterationRunner::settle() {
  const bool all_graded = row_.train_n > 0 && row_.train_n == losses_.size();
  const bool all_correct = all_graded && row_.train_score >= 1;
  state_.all_correct_streak = all_correct ? state_.all_correct_streak + 1 : 0;
  if (row_.decision == Decision::accepted) accept();
  if (row_.decision == Decision::rejected) {
    ++state_.gates_without_gain;
    state_.rejected.push_back(
        {t_, row_.summary, truncate_middle(skill::unified_diff(current_, told().package), 4'000),
         row_.reason});
  }
  measure();
  state_.iteration = t_;
  state_.rows.push_back(row_);
  return {};
}

}  // namespace skillgrad::optim
