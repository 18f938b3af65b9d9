// SPDX-License-Identifier: MIT
#include "bench/wikitablequestions/id_index.hpp"

#include <string>

#include <gtest/gtest.h>

namespace skillgrad::bench {
namespace {

using Added = std::pair<std::uint32_t, bool>;

TEST(IdIndex, NumbersIdsInTheirOrderAndKnowsThemAgain) {
  IdIndex index;
  EXPECT_EQ(index.find("a"), std::nullopt);
  EXPECT_EQ(index.add("a"), Added(0, true));
  EXPECT_EQ(index.add(""), Added(1, true));
  EXPECT_EQ(index.add("a"), Added(0, false));
  EXPECT_EQ(index.find(""), 1U);
  EXPECT_EQ(index.find("b"), std::nullopt);
  EXPECT_EQ(index.size(), 2U);
  index.clear();
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.find("a"), std::nullopt);
  EXPECT_EQ(index.add("b"), Added(0, true));
}

TEST(IdIndex, FindsThousandsWhetherOrNotThereWasRoomForThem) {
  std::vector<std::string> ids;
  for (int i = 0; i < 20'000; ++i) ids.push_back("nt-" + std::to_string(i));
  for (const std::size_t room : {0U, 100U, 20'000U}) {
    IdIndex index;
    index.reserve(room);
    for (std::uint32_t i = 0; i < ids.size(); ++i) ASSERT_EQ(index.add(ids[i]), Added(i, true));
    index.reserve(30'000);
    for (std::uint32_t i = 0; i < ids.size(); ++i) ASSERT_EQ(index.find(ids[i]), i) << ids[i];
    EXPECT_EQ(index.find("nt-20000"), std::nullopt);
    EXPECT_EQ(index.size(), ids.size());
  }
}

}  // namespace
}  // namespace skillgrad::bench
