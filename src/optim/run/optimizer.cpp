// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <skillgrad/core/random.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/across/across_scores.hpp"
#include "optim/loop/calibration_run.hpp"
#include "optim/loop/iteration.hpp"
#include "optim/loop/reruns.hpp"
#include "optim/rollouts/rollout_budget.hpp"
#include "optim/rollouts/tripwires.hpp"
#include "optim/run/best_folder.hpp"
#include "optim/run/closing.hpp"
#include "optim/scoring/loss.hpp"
#include "optim/tradeoffs/denominators.hpp"
#include "optim/tradeoffs/pareto.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kBase = "base";

/// One run from its first rollout to its result. One method for each part of the schedule
/// (docs/algorithm.md), in the order in which they come; what they decide by are functions and
/// classes elsewhere.
class Loop {
 public:
  Loop(const OptimizeSettings& settings, const OptimizeParts& parts, const llm::CallContext& call,
       const Method& method)
      : settings_(settings),
        parts_(parts),
        method_(method),
        budget_(*parts.store),
        runner_({parts.benchmark, parts.executor, parts.loss, parts.store, parts.observer,
                 parts.limits, parts.jobs, parts.accountant, &budget_, parts.shared}),
        plan_(settings, parts.splits, settings.staged || parts.gate->needs_scores(),
              parts.momentum != nullptr),
        book_(loop_) {
    const LossWeights& weights = settings.weights;
    loop_.model =
        decisions::EffectModel({}, parts.across, weights.several() ? largest_step(weights) : 0);
    loop_.settings = &settings_;
    loop_.parts = &parts_;
    loop_.runner = &runner_;
    loop_.call = call;
    loop_.expected = std::make_shared<ExpectedTexts>(*parts.benchmark, parts.splits.train);
    loop_.foreign = std::make_shared<ForeignTexts>(*parts.store, *parts.benchmark, parts.initial,
                                                   parts.splits.train);
    if (skill::is_set(parts.initial))
      loop_.own = std::make_shared<OwnTasks>(parts.initial, *parts.benchmark);
    loop_.book = &book_;
    loop_.budget = &budget_;
    loop_.wait_longer = [this](Duration waited) {
      if (loop_.call.deadline) *loop_.call.deadline += waited;
    };
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
  [[nodiscard]] Result<> check(const EvalSummary& scored, const std::string& what,
                               const std::string& dir);
  Result<> validation_baseline(const PlanStep& step);
  Result<> calibrate();
  Result<> execute(const PlanStep& step);
  Result<> plan();
  Result<> restore_book();
  Result<> remember(const IterationRow& row);
  Result<> iterate();
  Result<IterationRow> iterate_once(int t);
  [[nodiscard]] bool fails(const std::string& task) const;
  Result<> rerun(const PlanStep& step);
  [[nodiscard]] std::string stop_reason() const;
  [[nodiscard]] bool proposes_only() const;
  Result<> close();
  Result<std::size_t> choose();
  Result<skill::SkillPackage> prune(std::size_t chosen);
  Result<skill::SkillPackage> best() const;
  Result<> publish_best();
  Result<> weigh_alternatives();
  void note_earlier_tests(const std::string& name) const;
  Result<> score_test(const PlanStep& step);
  Result<> test_again(const PlanStep& step);
  void set_test(ReleaseTest release, const PlanStep& step);
  void note_own_tasks(const EvalSummary& initial);
  void sum_up_skills();
  Result<EvalSummary> evaluate(const skill::SkillPackage& skill,
                               const std::vector<std::string>& ids, const std::string& dir,
                               const std::string& label);
  [[nodiscard]] EvalSummary sum_up(std::vector<LossRecord> records, int trials) const;
  const OptimizeSettings& settings_;
  const OptimizeParts& parts_;
  const Method& method_;
  RolloutBudget budget_;
  RolloutRunner runner_;
  RunPlan plan_;
  LoopContext loop_;
  Bookkeeper book_;
  RunState state_;
  std::vector<Checkpoint> checkpoints_;             ///< oldest first; the initial package is one
  std::vector<std::string> lineage_;                ///< their hashes, newest first
  std::vector<std::vector<std::string>> schedule_;  ///< all batches
  std::vector<std::vector<std::string>> batches_;   ///< those that --max-iters allows
  bool cut_short_ = false;                          ///< by --max-iters
  std::optional<std::size_t> probe_;                ///< tasks of a batch that the screen runs
  std::size_t passes_ = 0;                          ///< of a rerun
  std::string spent_;                               ///< what the rollout budget refused, in words
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
  result_.optimizer = settings_.optimizer;
  SKILLGRAD_CHECK(weigh_alternatives());
  if (parts_.across != nullptr) result_.across = across_result(result_, *parts_.across);
  result_.proposed = proposes_only();
  result_.rollouts = {budget_.used(), budget_.allowed()};
  result_.facts = parts_.facts;
  if (parts_.closing_facts) result_.facts.update(parts_.closing_facts());
  result_.iterations = state_.rows;
  result_.best_iteration = state_.chosen ? state_.chosen->iteration : state_.best_iteration;
  result_.best_score = state_.best_score;
  result_.best_path = parts_.store->path("best").string();
  sum_up_skills();
  SKILLGRAD_TRY(result_.totals, run_totals(*parts_.store));
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

/// Nothing that could be run says whether a patch helps.
bool Loop::proposes_only() const {
  return settings_.recorded && parts_.splits.val.empty() &&
         (parts_.splits.test.empty() || !settings_.score_test);
}

/// docs/algorithm.md section 2, in its order.
Result<> Loop::run_all() {
  SKILLGRAD_TRY(auto saved, load_state(*parts_.store));
  if (saved) state_ = std::move(*saved);
  // What their texts show of a conflict between skills has a name before any task fails by it.
  if (!saved && parts_.momentum != nullptr) state_.memory = memory_of_conflicts(parts_.initial);
  SKILLGRAD_CHECK(budget_.restore());
  if (settings_.max_rollouts > 0) budget_.allow(settings_.max_rollouts);
  SKILLGRAD_CHECK(publish_best());
  for (const PlanStep& step : plan_.steps()) SKILLGRAD_CHECK(execute(step));
  result_.stop_reason = state_.stop_reason;
  return {};
}

Result<> Loop::execute(const PlanStep& step) {
  switch (step.kind) {
    case PlanStep::Kind::base:
      SKILLGRAD_CHECK(base_run(step));
      // What recorded sessions have in common is no sign of a broken measurement here.
      if (settings_.recorded) return {};
      return check(*result_.base_train, "base run", "base");
    case PlanStep::Kind::validation:
      return validation_baseline(step);
    case PlanStep::Kind::iterations:
      SKILLGRAD_CHECK(plan());
      return iterate();
    case PlanStep::Kind::reruns:
      SKILLGRAD_CHECK(plan());
      return rerun(step);
    case PlanStep::Kind::closing:
      return close();
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
  batch.samples = dir == kBase ? samples_of_train(settings_) : settings_.rollouts;
  batch.dir = dir;
  batch.label = label;
  StageContext scoring = stage_context(loop_, dir, 0);
  scoring.objective = package_facts(loop_, skill);
  SKILLGRAD_TRY(auto records, runner_.run(batch, scoring));
  return sum_up(std::move(records), batch.samples);
}

EvalSummary Loop::sum_up(std::vector<LossRecord> records, int trials) const {
  auto out = summarize(std::move(records), trials, parts_.benchmark);
  count_tasks(out, parts_.across);
  return out;
}

Result<> Loop::base_run(const PlanStep& step) {
  SKILLGRAD_TRY(result_.base_train,
                evaluate(parts_.initial, step.tasks, kBase,
                         settings_.recorded ? "recorded sessions" : "base run"));
  loop_.base = result_.base_train->records;
  note_own_tasks(*result_.base_train);
  SKILLGRAD_CHECK(set_denominators(settings_.weights, loop_.base, loop_.baseline));
  // Until now the losses of the base run itself lacked what only it can be measured against.
  const ObjectiveFacts facts = package_facts(loop_, parts_.initial);
  for (LossRecord& record : loop_.base)
    if (record.graded() && settings_.weights.several())
      combine_loss(settings_.weights, facts, record);
  if (!settings_.recorded) book_.add(parts_.initial, loop_.base);
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

/// What a first measurement must show before more is spent.
Result<> Loop::check(const EvalSummary& scored, const std::string& what, const std::string& dir) {
  for (const Tripwire& wire : tripwires(scored, what)) {
    // A validation split that is right already leaves the base run to learn from.
    const bool refuses = wire.refuses && (dir == "base" || scored.score < 1);
    if (refuses)
      SKILLGRAD_CHECK(refuse({wire.what, dir, wire.mend + "; --force goes on"}));
    else
      parts_.observer->notice(wire.what + (wire.mend.empty() ? "" : "; " + wire.mend));
  }
  return {};
}

Result<> Loop::validation_baseline(const PlanStep& step) {
  loop_.gate_tasks = step.tasks;
  if (settings_.staged) return calibrate();
  SKILLGRAD_TRY(result_.base_val, evaluate(parts_.initial, step.tasks, "base_val",
                                           "validation of the initial skill"));
  note_own_tasks(*result_.base_val);
  SKILLGRAD_CHECK(check(*result_.base_val, "validation", "base_val"));
  std::vector<std::string> passed;
  const auto base_scores = task_scores(loop_.base);
  for (const auto& id : parts_.splits.train)
    if (const auto found = base_scores.find(id); found != base_scores.end() && found->second >= 1)
      passed.push_back(id);
  PyRandom(settings_.schedule.seed).shuffle(passed);
  passed.resize(std::min(passed.size(), settings_.recorded ? 0 : settings_.guard));
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

/// The validation split at least twice with the initial skill: how much of a difference is chance?
Result<> Loop::calibrate() {
  const auto plan = calibration_plan(settings_, parts_.splits, book_.know(parts_.initial));
  SKILLGRAD_TRY(result_.calibration, run_calibration(book_, plan));
  result_.base_val = sum_up(book_.records(plan.package, plan.tasks), static_cast<int>(plan.passes));
  note_own_tasks(*result_.base_val);
  SKILLGRAD_CHECK(parts_.store->event("calibration", dump_json(to_json(*result_.calibration))));
  SKILLGRAD_CHECK(check(*result_.base_val, "validation", "base_val"));
  if (state_.iteration == 0 && result_.base_val->graded > 0)
    state_.best_score = result_.base_val->score;
  return {};
}

Result<> Loop::plan() {
  const auto scores = task_scores(loop_.base);
  std::vector<std::string> failures;
  for (const auto& id : parts_.splits.train)
    if (const auto found = scores.find(id); found != scores.end() && found->second < 1)
      failures.push_back(id);
  auto drawn = plan_.batches(failures);
  schedule_ = std::move(drawn.all);
  batches_ = std::move(drawn.items);
  cut_short_ = drawn.cut_short;
  probe_ = drawn.probe;
  budget_.allow(plan_.allowed(failures));
  passes_ = plan_.passes(failures);
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
  if (!spent_.empty()) return spent_;
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

/// What earlier processes of this run came to know.
Result<> Loop::restore_book() {
  lineage_ = {book_.know(parts_.initial)};
  checkpoints_ = {{0, lineage_.front(), {}}};
  for (const IterationRow& row : state_.rows) {
    SKILLGRAD_CHECK(book_.restore(iteration_name(row.iteration) + "/" + kBookFile));
    if (row.decision == Decision::accepted) SKILLGRAD_CHECK(remember(row));
  }
  return {};
}

/// An accepted candidate is a checkpoint.
Result<> Loop::remember(const IterationRow& row) {
  const int iteration = row.iteration;
  SKILLGRAD_TRY(const auto package, load_candidate(parts_, iteration));
  // Of the whole schedule: a resume may allow fewer iterations than there were.
  const auto place = static_cast<std::size_t>(iteration - 1);
  // Recorded sessions show nothing of a package.
  const bool rerun = !settings_.recorded && place < schedule_.size();
  checkpoints_.push_back({iteration, book_.know(package),
                          rerun ? each_once(schedule_[place]) : std::vector<std::string>()});
  if (!row.returned.empty()) checkpoints_.back().source_tasks.push_back(row.returned);
  lineage_.insert(lineage_.begin(), checkpoints_.back().hash);
  return {};
}

Result<> Loop::iterate() {
  SKILLGRAD_CHECK(restore_book());
  parts_.observer->planned(batches_.size());
  for (const auto& row : state_.rows) parts_.observer->iteration(row);
  while (true) {
    if (auto reason = stop_reason(); !reason.empty()) {
      state_.stop_reason = std::move(reason);
      return save_state(*parts_.store, state_);
    }
    const int t = state_.iteration + 1;
    const RunState before = state_;
    auto done = iterate_once(t);
    if (!done && budget_.refused()) {
      // What an iteration that could not be judged has changed is not kept.
      state_ = before;
      budget_.go_on();
      spent_ = fmt::format("the rollout budget ended in iteration {}: {}", t, done.error().message);
      continue;
    }
    if (!done) return tl::unexpected(std::move(done).error());
    const IterationRow row = std::move(*done);
    state_.chosen.reset();
    if (row.decision == Decision::accepted) SKILLGRAD_CHECK(remember(row));
    SKILLGRAD_CHECK(publish_best());
    SKILLGRAD_CHECK(save_state(*parts_.store, state_));
    SKILLGRAD_CHECK(parts_.store->event("iteration", dump_json(to_json(row))));
    parts_.observer->iteration(row);
  }
}

/// Under the newest package that the task was run with.
bool Loop::fails(const std::string& task) const {
  for (const auto& package : lineage_)
    if (const auto value = book_.book().value(package, task); value.graded > 0)
      return value.mean < 1;
  return false;
}

Result<IterationRow> Loop::iterate_once(int t) {
  std::vector<std::string> batch = batches_[static_cast<std::size_t>(t - 1)];
  const std::string back =
      plan_.revisits() ? returning_task(batches_, state_.rows,
                                        [this](const std::string& task) { return fails(task); })
                       : "";
  if (!back.empty()) batch.push_back(back);
  Step step(loop_, t, batch, state_, lineage_);
  step.row.returned = back;
  if (settings_.recorded) step.probe.clear();
  if (probe_) step.probe.resize(std::min(step.probe.size(), *probe_));
  step.for_choosing = plan_.choosing();
  step.for_judging = plan_.judging(step.probe.size());
  // Not what the budget has left now: at a resume that is less.
  const std::size_t kept = plan_.measuring() + step.for_choosing + step.for_judging;
  const std::size_t allowed = budget_.allowed().value_or(0);
  step.allowance = allowed > kept ? allowed - kept : 0;
  budget_.set_aside(step.for_choosing);
  SKILLGRAD_TRY(auto row, IterationRunner(loop_, step, method_).run());
  budget_.set_aside(0);
  return row;
}

/// The unchanged skill again and again: what choosing the best of several measurements looks like
/// where there is nothing to choose.
Result<> Loop::rerun(const PlanStep& step) {
  // Without staged decisions the validation run is not in the book.
  if (!settings_.staged && result_.base_val) book_.add(parts_.initial, result_.base_val->records);
  SKILLGRAD_TRY(result_.reruns, run_again(loop_, step.tasks, passes_));
  result_.reruns->split = step.tasks == parts_.splits.train ? "train" : "val";
  if (const auto best = result_.reruns->best())
    state_.best_score = result_.reruns->passes[*best].score;
  result_.best_fresh_score = result_.reruns->fresh;
  state_.stop_reason = fmt::format(
      "{} passes with the unchanged skill, as many as the budget of "
      "{} rollouts allows",
      result_.reruns->passes.size() + (result_.reruns->fresh ? 1 : 0),
      budget_.allowed().value_or(0));
  SKILLGRAD_CHECK(parts_.store->event("rerun", dump_json(to_json(*result_.reruns))));
  return save_state(*parts_.store, state_);
}

/// Which checkpoint is handed over, and without which of its patches.
Result<> Loop::close() {
  budget_.set_aside(0);
  SKILLGRAD_TRY(const std::size_t index, choose());
  SKILLGRAD_TRY(const auto package, prune(index));
  const Checkpoint& checkpoint = checkpoints_.at(index);
  ChosenPackage chosen{checkpoint.iteration, "", package.hash()};
  if (chosen.hash != checkpoint.hash) {
    // Each in a folder of its own: a run that goes on may prune to another.
    chosen.dir = "pruned/" + chosen.hash.substr(0, 12);
    const fs::path dir = parts_.store->path(chosen.dir + "/skill");
    SKILLGRAD_CHECK(remove_tree(dir));
    SKILLGRAD_CHECK(package.save(dir));
  } else if (checkpoint.iteration > 0) {
    chosen.dir = candidate_dir(parts_, checkpoint.iteration);
  }
  state_.chosen = std::move(chosen);
  SKILLGRAD_CHECK(publish_best());
  return save_state(*parts_.store, state_);
}

/// An index of the checkpoints.
Result<std::size_t> Loop::choose() {
  if (!settings_.keep_best || settings_.staged->finalists < 2) return checkpoints_.size() - 1;
  auto found = choose_checkpoint(loop_, checkpoints_);
  if (!found && budget_.refused()) {
    budget_.go_on();
    parts_.observer->notice("no choice among checkpoints: " + found.error().message);
    return checkpoints_.size() - 1;
  }
  if (!found) return tl::unexpected(std::move(found).error());
  ChosenCheckpoint chosen = std::move(*found);
  result_.finalists = std::move(chosen.rows);
  result_.best_fresh_score = chosen.fresh_score;
  SKILLGRAD_CHECK(
      parts_.store->event("finalists", dump_json({{"finalists", to_json(result_.finalists)}})));
  return chosen.index;
}

Result<skill::SkillPackage> Loop::prune(std::size_t chosen) {
  const std::vector<Checkpoint> kept(
      checkpoints_.begin(), checkpoints_.begin() + static_cast<std::ptrdiff_t>(chosen) + 1);
  if (!settings_.staged->prune) return book_.package(kept.back().hash);
  auto done = prune_patches(loop_, kept);
  if (!done && budget_.refused()) {
    budget_.go_on();
    parts_.observer->notice("no patch is taken back: " + done.error().message);
    return book_.package(kept.back().hash);
  }
  if (!done) return tl::unexpected(std::move(done).error());
  PrunedPackage pruned = std::move(*done);
  result_.pruned = std::move(pruned.rows);
  SKILLGRAD_CHECK(parts_.store->event("prune", dump_json({{"pruned", to_json(result_.pruned)}})));
  return std::move(pruned.package);
}

Result<skill::SkillPackage> Loop::best() const {
  if (!state_.chosen) return load_candidate(parts_, state_.best_iteration);
  if (state_.chosen->dir.empty()) return parts_.initial;
  auto package = load_package(parts_, state_.chosen->dir);
  // What is missing or changed there is made again from the rollouts.
  if (state_.chosen->dir.starts_with("pruned/") &&
      (!package || package->hash() != state_.chosen->hash))
    return load_candidate(parts_, state_.chosen->iteration);
  return package;
}

/// RUN/best always holds the best package so far, whatever ends the run.
Result<> Loop::publish_best() {
  SKILLGRAD_TRY(const auto package, this->best());
  return publish_package(parts_, package);
}

/// Every package that was decided on, beside the initial one.
Result<> Loop::weigh_alternatives() {
  if (!settings_.staged || settings_.recorded || !result_.base_val || result_.error) return {};
  const auto alternative = [&](int iteration, std::string what,
                               const skill::SkillPackage& package) {
    const ObjectiveFacts facts = package_facts(loop_, package);
    return Alternative{iteration,        std::move(what),  book_.know(package),
                       facts.size_ratio, facts.violations, false};
  };
  AlternativesPlan plan;
  plan.tasks = parts_.splits.val;
  plan.weights = settings_.weights;
  plan.across = parts_.across;
  plan.calls_are_made = settings_.calls_are_made;
  plan.packages.push_back(alternative(0, "initial", parts_.initial));
  for (const IterationRow& row : state_.rows) {
    if (row.decision == Decision::no_patch) continue;
    auto package = load_candidate(parts_, row.iteration);
    if (!package) {
      parts_.observer->notice(
          fmt::format("the package of iteration {} is not among those that are compared: {}",
                      row.iteration, package.error().to_line()));
      continue;
    }
    plan.packages.push_back(alternative(row.iteration, name_of(row.decision), *package));
  }
  SKILLGRAD_TRY(const auto chosen, best());
  const std::string hash = book_.know(chosen);
  const auto last = std::find_if(plan.packages.rbegin(), plan.packages.rend(),
                                 [&](const auto& one) { return one.package == hash; });
  if (last != plan.packages.rend()) {
    last->chosen = true;
  } else {
    const int iteration = state_.chosen ? state_.chosen->iteration : state_.best_iteration;
    plan.packages.push_back(alternative(iteration, "chosen", chosen));
    plan.packages.back().chosen = true;
  }
  if (plan.packages.size() > 1) result_.tradeoffs = tradeoffs(plan, book_.book());
  return {};
}

/// A second look at the same tasks is one more chance to be wrong.
void Loop::note_earlier_tests(const std::string& name) const {
  std::error_code ignored;
  std::vector<std::string> others;
  for (const auto& dir : fs::directory_iterator(parts_.store->path("test"), ignored))
    if (const std::string other = dir.path().filename().string();
        other != "initial" && other != name)
      others.push_back(other);
  if (others.empty()) return;
  std::sort(others.begin(), others.end());
  parts_.observer->notice(fmt::format(
      "the test split has tested another package of this run before ({}), which the verdict's p "
      "does not count; for a claim that holds, test on tasks that are new",
      list_some(others, 3)));
}

/// Only of the initial package: what a skill's own tasks are does not move with the patches.
void Loop::note_own_tasks(const EvalSummary& initial) {
  if (loop_.own) loop_.own->note(initial.records);
}

/// What became of each of several skills.
void Loop::sum_up_skills() {
  // A best package that cannot be read has ended the run, which says so.
  const auto chosen = loop_.own ? best() : Result<skill::SkillPackage>();
  if (!loop_.own || !chosen) return;
  if (result_.test) note_own_tasks(result_.test->before);
  result_.conflicts = conflict_outcomes(parts_.initial, *chosen);
  const auto before = skill::members_of(parts_.initial);
  const auto after = skill::members_of(*chosen);
  const auto own_of = [&](const std::string& skill, const std::vector<std::string>& ids) {
    std::vector<std::string> out;
    for (const std::string& id : ids)
      if (loop_.own->is_own(skill, id)) out.push_back(id);
    return out;
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    SkillOutcome one;
    one.skill = before[i].folder_name();
    one.changed = i >= after.size() || after[i].hash() != before[i].hash();
    one.train = own_of(one.skill, parts_.splits.train).size();
    if (result_.test)
      one.tested = compare_tasks(own_of(one.skill, parts_.splits.test), result_.test->before,
                                 result_.test->after);
    result_.skills.push_back(std::move(one));
  }
}

Result<> Loop::score_test(const PlanStep& step) {
  result_.test_planned = step.tasks.size() / settings_.models;
  SKILLGRAD_TRY(const auto chosen, best());
  const int iteration = state_.chosen ? state_.chosen->iteration : state_.best_iteration;
  if (result_.reruns) return test_again(step);
  if (chosen == parts_.initial && settings_.score_unchanged) {
    TestScore test;
    SKILLGRAD_TRY(test.before, evaluate(parts_.initial, step.tasks, "test/initial",
                                        "test split, initial skill"));
    test.after = test.before;
    test.paired = compare_cells(step.tasks, test.before, test.after, parts_.across);
    result_.test = std::move(test);
    result_.release.verdict = decisions::ReleaseVerdict::not_shown;
    return {};
  }
  // One folder for each package: a run that was resumed with more iterations has another best.
  const std::string name = state_.chosen && state_.chosen->dir.starts_with("pruned/")
                               ? replace_all(state_.chosen->dir, "/", "_")
                               : iteration_name(iteration);
  note_earlier_tests(name);
  SKILLGRAD_TRY(auto release, test_release(loop_, chosen, name, step.tasks));
  result_.release = release.result;
  set_test(std::move(release), step);
  return parts_.store->event("release", dump_json(to_json(result_.release)));
}

void Loop::set_test(ReleaseTest release, const PlanStep& step) {
  if (release.before.empty() && release.after.empty()) return;
  TestScore test;
  test.before = sum_up(std::move(release.before), settings_.rollouts);
  test.after = sum_up(std::move(release.after), settings_.rollouts);
  test.paired = compare_cells(step.tasks, test.before, test.after, parts_.across);
  result_.test = std::move(test);
}

/// Two passes with the same package: whatever they differ in is chance, and so is what the test
/// says of it.
Result<> Loop::test_again(const PlanStep& step) {
  SKILLGRAD_TRY(auto release, test_twice(loop_, step.tasks));
  result_.release = release.result;
  result_.reruns->test_said = release.result.verdict;
  result_.release.verdict = decisions::ReleaseVerdict::not_shown;
  set_test(std::move(release), step);
  return parts_.store->event("release", dump_json(to_json(result_.release)));
}

}  // namespace

Result<OptimizeResult> run_loop(const OptimizeSettings& settings, const OptimizeParts& parts,
                                const llm::CallContext& call, const Method& method) {
  return Loop(settings, parts, call, method).run();
}

}  // namespace skillgrad::optim
