// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/intervals.hpp>

namespace skillgrad::stats {
namespace {

constexpr double kZ95 = 1.959963984540054;  // standard normal quantile of 0.975

// Linear interpolation between order statistics, as numpy.percentile does by default.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval wilson95(double successes, std::size_t n) {
  if (n == 0) return {0, 1};
  const auto count = static_cast<double>(n);
  const double rate = successes / count;
  const double z2 = kZ95 * kZ95;
  const double centre = (rate + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kZ95 / (1 + z2 / count) * std::sqrt(rate * (1 - rate) / count + z2 / (4 * count * count));
  // At the ends the formula gives exactly 0 or 1; rounding must not move them.
  return {successes <= 0 ? 0 : std::max(0.0, centre - half),
          successes >= count ? 1 : std::min(1.0, centre + half)};
}

Interval bootstrap_mean95(const std::vector<double>& values, std::uint64_t seed,
                          std::size_t resamples) {
  if (values.empty() || resamples == 0) return {};
  PyRandom random(seed);
  std::vector<double> means;
  means.reserve(resamples);
  for (std::size_t round = 0; round < resamples; ++round) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.randbelow(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::sort(means.begin(), means.end());
  return {quantile(means, 0.025), quantile(means, 0.975)};
}

Mean mean_of(const std::vector<double>& values) {
  Mean out;
  if (values.empty()) return out;
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  out.value = sum / n;
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double value : values) squares += (value - out.value) * (value - out.value);
  out.standard_error = std::sqrt(squares / (n - 1) / n);
  return out;
}

Interval t_interval(const std::vector<double>& values, double level) {
  constexpr double kUnbounded = std::numeric_limits<double>::infinity();
  if (values.size() < 2) return {-kUnbounded, kUnbounded};
  const Mean mean = mean_of(values);
  if (mean.standard_error == 0) return {mean.value, mean.value};
  const double half = mean.standard_error *
                      student_t_quantile((1 + level) / 2, static_cast<double>(values.size() - 1));
  return {mean.value - half, mean.value + half};
}

Interval paired_interval(const std::vector<double>& differences, double level) {
  if (differences.empty()) return {-1, 1};
  std::vector<double> values = differences;
  values.push_back(1);
  values.push_back(-1);
  const Interval found = t_interval(values, level);
  return {std::max(-1.0, found.low), std::min(1.0, found.high)};
}

}  // namespace skillgrad::stats
