// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <skillgrad/core/random.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/skill/install.hpp>

#include "optim/loop/iteration.hpp"

namespace skillgrad::optim {
namespace {

/// After the base run: a larger share of errors means that the measurement is broken.
constexpr double kMaxBaseErrors = 0.2;

/// False where the traces show that no rollout left anything to grade.
bool any_answer(const EvalSummary& scored) {
  return std::any_of(scored.records.begin(), scored.records.end(), [](const LossRecord& record) {
    return record.graded() && (!record.signs || record.signs->answered || record.score > 0);
  });
}

class Loop {
 public:
  Loop(const OptimizeSettings& settings, const OptimizeParts& parts, const llm::CallContext& call)
      : settings_(settings),
        parts_(parts),
        runner_({parts.benchmark, parts.executor, parts.loss, parts.store, parts.observer,
                 parts.limits, parts.jobs, parts.accountant}),
        plan_(settings, parts.splits, parts.gate->needs_scores(), parts.momentum != nullptr) {
    loop_.settings = &settings_;
    loop_.parts = &parts_;
    loop_.runner = &runner_;
    loop_.call = call;
    loop_.expected = std::make_shared<ExpectedTexts>(*parts.benchmark, parts.splits.train);
  }

  Result<OptimizeResult> run();

 private:
  Result<> run_all();
  Result<> base_run(const PlanStep& step);
  /// A measurement that is no ground to go on from, in a folder of the run.
  struct Refusal {
    std::string what, dir, mend;
  };
  [[nodiscard]] Result<> refuse(Refusal refusal);
  [[nodiscard]] Result<> check_errors(const EvalSummary& scored, const std::string& what,
                                      const std::string& dir);
  [[nodiscard]] Result<> check_base();
  Result<> validation_baseline(const PlanStep& step);
  Result<> execute(const PlanStep& step);
  Result<> plan();
  Result<> iterate();
  [[nodiscard]] std::string stop_reason() const;
  Result<> publish_best();
  Result<> keep_edited_best();
  Result<> score_test(const PlanStep& step);
  Result<EvalSummary> evaluate(const skill::SkillPackage& skill,
                               const std::vector<std::string>& ids, const std::string& dir,
                               const std::string& label);
  const OptimizeSettings& settings_;
  const OptimizeParts& parts_;
  RolloutRunner runner_;
  RunPlan plan_;
  LoopContext loop_;
  RunState state_;
  std::vector<std::vector<std::string>> batches_;
  bool cut_short_ = false;  ///< by --max-iters
  OptimizeResult result_;
};

Result<OptimizeResult> Loop::run() {
  const auto started = parts_.clock->now();
  const auto earlier = finished_before(*parts_.store);
  const auto attempts = parts_.accountant->totals().attempts;
  auto done = run_all();
  if (!done) {
    Error error = end_of_run(std::move(done).error(), {loop_.call, parts_.clock->now(),
                                                       parts_.accountant->totals().last_failure});
    if (!can_resume(error.code) && !result_.refused) return tl::unexpected(std::move(error));
    result_.stop_reason = error.message;
    result_.error = std::move(error);
  }
  result_.facts = parts_.facts;
  if (parts_.closing_facts) result_.facts.update(parts_.closing_facts());
  result_.iterations = state_.rows;
  result_.best_iteration = state_.best_iteration;
  result_.best_score = state_.best_score;
  result_.best_path = parts_.store->path("best").string();
  result_.totals = parts_.accountant->totals();
  result_.seconds = std::chrono::duration<double>(parts_.clock->now() - started).count();
  result_.idle =
      earlier && !result_.error && runner_.fresh() == 0 && result_.totals.attempts == attempts;
  result_.finished_at = result_.idle ? *earlier : format_utc(parts_.clock->wall_now());
  SKILLGRAD_TRY(result_.parts, cost_parts(*parts_.store));
  SKILLGRAD_CHECK(parts_.store->write(
      "run.json", dump_json(to_json(result_, parts_.store->dir().string()), 1) + "\n"));
  SKILLGRAD_CHECK(parts_.store->event("result", dump_json(result_event(result_))));
  return std::move(result_);
}

/// docs/algorithm.md section 2, in its order.
Result<> Loop::run_all() {
  SKILLGRAD_TRY(auto saved, load_state(*parts_.store));
  if (saved) state_ = std::move(*saved);
  SKILLGRAD_CHECK(publish_best());
  for (const PlanStep& step : plan_.steps()) SKILLGRAD_CHECK(execute(step));
  result_.stop_reason = state_.stop_reason;
  return {};
}

Result<> Loop::execute(const PlanStep& step) {
  switch (step.kind) {
    case PlanStep::Kind::base:
      SKILLGRAD_CHECK(base_run(step));
      return check_base();
    case PlanStep::Kind::validation:
      return validation_baseline(step);
    case PlanStep::Kind::iterations:
      SKILLGRAD_CHECK(plan());
      return iterate();
    case PlanStep::Kind::test:
      return score_test(step);
  }
  return {};
}

Result<EvalSummary> Loop::evaluate(const skill::SkillPackage& skill,
                                   const std::vector<std::string>& ids, const std::string& dir,
                                   const std::string& label) {
  RolloutRunner::Batch batch;
  batch.skill = &skill;
  batch.task_ids = ids;
  batch.samples = settings_.rollouts;
  batch.dir = dir;
  batch.label = label;
  StageContext scoring = stage_context(loop_, dir, 0);
  scoring.objective = package_facts(loop_, skill);
  SKILLGRAD_TRY(auto records, runner_.run(batch, scoring));
  return summarize(std::move(records), settings_.rollouts, parts_.benchmark);
}

Result<> Loop::base_run(const PlanStep& step) {
  SKILLGRAD_TRY(result_.base_train, evaluate(parts_.initial, step.tasks, "base", "base run"));
  loop_.base = result_.base_train->records;
  double cost = 0, seconds = 0;
  for (const auto& record : loop_.base) {
    cost += record.cost_usd.value_or(0);
    seconds += record.seconds;
  }
  const double n = std::max<double>(1, static_cast<double>(loop_.base.size()));
  loop_.baseline.cost0 = cost / n;
  loop_.baseline.time0 = seconds / n;
  return parts_.store->event("base_run", dump_json({{"score", score_json(*result_.base_train)},
                                                    {"graded", result_.base_train->graded},
                                                    {"planned", result_.base_train->planned}}));
}

Result<> Loop::refuse(Refusal refusal) {
  if (!settings_.force) {
    result_.refused = true;
    return fail(ErrorCode::input, std::move(refusal.what),
                parts_.store->path(refusal.dir + "/rollouts").string(), std::move(refusal.mend));
  }
  parts_.observer->notice(refusal.what + " (going on because of --force)");
  return {};
}

Result<> Loop::check_errors(const EvalSummary& scored, const std::string& what,
                            const std::string& dir) {
  if (scored.error_rate() <= kMaxBaseErrors) return {};
  return refuse({fmt::format("{} of {} {} rollouts ended as errors, at most 20 % may",
                             scored.errors(), scored.planned, what),
                 dir,
                 "mend what the errors name (`skillgrad doctor` looks at the endpoint and this "
                 "machine) and resume, or go on with --force"});
}

/// What a first measurement must show before more is spent.
Result<> Loop::check_base() {
  const EvalSummary& base = *result_.base_train;
  SKILLGRAD_CHECK(check_errors(base, "base", "base"));
  if (base.graded > 0 && !any_answer(base))
    return refuse(
        {"no rollout of the base run left an answer that can be graded, so there is "
         "nothing to learn from",
         "base",
         "look at a trajectory.jsonl there: does the agent call tools, and does the "
         "task say which file to write? --force goes on"});
  // A skill for rules that no model can know begins at 0, and has the most to learn.
  if (base.graded > 1 && base.score <= 0)
    parts_.observer->notice(
        "every task of the base run scored 0; that is fine where the skill is to teach what no "
        "model can know, and a sign of a wrong measurement elsewhere");
  if (base.graded > 0 && base.score >= 1)
    return refuse({"every task of the base run is right already, so there is nothing to learn from",
                   "base",
                   "give harder tasks, or score the test split alone with `skillgrad eval SKILL`; "
                   "--force goes on to it"});
  return {};
}

Result<> Loop::validation_baseline(const PlanStep& step) {
  loop_.gate_tasks = step.tasks;
  SKILLGRAD_TRY(result_.base_val, evaluate(parts_.initial, step.tasks, "base_val",
                                           "validation of the initial skill"));
  SKILLGRAD_CHECK(check_errors(*result_.base_val, "validation", "base_val"));
  std::vector<std::string> passed;
  const auto base_scores = task_scores(loop_.base);
  for (const auto& id : parts_.splits.train)
    if (const auto found = base_scores.find(id); found != base_scores.end() && found->second >= 1)
      passed.push_back(id);
  PyRandom(settings_.schedule.seed).shuffle(passed);
  passed.resize(std::min(passed.size(), settings_.guard));
  loop_.gate_tasks.insert(loop_.gate_tasks.end(), passed.begin(), passed.end());
  if (state_.iteration > 0) return {};
  state_.current_scores = task_scores(result_.base_val->records);
  double sum = 0;
  for (const auto& id : passed) state_.current_scores[id] = base_scores.at(id);
  for (const auto& [id, score] : state_.current_scores) sum += score;
  if (!state_.current_scores.empty())
    state_.best_score = sum / static_cast<double>(state_.current_scores.size());
  state_.best_scores = state_.current_scores;
  return {};
}

Result<> Loop::plan() {
  const auto scores = task_scores(loop_.base);
  std::vector<std::string> failures;
  for (const auto& id : parts_.splits.train)
    if (const auto found = scores.find(id); found != scores.end() && found->second < 1)
      failures.push_back(id);
  auto drawn = plan_.batches(failures);
  batches_ = std::move(drawn.items);
  cut_short_ = drawn.cut_short;
  Json hashes = Json::object();
  for (const auto* ids : {&parts_.splits.train, &parts_.splits.val, &parts_.splits.test})
    for (const auto& id : *ids) hashes[id] = parts_.benchmark->find(id)->hash;
  const Json plan = {{"schema", "skillgrad.plan/1"},
                     {"splits",
                      {{"train", parts_.splits.train},
                       {"val", parts_.splits.val},
                       {"test", parts_.splits.test},
                       {"origin", parts_.splits.origin}}},
                     {"failure_pool", failures},
                     {"batches", batches_},
                     {"gate_tasks", loop_.gate_tasks},
                     {"skill", parts_.initial.hash()},
                     {"tasks", hashes}};
  return parts_.store->write("plan.json", dump_json(plan, 1) + "\n");
}

std::string Loop::stop_reason() const {
  if (batches_.empty()) return "no task of the train split failed: nothing to learn";
  if (state_.iteration >= static_cast<int>(batches_.size()))
    return cut_short_ ? fmt::format("{} iterations done, --max-iters allows {}", state_.iteration,
                                    batches_.size())
                      : "all batches used";
  if (settings_.all_correct_streak > 0 && state_.all_correct_streak >= settings_.all_correct_streak)
    return fmt::format("{} all-correct batches in a row", state_.all_correct_streak);
  if (settings_.target_score > 0 && state_.best_score &&
      *state_.best_score >= settings_.target_score)
    return fmt::format("target score {} reached", format_double(settings_.target_score));
  if (settings_.patience > 0 && state_.gates_without_gain >= settings_.patience)
    return fmt::format("no improvement in {} gates", state_.gates_without_gain);
  std::error_code ignored;
  if (fs::exists(parts_.store->path("STOP"), ignored)) return "stop file found";
  return {};
}

Result<> Loop::iterate() {
  parts_.observer->planned(batches_.size());
  for (const auto& row : state_.rows) parts_.observer->iteration(row);
  while (true) {
    if (auto reason = stop_reason(); !reason.empty()) {
      state_.stop_reason = std::move(reason);
      return save_state(*parts_.store, state_);
    }
    const int t = state_.iteration + 1;
    IterationRunner iteration(loop_, t, batches_[static_cast<std::size_t>(t - 1)], state_);
    SKILLGRAD_TRY(const auto row, iteration.run());
    SKILLGRAD_CHECK(publish_best());
    SKILLGRAD_CHECK(save_state(*parts_.store, state_));
    SKILLGRAD_CHECK(parts_.store->event("iteration", dump_json(to_json(row))));
    parts_.observer->iteration(row);
  }
}

/// RUN/best always holds the best package so far, whatever ends the run.
Result<> Loop::publish_best() {
  SKILLGRAD_TRY(const auto package, load_candidate(parts_, state_.best_iteration));
  const fs::path best = parts_.store->path("best");
  std::error_code ignored;
  if (fs::exists(best / "SKILL.md", ignored)) {
    const auto present = skill::SkillPackage::load(best);
    if (present && present->hash() == package.hash()) return {};
  }
  SKILLGRAD_CHECK(keep_edited_best());
  const fs::path fresh = parts_.store->path("best.new"), old = parts_.store->path("best.old");
  SKILLGRAD_CHECK(remove_tree(fresh));
  SKILLGRAD_CHECK(remove_tree(old));
  SKILLGRAD_CHECK(package.save(fresh));
  SKILLGRAD_CHECK(swap_directory(fresh, best, old));
  return remove_tree(old);
}

/// What somebody wrote into RUN/best is not this run's to overwrite: it is put aside.
Result<> Loop::keep_edited_best() {
  const fs::path best = parts_.store->path("best");
  std::error_code failed;
  if (!fs::exists(best, failed)) return {};
  if (const auto present = skill::SkillPackage::load(best)) {
    for (int t = 0; t <= state_.iteration; ++t) {
      const auto own = load_candidate(parts_, t);
      if (own && skill::changed_files(*own, *present).empty()) return {};
    }
  }
  fs::path aside = parts_.store->path("best.edited");
  for (int n = 2; fs::exists(aside, failed); ++n)
    aside = parts_.store->path(fmt::format("best.edited-{}", n));
  fs::rename(best, aside, failed);
  if (failed) return tl::unexpected(errno_error(failed.value(), "cannot move", best.string()));
  parts_.observer->notice("best/ was changed by hand; it was moved to " + aside.string());
  return {};
}

Result<> Loop::score_test(const PlanStep& step) {
  TestScore test;
  SKILLGRAD_TRY(test.before,
                evaluate(parts_.initial, step.tasks, "test/initial", "test split, initial skill"));
  if (state_.best_iteration == 0) {
    test.after = test.before;
  } else {
    SKILLGRAD_TRY(const auto best, load_candidate(parts_, state_.best_iteration));
    // One folder for each package: a run that was resumed with more iterations has another best.
    SKILLGRAD_TRY(test.after,
                  evaluate(best, step.tasks, "test/" + iteration_name(state_.best_iteration),
                           "test split, best skill"));
  }
  test.paired = compare_tasks(step.tasks, test.before, test.after);
  result_.test = std::move(test);
  return {};
}

}  // namespace

Result<OptimizeResult> optimize(const OptimizeSettings& settings, const OptimizeParts& parts,
                                const llm::CallContext& call) {
  return Loop(settings, parts, call).run();
}

}  // namespace skillgrad::optim
