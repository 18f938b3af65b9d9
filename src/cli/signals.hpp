// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace skillgrad::cli {

/// Turns SIGINT, SIGTERM and SIGHUP into a stop request; a second signal ends the process at once.
/// Must be made before any other thread, since it blocks the signals in every thread made later.
/// One for each process.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// The signal that asked to stop, or 0.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  void watch(const std::stop_token& ended);
  std::stop_source source_;
  std::atomic<int> signal_{0};
  std::jthread thread_;
};

}  // namespace skillgrad::cli
