// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "optim/loop/iteration.hpp"
#include "optim/loop/trial.hpp"
#include "optim/several/skill_effects.hpp"

namespace skillgrad::optim {
namespace {

/// End of the folders of a gate that is tried once more.
constexpr const char* kAgain = "_again";
constexpr const char* kGateFile = "gate.json";

}  // namespace

/// Patches that change something and break no rule, each package once.
std::vector<std::size_t> IterationRunner::candidates_to_try() const {
  std::vector<std::size_t> out;
  std::set<std::string> seen = {step_.current.hash()};
  for (std::size_t i = 0; i < step_.candidates.size(); ++i) {
    const Candidate& candidate = step_.candidates[i];
    if (!candidate.failure.empty() || !candidate.blocking.empty()) continue;
    if (seen.insert(candidate.package.hash()).second) out.push_back(i);
  }
  return out;
}

/// Why there is nothing to try; of several patches the first that was made at all speaks.
void IterationRunner::tell_of_none() {
  const auto made =
      std::find_if(step_.candidates.begin(), step_.candidates.end(),
                   [](const Candidate& candidate) { return candidate.failure.empty(); });
  step_.row.decision = Decision::no_patch;
  if (made == step_.candidates.end()) {
    step_.row.reason = !step_.candidates.empty() ? step_.candidates.front().failure
                       : !step_.evidence.empty() ? "no diagnosis could be had"
                       : step_.row.train_n == 0  ? "no rollout of this batch could be graded"
                                                 : "nothing in this batch asks for a change";
    return;
  }
  step_.told = static_cast<std::size_t>(made - step_.candidates.begin());
  step_.row.summary = made->patch.summary;
  if (made->blocking.empty()) {
    step_.row.reason = "the patch changes nothing";
    return;
  }
  const auto& finding = made->blocking.front();
  const bool taken_back = made->package == step_.current;
  if (!taken_back) step_.row.decision = Decision::rejected;
  step_.row.reason =
      fmt::format("{} {}: {}", taken_back ? "the patch was taken back, since it broke" : "breaks",
                  finding.rule, finding.message);
}

Result<> IterationRunner::decide() {
  auto tried = candidates_to_try();
  const bool any = !tried.empty();
  if (any && method_.must_beat_batch()) SKILLGRAD_CHECK(try_on_batch(tried));
  if (!any)
    tell_of_none();
  else if (!tried.empty() && settings_.staged)
    SKILLGRAD_CHECK(decide_by_trial(tried));
  else if (!tried.empty())
    SKILLGRAD_CHECK(decide_by_gate());
  if (step_.candidates.empty() || step_.told_candidate().dir == step_.name) return {};
  return copy_candidate(parts_, step_.told_candidate().dir, step_.name);
}

/// Takes out of `tried` what does not score more than the current package on the batch that it was
/// made from, and tells why. The screen would ask for the same rollouts, so they cost nothing more.
Result<> IterationRunner::try_on_batch(std::vector<std::size_t>& tried) {
  struct Asked {
    std::vector<decisions::Need> needs;
    [[nodiscard]] bool done() const { return needs.empty(); }
  };
  Bookkeeper& book = *loop_.book;
  const auto before = task_scores(step_.losses);
  const BookPlace place{step_.file("screen"), fmt::format("iteration {}: batch", step_.iteration),
                        step_.iteration};
  std::vector<std::size_t> better;
  for (const std::size_t i : tried) {
    const std::string hash = book.know(step_.candidates[i].package);
    SKILLGRAD_TRY(const auto done, book.drive(place, [&] {
      Asked out;
      for (const auto& task : step_.batch)
        book.book().top_up(hash, task, static_cast<std::size_t>(settings_.rollouts), out.needs);
      return out;
    }));
    static_cast<void>(done);
    double now = 0, then = 0;
    std::size_t graded = 0;
    for (const auto& task : step_.batch) {
      const auto value = book.book().value(hash, task);
      const auto found = before.find(task);
      if (value.graded == 0 || found == before.end()) continue;
      now += value.mean;
      then += found->second;
      ++graded;
    }
    if (now > then) {
      better.push_back(i);
      continue;
    }
    step_.told = i;
    step_.row.summary = step_.candidates[i].patch.summary;
    step_.row.decision = Decision::rejected;
    step_.row.reason = fmt::format("batch: {} of {} graded tasks right with the patch, {} without",
                                   format_double(now), graded, format_double(then));
  }
  tried = std::move(better);
  return {};
}

/// Nothing of it is kept but its rollouts: a resumed run comes to the same.
Result<> IterationRunner::decide_by_trial(const std::vector<std::size_t>& tried) {
  TrialPlan plan;
  plan.iteration = step_.iteration;
  plan.current = &step_.current;
  for (const std::size_t i : tried) plan.candidates.push_back(&step_.candidates[i].package);
  plan.source_tasks = step_.probe;
  plan.lineage = step_.lineage;
  SKILLGRAD_TRY(auto result, try_candidates(loop_, plan));
  step_.told = tried.at(result.told);
  SKILLGRAD_CHECK(look_at_each_skill(result.decision));
  step_.row.summary = step_.told_candidate().patch.summary;
  step_.row.gate = result.decision;
  step_.row.decision = result.decision.decision;
  step_.row.reason = result.decision.reason;
  Json json = to_json(result.decision);
  json["candidate"] = step_.told + 1;
  json["candidates"] = step_.candidates.size();
  json["screen"] = result.screen;
  SKILLGRAD_CHECK(
      parts_.store->event("gate", dump_json({{"iteration", step_.iteration}, {"gate", json}})));
  return parts_.store->write(step_.file("gate.json"), dump_json(json, 1) + "\n");
}

Result<> IterationRunner::decide_by_gate() {
  step_.row.summary = step_.told_candidate().patch.summary;
  SKILLGRAD_TRY(auto decision, restore_gate(kGateFile));
  if (!decision) {
    SKILLGRAD_TRY(decision, run_gate("gate"));
    std::vector<decisions::TaskPair> pairs;
    for (const GateSample& sample : gate_input().samples)
      if (sample.graded)
        pairs.push_back({sample.task_id, false, {sample.before, 1, 0}, {sample.after, 1, 0}});
    protect_skills(pairs, *decision);
    SKILLGRAD_CHECK(save_gate(*decision, kGateFile));
    SKILLGRAD_TRY(decision, restore_gate(kGateFile));
  }
  step_.row.gate = decision;
  step_.row.decision = decision->decision;
  step_.row.reason = decision->reason;
  return {};
}

Result<> IterationRunner::save_gate(const GateDecision& decision, const char* file) {
  Json json = to_json(decision);
  json["scores"] = {{"before", scores_json(step_.state.current_scores)},
                    {"after", scores_json(candidate_scores_)}};
  return parts_.store->write(step_.file(file), dump_json(json, 1) + "\n");
}

/// What was decided stays decided, whatever a program in the place of the gate would say now.
Result<std::optional<GateDecision>> IterationRunner::restore_gate(const char* file) {
  SKILLGRAD_TRY(const auto saved, parts_.store->read(step_.file(file)));
  if (!saved) return std::nullopt;
  auto decision = read_gate(*saved);
  if (!decision) return tl::unexpected(step_.damaged_file(std::move(decision).error(), file));
  return decision;
}

Result<std::optional<GateDecision>> IterationRunner::read_gate(const std::string& text) {
  SKILLGRAD_TRY(auto json, parse_json(text, "gate.json"));
  const Json scores = json.is_object() ? json.value("scores", Json()) : Json();
  if (json.is_object()) json.erase("scores");
  SKILLGRAD_TRY(auto decision, gate_from_json(json));
  // Without the scores (an earlier version wrote it) the next gate would have nothing to compare.
  if (!scores.is_object()) return std::nullopt;
  step_.state.current_scores = scores_from_json(scores.value("before", Json::object()));
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
  batch.dir = step_.file(folder);
  batch.label = fmt::format("iteration {}: gate", step_.iteration);
  if (folder.ends_with(kAgain)) batch.again.tries = 1;
  StageContext scoring = step_.context();
  scoring.objective = package_facts(loop_, package);
  SKILLGRAD_TRY(const auto records, loop_.runner->run(batch, scoring));
  for (const auto& [id, score] : task_scores(records)) scores[id] = score;
  return {};
}

/// A gate that is sure of the whole before all is run may not have seen the tasks of one of several
/// skills.
Result<> IterationRunner::look_at_each_skill(GateDecision& decision) {
  if (!loop_.own) return {};
  struct Asked {
    std::vector<decisions::Need> needs;
    [[nodiscard]] bool done() const { return needs.empty(); }
  };
  Bookkeeper& book = *loop_.book;
  const std::string before = book.know(step_.current);
  const std::string after = book.know(step_.told_candidate().package);
  if (decision.decision == Decision::accepted) {
    const BookPlace place{step_.file("gate"), fmt::format("iteration {}: gate", step_.iteration),
                          step_.iteration};
    SKILLGRAD_TRY([[maybe_unused]] const auto done, book.drive(place, [&] {
      Asked out;
      for (const std::string& task : parts_.splits.val)
        for (const std::string& package : {before, after})
          book.book().top_up(package, task, 1, out.needs);
      return out;
    }));
  }
  std::vector<decisions::TaskPair> pairs;
  for (const std::string& task : parts_.splits.val)
    pairs.push_back({task, false, book.book().value(before, task), book.book().value(after, task)});
  protect_skills(pairs, decision);
  return {};
}

/// What helps the whole may harm one of several skills on its own tasks.
void IterationRunner::protect_skills(const std::vector<decisions::TaskPair>& pairs,
                                     GateDecision& decision) const {
  if (loop_.own) protect_each_skill(skill_effects(*loop_.own, pairs, loop_.model), decision);
}

GateInput IterationRunner::gate_input() const {
  GateInput out;
  out.planned = loop_.gate_tasks.size();
  for (const auto& id : loop_.gate_tasks) {
    const auto before = step_.state.current_scores.find(id);
    const auto after = candidate_scores_.find(id);
    const bool graded =
        before != step_.state.current_scores.end() && after != candidate_scores_.end();
    out.samples.push_back({id, graded ? before->second : 0, graded ? after->second : 0, graded});
  }
  return out;
}

/// `folder` of the candidate's rollouts.
Result<GateDecision> IterationRunner::run_gate(const std::string& folder) {
  if (!parts_.gate->needs_scores()) return parts_.gate->decide({}, step_.context());
  // An undecided candidate is tried once more, on the tasks without a score, before it is dropped.
  for (const std::string again : {"", kAgain}) {
    SKILLGRAD_CHECK(score_missing(step_.told_candidate().package, loop_.gate_tasks, folder + again,
                                  candidate_scores_));
    // A task that could not be graded under the current skill gets another chance, or the
    // comparison would shrink from gate to gate.
    std::vector<std::string> graded;
    for (const auto& [id, score] : candidate_scores_) graded.push_back(id);
    SKILLGRAD_CHECK(
        score_missing(step_.current, graded, "gate_current" + again, step_.state.current_scores));
    SKILLGRAD_TRY(auto decision, parts_.gate->decide(gate_input(), step_.context()));
    if (decision.decision != Decision::undecided || !again.empty()) return decision;
    parts_.observer->notice(
        fmt::format("iteration {}: {}; trying once more", step_.iteration, decision.reason));
  }
  return fail(ErrorCode::internal, "the gate came to no decision", step_.name);
}

void IterationRunner::measure() {
  const auto sizes = step_.current.sizes();
  step_.row.l1 = sizes.l1.tokens;
  step_.row.l2 = sizes.l2.tokens;
  step_.row.l3 = sizes.l3.tokens;
}

/// Against the best package so far, on the tasks that were graded for both.
bool IterationRunner::beats_best() const {
  double best = 0, now = 0;
  std::size_t common = 0;
  for (const auto& [id, score] : step_.state.best_scores) {
    const auto found = candidate_scores_.find(id);
    if (found == candidate_scores_.end()) continue;
    best += score;
    now += found->second;
    ++common;
  }
  if (common > 0) return now > best;
  return !step_.state.best_score || step_.row.gate->after > *step_.state.best_score;
}

void IterationRunner::accept() {
  const bool only_added =
      skill::changed_lines(step_.current, step_.told_candidate().package).removed == 0;
  step_.state.additions_in_a_row = only_added ? step_.state.additions_in_a_row + 1 : 0;
  step_.current = step_.told_candidate().package;
  step_.state.current_iteration = step_.iteration;
  if (settings_.staged) {
    // The last one that was kept is the favourite until the run's end.
    step_.state.gates_without_gain = 0;
    step_.state.best_iteration = step_.iteration;
    step_.state.best_score = step_.row.gate->after;
    return;
  }
  step_.state.current_scores = candidate_scores_;
  const bool scored = step_.row.gate && step_.row.gate->n > 0;
  const bool better = !scored || beats_best();
  step_.state.gates_without_gain = better ? 0 : step_.state.gates_without_gain + 1;
  if (!better && settings_.keep_best) return;
  step_.state.best_iteration = step_.iteration;
  if (!scored) return;
  step_.state.best_score = step_.row.gate->after;
  step_.state.best_scores = candidate_scores_;
}

Result<> IterationRunner::settle() {
  const bool all_graded = step_.row.train_n > 0 && step_.row.train_n == step_.losses.size();
  const bool all_correct = all_graded && step_.row.train_score >= 1;
  step_.state.all_correct_streak = all_correct ? step_.state.all_correct_streak + 1 : 0;
  if (step_.row.decision == Decision::accepted) accept();
  if (step_.row.decision == Decision::rejected) {
    ++step_.state.gates_without_gain;
    step_.state.rejected.push_back(
        {step_.iteration, step_.row.summary,
         truncate_middle(skill::unified_diff(step_.current, step_.told_candidate().package), 4'000),
         step_.row.reason});
  }
  measure();
  step_.state.iteration = step_.iteration;
  step_.state.rows.push_back(step_.row);
  return {};
}

}  // namespace skillgrad::optim
