// SPDX-License-Identifier: MIT
#include "llm/limits/bucket.hpp"

#include <algorithm>
#include <cmath>

namespace skillgrad::llm {

namespace {

/// Sums of many refills must not wait for their last bit.
constexpr double kEpsilon = 1e-6;
/// A wait that is longer means a limit of another kind (per day): the endpoint itself will say so.
constexpr Duration kLongestReset = std::chrono::minutes(10);
constexpr double kLongestWait = 1e8;  ///< seconds; keeps the arithmetic inside the clock's range

Duration rounded_up(double seconds) {
  return Duration(static_cast<std::int64_t>(std::ceil(std::min(seconds, kLongestWait) * 1e9)));
}

}  // namespace

double Bucket::per_minute() const {
  if (configured_ <= 0 || learned_ <= 0) return std::max(own(), learned_);
  return std::min(own(), learned_);
}

double Bucket::capacity() const {
  return kind_ == Kind::tokens ? per_minute() : std::max(1.0, per_minute() / 60);
}

double Bucket::fitting(double amount) const {
  return per_minute() > 0 ? std::min(amount, capacity()) : amount;
}

double Bucket::level(SteadyTime now) const {
  if (!level_) return kind_ == Kind::tokens ? capacity() : 1;
  const double seconds = std::chrono::duration<double>(std::max(now, at_) - at_).count();
  return std::min(capacity(), *level_ + seconds * per_minute() / 60);
}

void Bucket::configure(double per_minute) {
  if (per_minute <= 0) return;
  configured_ = configured_ > 0 ? std::min(configured_, per_minute) : per_minute;
}

void Bucket::share(std::size_t processes) { processes_ = std::max<std::size_t>(1, processes); }

void Bucket::tighten(const LimitHint& hint, SteadyTime now, bool blocks) {
  if (hint.limit) {
    const double kept = level(now);
    const bool was_limited = per_minute() > 0;
    learned_ = *hint.limit;
    // What had been taken stays taken, also when the limit goes up again.
    if (was_limited && level_) level_ = std::min(capacity(), kept);
    at_ = std::max(at_, now);
  }
  if (!hint.remaining) return;
  if (per_minute() > 0) {
    level_ = std::min(level(now), *hint.remaining);
    at_ = std::max(at_, now);
  }
  if (blocks && *hint.remaining <= 0 && hint.reset && *hint.reset <= kLongestReset) {
    blocked_until_ = std::max(blocked_until_, now + *hint.reset);
  }
}

SteadyTime Bucket::ready_at(double amount, SteadyTime now) const {
  const SteadyTime free = std::max(now, blocked_until_);
  if (per_minute() <= 0) return free;
  const double missing = amount - level(now);
  if (missing <= kEpsilon) return free;
  return std::max(free, now + rounded_up(missing * 60 / per_minute()));
}

void Bucket::take(double amount, SteadyTime now) {
  if (per_minute() <= 0) return;
  level_ = std::min(capacity(), level(now) - amount);
  at_ = std::max(at_, now);
}

}  // namespace skillgrad::llm
