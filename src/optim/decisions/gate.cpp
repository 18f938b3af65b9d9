// SPDX-License-Identifier: MIT
#include "optim/decisions/gate.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "optim/decisions/cells.hpp"

namespace skillgrad::optim::decisions {
namespace {

/// Below this share of the validation tasks a comparison decides nothing.
constexpr double kMinCoverage = 0.6;
constexpr std::size_t kMinBlock = 4;
constexpr std::size_t kSure = 2;  // rollouts that agree before a task counts as lost

using Pairs = std::vector<TaskPair>;

class Player {
 public:
  Player(const GatePlan& plan, const GateOptions& options, const EffectModel& model,
         const ScoreBook& book)
      : options_(options),
        model_(model),
        book_(book),
        comparison_(plan.comparison),
        tasks_(drawn_order(plan.val_tasks, plan.seed, model.across())),
        width_(cells_of_task(model.across())),
        validation_(tasks_.begin(), tasks_.end()) {}

  GateStep play() {
    const std::size_t all = tasks_.size() / width_;
    const std::size_t parts =
        std::clamp<std::size_t>(all / kMinBlock, 1, std::max<std::size_t>(1, options_.blocks));
    for (std::size_t pass = 1; pass <= options_.passes; ++pass) {
      for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t end = all * (part + 1) / parts * width_;
        ask(all * part / parts * width_, end, pass);
        if (waits()) return step_;
        ++step_.verdict.looks;
        weigh();
        const bool last = pass == options_.passes && part + 1 == parts;
        if (decide(last, pass, end)) return step_;
        if (waits()) return step_;
      }
    }
    return step_;  // no passes: nothing was decided
  }

 private:
  void ask(std::size_t from, std::size_t to, std::size_t repeats) {
    std::vector<TaskRepeats> asked;
    for (std::size_t i = from; i < to; ++i) asked.push_back({tasks_[i], repeats, false});
    comparison_.ask(asked);
  }

  bool waits() {
    step_.needs = comparison_.needs(book_);
    return !step_.done();
  }

  void weigh() {
    pairs_ = comparison_.pairs(book_);
    GateVerdict& out = step_.verdict;
    out.belief = model_.belief(pairs_);
    Pairs validated;
    for (const TaskPair& pair : pairs_)
      if (validation_.contains(pair.task)) validated.push_back(pair);
    const Pairs tasks = pairs_by_task(validated, model_.across());
    count(tasks, out);
    out.missing = tasks.size() - out.tasks;
    if (model_.across() == nullptr) return;
    const auto beliefs = model_.by_model(pairs_);
    const auto models = pairs_by_model(validated, model_.across());
    out.models.assign(models.size(), {});
    for (std::size_t i = 0; i < models.size(); ++i) {
      count(models[i], out.models[i]);
      out.models[i].belief = beliefs[i];
    }
  }

  /// The complete ones of these pairs, and how they came out.
  template <class Counts>
  static void count(const Pairs& pairs, Counts& out) {
    out.tasks = out.fixed = out.broken = 0;
    out.before = out.after = 0;
    for (const TaskPair& pair : pairs) {
      if (!pair.complete()) continue;
      ++out.tasks;
      out.before += pair.before.mean;
      out.after += pair.after.mean;
      out.fixed += pair.difference() > 0 ? 1U : 0U;
      out.broken += pair.difference() < 0 ? 1U : 0U;
    }
    const auto n = static_cast<double>(std::max<std::size_t>(1, out.tasks));
    out.before /= n;
    out.after /= n;
  }

  bool end(GateDecision decision, GateReason reason) {
    step_.verdict.decision = decision;
    step_.verdict.reason = reason;
    return true;
  }

  // True: decided. False with needs: the regression budget has to look closer.
  bool decide(bool last, std::size_t pass, std::size_t done_of_pass) {
    const GateVerdict& out = step_.verdict;
    const double better = out.belief.better;
    if (better < options_.reject) return end(GateDecision::rejected, GateReason::evidence);
    const auto all = static_cast<double>(tasks_.size() / width_);
    if (last && static_cast<double>(out.tasks) < kMinCoverage * all)
      return end(GateDecision::undecided, GateReason::coverage);
    const bool enough =
        better >= options_.accept && out.tasks > 0 && is_covered(pass, done_of_pass);
    if (!enough && last && better < options_.at_the_end)
      return end(GateDecision::rejected, GateReason::cap);
    if (!enough && !last && is_futile(pass, done_of_pass))
      return end(GateDecision::rejected, GateReason::futile);
    if (!enough && !last) return false;
    // What has not been run cannot be known to be whole.
    if (options_.max_broken && pass == 1 && done_of_pass < tasks_.size()) return false;
    if (options_.max_broken) {
      if (look_closer()) return false;
      count_lost();
      if (out.lost.size() > *options_.max_broken)
        return end(GateDecision::rejected, GateReason::broken);
    }
    return end(GateDecision::accepted, enough ? GateReason::evidence : GateReason::cap);
  }

