// SPDX-License-Identifier: MIT
#include "cli/shards/shard.hpp"

#include <map>

#include <gmock/gmock.h>

namespace skillgrad::cli {
namespace {

using Environment = std::map<std::string, std::string>;

Result<Shard> parsed(const std::string& text, const Environment& environment = {}) {
  return parse_shard(text, [&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  });
}

TEST(ShardTest, TextsAreReadOrRefused) {
  EXPECT_EQ(parsed("1/1").value(), (Shard{1, 1}));
  EXPECT_EQ(parsed("3/8").value(), (Shard{3, 8}));
  for (const char* wrong : {"", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/4x", "1/200000", "/"}) {
    const auto shard = parsed(wrong);
    ASSERT_FALSE(shard) << wrong;
    EXPECT_EQ(shard.error().code, ErrorCode::usage);
    EXPECT_THAT(shard.error().mend, ::testing::HasSubstr("--shard 1/4"));
  }
}

TEST(ShardTest, AutoIsThePlaceInTheJobArray) {
  const auto task = [](const char* id, const char* least, const char* step) {
    return parsed("auto", {{"SLURM_ARRAY_TASK_ID", id},
                           {"SLURM_ARRAY_TASK_COUNT", "4"},
                           {"SLURM_ARRAY_TASK_MIN", least},
                           {"SLURM_ARRAY_TASK_STEP", step}});
  };
  EXPECT_EQ(task("1", "1", "1").value(), (Shard{1, 4}));
  EXPECT_EQ(task("3", "0", "1").value(), (Shard{4, 4}));
  EXPECT_EQ(task("14", "10", "2").value(), (Shard{3, 4}));
  EXPECT_FALSE(task("15", "10", "2")) << "no such task";
  EXPECT_FALSE(task("9", "1", "1")) << "a list of numbers is no range";
  EXPECT_FALSE(parsed("auto"));
}

TEST(ShardTest, EachRolloutIsInOneShardAndAllAreAboutAsLarge) {
  std::map<int, int> sizes;
  for (int task = 0; task < 1000; ++task)
    for (int sample = 0; sample < 2; ++sample) {
      int found = 0;
      for (int index = 1; index <= 4; ++index)
        if (Shard{index, 4}.has("t" + std::to_string(task), sample)) {
          ++found;
          ++sizes[index];
        }
      EXPECT_EQ(found, 1);
    }
  for (const auto& [index, size] : sizes) EXPECT_NEAR(size, 500, 80) << index;
}

TEST(ShardTest, TheSplitIsTheSameInEveryVersion) {
  // A shard that is made again by a later program must be the same one.
  std::string order;
  for (int task = 0; task < 12; ++task)
    for (int index = 1; index <= 3; ++index)
      if (Shard{index, 3}.has("t" + std::to_string(task), 1)) order += std::to_string(index);
  EXPECT_EQ(order, "333322132213");
}

TEST(ShardTest, FoldersAreNamedAfterThem) {
  EXPECT_EQ((Shard{3, 8}.folder()), "3-of-8");
  EXPECT_EQ(shard_of_folder("/runs/r/shards/3-of-8"), (Shard{3, 8}));
  for (const char* other : {"logs", "9-of-8", "3-of-", "launch.sh"})
    EXPECT_EQ(shard_of_folder(other), std::nullopt) << other;
}

}  // namespace
}  // namespace skillgrad::cli
