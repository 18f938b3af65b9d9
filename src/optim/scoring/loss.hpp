// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// Stores every unweighted component that is known in the record and sets `loss` to their weighted
/// sum. What is not known (a price, a denominator before the base run has ended) is no component:
/// 0 would be a claim.
void combine_loss(const LossWeights& weights, const ObjectiveFacts& facts, LossRecord& record);

/// The weighted loss as a value from 0 to 1, 1 for a right answer at no cost in no time, for
/// decisions. 0 where the loss is what a wrong answer at three times the baseline's cost and time,
/// with a package of twice the size and one violation would have, and above. nullopt: a component
/// that weighs something is not known.
[[nodiscard]] std::optional<double> value_of(const LossWeights& weights,
                                             const ObjectiveFacts& facts, const LossRecord& record);
/// What a component alone can move the value by: the largest weight, in terms of the value.
[[nodiscard]] double largest_step(const LossWeights& weights);

/// Facts of a rollout and its grade, without any weighting.
[[nodiscard]] LossRecord make_loss_record(const agent::Rollout& rollout, const bench::Grade& grade);

/// "grader": the benchmark's own grader on a copy of the outputs.
[[nodiscard]] Result<std::unique_ptr<LossCollector>> make_grader_loss(
    const Json& options, const StageDependencies& dependencies);

}  // namespace skillgrad::optim
