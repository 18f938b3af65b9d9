// SPDX-License-Identifier: MIT
#include "study/process.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <skillgrad/optim/schedule.hpp>

#include "optim/decisions/calibration.hpp"

namespace skillgrad::study {
namespace {

using decisions::Need;

/// Tasks and rollouts of the release test: what a run is likely to have, and not all test tasks,
/// which stand for the truth here.
constexpr std::size_t kReleaseTasks = 120;
constexpr std::size_t kReleaseRepeats = 2;
/// An equal_rollouts rule that has found a way to iterate without rollouts must end.
constexpr std::size_t kMostIterations = 10'000;
/// Smaller differences of true rates are rounding.
constexpr double kNothing = 1e-12;

class Process {
  // Before its uses: its result is deduced.
  /// Makes what a step asks for until it asks for nothing.
  template <class Step>
  auto drive(const Step& step) {
    for (;;) {
      auto result = step();
      if (result.done()) return result;
      make(result.needs);
    }
  }

 public:
  Process(const Population& population, const Rule& rule, std::uint64_t seed,
          std::size_t most_rollouts)
      : population_(population),
        rule_(rule),
        seed_(seed),
        most_rollouts_(most_rollouts),
        world_(population, seed),
        model_(rule.prior) {
    initial_ = add_package(world_.initial());
    current_ = initial_;
    checkpoints_ = {initial_};
  }

  Outcome run() {
    base_run();
    if (rule_.kind == Rule::Kind::staged) drive([&] { return calibration(); });
    const std::size_t iterations = rule_.equal_rollouts ? kMostIterations : population_.iterations;
    std::vector<std::vector<std::string>> batches;
    for (std::size_t t = 0; t < iterations && !spent(); ++t) {
      progress_ = population_.iterations < 2
                      ? 0
                      : std::min(1.0, static_cast<double>(t) /
                                          static_cast<double>(population_.iterations - 1));
      if (t >= batches.size()) batches = draw_batches(std::max(population_.iterations, 2 * t));
      if (batches.empty()) break;
      iterate(t, batches[t]);
    }
    progress_ = 1;
    finish();
    return outcome_;
  }

 private:
  std::string add_package(const Package& package) {
    std::string id = fmt::format("p{}", packages_.size());
    packages_.emplace(id, package);
    return id;
  }

  [[nodiscard]] bool spent() const {
    return rule_.equal_rollouts && book_.size() >= most_rollouts_;
  }

  void make(const std::vector<Need>& needs) {
    for (const Need& need : needs)
      book_.add(need, world_.play(packages_.at(need.package), need, progress_));
  }

  /// One more rollout of each task than there is.
  std::vector<Need> once_more(const std::vector<std::string>& tasks, const std::string& package) {
    std::vector<Need> out;
    for (const auto& task : tasks)
      out.push_back({package, task, book_.entries(package, task).size()});
    return out;
  }

  void base_run() {
    make(once_more(world_.train(), initial_));
    for (const auto& task : world_.train()) {
      const auto value = book_.value(initial_, task);
      if (value.graded > 0 && value.mean < 1) failed_.push_back(task);
    }
  }

  std::vector<std::vector<std::string>> draw_batches(std::size_t count) {
    optim::ScheduleOptions options;
    options.train_tasks = population_.iterations * population_.batch;
    options.batch = population_.batch;
    options.seed = seed_;
    options.fixed_updates = count;
    return optim::make_batches(failed_, options);
  }

  decisions::CalibrationStep calibration() {
    decisions::CalibrationPlan plan;
    plan.package = initial_;
    plan.tasks = world_.val();
    return decisions::calibrate(plan, book_);
  }

  void iterate(std::size_t t, const std::vector<std::string>& batch) {
    const auto executed = once_more(batch, current_);
    make(executed);
    const bool failed = std::any_of(executed.begin(), executed.end(), [&](const Need& need) {
      const auto& score = book_.entries(need.package, need.task).back().score;
      return score && *score < 1;
    });
    if (!failed) return;  // nothing asks for a change
    std::vector<std::string> candidates;
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < rule_.candidates; ++i) {
      edits.push_back(world_.draw_edit(batch, packages_.at(current_), t * rule_.candidates + i));
      candidates.push_back(add_package(apply(packages_.at(current_), edits.back())));
    }
    const auto kept = decide(t, batch, candidates);
    for (std::size_t i = 0; i < candidates.size(); ++i) count(candidates[i], kept == i);
    if (!kept) return;
    accepted_.push_back({edits[*kept], batch});
    current_ = candidates[*kept];
    checkpoints_.push_back(current_);
  }

