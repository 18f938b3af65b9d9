// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

/// Evidence that may be looked at after each task. An e-value is a bet against "the mean difference
/// is not above 0" that is expected not to grow while that is true, so P(it ever reaches 1/alpha)
/// is at most alpha, whenever one stops.
namespace skillgrad::stats {

/// Product of 1 + lambda_i d_i over differences in [-1, 1] (Waudby-Smith & Ramdas 2024, arXiv
/// 2010.09686). Bets are at most 1/2: with a bet of 1, one loss would end the process for good.
class BettingProcess {
 public:
  enum class Bet {
    constant,  ///< always the cap
    agrapa     ///< mean / (variance + mean^2) of the earlier differences, between 0 and the cap
  };
  static constexpr double kCap = 0.5;
  explicit BettingProcess(Bet bet = Bet::agrapa) : bet_(bet) {}
  /// The next task's difference; cut to [-1, 1].
  void add(double difference);
  [[nodiscard]] double value() const { return value_; }
  /// What is bet on the next difference.
  [[nodiscard]] double next_bet() const;

 private:
  Bet bet_;
  double value_ = 1;
  double count_ = 1;    // the earlier differences, and one made up of mean 0 and variance 1
  double sum_ = 0;      // of the differences
  double squares_ = 1;  // of their distances to the mean at the time
};

/// E-value for `wins` against `losses` of pass / fail pairs, mixed evenly over all chances of a win
/// above 1/2: 2^(w+l+1) B(w+1, l+1) (1 - I_{1/2}(w+1, l+1)).
[[nodiscard]] double mixture_e_value(std::size_t wins, std::size_t losses);

}  // namespace skillgrad::stats
