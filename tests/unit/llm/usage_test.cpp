// SPDX-License-Identifier: MIT
// Token counts as endpoints write them (R2.18, R2.19).
#include "llm/reply/usage.hpp"

#include <gtest/gtest.h>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {
namespace {

struct Counts {
  const char* name;
  const char* reply;
  std::int64_t input, cached, written, output, reasoning;
};

class UsageTest : public ::testing::TestWithParam<Counts> {};

TEST_P(UsageTest, IsNormalised) {
  const auto usage = read_usage(*parse_reply_json(GetParam().reply, "reply"));
  ASSERT_TRUE(usage.has_value());
  EXPECT_EQ(usage->usage.input_tokens, GetParam().input);
  EXPECT_EQ(usage->usage.cached_tokens, GetParam().cached);
  EXPECT_EQ(usage->cache_write_tokens, GetParam().written);
  EXPECT_EQ(usage->usage.output_tokens, GetParam().output);
  EXPECT_EQ(usage->reasoning_tokens, GetParam().reasoning);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, UsageTest,
    ::testing::Values(
        Counts{"Alibaba",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":)"
               R"({"cached_tokens":30,"cache_write_tokens":20}}})",
               100, 30, 20, 5, 0},
        // Anthropic's own names, without a total: input_tokens is what the cache had no part in.
        Counts{"Anthropic",
               R"({"usage":{"input_tokens":100,"output_tokens":5,"cache_read_input_tokens":30,)"
               R"("cache_creation_input_tokens":20}})",
               150, 30, 20, 5, 0},
        Counts{"AnthropicAllFromTheCache",
               R"({"usage":{"input_tokens":0,"output_tokens":5,"cache_read_input_tokens":30}})", 30,
               30, 0, 5, 0},
        Counts{"AnthropicByAge",
               R"({"usage":{"input_tokens":3,"output_tokens":5,"cache_creation":)"
               R"({"ephemeral_5m_input_tokens":200,"ephemeral_1h_input_tokens":100}}})",
               303, 0, 300, 5, 0},
        Counts{"BedrockConverse",
               R"({"usage":{"inputTokens":3,"outputTokens":5,"totalTokens":58,)"
               R"("cacheReadInputTokens":30,"cacheWriteInputTokens":20}})",
               53, 30, 20, 5, 0},
        // LiteLLM counts both inside the prompt, under its own names and Anthropic's.
        Counts{"LiteLlm",
               R"({"usage":{"prompt_tokens":17307,"completion_tokens":550,"total_tokens":17857,)"
               R"("prompt_tokens_details":{"cached_tokens":5000,"cache_creation_tokens":12304},)"
               R"("cache_read_input_tokens":5000,"cache_creation_input_tokens":12304}})",
               17307, 5000, 12304, 550, 0},
        Counts{"InsideByTheTotal",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,)"
               R"("cache_read_input_tokens":30,"cache_creation_input_tokens":20}})",
               100, 30, 20, 5, 0},
        Counts{"BesideByTheTotal",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":155,)"
               R"("cache_read_input_tokens":30,"cache_creation_input_tokens":20}})",
               150, 30, 20, 5, 0},
        Counts{"WrittenAloneBesideByTheTotal",
               R"({"usage":{"prompt_tokens":3,"completion_tokens":550,"total_tokens":12857,)"
               R"("cache_creation_input_tokens":12304}})",
               12307, 0, 12304, 550, 0},
        Counts{
            "ReadAloneBesideByTheTotal",
            R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":135,)"
            R"("cache_read_input_tokens":30,"prompt_tokens_details":{"cache_write_tokens":20}}})",
            130, 30, 20, 5, 0},
        Counts{"AboveThePromptIsBesideIt",
               R"({"usage":{"prompt_tokens":3,"completion_tokens":550,"total_tokens":553,)"
               R"("cache_creation_input_tokens":12304,"cache_read_input_tokens":5000}})",
               17307, 5000, 12304, 550, 0},
        Counts{"WrittenAboveTheRestIsBesideThePrompt",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"num_cached_tokens":90,)"
               R"("cache_creation_input_tokens":50}})",
               150, 90, 50, 5, 0},
        Counts{"HiddenReasoningAndBeside",
               R"({"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":78,)"
               R"("cache_read_input_tokens":30,"completion_tokens_details":)"
               R"({"reasoning_tokens":40}}})",
               33, 30, 0, 45, 40},
        Counts{"DeepSeekWithoutASum",
               R"({"usage":{"completion_tokens":5,"prompt_cache_hit_tokens":64,)"
               R"("prompt_cache_miss_tokens":36}})",
               100, 64, 0, 5, 0},
        Counts{"Gemini",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":145,)"
               R"("prompt_tokens_details":{"cached_tokens":60}}})",
               100, 60, 0, 45, 0},
        Counts{"Responses",
               R"({"usage":{"input_tokens":100,"output_tokens":50,"total_tokens":150,)"
               R"("input_tokens_details":{"cached_tokens":7},)"
               R"("output_tokens_details":{"reasoning_tokens":40}}})",
               100, 7, 0, 50, 40},
        Counts{"XaiLeavesReasoningOut",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":145,)"
               R"("completion_tokens_details":{"reasoning_tokens":40}}})",
               100, 0, 0, 45, 40},
        Counts{"PromptIsTheRestOfTheTotal",
               R"({"usage":{"prompt_tokens":null,"completion_tokens":5,"total_tokens":105}})", 100,
               0, 0, 5, 0},
        Counts{"ZeroHidesNothing",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":)"
               R"({"cached_tokens":0},"prompt_cache_hit_tokens":64}})",
               100, 64, 0, 5, 0},
        Counts{"TotalTooSmall",
               R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":1}})", 100, 0,
               0, 5, 0},
        Counts{"NumbersAsText",
               R"({"usage":{"prompt_tokens":"100","completion_tokens":"5","total_tokens":"105"}})",
               100, 0, 0, 5, 0},
        Counts{"NegativeIsZero", R"({"usage":{"prompt_tokens":100,"completion_tokens":-5}})", 100,
               0, 0, 0, 0},
        Counts{"Fractions", R"({"usage":{"prompt_tokens":100.0,"completion_tokens":5.0}})", 100, 0,
               0, 5, 0},
        Counts{"Groq",
               R"({"usage":null,"x_groq":{"usage":{"prompt_tokens":100,"completion_tokens":5}}})",
               100, 0, 0, 5, 0},
        Counts{"InTheChoice",
               R"({"choices":[{"usage":{"prompt_tokens":100,"completion_tokens":5}}]})", 100, 0, 0,
               5, 0},
        Counts{"CacheReadTokens",
               R"({"usage":{"prompt_tokens":3,"completion_tokens":550,"total_tokens":553,)"
               R"("cache_read_tokens":5000,"cache_write_tokens":12304}})",
               17307, 5000, 12304, 550, 0},
        Counts{"CreatedInTheDetails",
               R"({"usage":{"prompt_tokens":3,"completion_tokens":550,"total_tokens":553,)"
               R"("prompt_tokens_details":{"cached_tokens":5000,)"
               R"("cache_creation_input_tokens":12304}}})",
               17307, 5000, 12304, 550, 0},
        Counts{"LangChain",
               R"({"usage":{"input_tokens":20000,"output_tokens":10,"total_tokens":20010,)"
               R"("input_token_details":{"cache_read":5000,"cache_creation":12304},)"
               R"("output_token_details":{"reasoning":4}}})",
               20000, 5000, 12304, 10, 4},
        Counts{"Moonshot",
               R"({"usage":{"prompt_tokens":10000,"completion_tokens":10,"total_tokens":10010,)"
               R"("cached_tokens":9000}})",
               10000, 9000, 0, 10, 0},
        Counts{"ReasoningAboveTheCompletionIsBesideIt",
               R"({"usage":{"prompt_tokens":1000,"completion_tokens":9,)"
               R"("completion_tokens_details":{"reasoning_tokens":5000}}})",
               1000, 0, 0, 5009, 5000},
        Counts{"ReasoningBesideAndATotalWithoutIt",
               R"({"usage":{"prompt_tokens":1000,"completion_tokens":9,"total_tokens":1009,)"
               R"("reasoning_tokens":5000}})",
               1000, 0, 0, 5009, 5000},
        Counts{"GeminisOwn",
               R"({"usage":{"promptTokenCount":100,"candidatesTokenCount":10,)"
               R"("cachedContentTokenCount":40,"thoughtsTokenCount":5,)"
               R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":100}]}})",
               100, 40, 0, 15, 5},
        Counts{"GeminisMetadata",
               R"({"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":10,)"
               R"("thoughtsTokenCount":500,"totalTokenCount":610}})",
               100, 0, 0, 510, 500},
        Counts{"CamelCase",
               R"({"usage":{"promptTokens":100,"completionTokens":10,"cachedInputTokens":30,)"
               R"("reasoningTokens":4}})",
               100, 30, 0, 10, 4},
        Counts{"TwoSpellingsOfWhichOneCounts",
               R"({"usage":{"promptTokens":0,"prompt_tokens":100,"completion_tokens":10}})", 100, 0,
               0, 10, 0},
        Counts{
            "NullDetails",
            R"({"usage":{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":null,)"
            R"("prompt_cache_hit_tokens":9}})",
            100, 9, 0, 5, 0}),
    [](const auto& given) { return given.param.name; });

