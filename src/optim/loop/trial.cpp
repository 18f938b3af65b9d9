// SPDX-License-Identifier: MIT
#include "optim/loop/trial.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "optim/decisions/cells.hpp"
#include "optim/decisions/gate.hpp"
#include "optim/decisions/screen.hpp"
#include "optim/scoring/gate.hpp"

namespace skillgrad::optim {
namespace {

using decisions::GateReason;

std::string tasks_of(std::size_t n, const char* kind) {
  return fmt::format("{} {}task{}", n, kind, n == 1 ? "" : "s");
}

Json row_json(const decisions::ScreenRow& row) {
  return {{"package", row.candidate}, {"better", row.belief.better}, {"worse", row.belief.worse},
          {"gain", row.belief.gain},  {"fixes", row.fixes},          {"breaks", row.breaks},
          {"rounds", row.rounds},     {"missing", row.missing},      {"dropped", row.dropped}};
}

/// Where no candidate passed the screen: of those that were not left behind by another one, the one
/// that spoke most for itself. Why it fell is why the step came to nothing.
std::size_t most_promising(const decisions::ScreenStep& step) {
  const auto best =
      std::max_element(step.rows.begin(), step.rows.end(), [](const auto& a, const auto& b) {
        return std::pair(!a.overtaken, a.belief.better) < std::pair(!b.overtaken, b.belief.better);
      });
  return static_cast<std::size_t>(best - step.rows.begin());
}

class Trial {
 public:
  Trial(const LoopContext& loop, const TrialPlan& plan)
      : book_(*loop.book),
        settings_(*loop.settings),
        val_(loop.parts->splits.val),
        train_(loop.parts->splits.train),
        model_(loop.model),
        across_(loop.parts->across),
        plan_(plan),
        seed_(settings_.schedule.seed + static_cast<std::uint64_t>(plan.iteration - 1)) {
    gate_ = decisions::gate_options(settings_.staged->level);
    gate_.passes = std::max(gate_.passes, static_cast<std::size_t>(settings_.rollouts));
    gate_.max_broken = settings_.staged->max_broken;
  }

  Result<TrialResult> run() {
    if (settings_.recorded) return gate_alone();
    SKILLGRAD_TRY(const auto screened, screen());
    TrialResult out;
    for (const auto& row : screened.rows) {
      out.screen.push_back(row_json(row));
      if (row.harmed) out.screen.back()["harmed"] = across_->models()[*row.harmed];
    }
    out.told = screened.best.value_or(most_promising(screened));
    const decisions::ScreenRow& row = screened.rows[out.told];
    if (!screened.best) {
      out.decision = screened_out(row);
      return out;
    }
    SKILLGRAD_TRY(out.decision, gate(row));
    return out;
  }

 private:
  /// Recorded sessions cannot be run again with a candidate, so nothing screens it.
  Result<TrialResult> gate_alone() {
    TrialResult out;
    const std::string candidate = book_.know(*plan_.candidates.front());
    const decisions::ScreenRow row{
        candidate,
        decisions::Comparison(book_.know(*plan_.current), candidate, book_.book().size()),
        {},
        0,
        0,
        0,
        0,
        false};
    SKILLGRAD_TRY(out.decision, gate(row));
    return out;
  }

  [[nodiscard]] BookPlace place(const char* stage) const {
    return {iteration_name(plan_.iteration) + "/" + stage,
            fmt::format("iteration {}: {}", plan_.iteration, stage), plan_.iteration};
  }

  Result<decisions::ScreenStep> screen() {
    decisions::ScreenPlan plan;
    plan.current = book_.know(*plan_.current);
    for (const auto* candidate : plan_.candidates)
      plan.candidates.push_back(book_.know(*candidate));
    plan.source_tasks = plan_.source_tasks;
    plan.passing_tasks = decisions::passing_tasks(
        book_.book(), plan_.lineage, train_, plan.source_tasks, plan.source_tasks.size(), seed_);
    if (across_ != nullptr) add_other_models(plan);
    plan.start = book_.book().size();
    return book_.drive(place("screen"), [&, plan] {
      return decisions::screen(plan, screen_, model_, book_.book());
    });
  }

  /// What the patch does to these tasks with the models that they were not picked for.
  void add_other_models(decisions::ScreenPlan& plan) const {
    std::vector<std::string> tasks = across_->tasks(plan.source_tasks);
    for (const auto& task : across_->tasks(plan.passing_tasks))
      if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
    plan.passing_tasks.clear();
    for (auto& cell : across_->cells(tasks))
      if (std::find(plan.source_tasks.begin(), plan.source_tasks.end(), cell) ==
          plan.source_tasks.end())
        plan.passing_tasks.push_back(std::move(cell));
  }

  Result<GateDecision> gate(const decisions::ScreenRow& row) {
    const decisions::GatePlan plan{row.comparison, val_, seed_};
    SKILLGRAD_TRY(const auto step, book_.drive(place("gate"), [&] {
      return decisions::gate(plan, gate_, model_, book_.book());
    }));
    return decision_of(step.verdict, row);
  }

