// SPDX-License-Identifier: MIT
#include <thread>

#include <gtest/gtest.h>

#include <skillgrad/core/clock.hpp>

namespace skillgrad {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, SleepWaitsAtLeastTheDuration) {
  SystemClock clock;
  const auto begin = clock.now();
  EXPECT_TRUE(clock.sleep_for(2ms, {}));
  EXPECT_GE(clock.now() - begin, 2ms);
}

TEST(SystemClock, ZeroAndNegativeSleepReturnAtOnce) {
  SystemClock clock;
  EXPECT_TRUE(clock.sleep_for(0ns, {}));
  EXPECT_TRUE(clock.sleep_for(-1h, {}));
}

TEST(SystemClock, StopBeforeTheSleepEndsIt) {
  SystemClock clock;
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(clock.sleep_for(24h, source.get_token()));
}

TEST(SystemClock, StopDuringTheLongestSleepEndsItAtOnce) {
  SystemClock clock;
  std::stop_source source;
  bool slept_through = true;
  std::jthread sleeper(
      [&] { slept_through = clock.sleep_for(Duration::max(), source.get_token()); });
  const auto begin = clock.now();
  source.request_stop();
  sleeper.join();
  EXPECT_FALSE(slept_through);
  EXPECT_LT(clock.now() - begin, 5s);
}

TEST(ManualClock, SleepAdvancesBothTimesAndIsRecorded) {
  ManualClock clock;
  const auto steady = clock.now();
  const auto wall = clock.wall_now();
  EXPECT_TRUE(clock.sleep_for(90s, {}));
  clock.advance(10s);
  EXPECT_EQ(clock.now() - steady, 100s);
  EXPECT_EQ(clock.wall_now() - wall, 100s);
  EXPECT_EQ(clock.total_slept(), 90s);
}

TEST(ManualClock, StoppedSleepDoesNotAdvance) {
  ManualClock clock;
  std::stop_source source;
  source.request_stop();
  const auto before = clock.now();
  EXPECT_FALSE(clock.sleep_for(1h, source.get_token()));
  EXPECT_EQ(clock.now(), before);
  EXPECT_EQ(clock.total_slept(), 0s);
}

TEST(FormatUtc, PrintsMillisecondsAlsoBefore1970) {
  EXPECT_EQ(format_utc(ManualClock().wall_now()), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(format_utc(WallTime(1'769'860'800s + 123'999'999ns)), "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(format_utc(WallTime(-1ms)), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace skillgrad
