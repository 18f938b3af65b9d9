// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/optim/across.hpp>

#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

// Pairs of cells (a task with one model) as what decisions are made of. Pairs stay within a task
// and a model; the task stays the unit. Everywhere `across` may be null: then a cell is a task.

/// How many cells a task has.
[[nodiscard]] std::size_t cells_of_task(const Across* across);

/// The cells in an order of tasks drawn from the seed, those of a task side by side.
[[nodiscard]] std::vector<std::string> drawn_order(const std::vector<std::string>& cells,
                                                   std::uint64_t seed, const Across* across);

/// One pair for each task: in either arm the mean over the models of their means. A task that lacks
/// a grade of any model under either arm is incomplete. `graded` is M n with n the
/// rollouts of the model that has the fewest: the mean over M models varies by at most what so many
/// rollouts of one chance, their mean, vary by, whatever the models' chances are.
[[nodiscard]] std::vector<TaskPair> pairs_by_task(const std::vector<TaskPair>& cells,
                                                  const Across* across);

/// The pairs of each model, in their order; one list without several models.
[[nodiscard]] std::vector<std::vector<TaskPair>> pairs_by_model(const std::vector<TaskPair>& cells,
                                                                const Across* across);

}  // namespace skillgrad::optim::decisions
