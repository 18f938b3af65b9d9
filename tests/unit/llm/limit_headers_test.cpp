// SPDX-License-Identifier: MIT
// What replies say about the endpoint's limits, and the buckets that follow it (R3.12, R3.13).
#include "llm/errors/limit_headers.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "llm/limits/bucket.hpp"

namespace skillgrad::llm {
namespace {

using std::chrono::seconds;

const WallTime kNow{seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z

struct HeaderCase {
  const char* name;
  Headers headers;
  double limit, remaining;  ///< of requests; -1: not said
  double reset;             ///< seconds; -1: not said
};

class LimitHeadersTest : public ::testing::TestWithParam<HeaderCase> {};

TEST_P(LimitHeadersTest, AreReadInEveryFormat) {
  const LimitHint hint = limit_hints(GetParam().headers, kNow).requests;
  EXPECT_EQ(hint.limit.value_or(-1), GetParam().limit);
  EXPECT_EQ(hint.remaining.value_or(-1), GetParam().remaining);
  const double reset = hint.reset ? std::chrono::duration<double>(*hint.reset).count() : -1;
  EXPECT_NEAR(reset, GetParam().reset, 1e-4);
}

Headers open_ai(const char* limit, const char* remaining, const char* reset) {
  return {{"x-ratelimit-limit-requests", limit},
          {"x-ratelimit-remaining-requests", remaining},
          {"x-ratelimit-reset-requests", reset}};
}

Headers anthropic(const char* reset) {
  return {{"anthropic-ratelimit-requests-limit", "50"},
          {"anthropic-ratelimit-requests-remaining", "0"},
          {"anthropic-ratelimit-requests-reset", reset}};
}

Headers open_router(const char* reset) {
  return {
      {"x-ratelimit-limit", "20"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}};
}

INSTANTIATE_TEST_SUITE_P(
    Formats, LimitHeadersTest,
    ::testing::Values(
        HeaderCase{"Seconds", open_ai("60", "59", "1s"), 60, 59, 1},
        HeaderCase{"Minutes", open_ai("60", "0", "6m0s"), 60, 0, 360},
        HeaderCase{"Milliseconds", open_ai("60", "1", "17ms"), 60, 1, 0.017},
        HeaderCase{"Mixed", open_ai("14400", "14370", "2m59.56s"), 14400, 14370, 179.56},
        HeaderCase{"AzurePlain", open_ai("6", "5", "10"), 6, 5, 10},
        HeaderCase{"AzureUnknown", open_ai("-1", "-1", "-1"), -1, -1, -1},
        HeaderCase{"AzureZero", open_ai("0", "0", "0"), -1, -1, -1},
        HeaderCase{"Garbage", open_ai("many", "few", "soon"), -1, -1, -1},
        HeaderCase{"NotFinite", open_ai("inf", "nan", "inf"), -1, -1, -1},
        HeaderCase{"Rfc3339", anthropic("2026-01-01T00:00:07Z"), 50, 0, 7},
        HeaderCase{"Rfc3339Fraction", anthropic("2026-01-01T00:00:07.25Z"), 50, 0, 7.25},
        HeaderCase{"Rfc3339Zone", anthropic("2026-01-01T02:00:07+02:00"), 50, 0, 7},
        HeaderCase{"Rfc3339West", anthropic("2025-12-31T19:00:09-05:00"), 50, 0, 9},
        HeaderCase{"Rfc3339Past", anthropic("2025-12-31T23:59:59Z"), 50, 0, -1},
        HeaderCase{"Rfc3339Broken", anthropic("2026-13-41T00:00:07Z"), 50, 0, -1},
        HeaderCase{"EpochMilliseconds", open_router("1767225604500"), -1, 0, 4.5},
        HeaderCase{"EpochSeconds", open_router("1767225604"), -1, 0, 4},
        HeaderCase{"EpochPast", open_router("1767225500000"), -1, 0, -1},
        HeaderCase{"None", {}, -1, -1, -1}),
    [](const auto& given) { return given.param.name; });

TEST(LimitHeaders, PointsInTimeAreMeasuredFromTheRepliesOwnDate) {
  Headers headers = anthropic("2026-06-01T10:00:08Z");
  headers["date"] = "Mon, 01 Jun 2026 10:00:00 GMT";
  const auto reset = limit_hints(headers, kNow).requests.reset;
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(*reset, seconds(8));
}

TEST(LimitHeaders, AnEmptyBucketOfInputTokensEmptiesTokens) {
  const Headers headers = {{"anthropic-ratelimit-tokens-limit", "90000"},
                           {"anthropic-ratelimit-tokens-remaining", "50000"},
                           {"anthropic-ratelimit-input-tokens-limit", "40000"},
                           {"anthropic-ratelimit-input-tokens-remaining", "0"},
                           {"anthropic-ratelimit-input-tokens-reset", "2026-01-01T00:00:30Z"}};
  const LimitHint hint = limit_hints(headers, kNow).tokens;
  EXPECT_EQ(hint.limit.value_or(-1), 90000);
  EXPECT_EQ(hint.remaining.value_or(-1), 0);
  EXPECT_EQ(hint.reset.value_or(Duration{0}), seconds(30));
  EXPECT_EQ(empty_bucket_reset(headers, kNow).value_or(Duration{0}), seconds(30));
}

constexpr SteadyTime kStart{};

TEST(Bucket, RequestsStartOneByOneAndSaveUpOneSecondsWorth) {
  Bucket bucket(Bucket::Kind::requests);
  bucket.configure(600);
  bucket.take(1, kStart);
  EXPECT_EQ(bucket.ready_at(1, kStart), kStart + std::chrono::milliseconds(100));
  const SteadyTime later = kStart + seconds(60);
  EXPECT_EQ(bucket.ready_at(10, later), later);
  EXPECT_GT(bucket.ready_at(11, later), later);
}

TEST(Bucket, TokensRefillContinuouslyAndWhatIsLeftOverComesBack) {
  Bucket bucket(Bucket::Kind::tokens);
  bucket.configure(6000);
  bucket.take(6000, kStart);
  EXPECT_EQ(bucket.ready_at(100, kStart), kStart + seconds(1));
  bucket.give_back(5000, kStart);
  EXPECT_EQ(bucket.ready_at(5000, kStart), kStart);
  bucket.give_back(5000, kStart);
  EXPECT_GT(bucket.ready_at(6001, kStart), kStart) << "never more than it holds";
}

TEST(Bucket, ARepliesLimitOnlyTightens) {
  Bucket bucket(Bucket::Kind::tokens);
  bucket.configure(6000);
  LimitHint hint;
  hint.limit = 9000;
  hint.remaining = 9000;
  bucket.tighten(hint, kStart, true);
  EXPECT_EQ(bucket.per_minute(), 6000);
  hint.limit = 3000;
  hint.remaining = 60;
  bucket.tighten(hint, kStart, true);
  EXPECT_EQ(bucket.per_minute(), 3000);
  EXPECT_EQ(bucket.ready_at(110, kStart), kStart + seconds(1));
  hint.limit = 9000;
  hint.remaining = 9000;
  bucket.tighten(hint, kStart, true);
  EXPECT_EQ(bucket.per_minute(), 6000) << "back to the configuration, not above";
  EXPECT_EQ(bucket.ready_at(160, kStart), kStart + seconds(1)) << "what was taken stays taken";
}

TEST(Bucket, WithoutALimitOnlyAnEmptyOneBlocks) {
  Bucket bucket(Bucket::Kind::requests);
  bucket.take(1e6, kStart);
  EXPECT_EQ(bucket.ready_at(1, kStart), kStart);
  LimitHint hint;
  hint.remaining = 0;
  hint.reset = seconds(4);
  bucket.tighten(hint, kStart, false);
  EXPECT_EQ(bucket.ready_at(1, kStart), kStart);
  bucket.tighten(hint, kStart, true);
  EXPECT_EQ(bucket.ready_at(1, kStart), kStart + seconds(4));
  hint.reset = std::chrono::hours(20);
  bucket.tighten(hint, kStart, true);
  EXPECT_EQ(bucket.ready_at(1, kStart), kStart + seconds(4)) << "a day's limit is not waited for";
}

}  // namespace
}  // namespace skillgrad::llm
