// SPDX-License-Identifier: MIT
// Which cap fits, by the numbers of a rejection (R1.7).
#include "llm/learn/cap_advice.hpp"

#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

struct CapCase {
  const char* name;
  const char* message;
  std::int64_t cap;  ///< 0 = no advice
};

class CapAdviceTest : public ::testing::TestWithParam<CapCase> {};

TEST_P(CapAdviceTest, ReadsTheLimitInWhateverWords) {
  ErrorBody error;
  error.message = GetParam().message;
  const auto advice = advise_cap(error, 16'000);
  EXPECT_EQ(advice ? advice->cap : 0, GetParam().cap);
}

INSTANTIATE_TEST_SUITE_P(
    Wordings, CapAdviceTest,
    ::testing::Values(
        CapCase{
            "OpenAi",
            "max_tokens is too large: 16000. This model supports at most 4096 completion tokens, "
            "whereas you provided 16000.",
            4096},
        CapCase{
            "OpenAiAboveMaximum",
            "Invalid 'max_tokens': integer above maximum value. Expected a value <= 4096, but got "
            "16000 instead.",
            4096},
        CapCase{"MustBe", "max_tokens (16000) must be <= 8192", 8192},
        CapCase{"MustBeAtMost", "max_tokens must be at most 4096, got 16000", 4096},
        CapCase{"Range", "max_tokens must be in range [1, 8192]", 8192},
        CapCase{"TightRange", "max_tokens must be in [1,8192]", 8192},
        CapCase{"HalfOpenRange", "max_tokens must be in [1, 8193)", 8192},
        CapCase{"Between", "max_tokens must be between 1 and 8192", 8192},
        CapCase{"CannotExceed", "max_tokens cannot exceed 4096", 4096},
        CapCase{"Vertex",
                "Unable to submit request because it has a maxOutputTokens value of 16000 but the "
                "supported range is from 1 (inclusive) to 8193 (exclusive). Update the value.",
                8192},
        CapCase{
            "Bedrock",
            "The maximum tokens you requested exceeds the model limit of 4096. Try again with a "
            "maximum tokens value that is lower than 4096.",
            4095},
        CapCase{"Pydantic", "max_tokens: Input should be less than or equal to 4096", 4096},
        CapCase{
            "Sglang",
            "Requested token count exceeds the model's maximum context length of 16384 tokens. "
            "You requested a total of 17200 tokens: 1200 tokens from the input messages and 16000 "
            "tokens for the completion. Please reduce the number of tokens in the input messages "
            "or the completion to fit within the limit.",
            16384 - 1200 - 16},
        CapCase{
            "VllmNew",
            "'max_tokens' or 'max_completion_tokens' is too large: 16000. This model's maximum "
            "context length is 8192 tokens and your request has 1200 input tokens (16000 > 8192 - "
            "1200). (parameter=max_tokens, value=16000)",
            8192 - 1200 - 16},
        CapCase{"PromptAboveTheContext",
                "maximum context length of 16384 tokens: 17000 tokens from the input messages and "
                "16000 tokens for the completion",
                0},
        CapCase{"PromptNotNamed",
                "max_tokens: the request exceeds the context limit of 8192 tokens", 0},
        CapCase{"AnotherParameter", "top_k must be <= 8192", 0},
        CapCase{"LimitAboveTheCap", "max_tokens must be <= 32000", 0}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace skillgrad::llm