TEST(Usage, WhatSaysNothingIsNoUsage) {
  for (const char* reply :
       {"{}", R"({"usage":null})", R"({"usage":{}})", R"({"usage":[]})", R"({"usage":"many"})",
        R"({"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}})",
        R"({"usage":{"prompt_tokens":null}})",
        R"({"usage":{"prompt_tokens":-1,"completion_tokens":-1,"total_tokens":-1}})",
        R"({"usage":{"tokens":{"in":5,"out":7}}})", R"({"choices":[]})", R"({"choices":null})"}) {
    EXPECT_FALSE(read_usage(*parse_reply_json(reply, "reply")).has_value()) << reply;
  }
}

TEST(Usage, APromptThatIsNotCountedIsEstimated) {  // R2.20
  struct Case {
    const char* usage;
    std::int64_t input, output;
    bool estimated;
  };
  for (const Case& c : std::vector<Case>{
           {R"({"prompt_tokens":null,"completion_tokens":5})", 1100, 5, true},
           {R"({"prompt_tokens":0,"completion_tokens":5})", 1100, 5, true},
           {R"({"prompt_tokens":0,"completion_tokens":5,"total_tokens":5})", 1100, 5, true},
           {R"({"completion_tokens":5,"total_tokens":905})", 900, 5, false},
           {R"({"total_tokens":500})", 500, 0, true},
           {R"({"total_tokens":1500})", 1100, 400, true},
           {R"({"prompt_tokens":7})", 7, 0, false}}) {
    auto read = read_usage(*parse_reply_json(std::string("{\"usage\":") + c.usage + "}", "reply"));
    ASSERT_TRUE(read.has_value()) << c.usage;
    fill_prompt(*read, 3500);
    EXPECT_EQ(read->usage.input_tokens, c.input) << c.usage;
    EXPECT_EQ(read->usage.output_tokens, c.output) << c.usage;
    EXPECT_EQ(read->usage.estimated, c.estimated) << c.usage;
  }
}

