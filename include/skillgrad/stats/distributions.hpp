// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

/// Distribution functions that the tests and plans of this room stand on. All are pure, safe to
/// call from any thread, and good to about 1e-13 relative (tests/scripts/stats_oracle.py holds them
/// against scipy). Arguments out of range give NaN.
namespace skillgrad::stats {

[[nodiscard]] double normal_cdf(double z);
/// 0 < share < 1; -inf and inf at the ends.
[[nodiscard]] double normal_quantile(double share);
/// Student's t with `freedom` > 0 degrees, not necessarily whole.
[[nodiscard]] double student_t_cdf(double t, double freedom);
[[nodiscard]] double student_t_quantile(double share, double freedom);
/// ln of the beta function, a, b > 0.
[[nodiscard]] double log_beta(double a, double b);
/// The regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1.
[[nodiscard]] double incomplete_beta(double a, double b, double x);
/// P(Bin(n, rate) >= k); 1 for k = 0 and 0 for k > n.
[[nodiscard]] double binomial_upper_tail(std::size_t k, std::size_t n, double rate = 0.5);

}  // namespace skillgrad::stats
