// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <skillgrad/optim/plan.hpp>

namespace skillgrad::optim {
namespace {

using Ids = std::vector<std::string>;

/// Rollouts of each validation task before the loop, for staged decisions.
constexpr int kCalibrationPasses = 2;
// Means over the populations of docs/decisions-study.md: rollouts of each task of the batch in a
// screen, for each candidate and besides; of each validation task in an iteration's gate; tasks of
// the test split that its sequential test takes.
constexpr double kScreenOfCandidate = 1.6, kScreenOfStep = 1.4;
constexpr double kGateShare = 0.45;
constexpr double kTestShare = 0.75;
/// Of all rollouts, what pruning may take at most (docs/deciding.md), and how much of that it does.
constexpr double kPruneShare = 0.05, kPruneUse = 0.5;
constexpr const char* kExecutor = "executor";

/// Rollouts for each task of the batch that a screen makes at most: two rounds of all, two more of
/// the best and of the current one, tasks that pass with both, and all of these with every other
/// model.
std::size_t most_of_screen(std::size_t candidates, std::size_t models) {
  return 2 * candidates + 2 + 3 + 2 + 4 * (models - 1);
}
/// And a gate for each validation task.
std::size_t most_of_gate(const StagedDecisions& staged) {
  return staged.level == decisions::GateLevel::strict ? 4 : 2;
}

PlannedWork rollouts(const char* stage, const Ids& tasks, int samples) {
  PlannedWork out{stage, "executor", {}, 0, true};
  for (int k = 0; k < samples; ++k) out.tasks.insert(out.tasks.end(), tasks.begin(), tasks.end());
  out.conversations = out.tasks.size();
  return out;
}

/// So many rollouts of these tasks, by turns.
PlannedWork some(const char* stage, const Ids& tasks, double n) {
  PlannedWork out{stage, "executor", {}, 0, false};
  if (tasks.empty()) return out;
  out.conversations = static_cast<std::size_t>(std::lround(n));
  for (std::size_t i = 0; i < out.conversations; ++i) out.tasks.push_back(tasks[i % tasks.size()]);
  return out;
}

double count(const Ids& tasks, int samples) {
  return static_cast<double>(tasks.size()) * static_cast<double>(samples);
}

void append(PlannedWork& work, const PlannedWork& more) {
  work.tasks.insert(work.tasks.end(), more.tasks.begin(), more.tasks.end());
  work.conversations += more.conversations;
}

}  // namespace

std::vector<std::string> each_once(const std::vector<std::string>& batch) {
  Ids out;
  std::set<std::string> seen;
  for (const auto& id : batch)
    if (seen.insert(id).second) out.push_back(id);
  return out;
}

std::string returning_task(const std::vector<Ids>& batches, const std::vector<IterationRow>& rows,
                           const std::function<bool(const std::string&)>& fails) {
  if (rows.size() >= batches.size()) return {};
  std::map<std::string, std::size_t> last;  // iteration in which the task was looked at
  Ids order;
  const auto see = [&](const std::string& id, std::size_t iteration) {
    if (last.insert_or_assign(id, iteration).second) order.push_back(id);
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const auto& id : batches[i]) see(id, i);
    if (!rows[i].returned.empty()) see(rows[i].returned, i);
  }
  const Ids& next = batches[rows.size()];
  std::string out;
  for (const auto& id : order) {
    if (std::find(next.begin(), next.end(), id) != next.end() || !fails(id)) continue;
    if (out.empty() || last[id] < last[out]) out = id;
  }
  return out;
}

