// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/optim/across.hpp>
#include <skillgrad/optim/evaluate.hpp>
#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::optim {

// Rollouts of cells summed up by task: rollouts of one task with several models are one task, in
// every interval and every comparison. Everywhere `across` may be null: then nothing changes.

/// Score and interval of the summary become those of the tasks that were graded with every model.
void count_tasks(EvalSummary& summary, const Across* across);
/// Two sets on the tasks that were graded in both with every model, in the order of `cells`.
[[nodiscard]] stats::PairedResult compare_cells(const std::vector<std::string>& cells,
                                                const EvalSummary& before, const EvalSummary& after,
                                                const Across* across);
/// One model's part of a summary; nullopt where nothing of it was graded.
[[nodiscard]] std::optional<ModelScore> score_of_model(const EvalSummary& summary,
                                                       const Across& across, std::size_t model);
/// What each model came to.
[[nodiscard]] AcrossResult across_result(const OptimizeResult& result, const Across& across);
[[nodiscard]] Json to_json(const AcrossResult& value);

}  // namespace skillgrad::optim
