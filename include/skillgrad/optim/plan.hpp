// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::optim {

/// Model turns that a stage may take unless its options name another number (docs/algorithm.md
/// section 2).
inline constexpr int kDiagnoserTurns = 15, kMomentumTurns = 15, kPatcherTurns = 20;
/// Rounds in which a patch that breaks a rule goes back, and the turns of each.
inline constexpr int kPatchRepairRounds = 3, kPatchRepairTurns = 8;
/// Turns granted once to a stage that read on instead of handing in.
inline constexpr int kExtraStageTurns = 2;

/// One part of a run. The loop executes these in order, and an estimate counts them.
struct PlanStep {
  enum class Kind { base, validation, iterations, reruns, closing, test };
  Kind kind = Kind::base;
  /// Of iterations: those of the gate, without its guard; of reruns: those that are run again.
  std::vector<std::string> tasks;
};

/// Conversations of one kind, all with the same role's model.
struct PlannedWork {
  std::string stage;               ///< "base run", "validation", "execute", "diagnose", ...
  std::string role;                ///< executor, diagnoser, momentum, patcher
  std::vector<std::string> tasks;  ///< one entry for each conversation that is about a task
  std::size_t conversations = 0;
  bool exact = false;  ///< fixed before the first call
};

/// What a run will do, as far as it is known before its first call.
class RunPlan {
 public:
  /// `gated`: the gate compares scores. `momentum`: there is such a stage.
  RunPlan(const OptimizeSettings& settings, const bench::Splits& splits, bool gated, bool momentum);

  [[nodiscard]] const std::vector<PlanStep>& steps() const { return steps_; }
  struct Batches {
    std::vector<std::vector<std::string>> items;
    bool cut_short = false;                          ///< by max_iters
    std::vector<std::vector<std::string>> all = {};  ///< without max_iters
    /// How many tasks of a batch the screen can run, where the budget bounds it.
    std::optional<std::size_t> probe = {};
  };
  /// The training batches for the tasks that failed in the base run.
  [[nodiscard]] Batches batches(const std::vector<std::string>& failures) const;
  /// A later batch may hold one failing task of an earlier one besides its own.
  [[nodiscard]] bool revisits() const;
  /// Rollouts that the search may make, for these failures; nullopt: no limit.
  [[nodiscard]] std::optional<std::size_t> allowed(const std::vector<std::string>& failures) const;
  /// Rollouts of base run and validation, which every method makes.
  [[nodiscard]] std::size_t measuring() const;
  /// Of what is allowed, what judging the proposals of a single-batch method may take at most, and
  /// what choosing among checkpoints takes.
  [[nodiscard]] std::size_t judging(std::size_t probe) const;
  [[nodiscard]] std::size_t choosing() const;
  /// Passes over the validation tasks that a rerun makes beside those of measuring(), the last of
  /// them after the best was chosen.
  [[nodiscard]] std::size_t passes(const std::vector<std::string>& failures) const;
  /// Everything that is done if these tasks fail and every batch gives a candidate; the gate's
  /// guard is counted in full as far as tasks pass. What ends a run early makes it less; what is
  /// tried again makes it more.
  /// `most`: staged decisions take as many rollouts as they may, else as many as they are likely
  /// to.
  [[nodiscard]] std::vector<PlannedWork> work(const std::vector<std::string>& failures,
                                              bool most = false) const;

 private:
  using Drawn = std::vector<std::vector<std::string>>;
  void add_iterations(const PlanStep& step, const std::vector<std::string>& failures, bool most,
                      std::vector<PlannedWork>& out) const;
  void add_gates(const PlanStep& step, const std::vector<std::string>& failures, const Drawn& drawn,
                 std::vector<PlannedWork>& out) const;
  void add_trials(const PlanStep& step, const Drawn& drawn, bool most,
                  std::vector<PlannedWork>& out) const;
  void add_closing(const PlanStep& step, bool most, std::vector<PlannedWork>& out) const;
  [[nodiscard]] std::size_t proposals() const;
  [[nodiscard]] Batches single_batch(const std::vector<std::string>& failures) const;
  static void fit(std::vector<PlannedWork>& work, std::size_t rollouts, bool most);
  OptimizeSettings settings_;
  bench::Splits splits_;
  std::vector<PlanStep> steps_;
  std::vector<std::string> train_;
  bool momentum_, gated_;
};

/// Of the tasks of batches before the next one that still fail, the one that waits longest and is
/// not in the next; "" if there is none. One row for each batch that was used.
[[nodiscard]] std::string returning_task(const std::vector<std::vector<std::string>>& batches,
                                         const std::vector<IterationRow>& rows,
                                         const std::function<bool(const std::string&)>& fails);

/// A batch as it is run: a task that is drawn twice is one piece of evidence.
[[nodiscard]] std::vector<std::string> each_once(const std::vector<std::string>& batch);

}  // namespace skillgrad::optim
