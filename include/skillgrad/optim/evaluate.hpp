// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/optim/messages.hpp>
#include <skillgrad/stats/stats.hpp>

namespace skillgrad::bench {
class Benchmark;
}

namespace skillgrad::optim {

/// The same of the tasks of one category (instruction_type of SpreadsheetBench).
struct CategoryScore {
  std::size_t planned = 0, graded = 0;  ///< rollouts
  double score = 0, hard = 0;
  std::optional<double> score_errors_fail;  ///< nullopt: nothing was run
};

/// What a set of loss records says. Errors are left out of `score` and shown beside it; the other
/// reading, where every rollout that was run and has no grade counts as failed, is
/// `score_errors_fail`. What was skipped is in neither.
struct EvalSummary {
  std::size_t planned = 0;  ///< rollouts: tasks x trials
  std::size_t graded = 0;
  int trials = 1;
  double score = 0;            ///< mean over graded tasks (a task's trials are averaged first)
  stats::Interval score_ci95;  ///< Wilson for one trial of 0/1 scores, else bootstrap by task
  double hard = 0;             ///< share of graded tasks that are all right
  std::optional<double> score_errors_fail;  ///< nullopt: nothing was run
  std::map<LossStatus, std::size_t, ByName> by_status;
  std::map<std::string, CategoryScore> by_category;  ///< empty where no task has a category
  std::vector<LossRecord> records;                   ///< input order
  [[nodiscard]] std::size_t count(LossStatus status) const;
  /// Rollouts that ended as errors, and their share of those that were run.
  [[nodiscard]] std::size_t errors() const { return count(LossStatus::error); }
  [[nodiscard]] std::size_t skipped() const { return count(LossStatus::skipped); }
  [[nodiscard]] double error_rate() const;
};
/// `benchmark` knows the categories of the tasks; null: none are summed up.
[[nodiscard]] EvalSummary summarize(std::vector<LossRecord> records, int trials,
                                    const bench::Benchmark* benchmark = nullptr);
/// Mean score of each task over its graded trials; tasks without one are absent.
[[nodiscard]] std::map<std::string, double> task_scores(const std::vector<LossRecord>& records);
/// Two sets on the tasks that were graded in both, in the order of `ids`.
[[nodiscard]] stats::PairedResult compare_tasks(const std::vector<std::string>& ids,
                                                const EvalSummary& before,
                                                const EvalSummary& after);
/// The fields that a summary can fill ("score" ... "trials", "tasks"); what it
/// cost is in the ledger (costs.hpp).
[[nodiscard]] Json to_json(const EvalSummary& value);
/// {"NAME":{"score","hard","score_errors_as_failures","n_planned","n_graded"}}, "" for tasks
/// without a category; {} where there are none.
[[nodiscard]] Json by_category_json(const EvalSummary& value);

}  // namespace skillgrad::optim
