// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include <skillgrad/optim/plan.hpp>

namespace skillgrad::optim {
namespace {

using Ids = std::vector<std::string>;

PlannedWork rollouts(const char* stage, const Ids& tasks, int samples) {
  PlannedWork out{stage, "executor", {}, 0, true};
  for (int k = 0; k < samples; ++k) out.tasks.insert(out.tasks.end(), tasks.begin(), tasks.end());
  out.conversations = out.tasks.size();
  return out;
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
    : settings_(settings), train_(splits.train), momentum_(momentum) {
  steps_.push_back({PlanStep::Kind::base, splits.train});
  if (gated) steps_.push_back({PlanStep::Kind::validation, splits.val});
  steps_.push_back({PlanStep::Kind::iterations, gated ? splits.val : Ids{}});
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

std::vector<PlannedWork> RunPlan::work(const std::vector<std::string>& failures) const {
  std::vector<PlannedWork> out;
  const int k = settings_.rollouts;
  const bool gated = std::any_of(steps_.begin(), steps_.end(), [](const PlanStep& step) {
    return step.kind == PlanStep::Kind::validation;
  });
  for (const PlanStep& step : steps_) {
    switch (step.kind) {
      case PlanStep::Kind::base:
        out.push_back(rollouts("base run", step.tasks, k));
        break;
      case PlanStep::Kind::validation:
        out.push_back(rollouts("validation", step.tasks, k));
        break;
      case PlanStep::Kind::iterations: {
        PlannedWork execute{"execute", "executor", {}, 0, false};
        PlannedWork diagnose{"diagnose", "diagnoser", {}, 0, false};
        PlannedWork gate{"gate", "executor", {}, 0, false};
        Ids compared = step.tasks;
        for (const auto& id : train_) {
          if (compared.size() >= step.tasks.size() + settings_.guard) break;
          if (std::find(failures.begin(), failures.end(), id) == failures.end())
            compared.push_back(id);
        }
        const auto drawn = batches(failures).items;
        for (const auto& batch : drawn) {
          const Ids tasks = each_once(batch);
          append(execute, rollouts("", tasks, k));
          append(diagnose, rollouts("", tasks, 1));
          if (gated) append(gate, rollouts("", compared, k));
        }
        out.push_back(std::move(execute));
        out.push_back(std::move(diagnose));
        if (momentum_) out.push_back({"momentum", "momentum", {}, drawn.size(), false});
        out.push_back({"patch", "patcher", {}, drawn.size(), false});
        if (gated) out.push_back(std::move(gate));
        break;
      }
      case PlanStep::Kind::test:
        out.push_back(rollouts("test before", step.tasks, k));
        out.push_back(rollouts("test after", step.tasks, k));
        out.back().exact = false;  // not run where the initial skill stays the best
        break;
    }
  }
  return out;
}

}  // namespace skillgrad::optim
