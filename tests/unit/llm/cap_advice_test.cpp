// SPDX-License-Identifier: MIT
// Which cap fits, by the numbers of a rejection (R1.7).
#include "llm/learn/cap_advice.hpp"

#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

struct Case {
  const char* name;
  const char* message;
  std::int64_t cap;  ///< 0 = no advice
};

class CapAdviceTest : public ::testing::TestWithParam<Case> {};

TEST_P(CapAdviceTest, ReadsTheLimitInWhateverWords) {
  ErrorBody error;
  error.message = GetParam().message;
  const auto advice = advise_cap(error, 16'000);
  EXPECT_EQ(advice ? advice->cap : 0, GetParam().cap);
}

INSTANTIATE_TEST_SUITE_P(
    Wordings, CapAdviceTest,
    ::testing::Values(
        Case{"OpenAi",
             "max_tokens is too large: 16000. This model supports at most 4096 completion tokens, "
             "whereas you provided 16000.",
             4096},
        Case{"OpenAiAboveMaximum",
             "Invalid 'max_tokens': integer above maximum value. Expected a value <= 4096, but got "
             "16000 instead.",
             4096},
        Case{"MustBe", "max_tokens (16000) must be <= 8192", 8192},
        Case{"MustBeAtMost", "max_tokens must be at most 4096, got 16000", 4096},
        Case{"Range", "max_tokens must be in range [1, 8192]", 8192},
        Case{"TightRange", "max_tokens must be in [1,8192]", 8192},
        Case{"HalfOpenRange", "max_tokens must be in [1, 8193)", 8192},
        Case{"Between", "max_tokens must be between 1 and 8192", 8192},
        Case{"CannotExceed", "max_tokens cannot exceed 4096", 4096},
        Case{"Vertex",
             "Unable to submit request because it has a maxOutputTokens value of 16000 but the "
             "supported range is from 1 (inclusive) to 8193 (exclusive). Update the value.",
             8192},
        Case{"Bedrock",
             "The maximum tokens you requested exceeds the model limit of 4096. Try again with a "
             "maximum tokens value that is lower than 4096.",
             4095},
        Case{"Pydantic", "max_tokens: Input should be less than or equal to 4096", 4096},
        Case{"Sglang",
             "Requested token count exceeds the model's maximum context length of 16384 tokens. "
             "You requested a total of 17200 tokens: 1200 tokens from the input messages and 16000 "
             "tokens for the completion. Please reduce the number of tokens in the input messages "
             "or the completion to fit within the limit.",
             16384 - 1200 - 16},
        Case{"VllmNew",
             "'max_tokens' or 'max_completion_tokens' is too large: 16000. This model's maximum "
             "context length is 8192 tokens and your request has 1200 input tokens (16000 > 8192 - "
             "1200). (parameter=max_tokens, value=16000)",
             8192 - 1200 - 16},
        Case{"PromptAboveTheContext",
             "maximum context length of 16384 tokens: 17000 tokens from the input messages and "
             "16000 tokens for the completion",
             0},
        Case{"PromptNotNamed", "max_tokens: the request exceeds the context limit of 8192 tokens",
             0},
        Case{"AnotherParameter", "top_k must be <= 8192", 0},
        Case{"LimitAboveTheCap", "max_tokens must be <= 32000", 0}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace skillgrad::llm
