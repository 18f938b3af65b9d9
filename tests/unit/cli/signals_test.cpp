// SPDX-License-Identifier: MIT
#include "cli/screen/signals.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace skillgrad::cli {
namespace {

TEST(SignalWatch, EndsWithoutWaitingForItsThread) {
  const auto start = std::chrono::steady_clock::now();
  constexpr int kTimes = 100;
  for (int i = 0; i < kTimes; ++i) {
    const SignalWatch watch;
    EXPECT_EQ(watch.signal(), 0);
    EXPECT_FALSE(watch.token().stop_requested()) << "waking it is no request to stop";
  }
  // A thread that polls is waited for half its interval each time.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace skillgrad::cli
