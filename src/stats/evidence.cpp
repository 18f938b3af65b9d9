// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/evidence.hpp>

namespace skillgrad::stats {

double BettingProcess::next_bet() const {
  if (bet_ == Bet::constant) return kCap;
  const double mean = sum_ / count_;
  const double variance = squares_ / count_;
  return std::clamp(mean / (variance + mean * mean), 0.0, kCap);
}

void BettingProcess::add(double difference) {
  const double d = std::clamp(difference, -1.0, 1.0);
  value_ *= 1 + next_bet() * d;
  count_ += 1;
  sum_ += d;
  const double distance = d - sum_ / count_;
  squares_ += distance * distance;
}

double mixture_e_value(std::size_t wins, std::size_t losses) {
  const auto w = static_cast<double>(wins);
  const auto l = static_cast<double>(losses);
  // 1 - I_{1/2}(w + 1, l + 1) is I_{1/2}(l + 1, w + 1), which loses no digits.
  const double above_half = incomplete_beta(l + 1, w + 1, 0.5);
  return std::exp((w + l + 1) * std::log(2.0) + log_beta(w + 1, l + 1)) * above_half;
}

}  // namespace skillgrad::stats
