// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optim/decisions/effect_model.hpp"
#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct ScreenOptions {
  std::size_t rounds = 4;  ///< rollouts of each source task under either package, at most
  std::size_t race = 2;    ///< rounds after which only the best candidate is run further
  /// A candidate that is better with less chance than this is dropped. It is about what is believed
  /// before anything is run: what speaks against a candidate is enough to try the next one.
  double drop_below = 0.4;
  double enough = 0.95;  ///< with this chance its source tasks need not be run further
  /// From the third round on, a task is left alone once it is this sure what the candidate does to
  /// it.
  double settled = 0.8;
};

/// The balanced probe of a step's candidates (docs/deciding.md): the tasks that the patch was made
/// from, and as many that the current package passes.
struct ScreenPlan {
  std::string current;
  std::vector<std::string> candidates;  ///< distinct, none equal to `current`
  std::vector<std::string> source_tasks;
  /// That the current package passes; with several models both with all others.
  std::vector<std::string> passing_tasks;
  std::size_t start = 0;  ///< size of the book when the step's execution was in it
};

struct ScreenRow {
  std::string candidate;
  Comparison comparison;  ///< goes on in the gate
  Belief belief;
  double fixes = 0, breaks = 0;  ///< expected numbers of probe tasks that it lifts and breaks
  std::size_t rounds = 0;        ///< done
  std::size_t missing = 0;       ///< tasks without a graded rollout of both arms
  bool dropped = false;
  bool overtaken = false;  ///< dropped because another candidate did better and went on
  /// The model that it is dropped for: by the rule `worst`, none may be harmed (docs/across.md).
  std::optional<std::size_t> harmed = std::nullopt;
};

struct ScreenStep {
  std::vector<Need> needs;          ///< not empty: make these, add them to the book and ask again
  std::vector<ScreenRow> rows;      ///< in the order of the candidates
  std::optional<std::size_t> best;  ///< when needs are empty: the row that goes on, if any
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// Where the screen stands: a function of the book, so it needs no state of its own.
[[nodiscard]] ScreenStep screen(const ScreenPlan& plan, const ScreenOptions& options,
                                const EffectModel& model, const ScoreBook& book);

}  // namespace skillgrad::optim::decisions
