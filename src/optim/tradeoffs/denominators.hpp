// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// Mean cost and time of the base run's graded rollouts, which cost and time of any other are
/// measured against (docs/tradeoffs.md): into cost0 and time0, 0 where nothing is known. Errors:
/// config (what weighs in the loss has no denominator).
[[nodiscard]] Result<> set_denominators(const LossWeights& weights,
                                        const std::vector<LossRecord>& base, ObjectiveFacts& out);

}  // namespace skillgrad::optim
