// SPDX-License-Identifier: MIT
#include "cli/screen/signals.hpp"

#include <csignal>
#include <string_view>

#include <unistd.h>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  // Of schedulers, some time before they end a job.
  sigaddset(&set, SIGUSR1);
  // A closed terminal ends a run like a request to stop, unless nohup told us not to care.
  struct sigaction hangup {};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaddset(&set, SIGHUP);
  return set;
}

void say(std::string_view text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

SignalWatch::SignalWatch() {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not the end
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::jthread([this](const std::stop_token& ended) { watch(ended); });
}

SignalWatch::~SignalWatch() {
  thread_.request_stop();
  // Wakes the thread, which then looks at the stop request before it looks at the signal.
  pthread_kill(thread_.native_handle(), SIGTERM);
}

void SignalWatch::end_at(SteadyTime limit) { limit_ = limit.time_since_epoch().count(); }

std::optional<SteadyTime> SignalWatch::limit() const {
  const auto ticks = limit_.load();
  if (ticks == 0) return std::nullopt;
  return SteadyTime(SteadyTime::duration(ticks));
}

void SignalWatch::look_at_limit() {
  constexpr auto kGrace = std::chrono::seconds(30);
  const auto limit = this->limit();
  if (!limit || signal_ != 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now >= *limit + kGrace) _exit(exit_code_of(ErrorCode::deadline));
  if (now < *limit || timed_out_.exchange(true)) return;
  say("\nthe hard time limit has passed: calls in flight are cut; finished work is kept\n");
  source_.request_stop();
}

void SignalWatch::watch(const std::stop_token& ended) {
  const sigset_t set = watched();
  // Signals wake it at once, the end of the program among them; the limit is looked at now and
  // then.
  const timespec poll{0, 50'000'000};
  while (true) {
    const int received = sigtimedwait(&set, nullptr, &poll);
    if (ended.stop_requested()) return;
    look_at_limit();
    if (received <= 0) continue;
    // A shell and the kernel both send one when a terminal is closed.
    if (signal_ != 0 && received == SIGHUP) continue;
    if (signal_ != 0) _exit(128 + received);
    signal_ = received;
    say("\nstopping; finished work is kept (press again to end at once)\n");
    source_.request_stop();
  }
}

}  // namespace skillgrad::cli
