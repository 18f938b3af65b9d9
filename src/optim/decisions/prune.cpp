// SPDX-License-Identifier: MIT
#include "optim/decisions/prune.hpp"

#include <algorithm>

#include "optim/decisions/cells.hpp"

namespace skillgrad::optim::decisions {
namespace {

/// Rollouts of this edit's own that are there already, so that a resume counts as the first time
/// did.
std::size_t made_since(const ScoreBook& book, const PrunePlan& plan) {
  std::size_t out = 0;
  const auto count = [&](const std::string& package, const std::string& task) {
    for (const Entry& entry : book.entries(package, task))
      out += entry.place >= plan.start ? 1U : 0U;
  };
  for (const auto* tasks : {&plan.edit.source_tasks, &plan.val_tasks})
    for (const auto& task : *tasks) {
      count(plan.edit.without, task);
      count(plan.package, task);
    }
  return out;
}

}  // namespace

PruneStep prune(const PrunePlan& plan, const PruneOptions& options, const EffectModel& model,
                const ScoreBook& book) {
  PruneStep out;
  out.verdict = PruneVerdict::not_looked_at;
  if (plan.edit.without.empty()) return out;
  const double allowed = options.share * static_cast<double>(plan.begin);
  const std::size_t before = plan.start - plan.begin;
  Comparison comparison(plan.edit.without, plan.package, plan.start);
  const auto val_tasks = drawn_order(plan.val_tasks, plan.seed, model.across());
  // The tasks that the edit was made for show first whether it does anything.
  for (std::size_t round = 1; round <= options.rounds; ++round) {
    for (const bool source : {true, false}) {
      std::vector<TaskRepeats> asked;
      for (const auto& task : source ? plan.edit.source_tasks : val_tasks)
        asked.push_back({task, round, source});
      comparison.ask(asked);
      auto needs = comparison.needs(book);
      const std::size_t cost = before + made_since(book, plan) + needs.size();
      if (!needs.empty() && static_cast<double>(cost) > allowed) return out;
      out.needs = std::move(needs);
      if (!out.done()) return out;
      out.verdict = PruneVerdict::kept;
      out.belief = model.belief(comparison.pairs(book), options.margin);
      out.within_margin = 1 - out.belief.above_margin;
      if (out.within_margin < options.keep) return out;
      if (source || out.within_margin < options.take_out) continue;
      out.verdict = PruneVerdict::taken_out;
      return out;
    }
    out.rounds = round;
  }
  return out;
}

}  // namespace skillgrad::optim::decisions
