// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optim/decisions/effect_model.hpp"
#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct FinalistOptions {
  std::size_t rounds = 1;  ///< fresh rollouts of each validation task under each finalist, at most
  double take = 0.8;  ///< chance of being better than the favourite that takes its place at once
  double drop = 0.3;  ///< below this chance a finalist is out
  double at_the_end = 0.65;  ///< chance that is enough when all rounds are made
};

struct FinalistPlan {
  std::vector<std::string> packages;  ///< distinct; the favourite (the last accepted) is at the end
  std::vector<std::string> val_tasks;
  std::uint64_t seed = 0;
  std::size_t start = 0;  ///< size of the book when the loop had ended
};

struct FinalistRow {
  std::string package;
  Belief against_favourite;
  double fresh_score = 0;  ///< mean over validation tasks of rollouts that chose nothing before
  double all_score = 0;    ///< mean over all rollouts: optimistic
  std::size_t tasks = 0;   ///< with a fresh grade
  bool out = false;
};

struct FinalistStep {
  std::vector<Need> needs;
  std::vector<FinalistRow> rows;  ///< in the order of the packages
  std::size_t chosen = 0;         ///< when needs are empty
  std::size_t rounds = 0;
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// Which checkpoints may be the best: the first (initial) package, the last, and of the others at
/// most `most` - 2, those whose validation tasks speak most for them against the last.
[[nodiscard]] std::vector<std::string> choose_finalists(const std::vector<std::string>& checkpoints,
                                                        const std::vector<std::string>& val_tasks,
                                                        std::size_t most, const EffectModel& model,
                                                        const ScoreBook& book);

/// The favourite stays unless fresh rollouts of a finalist and of it say otherwise.
[[nodiscard]] FinalistStep finalists(const FinalistPlan& plan, const FinalistOptions& options,
                                     const EffectModel& model, const ScoreBook& book);

}  // namespace skillgrad::optim::decisions
