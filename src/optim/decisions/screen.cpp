// SPDX-License-Identifier: MIT
#include "optim/decisions/screen.hpp"

#include <algorithm>
#include <utility>

namespace skillgrad::optim::decisions {
namespace {

constexpr std::size_t kAlwaysAgain = 2;  // rounds on all source tasks, before any can be settled

class Probe {
 public:
  Probe(const ScreenPlan& plan, const ScreenOptions& options, const EffectModel& model,
        const ScoreBook& book)
      : plan_(plan), options_(options), model_(model), book_(book) {
    for (const auto& candidate : plan.candidates)
      step_.rows.push_back(
          {candidate, Comparison(plan.current, candidate, plan.start), {}, 0, 0, 0, 0, false});
  }

  ScreenStep play() {
    for (std::size_t round = 1; round <= options_.rounds; ++round) {
      for (ScreenRow& row : step_.rows)
        if (open(row)) ask(row, source_tasks(row, round));
      if (!step_.done()) return std::move(step_);
      for (ScreenRow& row : step_.rows)
        if (open(row)) weigh(row, round);
      if (round >= options_.race) keep_the_best();
    }
    keep_the_best();
    // Harm is looked for where a candidate has shown that it helps: most never come here.
    for (ScreenRow& row : step_.rows)
      if (!row.dropped) ask(row, passing_tasks());
    if (!step_.done()) return std::move(step_);
    for (std::size_t i = 0; i < step_.rows.size(); ++i) {
      ScreenRow& row = step_.rows[i];
      if (row.dropped) continue;
      weigh(row, row.rounds);
      weigh_models(row);
      // What is cheaper need fix nothing: of values the chance alone decides.
      const bool mends = model_.weighted() || row.fixes > row.breaks;
      row.dropped = row.dropped || !mends;
      if (!row.dropped) step_.best = i;
    }
    return std::move(step_);
  }

 private:
  [[nodiscard]] bool open(const ScreenRow& row) const {
    return !row.dropped && row.belief.better < options_.enough;
  }

  // Candidates share the rollouts of the current package.
  void ask(ScreenRow& row, const std::vector<TaskRepeats>& tasks) {
    row.comparison.ask(tasks);
    for (const Need& need : row.comparison.needs(book_))
      if (std::find(step_.needs.begin(), step_.needs.end(), need) == step_.needs.end())
        step_.needs.push_back(need);
  }

  [[nodiscard]] std::vector<TaskRepeats> source_tasks(const ScreenRow& row,
                                                      std::size_t round) const {
    std::vector<TaskRepeats> out;
    const auto beliefs = round > kAlwaysAgain ? model_.by_task(row.comparison.pairs(book_))
                                              : std::vector<TaskBelief>();
    for (std::size_t i = 0; i < plan_.source_tasks.size(); ++i)
      if (beliefs.empty() || !settled(beliefs[i]))
        out.push_back({plan_.source_tasks[i], round, true});
    return out;
  }

  [[nodiscard]] bool settled(const TaskBelief& task) const {
    const double same = 1 - task.lifted - task.broken;
    return std::max({same, task.lifted, task.broken}) >= options_.settled;
  }

  [[nodiscard]] std::vector<TaskRepeats> passing_tasks() const {
    std::vector<TaskRepeats> out;
    for (const auto& task : plan_.passing_tasks) out.push_back({task, 1, false});
    return out;
  }

  void weigh(ScreenRow& row, std::size_t round) {
    const auto pairs = row.comparison.pairs(book_);
    row.rounds = round;
    // Until it is known that a patch helps where it was made, other models say nothing of it.
    row.belief = model_.plain(pairs);
    row.dropped = row.belief.better < options_.drop_below;
    row.fixes = row.breaks = 0;
    row.missing = 0;
    const auto beliefs = model_.by_task(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (!pairs[i].complete()) {
        ++row.missing;
        continue;
      }
      row.fixes += beliefs[i].lifted;
      row.breaks += beliefs[i].broken;
    }
  }

  /// Once the tasks have been run with every model, their rule says what they come to.
  void weigh_models(ScreenRow& row) const {
    if (model_.across() == nullptr) return;
    row.belief = model_.belief(row.comparison.pairs(book_));
    row.dropped = row.belief.better < options_.drop_below;
    if (row.dropped) row.harmed = row.belief.weakest;
  }

  void keep_the_best() {
    ScreenRow* best = nullptr;
    for (ScreenRow& row : step_.rows) {
      if (row.dropped) continue;
      if (best != nullptr && best->belief.better >= row.belief.better) {
        row.dropped = row.overtaken = true;
        continue;
      }
      if (best != nullptr) best->dropped = best->overtaken = true;
      best = &row;
    }
  }

  const ScreenPlan& plan_;
  const ScreenOptions& options_;
  const EffectModel& model_;
  const ScoreBook& book_;
  ScreenStep step_;
};

}  // namespace

ScreenStep screen(const ScreenPlan& plan, const ScreenOptions& options, const EffectModel& model,
                  const ScoreBook& book) {
  return Probe(plan, options, model, book).play();
}

}  // namespace skillgrad::optim::decisions
