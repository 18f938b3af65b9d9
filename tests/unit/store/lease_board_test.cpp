// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/store/lease_board.hpp>

#include "unit/store/shared_folder.hpp"

namespace skillgrad::store {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

constexpr auto kMine = LeaseBoard::Claimed::mine;
constexpr auto kHeld = LeaseBoard::Claimed::held;

/// A clock whose date is wrong by a minute; its seconds are as long as others'.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(Clock& clock) : clock_(clock) {}
  [[nodiscard]] SteadyTime now() const override { return clock_.now() + std::chrono::hours(7); }
  [[nodiscard]] WallTime wall_now() const override { return clock_.wall_now() + seconds(60); }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    return clock_.sleep_for(duration, std::move(stop));
  }

 private:
  Clock& clock_;
};

class LeaseBoardTest : public SharedFolder {
 protected:
  LeaseBoard board(const std::string& name, const Clock& clock) {
    return {dir(), files(), clock, {name, seconds(30)}};
  }
  ManualClock clock_;
};

TEST_F(LeaseBoardTest, OneOfSeveralHasTheWorkUntilItIsGivenBack) {
  auto a = board("a", clock_), b = board("b", clock_);
  ASSERT_TRUE(a.beat());
  ASSERT_TRUE(b.beat());
  EXPECT_EQ(a.claim("work")->claimed, kMine);
  EXPECT_EQ(a.claim("work")->claimed, kHeld) << "another thread of the same process";
  EXPECT_EQ(b.claim("work")->claimed, kHeld);
  EXPECT_EQ(b.claim("other")->claimed, kMine);
  ASSERT_TRUE(a.give_back("work"));
  EXPECT_EQ(b.claim("work")->claimed, kMine);
}

TEST_F(LeaseBoardTest, WorkOfOneThatGivesNoSignOfLifeIsTakenOverOnce) {
  auto dead = board("dead", clock_), a = board("a", clock_), b = board("b", clock_);
  for (auto* one : {&dead, &a, &b}) ASSERT_TRUE(one->beat());
  ASSERT_EQ(dead.claim("work")->claimed, kMine);
  for (int i = 0; i < 5; ++i) {
    clock_.advance(seconds(5));
    ASSERT_TRUE(a.beat());
    ASSERT_TRUE(b.beat());
  }
  EXPECT_EQ(a.claim("work")->claimed, kHeld) << "25 of 30 seconds have passed";
  clock_.advance(seconds(10));
  const auto taken = a.claim("work");
  EXPECT_EQ(taken->claimed, kMine);
  EXPECT_EQ(taken->from, "dead");
  ASSERT_TRUE(a.beat());
  ASSERT_TRUE(b.beat());
  EXPECT_EQ(b.claim("work")->claimed, kHeld);
  ASSERT_TRUE(a.give_back("work"));
  EXPECT_THAT(a.claimed().value(), IsEmpty()) << "the claim of the dead one is gone, too";
}

TEST_F(LeaseBoardTest, ClocksThatDifferByAMinuteTakeNothingFromTheLiving) {
  SkewedClock other(clock_);
  auto a = board("a", clock_), b = board("b", other);
  ASSERT_TRUE(a.beat());
  ASSERT_TRUE(b.beat());
  ASSERT_EQ(a.claim("of a")->claimed, kMine);
  ASSERT_EQ(b.claim("of b")->claimed, kMine);
  for (int i = 0; i < 20; ++i) {
    clock_.advance(seconds(20));
    ASSERT_TRUE(a.beat());
    ASSERT_TRUE(b.beat());
    ASSERT_TRUE(a.beat());
    EXPECT_EQ(a.claim("of b")->claimed, kHeld);
    EXPECT_EQ(b.claim("of a")->claimed, kHeld);
  }
  clock_.advance(seconds(31));
  EXPECT_EQ(b.claim("of a")->claimed, kMine) << "and of the dead they do";
}

TEST_F(LeaseBoardTest, OneThatIsFirstSeenByItsClaimIsWatchedForAWholeLease) {
  auto dead = board("dead", clock_), a = board("a", clock_);
  ASSERT_EQ(dead.claim("work")->claimed, kMine);  // its sign of life was never seen
  clock_.advance(seconds(300));
  EXPECT_EQ(a.claim("work")->claimed, kHeld);
  clock_.advance(seconds(31));
  EXPECT_EQ(a.claim("work")->claimed, kMine);
}

TEST_F(LeaseBoardTest, LeavingGivesEverythingBackAndOthersAreFewer) {
  auto a = board("a", clock_), b = board("b", clock_);
  ASSERT_TRUE(a.beat());
  ASSERT_TRUE(b.beat());
  ASSERT_TRUE(a.beat());
  EXPECT_EQ(a.live(), 2U);
  ASSERT_EQ(a.claim("one")->claimed, kMine);
  ASSERT_EQ(a.claim("two")->claimed, kMine);
  ASSERT_TRUE(a.leave());
  EXPECT_EQ(b.claim("one")->claimed, kMine);
  EXPECT_EQ(b.claim("two")->claimed, kMine);
  clock_.advance(seconds(31));
  ASSERT_TRUE(b.beat());
  EXPECT_EQ(b.live(), 1U);
}

TEST_F(LeaseBoardTest, OnAFullDiskWorkCanStillBeGivenBack) {
  FilesOnFullDisk disk(files());
  disk.full = false;
  LeaseBoard a(dir(), disk, clock_, {"a", seconds(30)});
  auto b = board("b", clock_);
  ASSERT_TRUE(a.beat());
  ASSERT_EQ(a.claim("work")->claimed, kMine);
  disk.full = true;
  EXPECT_EQ(a.beat().error().code, ErrorCode::disk_full);
  EXPECT_EQ(a.claim("more").error().code, ErrorCode::disk_full);
  ASSERT_TRUE(a.leave());
  EXPECT_EQ(b.claim("work")->claimed, kMine);
}

TEST_F(LeaseBoardTest, AClaimNamesProcessAndExpiryAndAnEmptyOneIsNobodys) {
  auto a = board("a", clock_), b = board("b", clock_);
  ASSERT_EQ(a.claim("work")->claimed, kMine);
  const auto text = files().read(dir() / "claims/work.0").value().value();
  for (const char* part : {"\"process\":\"a\"", "\"lease_s\":30", "\"expires\":"})
    EXPECT_THAT(text, ::testing::HasSubstr(part));
  ASSERT_TRUE(files().create(dir() / "claims/torn.0", ""));
  EXPECT_EQ(b.claim("torn")->claimed, kHeld);
  clock_.advance(seconds(31));
  EXPECT_EQ(b.claim("torn")->claimed, kMine);
}

TEST_F(LeaseBoardTest, OfTwoFoldersTheFirstKeepsThePlace) {
  for (const char* name : {"first", "second"}) {
    fs::create_directories(dir() / name);
    ASSERT_TRUE(write_file_in_place(dir() / name / "loss.json", name));
  }
  EXPECT_TRUE(files().place_folder(dir() / "first", dir() / "a/place").value());
  EXPECT_FALSE(files().place_folder(dir() / "second", dir() / "a/place").value());
  EXPECT_EQ(read_file(dir() / "a/place/loss.json").value(), "first");
  EXPECT_EQ(read_file(dir() / "second/loss.json").value(), "second");
}

}  // namespace
}  // namespace skillgrad::store
