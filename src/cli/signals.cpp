// SPDX-License-Identifier: MIT
#include "cli/signals.hpp"

#include <csignal>
#include <string_view>

#include <unistd.h>

namespace skillgrad::cli {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  // A closed terminal ends a run like a request to stop, unless nohup told us not to care.
  struct sigaction hangup {};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaddset(&set, SIGHUP);
  return set;
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

void SignalWatch::watch(const std::stop_token& ended) {
  const sigset_t set = watched();
  while (true) {
    const int received = sigwaitinfo(&set, nullptr);
    if (ended.stop_requested()) return;
    if (received <= 0) continue;
    // A shell and the kernel both send one when a terminal is closed.
    if (signal_ != 0 && received == SIGHUP) continue;
    if (signal_ != 0) _exit(128 + received);
    signal_ = received;
    constexpr std::string_view kText =
        "\nstopping; finished work is kept (press again to end at once)\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, kText.data(), kText.size());
    source_.request_stop();
  }
}

}  // namespace skillgrad::cli
