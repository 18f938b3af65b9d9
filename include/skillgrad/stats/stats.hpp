// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace skillgrad::stats {

struct Interval {
  double low = 0, high = 0;
};
/// Wilson score interval, 95 %, of `successes` of `n`; [0, 1] for n = 0.
[[nodiscard]] Interval wilson95(double successes, std::size_t n);
/// Percentile bootstrap of the mean, 95 %, 10,000 resamples with PyRandom(seed).
[[nodiscard]] Interval bootstrap_mean95(const std::vector<double>& values, std::uint64_t seed = 0,
                                        std::size_t resamples = 10'000);
/// Two-sided exact McNemar p for `fixed` (0 -> 1) and `broken` (1 -> 0) pairs; 1 when both are 0.
[[nodiscard]] double mcnemar_exact(std::size_t fixed, std::size_t broken);

struct PairedResult {
  std::size_t n = 0;
  std::size_t fixed = 0, broken = 0;  ///< tasks that came to, or fell from, score 1
  double before = 0, after = 0;       ///< means
  double difference = 0;              ///< mean of after - before
  double standard_error = 0;          ///< of the mean difference; 0 for n < 2 or no spread
  Interval difference95;              ///< seeded paired bootstrap
  double p = 1;                       ///< exact McNemar when all scores are 0 or 1, else the paired
                                      ///< sign-flip permutation test (exact up to 16 pairs that
                                      ///< differ, else 10,000 draws)
};
/// `before[i]` and `after[i]` belong to one task. Sizes must be equal.
[[nodiscard]] PairedResult compare_paired(const std::vector<double>& before,
                                          const std::vector<double>& after, std::uint64_t seed = 0);
/// Smallest difference of two paired rates that n tasks can detect (alpha 5 %, power 80 %),
/// assuming a share `discordant` of tasks that change verdict.
[[nodiscard]] double detectable_difference(std::size_t n, double discordant = 0.2);

/// Unbiased estimate, from `passed` of `trials` runs of one task, of the chance that at least one
/// (pass@k) or each (pass^k) of k runs passes. NaN unless 1 <= k <= trials and passed <= trials.
[[nodiscard]] double pass_at_k(std::size_t trials, std::size_t passed, std::size_t k);
[[nodiscard]] double pass_hat_k(std::size_t trials, std::size_t passed, std::size_t k);

}  // namespace skillgrad::stats
