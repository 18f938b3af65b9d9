// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <skillgrad/stats/intervals.hpp>

namespace skillgrad::stats {

/// Two-sided exact McNemar p for `fixed` (0 -> 1) and `broken` (1 -> 0) pairs; 1 when both are 0.
[[nodiscard]] double mcnemar_exact(std::size_t fixed, std::size_t broken);
/// One-sided exact sign test, one vote a task: P(Bin(wins + losses, 1/2) >= wins). 1 without votes.
[[nodiscard]] double sign_test(std::size_t wins, std::size_t losses);
/// The least p that `votes` tasks can give: 2^-votes.
[[nodiscard]] double least_sign_p(std::size_t votes);
/// Wins of `votes` that the one-sided sign test needs for p <= alpha; nothing where all of them
/// would not do.
[[nodiscard]] std::optional<std::size_t> wins_needed(std::size_t votes, double alpha = 0.05);

struct PairedResult {
  std::size_t n = 0;
  std::size_t fixed = 0, broken = 0;  ///< tasks that came to, or fell from, score 1
  double before = 0, after = 0;       ///< means
  double difference = 0;              ///< mean of after - before
  double standard_error = 0;          ///< of the mean difference; 0 for n < 2 or no spread
  Interval difference95;              ///< paired_interval()
  double p = 1;                       ///< exact McNemar when all scores are 0 or 1, else the paired
                                      ///< sign-flip permutation test (exact up to 16 pairs that
                                      ///< differ, else 10,000 draws)
};
/// `before[i]` and `after[i]` belong to one task. Sizes must be equal.
[[nodiscard]] PairedResult compare_paired(const std::vector<double>& before,
                                          const std::vector<double>& after, std::uint64_t seed = 0);

}  // namespace skillgrad::stats
