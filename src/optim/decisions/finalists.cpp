// SPDX-License-Identifier: MIT
#include "optim/decisions/finalists.hpp"

#include <algorithm>
#include <utility>

#include "optim/decisions/cells.hpp"

namespace skillgrad::optim::decisions {
namespace {

std::vector<TaskRepeats> repeated(const std::vector<std::string>& tasks, std::size_t repeats) {
  std::vector<TaskRepeats> out;
  for (const auto& task : tasks) out.push_back({task, repeats, false});
  return out;
}

struct Mean {
  double value = 0;
  std::size_t tasks = 0;
};
Mean mean_after(const std::vector<TaskPair>& pairs) {
  Mean out;
  for (const TaskPair& pair : pairs) {
    if (pair.after.graded == 0) continue;
    ++out.tasks;
    out.value += (pair.after.mean - out.value) / static_cast<double>(out.tasks);
  }
  return out;
}

class Finals {
 public:
  Finals(const FinalistPlan& plan, const FinalistOptions& options, const EffectModel& model,
         const ScoreBook& book)
      : plan_(plan),
        options_(options),
        model_(model),
        book_(book),
        tasks_(drawn_order(plan.val_tasks, plan.seed, model.across())) {
    for (const auto& package : plan.packages) step_.rows.push_back({package, {}, 0, 0, 0, false});
    step_.chosen = plan.packages.empty() ? 0 : plan.packages.size() - 1;
  }

  FinalistStep play() {
    if (plan_.packages.size() < 2) return step_;
    const std::size_t favourite = plan_.packages.size() - 1;
    for (std::size_t round = 1; round <= options_.rounds; ++round) {
      for (std::size_t i = 0; i < favourite; ++i) gather(i, round);
      if (!step_.done()) return step_;
      step_.rounds = round;
      bool open = false;
      for (std::size_t i = 0; i < favourite; ++i) open = weigh(i, round) || open;
      if (!open) break;
    }
    choose(favourite);
    return step_;
  }

 private:
  [[nodiscard]] Comparison compare(std::size_t i, std::size_t round, Counted counted) const {
    Comparison out(plan_.packages.back(), plan_.packages[i], plan_.start, counted);
    out.ask(repeated(tasks_, round));
    return out;
  }

  void gather(std::size_t i, std::size_t round) {
    if (step_.rows[i].out) return;
    for (const Need& need : compare(i, round, Counted::fresh).needs(book_))
      if (std::find(step_.needs.begin(), step_.needs.end(), need) == step_.needs.end())
        step_.needs.push_back(need);
  }

  // The rollouts that were asked for as fresh count as well as those of before: the model takes all
  // rollouts of a task, whatever was chosen by them.
  bool weigh(std::size_t i, std::size_t round) {
    FinalistRow& row = step_.rows[i];
    if (row.out) return false;
    const auto fresh = compare(i, round, Counted::fresh).pairs(book_);
    const auto earlier = compare(i, 0, Counted::all).pairs(book_);
    row.against_favourite = model_.belief(joined(fresh, earlier));
    row.out = row.against_favourite.better < options_.drop;
    return !row.out && row.against_favourite.better < options_.take;
  }

  static TaskValue joined(const TaskValue& a, const TaskValue& b) {
    TaskValue out{0, a.graded + b.graded, a.missing + b.missing};
    if (out.graded == 0) return out;
    const auto n = static_cast<double>(a.graded), m = static_cast<double>(b.graded);
    out.mean = (a.mean * n + b.mean * m) / (n + m);
    out.value = (a.value * n + b.value * m) / (n + m);
    return out;
  }
  static std::vector<TaskPair> joined(std::vector<TaskPair> a, const std::vector<TaskPair>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i].before = joined(a[i].before, b[i].before);
      a[i].after = joined(a[i].after, b[i].after);
    }
    return a;
  }

  void choose(std::size_t favourite) {
    double best = options_.at_the_end;
    for (std::size_t i = 0; i < favourite; ++i) {
      const FinalistRow& row = step_.rows[i];
      if (row.out || row.against_favourite.better < best) continue;
      best = row.against_favourite.better;
      step_.chosen = i;
    }
    for (std::size_t i = 0; i <= favourite; ++i) {
      FinalistRow& row = step_.rows[i];
      const auto made = compare(i, step_.rounds, Counted::fresh).pairs(book_);
      const auto all = joined(made, compare(i, 0, Counted::all).pairs(book_));
      const Mean fresh = mean_after(pairs_by_task(made, model_.across()));
      const Mean earlier = mean_after(pairs_by_task(all, model_.across()));
      row.fresh_score = fresh.value;
      row.tasks = fresh.tasks;
      row.all_score = earlier.value;
    }
  }

  const FinalistPlan& plan_;
  const FinalistOptions& options_;
  const EffectModel& model_;
  const ScoreBook& book_;
  std::vector<std::string> tasks_;
  FinalistStep step_;
};

}  // namespace

std::vector<std::string> choose_finalists(const std::vector<std::string>& checkpoints,
                                          const std::vector<std::string>& val_tasks,
                                          std::size_t most, const EffectModel& model,
                                          const ScoreBook& book) {
  if (checkpoints.size() <= 2) return checkpoints;
  std::vector<std::pair<double, std::size_t>> between;
  for (std::size_t i = 1; i + 1 < checkpoints.size(); ++i) {
    Comparison comparison(checkpoints.back(), checkpoints[i], book.size());
    comparison.ask(repeated(val_tasks, 0));
    between.emplace_back(model.belief(comparison.pairs(book)).better, i);
  }
  std::stable_sort(between.begin(), between.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  between.resize(std::min(between.size(), most > 2 ? most - 2 : 0));
  std::vector<std::string> out = {checkpoints.front()};
  for (const auto& [better, i] : between) out.push_back(checkpoints[i]);
  out.push_back(checkpoints.back());
  return out;
}

FinalistStep finalists(const FinalistPlan& plan, const FinalistOptions& options,
                       const EffectModel& model, const ScoreBook& book) {
  return Finals(plan, options, model, book).play();
}

}  // namespace skillgrad::optim::decisions