  void count(const std::string& candidate, bool kept) {
    const double gain = truth(candidate) - truth(current_);
    auto& all = gain > kNothing ? outcome_.good : outcome_.other;
    auto& held = gain > kNothing ? outcome_.good_kept : outcome_.other_kept;
    ++all;
    held += kept ? 1 : 0;
  }

  std::optional<std::size_t> decide(std::size_t t, const std::vector<std::string>& batch,
                                    const std::vector<std::string>& candidates) {
    if (rule_.kind == Rule::Kind::none) return 0;
    if (rule_.kind != Rule::Kind::staged) {
      const decisions::Comparison comparison(
          current_, candidates.front(), book_.size(),
          rule_.kind == Rule::Kind::fresh ? decisions::Counted::fresh : decisions::Counted::all);
      const auto step =
          drive([&] { return decisions::mean_gate(comparison, world_.val(), 1, book_); });
      return step.verdict.decision == decisions::GateDecision::accepted
                 ? std::optional<std::size_t>(0)
                 : std::nullopt;
    }
    return screen_and_gate(t, batch, candidates);
  }

  std::optional<std::size_t> screen_and_gate(std::size_t t, const std::vector<std::string>& batch,
                                             const std::vector<std::string>& candidates) {
    decisions::ScreenPlan plan;
    plan.current = current_;
    plan.candidates = candidates;
    plan.source_tasks = batch;
    const std::vector<std::string> lineage(checkpoints_.rbegin(), checkpoints_.rend());
    plan.passing_tasks =
        decisions::passing_tasks(book_, lineage, world_.train(), batch, batch.size(), seed_ + t);
    plan.start = book_.size();
    const auto screened =
        drive([&] { return decisions::screen(plan, rule_.screen, model_, book_); });
    if (!screened.best) return std::nullopt;
    const decisions::GatePlan gated{screened.rows[*screened.best].comparison, world_.val(),
                                    seed_ + t};
    const auto step = drive([&] { return decisions::gate(gated, rule_.gate, model_, book_); });
    outcome_.beliefs.emplace_back(step.verdict.belief.better,
                                  truth(gated.comparison.after()) - truth(current_) > kNothing);
    return step.verdict.decision == decisions::GateDecision::accepted ? screened.best
                                                                      : std::nullopt;
  }

  [[nodiscard]] double truth(const std::string& package) {
    const auto [found, fresh] = truths_.try_emplace(package, 0);
    if (fresh) found->second = world_.mean_chance(packages_.at(package), world_.test(), 1);
    return found->second;
  }

  void finish() {
    std::string chosen = current_;
    if (rule_.kind == Rule::Kind::staged) {
      if (rule_.finalists) chosen = choose();
      if (rule_.pruned) chosen = take_back(chosen);
    }
    outcome_.rollouts = book_.size();
    outcome_.gain = truth(chosen) - truth(initial_);
    measure_optimism(chosen);
    test(chosen);
  }

  std::string choose() {
    decisions::FinalistPlan plan;
    plan.packages = decisions::choose_finalists(checkpoints_, world_.val(), rule_.most_finalists,
                                                model_, book_);
    plan.val_tasks = world_.val();
    plan.seed = seed_;
    plan.start = book_.size();
    const auto step =
        drive([&] { return decisions::finalists(plan, rule_.finals, model_, book_); });
    return plan.packages[step.chosen];
  }