RunPlan::RunPlan(const OptimizeSettings& settings, const bench::Splits& splits, bool gated,
                 bool momentum)
    : settings_(settings),
      splits_(splits),
      train_(splits.train),
      momentum_(momentum),
      gated_(gated) {
  steps_.push_back({PlanStep::Kind::base, splits.train});
  if (gated) steps_.push_back({PlanStep::Kind::validation, splits.val});
  if (settings.optimizer == OptimizerKind::rerun)
    steps_.push_back(
        {PlanStep::Kind::reruns, gated && !splits.val.empty() ? splits.val : splits.train});
  else
    steps_.push_back({PlanStep::Kind::iterations, gated ? splits.val : Ids{}});
  if (settings.staged && settings.optimizer != OptimizerKind::rerun)
    steps_.push_back({PlanStep::Kind::closing, splits.val});
  if (settings.score_test && !splits.test.empty())
    steps_.push_back({PlanStep::Kind::test, splits.test});
}

RunPlan::Batches RunPlan::batches(const std::vector<std::string>& failures) const {
  switch (settings_.optimizer) {
    case OptimizerKind::skillgrad:
    case OptimizerKind::reflect:
      break;
    case OptimizerKind::rerun:
      return {};
    case OptimizerKind::one_shot:
    case OptimizerKind::command:
      return single_batch(failures);
  }
  Batches out;
  out.all = make_batches(failures, settings_.schedule);
  out.items = out.all;
  const auto most = static_cast<std::size_t>(settings_.max_iters);
  out.cut_short = most > 0 && out.items.size() > most;
  if (out.cut_short) out.items.resize(most);
  return out;
}

/// All that one epoch of the schedule trains on, as far as the budget goes: a one-shot patch may
/// spend half of it on running them, a program may do with half of it what it likes; the rest is
/// for judging.
RunPlan::Batches RunPlan::single_batch(const Ids& failures) const {
  ScheduleOptions whole = settings_.schedule;
  whole.batch = whole.train_tasks;
  whole.fixed_updates = 0;
  Batches out;
  out.items = make_batches(failures, whole);
  if (out.items.empty()) return out;
  Ids& tasks = out.items.front();
  const std::size_t measured = measuring() + choosing();
  const std::size_t most = allowed(failures).value_or(0);
  const std::size_t room = most > measured ? most - measured : 0;
  const bool runs = settings_.optimizer == OptimizerKind::one_shot && !settings_.recorded;
  if (runs)
    tasks.resize(std::clamp<std::size_t>(room / 2 / static_cast<std::size_t>(settings_.rollouts), 1,
                                         tasks.size()));
  const std::size_t spent = runs ? tasks.size() * static_cast<std::size_t>(settings_.rollouts)
                            : settings_.recorded ? 0
                                                 : room / 2;
  std::size_t probe = tasks.size();
  while (probe > 1 && judging(probe) + spent > room) --probe;
  out.probe = probe;
  out.all = out.items;
  return out;
}

bool RunPlan::revisits() const {
  // A recorded session says the same however often it is looked at.
  if (settings_.recorded) return false;
  const bool batches = settings_.optimizer == OptimizerKind::skillgrad ||
                       settings_.optimizer == OptimizerKind::reflect;
  return settings_.revisit && batches && settings_.schedule.fixed_updates == 0;
}

std::optional<std::size_t> RunPlan::allowed(const Ids& failures) const {
  if (settings_.max_rollouts > 0) return settings_.max_rollouts;
  if (settings_.optimizer == OptimizerKind::skillgrad) return std::nullopt;
  OptimizeSettings same = settings_;
  same.optimizer = OptimizerKind::skillgrad;
  same.score_test = false;
  std::size_t out = 0;
  for (const PlannedWork& work : RunPlan(same, splits_, gated_, momentum_).work(failures))
    if (work.role == kExecutor) out += work.conversations;
  return out;
}

std::size_t RunPlan::measuring() const {
  const auto k = static_cast<std::size_t>(settings_.rollouts);
  const std::size_t passes = settings_.staged ? std::max<std::size_t>(kCalibrationPasses, k) : k;
  const std::size_t base = settings_.recorded ? 0 : train_.size() * k;
  return base + (gated_ ? splits_.val.size() * passes : 0);
}

