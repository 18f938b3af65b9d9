// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/planning.hpp>

namespace skillgrad::stats {
namespace {

// Power equation of the paired test of two rates (Connor 1987): positive when n tasks detect
// `difference` although a share `discordant` of them changes its verdict.
double power_margin(double n, double difference, double discordant) {
  constexpr double kZAlpha = 1.959963984540054;     // standard normal quantile of 0.975
  constexpr double kZPower80 = 0.8416212335729143;  // ... of 0.8
  const double rest = std::max(0.0, discordant - difference * difference);
  return difference * std::sqrt(n) - kZAlpha * std::sqrt(discordant) - kZPower80 * std::sqrt(rest);
}

// Of the difference of two means over `repeats` rollouts of one task.
double variance_of_task(std::size_t repeats, const Variances& variances) {
  const auto k = static_cast<double>(std::max<std::size_t>(1, repeats));
  return variances.between + 2 * variances.within / k;
}

// A task more where rounding errors alone made it so would look like another formula.
double round_up(double tasks) { return std::ceil(tasks - 1e-9); }

}  // namespace

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

double tasks_needed_mcnemar(double difference, double discordant, ErrorRates rates) {
  const double share = std::max(discordant, difference);
  const double root =
      (normal_quantile(1 - rates.alpha) * std::sqrt(share) +
       normal_quantile(rates.power) * std::sqrt(std::max(0.0, share - difference * difference))) /
      difference;
  return round_up(root * root);
}

double tasks_needed(double difference, std::size_t repeats, Variances variances, ErrorRates rates) {
  const double z = normal_quantile(1 - rates.alpha) + normal_quantile(rates.power);
  return round_up(z * z * variance_of_task(repeats, variances) / (difference * difference));
}

double smallest_difference(std::size_t n, std::size_t repeats, Variances variances,
                           ErrorRates rates) {
  if (n < 2) return 1;
  const auto freedom = static_cast<double>(n - 1);
  const double t =
      student_t_quantile(1 - rates.alpha, freedom) + student_t_quantile(rates.power, freedom);
  return std::min(1.0,
                  t * std::sqrt(variance_of_task(repeats, variances) / static_cast<double>(n)));
}

WithinTask within_task(const std::vector<std::vector<double>>& scores_by_task) {
  WithinTask out;
  double variances = 0;
  double flips = 0;
  for (const auto& scores : scores_by_task) {
    const auto n = static_cast<double>(scores.size());
    if (scores.size() < 2) continue;
    double mean = 0;
    for (const double score : scores) mean += score / n;
    double squares = 0;
    std::size_t differing = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      squares += (scores[i] - mean) * (scores[i] - mean);
      for (std::size_t j = 0; j < i; ++j) differing += scores[i] != scores[j] ? 1U : 0U;
    }
    ++out.tasks;
    variances += squares / (n - 1);
    flips += static_cast<double>(differing) / (n * (n - 1) / 2);
  }
  if (out.tasks == 0) return out;
  out.variance = variances / static_cast<double>(out.tasks);
  out.flip_rate = flips / static_cast<double>(out.tasks);
  return out;
}

}  // namespace skillgrad::stats