  /// What errors left of the tasks that were run must speak for all of them.
  [[nodiscard]] bool is_covered(std::size_t pass, std::size_t done_of_pass) const {
    const std::size_t run = pass == 1 ? done_of_pass : tasks_.size();
    return static_cast<double>(step_.verdict.tasks) >=
           kMinCoverage * static_cast<double>(run / width_);
  }

  // If every rollout that is left went the candidate's way.
  [[nodiscard]] bool is_futile(std::size_t pass, std::size_t done_of_pass) const {
    Pairs best = pairs_;
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < best.size(); ++i) places.emplace(best[i].task, i);
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const std::size_t left = options_.passes - (i < done_of_pass ? pass : pass - 1);
      const auto found = places.find(tasks_[i]);
      TaskPair& pair = found == places.end() ? best.emplace_back(TaskPair{tasks_[i], false, {}, {}})
                                             : best[found->second];
      const auto graded = static_cast<double>(pair.after.graded);
      const auto more = static_cast<double>(left);
      if (left == 0) continue;
      pair.after.mean = (pair.after.mean * graded + more) / (graded + more);
      pair.after.value = (pair.after.value * graded + more) / (graded + more);
      pair.after.graded += left;
      if (pair.before.graded > 0) continue;
      pair.before = {0, left, 0};
    }
    return model_.belief(best).better < std::min(options_.accept, options_.at_the_end);
  }

  [[nodiscard]] static bool may_be_lost(const TaskPair& pair) {
    return pair.complete() && pair.before.mean >= 1 && pair.after.mean <= 0;
  }

  /// Asks for second rollouts of what looks lost. True when there are any to be made.
  bool look_closer() {
    std::vector<TaskRepeats> asked;
    for (const TaskPair& pair : pairs_)
      if (may_be_lost(pair) && validation_.contains(pair.task))
        asked.push_back({pair.task, kSure, false});
    comparison_.ask(asked);
    if (waits()) return true;
    weigh();
    return false;
  }

  void count_lost() {
    step_.verdict.lost.clear();
    for (const TaskPair& pair : pairs_)
      if (may_be_lost(pair) && validation_.contains(pair.task) && pair.before.graded >= kSure &&
          pair.after.graded >= kSure)
        step_.verdict.lost.push_back(pair.task);
    std::sort(step_.verdict.lost.begin(), step_.verdict.lost.end());
  }

  const GateOptions& options_;
  const EffectModel& model_;
  const ScoreBook& book_;
  Comparison comparison_;
  std::vector<std::string> tasks_;              ///< cells, those of a task side by side
  std::size_t width_;                           ///< cells of a task
  std::unordered_set<std::string> validation_;  ///< the same
  Pairs pairs_;
  GateStep step_;
};

}  // namespace

GateOptions gate_options(GateLevel level) {
  GateOptions out;
  if (level == GateLevel::strict) {
    out.accept = 0.95;
    out.at_the_end = 0.75;
    out.passes = 2;
  }
  if (level == GateLevel::loose) {
    out.accept = 0.8;
    out.at_the_end = 0.35;
  }
  return out;
}

GateStep gate(const GatePlan& plan, const GateOptions& options, const EffectModel& model,
              const ScoreBook& book) {
  return Player(plan, options, model, book).play();
}

GateStep mean_gate(Comparison comparison, const std::vector<std::string>& val_tasks,
                   std::size_t repeats, const ScoreBook& book) {
  std::vector<TaskRepeats> asked;
  for (const auto& task : val_tasks) asked.push_back({task, repeats, false});
  comparison.ask(asked);
  GateStep out;
  out.needs = comparison.needs(book);
  if (!out.done()) return out;
  GateVerdict& verdict = out.verdict;
  for (const TaskPair& pair : comparison.pairs(book)) {
    if (!pair.complete()) {
      ++verdict.missing;
      continue;
    }
    ++verdict.tasks;
    verdict.before += pair.before.mean;
    verdict.after += pair.after.mean;
    verdict.fixed += pair.difference() > 0 ? 1U : 0U;
    verdict.broken += pair.difference() < 0 ? 1U : 0U;
  }
  verdict.looks = 1;
  if (static_cast<double>(verdict.tasks) < kMinCoverage * static_cast<double>(val_tasks.size()))
    return out;
  const auto n = static_cast<double>(verdict.tasks);
  verdict.before /= n;
  verdict.after /= n;
  verdict.reason = GateReason::evidence;
  verdict.decision =
      verdict.after > verdict.before ? GateDecision::accepted : GateDecision::rejected;
  return out;
}

}  // namespace skillgrad::optim::decisions