std::size_t RunPlan::judging(std::size_t probe) const {
  const auto k = static_cast<std::size_t>(settings_.rollouts);
  const std::size_t guard = settings_.recorded ? 0 : settings_.guard;
  if (!settings_.staged) return gated_ ? (splits_.val.size() + guard) * k : 0;
  const std::size_t screened =
      settings_.recorded ? 0 : probe * most_of_screen(proposals(), settings_.models);
  return screened + splits_.val.size() * most_of_gate(*settings_.staged);
}

std::size_t RunPlan::choosing() const {
  if (!settings_.staged || !settings_.keep_best || settings_.staged->finalists < 2) return 0;
  return std::min<std::size_t>(settings_.staged->finalists, 3) * splits_.val.size();
}

std::size_t RunPlan::passes(const Ids& failures) const {
  const std::size_t most = allowed(failures).value_or(0), measured = measuring();
  for (const PlanStep& step : steps_)
    if (step.kind == PlanStep::Kind::reruns && !step.tasks.empty())
      return most > measured ? (most - measured) / step.tasks.size() : 0;
  return 0;
}

std::vector<PlannedWork> RunPlan::work(const Ids& failures, bool most) const {
  std::vector<PlannedWork> out;
  const int k = settings_.rollouts;
  for (const PlanStep& step : steps_) {
    switch (step.kind) {
      case PlanStep::Kind::base:
        if (!settings_.recorded) out.push_back(rollouts("base run", step.tasks, k));
        break;
      case PlanStep::Kind::validation:
        out.push_back(settings_.staged
                          ? rollouts("calibration", step.tasks, std::max(kCalibrationPasses, k))
                          : rollouts("validation", step.tasks, k));
        break;
      case PlanStep::Kind::iterations:
        add_iterations(step, failures, most, out);
        break;
      case PlanStep::Kind::reruns:
        out.push_back(rollouts("rerun", step.tasks, static_cast<int>(passes(failures))));
        out.back().exact = false;
        break;
      case PlanStep::Kind::closing:
        add_closing(step, most, out);
        break;
      case PlanStep::Kind::test: {
        // A test that may stop early seldom takes all its tasks.
        const double share = settings_.staged && !most ? kTestShare : 1;
        for (const char* stage : {"test before", "test after"})
          out.push_back(some(stage, step.tasks, share * count(step.tasks, k)));
        // Where no patch is kept there is nothing to compare.
        out.back().exact = false;
        out[out.size() - 2].exact = !settings_.staged;
        break;
      }
    }
  }
  if (settings_.optimizer != OptimizerKind::skillgrad || settings_.max_rollouts > 0)
    fit(out, allowed(failures).value_or(0), most);
  return out;
}

/// What the budget does not reach is not made.
void RunPlan::fit(std::vector<PlannedWork>& work, std::size_t rollouts, bool most) {
  for (PlannedWork& part : work) {
    if (part.role != kExecutor || part.stage.starts_with("test ")) continue;
    part.conversations = std::min(part.conversations, rollouts);
    part.tasks.resize(std::min(part.tasks.size(), part.conversations));
    // Any part may be the one that takes most; then others take less.
    if (!most) rollouts -= part.conversations;
  }
}

void RunPlan::add_iterations(const PlanStep& step, const Ids& failures, bool most,
                             std::vector<PlannedWork>& out) const {
  const bool program = settings_.optimizer == OptimizerKind::command;
  const bool diagnosed = !program && settings_.optimizer != OptimizerKind::reflect;
  PlannedWork execute{"execute", kExecutor, {}, 0, false};
  PlannedWork diagnose{"diagnose", "diagnoser", {}, 0, false};
  const Batches batches = this->batches(failures);
  Drawn drawn = batches.items;
  if (revisits())  // most tasks of the first batch need more than its patch
    for (std::size_t i = 1; i < drawn.size(); ++i) drawn[i].push_back(drawn.front().front());
  for (const auto& batch : drawn) {
    const Ids tasks = each_once(batch);
    if (!settings_.recorded) append(execute, rollouts("", tasks, settings_.rollouts));
    append(diagnose, rollouts("", tasks, 1));
  }
  if (batches.probe && !drawn.empty())
    drawn.front().resize(std::min(drawn.front().size(), *batches.probe));
  if (program) {
    const std::size_t judged =
        drawn.empty() ? 0 : measuring() + choosing() + judging(drawn.front().size());
    const std::size_t all = drawn.empty() ? 0 : allowed(failures).value_or(0);
    execute = some("program", train_, all > judged ? static_cast<double>(all - judged) : 0);
  }
  if (!settings_.recorded) out.push_back(std::move(execute));
  if (diagnosed) out.push_back(std::move(diagnose));
  const bool memory = momentum_ && settings_.optimizer == OptimizerKind::skillgrad;
  if (memory) out.push_back({"momentum", "momentum", {}, drawn.size(), false});
  if (!program) out.push_back({"patch", "patcher", {}, drawn.size() * proposals(), false});
  if (settings_.staged)
    add_trials(step, drawn, most, out);
  else if (gated_)
    add_gates(step, failures, drawn, out);
}

