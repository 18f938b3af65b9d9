// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

namespace skillgrad {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Source of time and of waiting. Thread-safe. Injected wherever time matters, so that tests wait
/// no real time.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
  /// Returns false when the stop token ended the wait early (within 200 ms).
  virtual bool sleep_for(Duration duration, std::stop_token stop) = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override;
  [[nodiscard]] WallTime wall_now() const override;
  bool sleep_for(Duration duration, std::stop_token stop) override;
};

/// Virtual time: `sleep_for` advances it at once and records the wait.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override;
  [[nodiscard]] WallTime wall_now() const override;
  bool sleep_for(Duration duration, std::stop_token stop) override;
  void advance(Duration duration);
  [[nodiscard]] Duration total_slept() const;

 private:
  mutable std::mutex mutex_;
  Duration elapsed_{0};
  Duration slept_{0};
};

/// UTC, "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string format_utc(WallTime time);

}  // namespace skillgrad