  /// Edits in the order of their age, each against what is left. Edits after the chosen checkpoint
  /// are not in it.
  std::string take_back(const std::string& chosen) {
    const auto at = std::find(checkpoints_.begin(), checkpoints_.end(), chosen);
    std::vector<std::pair<Edit, std::vector<std::string>>> left(
        accepted_.begin(), accepted_.begin() + (at - checkpoints_.begin()));
    std::string package = chosen;
    const std::size_t begin = book_.size();
    for (std::size_t i = 0; i < left.size();) {
      decisions::PrunePlan plan;
      plan.package = package;
      Package without = world_.initial();
      for (std::size_t j = 0; j < left.size(); ++j)
        if (j != i) without = apply(without, left[j].first);
      plan.edit = {add_package(without), left[i].second};
      plan.val_tasks = world_.val();
      plan.seed = seed_ + i;
      plan.start = book_.size();
      plan.begin = begin;
      const auto step = drive([&] { return decisions::prune(plan, rule_.prune, model_, book_); });
      if (step.verdict != decisions::PruneVerdict::taken_out) {
        ++i;
        continue;
      }
      package = plan.edit.without;
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return package;
  }

  void measure_optimism(const std::string& chosen) {
    double claimed = 0;
    double real = 0;
    std::size_t n = 0;
    for (const auto& task : world_.val()) {
      const auto value = book_.value(chosen, task);
      if (value.graded == 0) continue;
      ++n;
      claimed += value.mean;
      real += world_.chance(packages_.at(chosen), task, 1);
    }
    if (n > 0) outcome_.optimism = (claimed - real) / static_cast<double>(n);
  }

  void test(const std::string& chosen) {
    decisions::ReleasePlan plan;
    plan.initial = initial_;
    plan.chosen = chosen;
    plan.test_tasks = world_.test();
    plan.test_tasks.resize(std::min(plan.test_tasks.size(), kReleaseTasks));
    plan.seed = seed_;
    plan.start = book_.size();
    decisions::ReleaseOptions options;
    options.repeats = kReleaseRepeats;
    const auto step = drive([&] { return decisions::release(plan, options, book_); });
    outcome_.verdict = step.result.verdict;
    outcome_.release_rollouts = book_.size() - plan.start;
  }

  const Population& population_;
  const Rule& rule_;
  std::uint64_t seed_;
  std::size_t most_rollouts_;
  World world_;
  decisions::EffectModel model_;
  decisions::ScoreBook book_;
  std::map<std::string, Package> packages_;
  std::map<std::string, double> truths_;
  std::string initial_, current_;
  std::vector<std::string> checkpoints_;
  std::vector<std::pair<Edit, std::vector<std::string>>> accepted_;
  std::vector<std::string> failed_;
  double progress_ = 0;
  Outcome outcome_;
};

}  // namespace

const std::vector<std::string>& rule_names() {
  static const std::vector<std::string> names = {
      "default", "strict", "balanced", "loose", "careful", "single", "stored", "fresh", "none"};
  return names;
}

Result<Rule> rule_named(const std::string& name) {
  Rule out;
  out.name = name;
  std::string base = name;
  constexpr std::string_view kEqual = "@equal";
  if (base.ends_with(kEqual)) {
    out.equal_rollouts = true;
    base.resize(base.size() - kEqual.size());
  }
  if (std::find(rule_names().begin(), rule_names().end(), base) == rule_names().end())
    return fail(
        ErrorCode::usage,
        fmt::format("got the rule \"{}\", expected one of {}", name, fmt::join(rule_names(), ", ")),
        "--rules", "name rules separated by commas, as in --rules default,stored");
  out.gate = decisions::gate_options(base == "strict"  ? decisions::GateLevel::strict
                                     : base == "loose" ? decisions::GateLevel::loose
                                                       : decisions::GateLevel::balanced);
  if (base == "careful") out.gate.max_broken = 0;
  out.kind = base == "stored"  ? Rule::Kind::stored
             : base == "fresh" ? Rule::Kind::fresh
             : base == "none"  ? Rule::Kind::none
                               : Rule::Kind::staged;
  if (out.kind != Rule::Kind::staged || base == "single") out.candidates = 1;
  return out;
}

Outcome run_process(const Population& population, const Rule& rule, std::uint64_t seed,
                    std::size_t most_rollouts) {
  return Process(population, rule, seed, most_rollouts).run();
}

}  // namespace skillgrad::study
