// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <skillgrad/optim/across.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

/// What is believed of a candidate before anything is measured. Nothing here is about one data set;
/// docs/deciding.md says how these were chosen and shows that the beliefs hold what they say.
struct EffectPrior {
  double lifts_none = 0.5;    ///< chance that it lifts no task
  double breaks_none = 0.75;  ///< chance that it breaks none: a patch is made to lift
  /// Share of all tasks that it lifts, or breaks, when it does so at all; each is as likely.
  std::vector<double> shares = {1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 3.0 / 4};
  /// Of the tasks that the patch was made from, a candidate that lifts any lifts at least this
  /// share.
  double source_share = 0.35;
};

/// What rollouts say of a candidate.
struct Belief {
  double better = 0;  ///< chance that it lifts more tasks than it breaks
  double worse = 0;   ///< and fewer; the rest: it does nothing, or as much of either
  double gain = 0;    ///< expected difference of the score, from -1 to 1
  /// Chance that the true gain is above the margin asked for, see belief().
  double above_margin = 0;
  /// With several models: `better` of the mean over them, whatever becomes of single ones.
  double together = 0;
  /// The model whose harm is what `better` tells, see EffectModel; nullopt: none.
  std::optional<std::size_t> weakest = std::nullopt;
};

/// What they say of one task: the chances that the candidate lifts it and that it breaks it.
struct TaskBelief {
  double lifted = 0, broken = 0;
};

/// A Bayesian comparison by task. Each task's pass chance under the old package is beta(1/2, 1/2);
/// under the new one it is the same, or higher, or lower (two draws of that distribution in order),
/// with shares 1 - u - d, u and d over all tasks. A beta-binomial likelihood for each task is
/// averaged over these three, tasks multiply, and so do the evidence of screen and validation. The
/// posterior holds whatever made the rollouts be made (selection of tasks, optional stopping), as
/// long as all rollouts of a task are counted. Scores between 0 and 1 count as that part of a pass.
///
/// With several models (docs/across.md) pairs are cells, and a task is the mean over its models. Of
/// such means, and of values of the weighted loss (docs/tradeoffs.md), nobody knows a distribution
/// beforehand: `better` is the chance that Student's t gives a mean of the tasks' paired
/// differences of more than two points, to which one of the largest step up and one down were
/// added, so that a few equal differences prove nothing. Tasks that the patch was made from count
/// only where there are no two others: they were picked for their failures.
///
/// By the rule `worst` every model has to be left whole besides: `better` is the least of that
/// chance and, for each model, the chance that its own pairs are not worse (intersection-union: all
/// must hold, so each is held to the same bound), `above_margin` and `worse` the most. Immutable:
/// one may be shared by threads.
class EffectModel {
 public:
  /// `across` (null: one model) outlives it. `step` above 0: the values of the weighted loss are
  /// compared in place of passes, and so much is the largest that one component can move them.
  explicit EffectModel(EffectPrior prior = {}, const Across* across = nullptr, double step = 0);
  [[nodiscard]] const Across* across() const { return across_; }
  [[nodiscard]] bool weighted() const { return step_ > 0; }
  /// `margin`: a gain, for above_margin.
  [[nodiscard]] Belief belief(const std::vector<TaskPair>& pairs, double margin = 0) const;
  /// Each pair as a task of its own, whatever models there are.
  [[nodiscard]] Belief plain(const std::vector<TaskPair>& pairs, double margin = 0) const;
  /// For each model, what its pairs alone say.
  [[nodiscard]] std::vector<Belief> by_model(const std::vector<TaskPair>& pairs) const;
  /// In the order of the pairs; those that are not complete are believed of as the rest of all
  /// tasks.
  [[nodiscard]] std::vector<TaskBelief> by_task(const std::vector<TaskPair>& pairs) const;

 private:
  struct Hypothesis {
    TaskBelief all;     // shares of all tasks
    TaskBelief source;  // of those that the patch was made from
    double log_prior = 0;
    [[nodiscard]] const TaskBelief& shares(bool of_source) const {
      return of_source ? source : all;
    }
  };
  [[nodiscard]] std::vector<double> posterior(const std::vector<TaskPair>& pairs) const;
  [[nodiscard]] static Belief of_values(const std::vector<TaskPair>& pairs, double margin,
                                        double step);
  std::vector<Hypothesis> hypotheses_;
  const Across* across_;
  double step_;
};

}  // namespace skillgrad::optim::decisions
