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
    std::uint32_t bits = 0;
    for (std::size_t i = 1; i < sums_.size(); ++i) {
      if (i % 32 == 1) bits = random_.next_u32();
      sums_[i] += (bits & 1U) != 0 ? difference : -difference;
      bits >>= 1U;
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

std::size_t look_size(const SequentialOptions& options, std::size_t look) {
  const std::size_t looks = std::max<std::size_t>(1, options.looks);
  return (options.planned * std::min(look, looks) + looks / 2) / looks;
}

SequentialResult sequential_sign_flip(const std::vector<double>& differences,
                                      const SequentialOptions& options, bool complete) {
  SequentialResult result;
  Patterns patterns(options.flips, options.seed);
  double sum = 0;
  for (std::size_t look = 1; look <= std::max<std::size_t>(1, options.looks); ++look) {
    std::size_t size = look_size(options, look);
    const bool last = look == options.looks || (complete && size >= differences.size());
    if (last && complete) size = std::min(size, differences.size());
    if (size > differences.size()) return result;
    if (size == result.used && !last) continue;  // fewer tasks than looks
    for (std::size_t i = result.used; i < size; ++i) {
      patterns.add(differences[i]);
      sum += differences[i];
    }
    result.look = look;
    result.used = size;
    result.mean = size > 0 ? sum / static_cast<double>(size) : 0;
    const double information =
        last ? 1 : static_cast<double>(size) / static_cast<double>(options.planned);
    const auto seen = patterns.look(spent_alpha(information, options.alpha));
    result.p = seen.p;
    result.boundary_z = seen.boundary_z;
    if (seen.observed_out) {
      result.standing = Standing::shown;
      return result;
    }
    const bool futile = options.futility_from > 0 && look >= options.futility_from && sum <= kTie;
    if (last || futile) {
      result.standing = last ? Standing::not_shown : Standing::futile;
      return result;
    }
  }
  return result;
}

}  // namespace skillgrad::stats
