// SPDX-License-Identifier: MIT
#include "cli/run/time_limit.hpp"

#include <gtest/gtest.h>

namespace skillgrad::cli {
namespace {

using std::chrono::minutes;

class Counting final : public optim::Observer {
 public:
  explicit Counting(int& ticks) : ticks_(ticks) {}
  void progress(const std::string&, std::size_t, std::size_t) override {}
  void iteration(const optim::IterationRow&) override {}
  void notice(const std::string&) override {}
  void tick() override { ++ticks_; }

 private:
  int& ticks_;
};

TEST(TimeLimit, StandsStillWhileAPersonIsWaitedFor) {
  ManualClock clock;
  TimeLimit limit;
  limit.set(clock.now() + minutes(10));
  limit.hold();
  clock.advance(minutes(60));
  EXPECT_FALSE(limit.passed(clock.now()));
  limit.go_on(minutes(60));
  EXPECT_FALSE(limit.passed(clock.now()));
  clock.advance(minutes(10));
  EXPECT_TRUE(limit.passed(clock.now()));
}

TEST(TimeLimit, ThatIsNotKnownStaysSo) {
  ManualClock clock;
  TimeLimit limit;
  limit.hold();
  limit.go_on(minutes(60));
  clock.advance(minutes(600));
  EXPECT_FALSE(limit.passed(clock.now()));
}

TEST(TimeLimit, NothingIsDrawnOverWhatAPersonReads) {
  ManualClock clock;
  TimeLimit limit;
  int ticks = 0, said = 0;
  limit.set(clock.now() + minutes(1));
  const auto observer = say_when_over(std::make_unique<Counting>(ticks), limit, clock,
                                      [&](optim::Observer&) { ++said; });
  limit.hold();
  clock.advance(minutes(5));
  observer->tick();
  EXPECT_EQ(ticks, 0);
  EXPECT_EQ(said, 0);
  limit.go_on(minutes(5));
  observer->tick();
  EXPECT_EQ(ticks, 1);
  EXPECT_EQ(said, 0);
}

}  // namespace
}  // namespace skillgrad::cli
