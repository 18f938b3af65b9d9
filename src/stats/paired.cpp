// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/paired.hpp>

namespace skillgrad::stats {
namespace {

constexpr std::size_t kExactSignFlips = 16;  // 2^16 sign patterns are cheap, more are not
constexpr std::size_t kSignFlipDraws = 10'000;

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

}  // namespace

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

double sign_test(std::size_t wins, std::size_t losses) {
  return binomial_upper_tail(wins, wins + losses);
}

double least_sign_p(std::size_t votes) { return std::exp2(-static_cast<double>(votes)); }

std::optional<std::size_t> wins_needed(std::size_t votes, double alpha) {
  if (least_sign_p(votes) > alpha) return std::nullopt;
  std::size_t wins = votes;
  while (wins > 0 && sign_test(wins - 1, votes - wins + 1) <= alpha) --wins;
  return wins;
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
  result.before = mean_of(before).value;
  result.after = mean_of(after).value;
  result.difference = mean_of(differences).value;
  result.standard_error = mean_of(differences).standard_error;
  result.difference95 = paired_interval(differences);
  result.p = is_binary(before) && is_binary(after) ? mcnemar_exact(result.fixed, result.broken)
                                                   : sign_flip_p(differences, seed);
  return result;
}

}  // namespace skillgrad::stats
