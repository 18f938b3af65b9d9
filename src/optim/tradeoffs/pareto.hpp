// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/optim/optimizer.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim {

/// A package of the run that was decided on.
struct Alternative {
  int iteration = 0;    ///< 0: the initial one
  std::string what;     ///< initial, accepted, rejected, undecided, chosen
  std::string package;  ///< as the book names it
  double size_ratio = 1;
  double violations = 0;
  bool chosen = false;  ///< is handed over
};

/// What the alternatives are compared on.
struct AlternativesPlan {
  std::vector<Alternative> packages;  ///< the initial one first
  std::vector<std::string> tasks;     ///< of the validation split
  LossWeights weights;
  const Across* across = nullptr;
  bool calls_are_made = true;  ///< else nobody knows what a rollout costs, or how long it takes
};

/// The alternatives with quality, cost, time, size and violations, and which of them no other one
/// beats (docs/tradeoffs.md). A function of the book, so a resumed run comes to the same. Every
/// package is held against the initial one on the tasks that were graded with both. An objective
/// that is not known of all of them is left out of the comparison and named; time is compared where
/// it weighs something, since measured time is never twice the same.
[[nodiscard]] Tradeoffs tradeoffs(const AlternativesPlan& plan, const decisions::ScoreBook& book);
[[nodiscard]] Json to_json(const Tradeoffs& value);

}  // namespace skillgrad::optim
