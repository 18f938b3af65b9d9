// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
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

RunPlan::RunPlan(const OptimizeSettings& settings, const bench::Splits& splits, bool gated,
                 bool momentum)
    : settings_(settings), train_(splits.train), momentum_(momentum), gated_(gated) {
  steps_.push_back({PlanStep::Kind::base, splits.train});
  if (gated) steps_.push_back({PlanStep::Kind::validation, splits.val});
  steps_.push_back({PlanStep::Kind::iterations, gated ? splits.val : Ids{}});
  if (settings.staged) steps_.push_back({PlanStep::Kind::closing, splits.val});
  if (settings.score_test && !splits.test.empty())
    steps_.push_back({PlanStep::Kind::test, splits.test});
}

RunPlan::Batches RunPlan::batches(const std::vector<std::string>& failures) const {
  Batches out{make_batches(failures, settings_.schedule), false};
  const auto most = static_cast<std::size_t>(settings_.max_iters);
  out.cut_short = most > 0 && out.items.size() > most;
  if (out.cut_short) out.items.resize(most);
  return out;
}

std::vector<PlannedWork> RunPlan::work(const Ids& failures, bool most) const {
  std::vector<PlannedWork> out;
  const int k = settings_.rollouts;
  for (const PlanStep& step : steps_) {
    switch (step.kind) {
      case PlanStep::Kind::base:
        out.push_back(rollouts("base run", step.tasks, k));
        break;
      case PlanStep::Kind::validation:
        out.push_back(settings_.staged
                          ? rollouts("calibration", step.tasks, std::max(kCalibrationPasses, k))
                          : rollouts("validation", step.tasks, k));
        break;
      case PlanStep::Kind::iterations:
        add_iterations(step, failures, most, out);
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
  return out;
}

void RunPlan::add_iterations(const PlanStep& step, const Ids& failures, bool most,
                             std::vector<PlannedWork>& out) const {
  PlannedWork execute{"execute", "executor", {}, 0, false};
  PlannedWork diagnose{"diagnose", "diagnoser", {}, 0, false};
  const Drawn drawn = batches(failures).items;
  for (const auto& batch : drawn) {
    const Ids tasks = each_once(batch);
    append(execute, rollouts("", tasks, settings_.rollouts));
    append(diagnose, rollouts("", tasks, 1));
  }
  out.push_back(std::move(execute));
  out.push_back(std::move(diagnose));
  const std::size_t patches = settings_.staged ? settings_.staged->candidates : 1;
  if (momentum_) out.push_back({"momentum", "momentum", {}, drawn.size(), false});
  out.push_back({"patch", "patcher", {}, drawn.size() * patches, false});
  if (settings_.staged)
    add_trials(step, drawn, most, out);
  else if (gated_)
    add_gates(step, failures, drawn, out);
}

void RunPlan::add_gates(const PlanStep& step, const Ids& failures, const Drawn& drawn,
                        std::vector<PlannedWork>& out) const {
  PlannedWork gate{"gate", "executor", {}, 0, false};
  Ids compared = step.tasks;
  for (const auto& id : train_) {
    if (compared.size() >= step.tasks.size() + settings_.guard) break;
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
  const auto candidates = static_cast<double>(settings_.staged->candidates);
  PlannedWork screen{"screen", "executor", {}, 0, false};
  PlannedWork gate{"gate", "executor", {}, 0, false};
  const double passes = settings_.staged->level == decisions::GateLevel::strict ? 2 : 1;
  for (const auto& batch : drawn) {
    const Ids tasks = each_once(batch);
    const auto n = static_cast<double>(tasks.size()), v = static_cast<double>(step.tasks.size());
    // Most: two rounds of all, two more of the best and of the current one, passing tasks of both.
    append(screen, some("", tasks,
                        n * (most ? 2 * candidates + 2 + 3 + 2
                                  : kScreenOfCandidate * candidates + kScreenOfStep)));
    append(gate, some("", step.tasks, v * (most ? 2 * passes : kGateShare * passes)));
  }
  out.push_back(std::move(screen));
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
