// SPDX-License-Identifier: MIT
#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include <skillgrad/core/clock.hpp>

namespace skillgrad {

SteadyTime SystemClock::now() const { return std::chrono::steady_clock::now(); }

WallTime SystemClock::wall_now() const { return std::chrono::system_clock::now(); }

bool SystemClock::sleep_for(Duration duration, std::stop_token stop) {
  if (stop.stop_requested()) return false;
  // The cap keeps `now + duration` inside the range of the clock.
  const auto until = now() + std::min<Duration>(duration, std::chrono::hours(24 * 365));
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, until, [] { return false; });
  return !stop.stop_requested();
}

SteadyTime ManualClock::now() const {
  const std::lock_guard lock(mutex_);
  return SteadyTime(elapsed_);
}

WallTime ManualClock::wall_now() const {
  constexpr auto kStart = std::chrono::seconds(1'767'225'600);  // 2026-01-01T00:00:00Z
  const std::lock_guard lock(mutex_);
  return WallTime(kStart + elapsed_);
}

bool ManualClock::sleep_for(Duration duration, std::stop_token stop) {
  if (stop.stop_requested()) return false;
  const std::lock_guard lock(mutex_);
  const Duration wait = std::max(duration, Duration::zero());
  elapsed_ += wait;
  slept_ += wait;
  return true;
}

void ManualClock::advance(Duration duration) {
  const std::lock_guard lock(mutex_);
  elapsed_ += duration;
}

Duration ManualClock::total_slept() const {
  const std::lock_guard lock(mutex_);
  return slept_;
}

std::string format_utc(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(whole);
  const auto t = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  ::gmtime_r(&t, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     (whole - seconds).count());
}

}  // namespace skillgrad