/// Candidates of one step.
std::size_t RunPlan::proposals() const {
  // Without tasks that a screen could run, nothing chooses between two candidates.
  const bool one = !settings_.staged || settings_.recorded ||
                   settings_.optimizer == OptimizerKind::reflect ||
                   settings_.optimizer == OptimizerKind::command;
  return one ? 1 : settings_.staged->candidates;
}

void RunPlan::add_gates(const PlanStep& step, const Ids& failures, const Drawn& drawn,
                        std::vector<PlannedWork>& out) const {
  PlannedWork gate{"gate", "executor", {}, 0, false};
  Ids compared = step.tasks;
  for (const auto& id : train_) {
    if (settings_.recorded || compared.size() >= step.tasks.size() + settings_.guard) break;
    if (std::find(failures.begin(), failures.end(), id) == failures.end()) compared.push_back(id);
  }
  for (std::size_t i = 0; i < drawn.size(); ++i)
    append(gate, rollouts("", compared, settings_.rollouts));
  out.push_back(std::move(gate));
}

/// Screen and gate stop as soon as the evidence is enough, so how far they go is what the study
/// says of most worlds (docs/deciding.md).
void RunPlan::add_trials(const PlanStep& step, const Drawn& drawn, bool most,
                         std::vector<PlannedWork>& out) const {
  const auto candidates = static_cast<double>(proposals());
  PlannedWork screen{"screen", "executor", {}, 0, false};
  PlannedWork gate{"gate", "executor", {}, 0, false};
  const double passes = settings_.staged->level == decisions::GateLevel::strict ? 2 : 1;
  for (const auto& batch : drawn) {
    const Ids tasks = each_once(batch);
    const auto n = static_cast<double>(tasks.size()), v = static_cast<double>(step.tasks.size());
    const auto others = 2 * static_cast<double>(settings_.models - 1);
    const auto top = static_cast<double>(most_of_screen(proposals(), settings_.models));
    append(screen,
           some("", tasks,
                n * (most ? top : kScreenOfCandidate * candidates + kScreenOfStep + others)));
    append(gate, some("", step.tasks, v * (most ? 2 * passes : kGateShare * passes)));
  }
  if (!settings_.recorded) out.push_back(std::move(screen));
  out.push_back(std::move(gate));
}

void RunPlan::add_closing(const PlanStep& step, bool most, std::vector<PlannedWork>& out) const {
  const StagedDecisions& staged = *settings_.staged;
  if (settings_.keep_best && staged.finalists >= 2)
    out.push_back(some("finalists", step.tasks,
                       static_cast<double>(std::min<std::size_t>(staged.finalists, most ? 99 : 3)) *
                           static_cast<double>(step.tasks.size())));
  if (!staged.prune) return;
  double rollouts_before = 0;
  for (const PlannedWork& work : out)
    if (work.role == "executor") rollouts_before += static_cast<double>(work.conversations);
  out.push_back(some("prune", step.tasks, (most ? 1 : kPruneUse) * kPruneShare * rollouts_before));
}

}  // namespace skillgrad::optim
