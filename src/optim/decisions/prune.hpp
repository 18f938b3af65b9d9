// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/optim/decisions.hpp>

#include "optim/decisions/effect_model.hpp"
#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct PruneOptions {
  double margin = 0.02;    ///< a loss up to this is no loss (non-inferiority)
  double take_out = 0.9;   ///< chance that the loss is within the margin that takes an edit out
  double keep = 0.6;       ///< below this chance the edit stays
  std::size_t rounds = 2;  ///< rollouts of each task under either package, at most
  double share = 0.05;     ///< of the run's rollouts so far that all edits together may cost
};

/// One accepted edit: the package with all that is left, and the same without this edit.
struct PruneEdit {
  std::string without;                    ///< package; "" where it cannot be taken back alone
  std::vector<std::string> source_tasks;  ///< that its patch was made from
};

struct PrunePlan {
  std::string package;  ///< as it is now
  PruneEdit edit;
  std::vector<std::string> val_tasks;
  std::uint64_t seed = 0;
  std::size_t start = 0;  ///< size of the book when this edit's turn began
  std::size_t begin = 0;  ///< size of the book when the first edit's turn began
};

struct PruneStep {
  std::vector<Need> needs;
  PruneVerdict verdict = PruneVerdict::kept;
  double within_margin = 0;  ///< chance that the edit gives no more than the margin
  Belief belief;             ///< of the edit: the package with it against the one without
  std::size_t rounds = 0;
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// Leave one out: where the edit stands, as a function of the book. The caller offers the edits one
/// after the other (weakest evidence first), each against what is left.
[[nodiscard]] PruneStep prune(const PrunePlan& plan, const PruneOptions& options,
                              const EffectModel& model, const ScoreBook& book);

}  // namespace skillgrad::optim::decisions
