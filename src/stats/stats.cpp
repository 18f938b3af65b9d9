// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/stats.hpp>

namespace skillgrad::stats {
namespace {

constexpr double kZ95 = 1.959963984540054;        // standard normal quantile of 0.975
constexpr double kZPower80 = 0.8416212335729143;  // ... of 0.8
constexpr std::size_t kExactSignFlips = 16;       // 2^16 sign patterns are cheap, more are not
constexpr std::size_t kSignFlipDraws = 10'000;

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Linear interpolation between order statistics, as numpy.percentile does by default.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

bool is_binary(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0 || v == 1; });
}

// Sums that differ only by the order of additions must count as equal.
bool reaches(double sum, double observed) {
  return std::abs(sum) >= observed - 1e-12 * std::max(1.0, observed);
}

double sign_flip_exact(const std::vector<double>& differences, double observed) {
  const std::size_t patterns = std::size_t{1} << differences.size();
  std::size_t extreme = 0;
  for (std::size_t pattern = 0; pattern < patterns; ++pattern) {
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i)
      sum += (pattern >> i & 1U) != 0 ? -differences[i] : differences[i];
    if (reaches(sum, observed)) ++extreme;
  }
  return static_cast<double>(extreme) / static_cast<double>(patterns);
}

// The observed pattern counts as one draw, so that p is never 0.
double sign_flip_sampled(const std::vector<double>& differences, double observed,
                         std::uint64_t seed) {
  PyRandom random(seed);
  std::size_t extreme = 1;
  for (std::size_t draw = 0; draw < kSignFlipDraws; ++draw) {
    double sum = 0;
    for (const double difference : differences)
      sum += random.getrandbits(1) != 0 ? -difference : difference;
    if (reaches(sum, observed)) ++extreme;
  }
  return static_cast<double>(extreme) / static_cast<double>(kSignFlipDraws + 1);
}

// Pairs without a difference add the same to every sign pattern: leaving them out keeps the exact
// test feasible for more tasks and changes no p.
double sign_flip_p(const std::vector<double>& differences, std::uint64_t seed) {
  std::vector<double> moved;
  for (const double difference : differences)
    if (difference != 0) moved.push_back(difference);
  if (moved.empty()) return 1;
  double sum = 0;
  for (const double difference : moved) sum += difference;
  const double observed = std::abs(sum);
  return moved.size() <= kExactSignFlips ? sign_flip_exact(moved, observed)
                                         : sign_flip_sampled(moved, observed, seed);
}

double standard_error(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (n - 1) / n);
}

// Power equation of the paired test of two rates (Connor 1987): positive when n tasks detect
// `difference` although a share `discordant` of them changes its verdict.
double power_margin(double n, double difference, double discordant) {
  const double rest = std::max(0.0, discordant - difference * difference);
  return difference * std::sqrt(n) - kZ95 * std::sqrt(discordant) - kZPower80 * std::sqrt(rest);
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

double mcnemar_exact(std::size_t fixed, std::size_t broken) {
  const std::size_t n = fixed + broken;
  if (n == 0) return 1;
  const auto trials = static_cast<double>(n);
  double tail = 0;
  double log_term = -trials * std::log(2.0);  // of the binomial probability of k = 0
  for (std::size_t k = 0; k <= std::min(fixed, broken); ++k) {
    const auto i = static_cast<double>(k);
    tail += std::exp(log_term);
    log_term += std::log(trials - i) - std::log(i + 1);
  }
  return std::min(1.0, 2 * tail);
}

PairedResult compare_paired(const std::vector<double>& before, const std::vector<double>& after,
                            std::uint64_t seed) {
  PairedResult result;
  result.n = std::min(before.size(), after.size());
  std::vector<double> differences;
  for (std::size_t i = 0; i < result.n; ++i) {
    differences.push_back(after[i] - before[i]);
    if (before[i] < 1 && after[i] >= 1) ++result.fixed;
    if (before[i] >= 1 && after[i] < 1) ++result.broken;
  }
  result.before = mean(before);
  result.after = mean(after);
  result.difference = mean(differences);
  result.standard_error = standard_error(differences);
  result.difference95 = bootstrap_mean95(differences, seed);
  result.p = is_binary(before) && is_binary(after) ? mcnemar_exact(result.fixed, result.broken)
                                                   : sign_flip_p(differences, seed);
  return result;
}

double detectable_difference(std::size_t n, double discordant) {
  if (n == 0) return 1;
  const auto count = static_cast<double>(n);
  // A difference cannot exceed the share of tasks that change; beyond it all changes go one way.
  const auto margin = [&](double d) { return power_margin(count, d, std::max(discordant, d)); };
  if (margin(1) < 0) return 1;
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (margin(middle) < 0 ? low : high) = middle;
  }
  return high;
}

double pass_at_k(std::size_t trials, std::size_t passed, std::size_t k) {
  if (k == 0 || k > trials || passed > trials) return std::numeric_limits<double>::quiet_NaN();
  double all_fail = 1;
  for (std::size_t i = 0; i < k; ++i) {
    if (trials - passed <= i) return 1;
    all_fail *= static_cast<double>(trials - passed - i) / static_cast<double>(trials - i);
  }
  return 1 - all_fail;
}

double pass_hat_k(std::size_t trials, std::size_t passed, std::size_t k) {
  if (k == 0 || k > trials || passed > trials) return std::numeric_limits<double>::quiet_NaN();
  double all_pass = 1;
  for (std::size_t i = 0; i < k; ++i) {
    if (passed <= i) return 0;
    all_pass *= static_cast<double>(passed - i) / static_cast<double>(trials - i);
  }
  return all_pass;
}

}  // namespace skillgrad::stats
