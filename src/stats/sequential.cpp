// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/sequential.hpp>

namespace skillgrad::stats {
namespace {

/// Sums of sign patterns that differ only by the order of additions must count as equal.
constexpr double kTie = 1e-9;

// The sums of all sign patterns over the tasks seen so far; the first is the observed one.
class Patterns {
 public:
  Patterns(std::size_t flips, std::uint64_t seed)
      : random_(seed), sums_(flips + 1, 0), out_(flips + 1, false) {}

  void add(double difference) {
    squares_ += difference * difference;
    if (difference == 0) return;
    sums_[0] += difference;
    for (std::size_t i = 1; i < sums_.size(); i += 32) {
      const std::uint32_t bits = random_.next_u32();
      const std::size_t end = std::min<std::size_t>(32, sums_.size() - i);
      // Without a branch on the bit: this is where the test's time goes.
      for (std::size_t j = 0; j < end; ++j)
        sums_[i + j] += difference * (2.0 * static_cast<double>(bits >> j & 1U) - 1.0);
    }
  }

  struct Look {
    bool observed_out = false;
    double p = 1;
    double boundary_z = std::numeric_limits<double>::infinity();
  };
  /// Puts out the patterns with the highest sums, so that at most `alpha` of all are out.
  Look look(double alpha) {
    Look result;
    std::vector<double> alive;
    std::size_t reaching = gone_;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      if (out_[i]) continue;
      alive.push_back(sums_[i]);
      if (sums_[i] >= sums_[0] - kTie) ++reaching;
    }
    const auto all = static_cast<double>(sums_.size());
    result.p = static_cast<double>(reaching) / all;
    const auto may_be_out = static_cast<std::size_t>(alpha * all + kTie);
    if (may_be_out <= gone_ || alive.size() <= may_be_out - gone_) return result;
    const auto at = alive.begin() + static_cast<std::ptrdiff_t>(may_be_out - gone_);
    std::nth_element(alive.begin(), at, alive.end(), std::greater<>());
    const double boundary = *at;  // of the first one that stays
    if (squares_ > 0) result.boundary_z = std::max(0.0, boundary) / std::sqrt(squares_);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      if (out_[i] || sums_[i] <= boundary + kTie) continue;
      out_[i] = true;
      ++gone_;
    }
    result.observed_out = out_[0];
    return result;
  }

 private:
  PyRandom random_;
  std::vector<double> sums_;
  std::vector<bool> out_;
  double squares_ = 0;
  std::size_t gone_ = 0;
};

}  // namespace

double spent_alpha(double information, double alpha) {
  if (information <= 0) return 0;
  const double z = -normal_quantile(alpha / 2);
  return 2 * normal_cdf(-z / std::sqrt(std::min(1.0, information)));
}

std::size_t look_size(std::size_t planned, std::size_t looks, std::size_t look) {
  const std::size_t parts = std::max<std::size_t>(1, looks);
  return (planned * std::min(look, parts) + parts / 2) / parts;
}

SequentialResult sequential_sign_flip(const std::vector<double>& differences,
                                      const std::vector<std::size_t>& sizes,
                                      const SequentialOptions& options) {
  SequentialResult result;
  Patterns patterns(options.flips, options.seed);
  double sum = 0;
  for (const std::size_t size : sizes) {
    for (; result.used < std::min(size, differences.size()); ++result.used) {
      patterns.add(differences[result.used]);
      sum += differences[result.used];
    }
    ++result.look;
    result.mean = result.used > 0 ? sum / static_cast<double>(result.used) : 0;
    const double information =
        static_cast<double>(result.look) / static_cast<double>(options.looks);
    const auto seen = patterns.look(spent_alpha(information, options.alpha));
    result.p = seen.p;
    result.boundary_z = seen.boundary_z;
    const bool last = result.look >= options.looks;
    const bool futile =
        options.futility_from > 0 && result.look >= options.futility_from && sum <= kTie;
    result.standing = seen.observed_out ? Standing::shown
                      : last            ? Standing::not_shown
                      : futile          ? Standing::futile
                                        : Standing::open;
    if (result.standing != Standing::open) return result;
  }
  return result;
}

}  // namespace skillgrad::stats
