// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace skillgrad::optim::decisions {

/// A rollout that a decision asks for: the `repeat`-th (from 0) of a task under a package, which is
/// named by its content hash.
struct Need {
  std::string package, task;
  std::size_t repeat = 0;
  friend bool operator==(const Need&, const Need&) = default;
};

/// What a rollout came to beside its score.
struct Measures {
  /// Of the weighted loss, from 0 to 1, where more than quality weighs; else nullopt.
  std::optional<double> value = std::nullopt;
  std::optional<double> cost_usd = std::nullopt, seconds = std::nullopt;  ///< nullopt: not known
};

/// One rollout as the book holds it. No score: it was made and could not be graded.
struct Entry {
  std::size_t repeat = 0;
  std::size_t place = 0;  ///< how many rollouts of the run were in the book before it
  std::optional<double> score;
  Measures measures = {};
};

/// Mean over the graded rollouts of one task under one package: the unit of every comparison.
struct TaskValue {
  double mean = 0;
  std::size_t graded = 0;
  std::size_t missing = 0;  ///< made, not graded
  double value = 0;         ///< mean value of the graded ones: the score, or of the weighted loss
};

/// Every rollout of a run by package and task. Decisions are functions of it, so whoever rebuilds
/// it in the order of its places (from a run directory, at resume) comes to the same decisions, and
/// nothing that is in it is asked for again. Grows only. Not thread-safe: rollouts that ran side by
/// side are added in the order in which they were asked for.
class ScoreBook {
 public:
  /// False when this rollout is there already; the first one stays.
  bool add(const Need& rollout, std::optional<double> score, const Measures& measures = {});
  /// Rollouts so far, which is the place of the next.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// In order of place; empty where there are none.
  [[nodiscard]] const std::vector<Entry>& entries(const std::string& package,
                                                  const std::string& task) const;
  [[nodiscard]] bool has(const Need& rollout) const;
  /// Of all that is in the book.
  [[nodiscard]] TaskValue value(const std::string& package, const std::string& task) const;
  /// The first `repeats` rollouts of the task under the package that are not in the book yet.
  void top_up(const std::string& package, const std::string& task, std::size_t repeats,
              std::vector<Need>& needs) const;

 private:
  std::unordered_map<std::string, std::unordered_map<std::string, std::vector<Entry>>> entries_;
  std::size_t size_ = 0;
};

/// What one task says about two packages.
struct TaskPair {
  std::string task;
  bool source = false;  ///< the patch was made from it
  TaskValue before, after;
  [[nodiscard]] bool complete() const { return before.graded > 0 && after.graded > 0; }
  [[nodiscard]] double difference() const { return after.mean - before.mean; }
  [[nodiscard]] double gain() const { return after.value - before.value; }  ///< of the values
};

/// Tasks and how many rollouts of both arms each is to have.
struct TaskRepeats {
  std::string task;
  std::size_t repeats = 1;
  bool source = false;
};

/// Which rollouts a comparison counts.
enum class Counted {
  all,   ///< what the book held at the start, and what was asked for since
  fresh  ///< only what was asked for since: nothing that a choice was made by before
};

/// Two packages on tasks, step by step. `start` is the size of the book when the comparison began:
/// what came later counts only as far as the steps done so far asked for it, so that a comparison
/// sees the same at a resume, when the book may have grown.
class Comparison {
 public:
  Comparison(std::string before, std::string after, std::size_t start,
             Counted counted = Counted::all)
      : before_(std::move(before)), after_(std::move(after)), start_(start), counted_(counted) {}
  /// Asks for at least `repeats` rollouts of both arms of these tasks (fresh: since the start).
  void ask(const std::vector<TaskRepeats>& tasks);
  /// What is asked for and not in the book, by turns of the arms, in the order of the tasks.
  [[nodiscard]] std::vector<Need> needs(const ScoreBook& book) const;
  /// In the order in which they were first asked for.
  [[nodiscard]] std::vector<TaskPair> pairs(const ScoreBook& book) const;
  [[nodiscard]] const std::string& before() const { return before_; }
  [[nodiscard]] const std::string& after() const { return after_; }

 private:
  [[nodiscard]] std::size_t repeats(const ScoreBook& book, const std::string& package,
                                    const TaskRepeats& task) const;
  [[nodiscard]] TaskValue value(const ScoreBook& book, const std::string& package,
                                const TaskRepeats& task) const;
  std::string before_, after_;
  std::size_t start_;
  Counted counted_;
  std::vector<TaskRepeats> tasks_;
  std::unordered_map<std::string, std::size_t> places_;  ///< of the tasks in tasks_
};

/// The ids in an order drawn from the seed.
[[nodiscard]] std::vector<std::string> shuffled(std::vector<std::string> ids, std::uint64_t seed);

/// Up to `count` tasks of `pool` (not in `except`) that passed in each of their rollouts under any
/// of `packages` (the current one and what it came from), in a seeded order. A task that passed
/// under the current package alone and failed before would be one picked for its luck.
[[nodiscard]] std::vector<std::string> passing_tasks(const ScoreBook& book,
                                                     const std::vector<std::string>& packages,
                                                     const std::vector<std::string>& pool,
                                                     const std::vector<std::string>& except,
                                                     std::size_t count, std::uint64_t seed);

}  // namespace skillgrad::optim::decisions
