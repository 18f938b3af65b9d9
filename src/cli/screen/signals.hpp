// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <thread>

#include <skillgrad/core/clock.hpp>

namespace skillgrad::cli {

/// Turns SIGINT, SIGTERM, SIGUSR1 and SIGHUP into a stop request; a second signal ends the process
/// at once. Must be made before any other thread, since it blocks the signals in every thread made
/// later. One for each process.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// The signal that asked to stop, or 0.
  [[nodiscard]] int signal() const { return signal_; }
  /// Asks to stop at this moment, as a signal would; a process that does not end within a grace
  /// period after it is ended.
  void end_at(SteadyTime limit);
  [[nodiscard]] std::optional<SteadyTime> limit() const;
  /// That moment asked to stop, and no signal did.
  [[nodiscard]] bool timed_out() const { return timed_out_ && signal_ == 0; }

 private:
  void look_at_limit();
  void watch(const std::stop_token& ended);
  std::stop_source source_;
  std::atomic<int> signal_{0};
  std::atomic<SteadyTime::rep> limit_{0};  ///< ticks of the steady clock; 0: none
  std::atomic<bool> timed_out_{false};
  std::jthread thread_;
};

}  // namespace skillgrad::cli
