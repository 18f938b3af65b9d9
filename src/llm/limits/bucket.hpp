// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <skillgrad/core/clock.hpp>

#include "llm/errors/limit_headers.hpp"

namespace skillgrad::llm {

/// A bucket that refills continuously (R3.12). Without a limit it is always ready. Not thread-safe;
/// time comes from the caller.
class Bucket {
 public:
  enum class Kind {
    requests,  ///< holds one second's worth, at least one, and starts with one: no burst at first
    tokens     ///< holds a minute's worth and starts full
  };
  explicit Bucket(Kind kind) : kind_(kind) {}

  /// Of several configured limits the lowest counts; 0: none.
  void configure(double per_minute);
  /// So many processes keep to the configured limit together.
  void share(std::size_t processes);
  /// What the endpoint says about its own bucket: may lower limit and level, never raise them above
  /// the configuration. `blocks`: a bucket said to be empty stays so until its reset.
  void tighten(const LimitHint& hint, SteadyTime now, bool blocks);

  [[nodiscard]] double configured() const { return configured_; }
  /// What the endpoint said is lower than what was configured, or nothing was.
  [[nodiscard]] bool learned_limit_holds() const {
    return learned_ > 0 && (configured_ <= 0 || learned_ < own());
  }
  /// The limit that holds now, per minute; 0: none.
  [[nodiscard]] double per_minute() const;
  /// `amount`, or all that fits into the bucket.
  [[nodiscard]] double fitting(double amount) const;
  /// When `amount` (which fits) is there if nobody takes anything before; `now` or later.
  [[nodiscard]] SteadyTime ready_at(double amount, SteadyTime now) const;
  /// No request before this moment, whatever the level.
  [[nodiscard]] SteadyTime blocked_until() const { return blocked_until_; }
  void take(double amount, SteadyTime now);
  void give_back(double amount, SteadyTime now) { take(-amount, now); }

 private:
  [[nodiscard]] double capacity() const;
  /// Of the configured limit, what this process has.
  [[nodiscard]] double own() const { return configured_ / static_cast<double>(processes_); }
  [[nodiscard]] double level(SteadyTime now) const;

  Kind kind_;
  double configured_ = 0, learned_ = 0;
  std::size_t processes_ = 1;
  std::optional<double> level_;  ///< nullopt: not used yet
  SteadyTime at_{};              ///< when level_ held
  SteadyTime blocked_until_{};
};

}  // namespace skillgrad::llm
