// SPDX-License-Identifier: MIT
// The number of requests in flight under rate limits (R3.12).
#include "llm/limits/limiter.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

class LimiterTest : public ::testing::Test {
 protected:
  /// A permit, or none when all places are taken.
  Limiter::Permit try_enter(bool& entered) {
    const Limiter::Presence presence(limiter_);
    Entrant entrant;
    entrant.turn = presence.turn();
    entrant.limit = clock_.now() + std::chrono::hours(1);
    entrant.longest_pause = std::chrono::minutes(2);
    int asked = 0;
    entrant.abandon = [&asked] { return ++asked > 3; };
    Limiter::Entry entry = limiter_.enter(entrant, clock_);
    entered = entry.refusal == Limiter::Refusal::none;
    return std::move(entry.permit);
  }
  /// Takes places until there are none.
  std::vector<Limiter::Permit> fill() {
    std::vector<Limiter::Permit> permits;
    bool entered = true;
    while (true) {
      Limiter::Permit permit = try_enter(entered);
      if (!entered) return permits;
      permits.push_back(std::move(permit));
    }
  }
  void succeed(int times) {
    for (int i = 0; i < times; ++i) {
      bool entered = false;
      AttemptEnd end;
      end.success = true;
      try_enter(entered).end(end);
      ASSERT_TRUE(entered);
    }
  }
  static void limit(Limiter::Permit& permit) {
    AttemptEnd end;
    end.rate_limited = true;
    end.pause = std::chrono::seconds(5);
    permit.end(end);
  }

  Limiter limiter_{7};
  ManualClock clock_;
};

TEST_F(LimiterTest, OneCongestionHalvesOnceAndTwentySuccessesGiveOneBack) {
  limiter_.configure({0, 0, 8});
  std::vector<std::unique_ptr<Limiter::Presence>> workers;
  for (int i = 0; i < 8; ++i) workers.push_back(std::make_unique<Limiter::Presence>(limiter_));
  auto permits = fill();
  ASSERT_EQ(permits.size(), 8U);
  for (Limiter::Permit& permit : permits) limit(permit);  // all meet the same limit
  permits.clear();
  EXPECT_EQ(fill().size(), 4U);
  succeed(19);
  EXPECT_EQ(fill().size(), 4U);
  succeed(1);
  EXPECT_EQ(fill().size(), 5U);
  succeed(200);
  EXPECT_EQ(fill().size(), 8U) << "not above the configuration";
}

TEST_F(LimiterTest, OnePlaceStays) {
  limiter_.configure({0, 0, 4});
  for (int i = 0; i < 6; ++i) {
    bool entered = false;
    Limiter::Permit permit = try_enter(entered);
    ASSERT_TRUE(entered);
    limit(permit);
  }
  EXPECT_EQ(fill().size(), 1U);
}

TEST_F(LimiterTest, WithoutAConfiguredNumberTheCallsUnderWayAreHalved) {
  std::vector<std::unique_ptr<Limiter::Presence>> workers;
  for (int i = 0; i < 6; ++i) workers.push_back(std::make_unique<Limiter::Presence>(limiter_));
  bool entered = false;
  Limiter::Permit permit = try_enter(entered);
  limit(permit);
  EXPECT_EQ(fill().size(), 3U);
}

TEST_F(LimiterTest, CallsStartInTheOrderOfTheirArrival) {
  limiter_.configure({60, 0, 1});
  bool entered = false;
  Limiter::Permit busy = try_enter(entered);
  std::vector<std::unique_ptr<Limiter::Presence>> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(std::make_unique<Limiter::Presence>(limiter_));
  std::mutex mutex;
  std::vector<std::uint64_t> order;
  std::vector<std::jthread> threads;
  std::atomic<int> in_line{0};
  for (std::size_t i = calls.size(); i-- > 0;) {
    threads.emplace_back([&, turn = calls[i]->turn()] {
      Entrant entrant;
      entrant.turn = turn;
      bool counted = false;
      entrant.abandon = [&] {
        if (!std::exchange(counted, true)) ++in_line;
        return false;
      };
      Limiter::Entry entry = limiter_.enter(entrant, clock_);
      const std::scoped_lock lock(mutex);
      order.push_back(turn);
      entry.permit.end({});
    });
  }
  while (in_line < 6) std::this_thread::yield();
  busy.end({});
  threads.clear();
  ASSERT_EQ(order.size(), 6U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_GE(clock_.total_slept(), std::chrono::milliseconds(5999)) << "one each second";
  EXPECT_LE(clock_.total_slept(), std::chrono::milliseconds(6001));
}

TEST_F(LimiterTest, AnAttemptThatWasNeverSentCountsForNothing) {
  limiter_.configure({60, 6000, 0});
  for (int i = 0; i < 5; ++i) {
    bool entered = false;
    const Limiter::Permit dropped = try_enter(entered);
    EXPECT_TRUE(entered);
  }
  EXPECT_EQ(clock_.total_slept(), Duration{0});
}

TEST_F(LimiterTest, WhoWaitsForTimeCanSayForWhichLimit) {
  Entrant entrant;
  entrant.tokens = 1'000;
  EXPECT_EQ(limiter_.hold(entrant, clock_.now()).why, "");
  bool entered = false;
  AttemptEnd end;
  end.success = true;
  end.hints.tokens.limit = 1;
  end.hints.tokens.remaining = 0;
  try_enter(entered).end(end);
  ASSERT_TRUE(entered);
  const Limiter::Hold hold = limiter_.hold(entrant, clock_.now());
  EXPECT_NE(hold.why.find("1 tokens a minute"), std::string::npos) << hold.why;
  EXPECT_TRUE(hold.learned);
  EXPECT_GT(hold.until, clock_.now());
  Limiter slow{7};
  slow.configure({6, 0, 0});
  Limiter::Entry first = slow.enter(entrant, clock_);
  end.hints = {};
  first.permit.end(end);
  const Limiter::Hold configured = slow.hold(entrant, clock_.now());
  EXPECT_NE(configured.why.find("--rpm"), std::string::npos) << configured.why;
  EXPECT_FALSE(configured.learned);
}

}  // namespace
}  // namespace skillgrad::llm
