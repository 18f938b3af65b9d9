// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace skillgrad::stats {

/// Unbiased estimate, from `passed` of `trials` runs of one task, of the chance that at least one
/// (pass@k) or each (pass^k) of k runs passes. NaN unless 1 <= k <= trials and passed <= trials.
[[nodiscard]] double pass_at_k(std::size_t trials, std::size_t passed, std::size_t k);
[[nodiscard]] double pass_hat_k(std::size_t trials, std::size_t passed, std::size_t k);

}  // namespace skillgrad::stats
