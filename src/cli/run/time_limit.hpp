// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/observer.hpp>

namespace skillgrad::cli {

/// The moment after which a run starts no more calls, once it is known. Thread-safe.
class TimeLimit {
 public:
  void set(SteadyTime at) { at_ = at.time_since_epoch().count(); }
  [[nodiscard]] bool passed(SteadyTime now) const {
    const auto at = at_.load();
    return at != 0 && !held_ && now.time_since_epoch().count() >= at;
  }
  /// Somebody is waited for, which is no time of the run; and it goes on after so long.
  void hold() { held_ = true; }
  void go_on(Duration held_for) {
    if (at_ != 0) at_ += held_for.count();
    held_ = false;
  }
  [[nodiscard]] bool held() const { return held_; }

 private:
  std::atomic<SteadyTime::rep> at_{0};  ///< 0: not known
  std::atomic<bool> held_{false};
};

/// Passes everything on to `next`, and at the first tick after the limit calls `say` with it, once.
/// Limit and clock must outlive it.
[[nodiscard]] std::unique_ptr<optim::Observer> say_when_over(
    std::unique_ptr<optim::Observer> next, const TimeLimit& limit, const Clock& clock,
    std::function<void(optim::Observer& next)> say);

}  // namespace skillgrad::cli
