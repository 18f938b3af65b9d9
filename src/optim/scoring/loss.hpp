// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// Weights of loss = w_q (1 - score) + w_c cost/cost0 + w_t time/time0 + w_s max(0, size/size0 - 1)
/// + w_v violations (docs/algorithm.md section 3).
struct LossWeights {
  double quality = 1, cost = 0, time = 0, size = 0, violations = 0;
};

/// Stores every unweighted component in the record and sets `loss` to their weighted sum.
void combine_loss(const LossWeights& weights, const ObjectiveFacts& facts, LossRecord& record);

/// Facts of a rollout and its grade, without any weighting.
[[nodiscard]] LossRecord make_loss_record(const agent::Rollout& rollout, const bench::Grade& grade);

/// "grader": the benchmark's own grader on a copy of the outputs.
[[nodiscard]] Result<std::unique_ptr<LossCollector>> make_grader_loss(
    const Json& options, const StageDependencies& dependencies);

}  // namespace skillgrad::optim