TEST(Usage, CachedTokensThatMayBeCountedBesideThePromptAreSaid) {  // R2.23
  struct Case {
    const char* usage;
    std::int64_t input, outside;
  };
  for (const Case& c : std::vector<Case>{
           {R"("prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":8})", 9, 0},
           {R"("prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":80})", 89, 0},
           {R"("input_tokens":9,"cache_read_input_tokens":8,"cache_creation_input_tokens":7)", 24,
            0},
           {R"("prompt_tokens":90,"cache_read_input_tokens":8,"cache_creation_input_tokens":7)", 90,
            15}}) {
    const auto read =
        read_usage(*parse_reply_json(std::string("{\"usage\":{") + c.usage + "}}", "r"));
    ASSERT_TRUE(read.has_value()) << c.usage;
    EXPECT_EQ(read->usage.input_tokens, c.input) << c.usage;
    EXPECT_EQ(read->cached_outside_tokens, c.outside) << c.usage;
  }
}

TEST(Usage, WhatIsNotUnderstoodIsNamed) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"usage":{"tokens":{"in":5,"out":7},"seconds":0}})", "tokens"},
      {R"({"usage":{"prompt_tokens":-1,"completion_tokens":-1}})",
       "prompt_tokens, completion_tokens"},
      {R"({"usage":{"prompt_tokens":0,"completion_tokens":0,"details":{"a":null}}})", ""},
      {R"({"usage":{"prompt_tokens":5}})", ""},
      {"{}", ""}};
  for (const auto& [reply, keys] : cases) {
    EXPECT_EQ(unread_usage(*parse_reply_json(reply, "reply")), keys) << reply;
  }
}

