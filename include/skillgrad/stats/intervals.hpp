// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
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
/// Mean and standard error of the mean; the error is 0 for fewer than two values.
struct Mean {
  double value = 0, standard_error = 0;
};
[[nodiscard]] Mean mean_of(const std::vector<double>& values);
/// Student's interval of the mean at `level`: right for small n where values are near to normal.
/// Without spread it has no width, so it is no measure of doubt for pass / fail. [-inf, inf] for
/// fewer than two values.
[[nodiscard]] Interval t_interval(const std::vector<double>& values, double level = 0.95);
/// Interval of the mean of paired differences in [-1, 1], one a task, at `level`: Student's
/// interval after one difference of +1 and one of -1 were added (Bonett & Price 2012 for pass /
/// fail, which this extends to means over repeats), so that many zeros do not make it too narrow.
/// Holds its coverage from 12 tasks on, and is wide rather than narrow where differences are small.
/// Cut to
/// [-1, 1]; that for no value.
[[nodiscard]] Interval paired_interval(const std::vector<double>& differences, double level = 0.95);

}  // namespace skillgrad::stats
