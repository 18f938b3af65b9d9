// SPDX-License-Identifier: MIT
#include "cli/settings/durations.hpp"

#include <gtest/gtest.h>

namespace skillgrad::cli {
namespace {

TEST(Durations, AreSumsOfNumbersWithUnits) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"", 0},           {"90s", 90'000},      {"30m", 1'800'000},
      {"2h", 7'200'000}, {"1h30m", 5'400'000}, {"2d", 172'800'000},
      {"45", 45'000},    {"0.5s", 500}};
  for (const auto& [text, ms] : cases) {
    const auto read = parse_duration(text, "--max-time");
    ASSERT_TRUE(read) << text << ": " << read.error().to_text();
    EXPECT_EQ(read->count(), ms) << text;
  }
}

TEST(Durations, RefuseWhatIsNone) {
  for (const char* text : {"soon", "-5s", "5x", "h", "1h 30", "s30", "1e400d"}) {
    const auto read = parse_duration(text, "--max-time");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::config) << text;
    EXPECT_EQ(read.error().where, "--max-time") << text;
    EXPECT_FALSE(read.error().mend.empty()) << text;
  }
}

}  // namespace
}  // namespace skillgrad::cli