TEST(Usage, OfAStreamsChunksIsPutTogether) {
  struct Case {
    std::vector<const char*> chunks;
    std::int64_t input, cached, output;
  };
  for (const Case& c : std::vector<Case>{
           {{R"({"prompt_tokens":20000,"prompt_tokens_details":{"cached_tokens":5000}})",
             R"({"completion_tokens":550})"},
            20000,
            5000,
            550},
           {{R"({"prompt_tokens":20000,"completion_tokens":1,"total_tokens":20001})",
             R"({"prompt_tokens":0,"completion_tokens":550,"total_tokens":550})"},
            20000,
            0,
            550},
           {{R"({"input_tokens":9,"output_tokens":1})", R"({"output_tokens":7})"}, 9, 0, 7},
           {{R"({"prompt_tokens":9,"completion_tokens":1})", "null",
             R"({"prompt_tokens":9,"completion_tokens":5})",
             R"({"prompt_tokens":0,"completion_tokens":0})"},
            9,
            0,
            5},
           {{R"({"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":)"
             R"({"cached_tokens":8}})",
             R"({"prompt_tokens":9,"completion_tokens":5})"},
            9,
            0,
            5}}) {
    Json known;
    for (const char* chunk : c.chunks) {
      merge_usage(known, *parse_reply_json(std::string("{\"usage\":") + chunk + "}", "chunk"));
    }
    const auto read = read_usage(Json{{"usage", known}});
    ASSERT_TRUE(read.has_value()) << c.chunks[0];
    EXPECT_EQ(read->usage.input_tokens, c.input) << c.chunks[0];
    EXPECT_EQ(read->usage.cached_tokens, c.cached) << c.chunks[0];
    EXPECT_EQ(read->usage.output_tokens, c.output) << c.chunks[0];
  }
}

TEST(Usage, TheCostOfAnOwnKeyIsThatOfBothBills) {
  const std::vector<std::pair<const char*, double>> cases = {
      {R"("cost":0.015,"is_byok":true,"cost_details":{"upstream_inference_cost":0.3})", 0.315},
      {R"("cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":0.3})", 0.3},
      {R"("cost":0.4,"is_byok":false,"cost_details":{"upstream_inference_cost":0.3})", 0.4},
      {R"("cost":0.015,"is_byok":true,"cost_details":{"upstream_inference_cost":null})", -1},
      {R"("cost":{"input_tokens_cost":0.1,"total_cost":0.9})", 0.9},
      {R"("cost":0)", 0},
      {R"("cost":-2)", -1}};
  for (const auto& [cost, usd] : cases) {
    const auto usage = read_usage(
        *parse_reply_json(std::string(R"({"usage":{"prompt_tokens":1,)") + cost + "}}", "reply"));
    ASSERT_TRUE(usage.has_value()) << cost;
    EXPECT_DOUBLE_EQ(usage->provider_cost.value_or(-1), usd) << cost;
  }
}

TEST(Usage, TheProvidersOwnCostIsTaken) {
  const auto usage = read_usage(*parse_reply_json(
      R"({"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.00125}})", "reply"));
  ASSERT_TRUE(usage.has_value());
  EXPECT_DOUBLE_EQ(usage->provider_cost.value_or(-1), 0.00125);
}

}  // namespace
}  // namespace skillgrad::llm