  /// The comparison on the validation tasks in the terms of the other gates. Its scores have chosen
  /// something, so they are optimistic.
  [[nodiscard]] GateDecision compared(const decisions::ScreenRow& row) const {
    std::vector<decisions::TaskPair> pairs;
    for (const auto& task : val_)
      pairs.push_back({task, false, book_.book().value(row.comparison.before(), task),
                       book_.book().value(row.comparison.after(), task)});
    GateInput input{{}, planned()};
    for (const auto& pair : decisions::pairs_by_task(pairs, across_))
      input.samples.push_back({pair.task, pair.before.mean, pair.after.mean, pair.complete()});
    GateDecision out = compare_samples(input);
    out.mode = name_of(settings_.staged->level);
    return out;
  }

  /// Validation tasks.
  [[nodiscard]] std::size_t planned() const {
    return val_.size() / decisions::cells_of_task(across_);
  }

  [[nodiscard]] GateDecision screened_out(const decisions::ScreenRow& row) const {
    GateDecision out;
    out.mode = name_of(settings_.staged->level);
    out.planned = planned();
    out.decision = Decision::rejected;
    out.better = row.belief.better;
    const bool unlikely = row.belief.better < screen_.drop_below;
    out.reason = fmt::format(
        "screen: {} with chance {:.2f} after {} round{} on {}{}", better_text(), row.belief.better,
        row.rounds, row.rounds == 1 ? "" : "s", tasks_of(plan_.source_tasks.size(), "batch "),
        unlikely ? fmt::format(" (below {})", format_double(screen_.drop_below))
                 : fmt::format("; {:.1f} tasks fixed and {:.1f} broken of those probed", row.fixes,
                               row.breaks));
    if (row.harmed)
      out.reason += fmt::format("; the patch seems to harm {}", across_->models()[*row.harmed]);
    if (row.missing > 0) out.reason += fmt::format("; {} without a grade", row.missing);
    return out;
  }

  [[nodiscard]] GateDecision decision_of(const decisions::GateVerdict& verdict,
                                         const decisions::ScreenRow& row) const {
    GateDecision out = compared(row);
    out.decision = *named<Decision>(name_of(verdict.decision));
    out.better = verdict.belief.better;
    out.lost = verdict.lost;
    for (std::size_t i = 0; i < verdict.models.size(); ++i) {
      const decisions::GateOfModel& model = verdict.models[i];
      out.models.push_back({across_->models()[i], model.before, model.after, model.tasks,
                            model.fixed, model.broken, model.belief.worse});
    }
    out.reason = reason(verdict);
    return out;
  }

  [[nodiscard]] const char* better_text() const {
    return model_.weighted() ? "better by the weighted loss" : "better";
  }

  /// The chance that decided, in words.
  [[nodiscard]] std::string chance_of(const decisions::GateVerdict& verdict) const {
    const auto& belief = verdict.belief;
    const std::string tasks =
        fmt::format("after {} of {} validation tasks", verdict.tasks, planned());
    if (across_ == nullptr)
      return fmt::format("{} with chance {:.2f} {}", better_text(), belief.better, tasks);
    const std::string together = fmt::format("{} over {} models with chance {:.2f}", better_text(),
                                             across_->models().size(), belief.together);
    if (!belief.weakest) return together + " " + tasks;
    return fmt::format("{}, but worse with {} with chance {:.2f}, {}", together,
                       across_->models()[*belief.weakest], 1 - belief.better, tasks);
  }

  [[nodiscard]] std::string reason(const decisions::GateVerdict& verdict) const {
    const std::string chance = chance_of(verdict);
    const bool kept = verdict.decision == decisions::GateDecision::accepted;
    switch (verdict.reason) {
      case GateReason::evidence:
        return kept ? fmt::format("{} ({} is enough)", chance, format_double(gate_.accept))
                    : fmt::format("{} (below {})", chance, format_double(gate_.reject));
      case GateReason::futile:
        return chance + ", which the rest could not lift far enough";
      case GateReason::cap:
        return fmt::format("{} ({} {} at the end)", chance, kept ? "at least" : "below",
                           format_double(gate_.at_the_end));
      case GateReason::broken:
        return fmt::format("breaks {} that passed every time, --max-broken allows {}: {}",
                           tasks_of(verdict.lost.size(), ""), gate_.max_broken.value_or(0),
                           list_some(verdict.lost, 5));
      case GateReason::coverage:
        return fmt::format("only {} of {} planned validation tasks could be graded (60 % needed)",
                           verdict.tasks, planned());
    }
    return chance;
  }

  Bookkeeper& book_;
  const OptimizeSettings& settings_;
  const std::vector<std::string>& val_;
  const std::vector<std::string>& train_;
  const decisions::EffectModel& model_;
  const Across* across_;
  const TrialPlan& plan_;
  std::uint64_t seed_;
  decisions::ScreenOptions screen_;
  decisions::GateOptions gate_;
};

}  // namespace

Result<TrialResult> try_candidates(const LoopContext& loop, const TrialPlan& plan) {
  return Trial(loop, plan).run();
}

}  // namespace skillgrad::optim
