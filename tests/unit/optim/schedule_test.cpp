// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/optim/schedule.hpp>

namespace skillgrad::optim {
namespace {

using Batches = std::vector<std::vector<std::string>>;

std::vector<std::string> pool(int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back("t" + std::to_string(i));
  return out;
}

ScheduleOptions six_of_twelve() { return {.train_tasks = 6, .batch = 4, .seed = 0}; }

TEST(Schedule, OneEpochEqualsThePublishedVector) {
  EXPECT_EQ(make_batches(pool(12), six_of_twelve()),
            (Batches{{"t2", "t5", "t1", "t8"}, {"t9", "t10"}}));
}

TEST(Schedule, FixedUpdatesFillBatchesAcrossEpochs) {
  ScheduleOptions options = six_of_twelve();
  options.fixed_updates = 4;
  EXPECT_EQ(make_batches(pool(12), options), (Batches{{"t2", "t5", "t1", "t8"},
                                                      {"t9", "t10", "t1", "t5"},
                                                      {"t2", "t8", "t9", "t10"},
                                                      {"t9", "t2", "t5", "t10"}}));
}

TEST(Schedule, BatchSeedChangesOnlyFurtherEpochs) {
  ScheduleOptions options = six_of_twelve();
  options.fixed_updates = 4;
  options.batch_seed = 3;
  EXPECT_EQ(make_batches(pool(12), options), (Batches{{"t2", "t5", "t1", "t8"},
                                                      {"t9", "t10", "t2", "t1"},
                                                      {"t8", "t5", "t10", "t9"},
                                                      {"t5", "t8", "t1", "t2"}}));
}

TEST(Schedule, BatchLargerThanThePoolRepeatsItems) {
  ScheduleOptions options{.train_tasks = 2, .batch = 3, .seed = 1, .fixed_updates = 2};
  for (const auto& batch : make_batches(pool(2), options)) EXPECT_EQ(batch.size(), 3U);
}

TEST(Schedule, EmptyPoolGivesNoBatch) { EXPECT_TRUE(make_batches({}, ScheduleOptions{}).empty()); }

}  // namespace
}  // namespace skillgrad::optim
