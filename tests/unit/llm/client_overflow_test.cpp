// SPDX-License-Identifier: MIT
// What counts as a prompt that is too long, and what does not (R3.3, R3.2).
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

struct Wording {
  const char* name;
  int status;
  const char* body;
};

class OverflowTest : public ClientTest, public ::testing::WithParamInterface<Wording> {};

TEST_P(OverflowTest, IsContextOverflowAfterOneHit) {
  server_.script({json_step(GetParam().status, GetParam().body)});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::context_overflow) << reply.error().to_text();
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_THAT(reply.error().mend, HasSubstr("longer context"));
}

INSTANTIATE_TEST_SUITE_P(
    Wordings, OverflowTest,
    ::testing::Values(
        Wording{"Anthropic", 400,
                R"({"type":"error","error":{"type":"invalid_request_error","message":)"
                R"("prompt is too long: 209000 tokens > 200000 maximum"}})"},
        Wording{"PromptTooLong", 413, R"({"error":{"message":"Prompt too long"}})"},
        Wording{"Bedrock", 400, R"({"message":"Input is too long for requested model."})"},
        Wording{"ContextWindow", 400,
                R"({"error":{"message":"Your input exceeds the context window of this model."}})"},
        Wording{"ThisModelsMaximum", 400,
                R"({"error":{"message":"Prompt exceeds this model's maximum context length"}})"},
        Wording{"B12", 400,
                R"({"error":{"code":400,"message":"request (13392 tokens) exceeds the available )"
                R"(context size (8192 tokens), try increasing it","type":)"
                R"("exceed_context_size_error","n_prompt_tokens":13392,"n_ctx":8192}})"},
        Wording{"ContextLimit", 400, R"({"error":"the request exceeds the context limit"})"},
        Wording{"MaxModelLen", 400,
                R"({"object":"error","message":"The prompt (total length 9000) exceeds the )"
                R"(max_model_len of 8192","type":"BadRequestError","code":400})"},
        Wording{"MaximumSeqLen", 400,
                R"({"error":"Sequence of 5000 exceeds maximum_seq_len of 4096"})"},
        Wording{"B13", 400,
                R"({"object":"error","message":"This model's maximum context length is 2048 )"
                R"(tokens. However, you requested 3723 tokens (2699 in the messages, 1024 in the )"
                R"(completion). Please reduce the length of the messages or completion.",)"
                R"("type":"BadRequestError","param":null,"code":400})"},
        Wording{"XaiMaximumPromptLength", 400,
                R"({"code":"x","error":"This model's maximum prompt length is 131072 but the )"
                R"(request contains 537812 tokens."})"},
        Wording{"MaximumInputLength", 400,
                R"({"error":{"message":"the maximum input length of 30720 was passed"}})"},
        Wording{"Gemini", 400,
                R"([{"error":{"code":400,"message":"The input token count (1196265) exceeds the )"
                R"(maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}])"},
        Wording{"GroqByStatus413", 413,
                R"({"error":{"message":"Please reduce the length of the messages or completion.",)"
                R"("type":"invalid_request_error","param":"messages",)"
                R"("code":"context_length_exceeded"}})"},
        Wording{"LmStudio", 400,
                R"({"error":"Trying to keep the first 5000 tokens when context the overflows. )"
                R"(However, the number is greater than the context length of 4096"})"},
        Wording{"MistralTooLarge", 400,
                R"({"object":"error","message":"Prompt contains 40000 tokens, too large for )"
                R"(model with 32768 maximum context","type":"invalid_request_error"})"},
        Wording{"Kimi", 400,
                R"({"error":{"message":"Invalid request: Your request exceeded model token limit: )"
                R"(8192","type":"invalid_request_error"}})"},
        Wording{"CodeAlone", 400, R"({"error":{"message":"no","code":"context_length_exceeded"}})"},
        Wording{"Tgi", 422,
                R"({"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be )"
                R"(<= 4096. Given: 5000 `inputs` tokens and 512 `max_new_tokens`",)"
                R"("error_type":"validation"})"},
        Wording{"KServe", 500, R"({"error":"Input length 9000 exceeds the maximum allowed 8192"})"},
        Wording{"Friendli", 400,
                R"({"error":"prompt: the current length is 9000, while limit is 8192"})"},
        Wording{"Sglang", 400,
                R"({"error":{"message":"The input (9000 tokens) exceeds the maximum allowed )"
                R"(input length (8192 tokens)."}})"},
        Wording{"Together403", 403,
                R"({"error":{"message":"Input validation error: `inputs` tokens + )"
                R"(`max_new_tokens` must be <= 32769. Given: 40000 `inputs` tokens and 1024 )"
                R"(`max_new_tokens`","type":"invalid_request_error"}})"},
        Wording{"DashScope", 400,
                R"({"error":{"code":"invalid_parameter_error","message":"Range of input length )"
                R"(should be [1, 30720], the input length 31000 exceeds it"}})"}),
    [](const auto& given) { return given.param.name; });

class NotOverflowTest : public ClientTest, public ::testing::WithParamInterface<Wording> {};

TEST_P(NotOverflowTest, IsAnotherKindOfError) {
  server_.script({json_step(GetParam().status, GetParam().body)});
  options_.max_attempts_rate_limit = 2;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_NE(reply.error().code, ErrorCode::context_overflow) << reply.error().to_text();
}

INSTANTIATE_TEST_SUITE_P(
    Wordings, NotOverflowTest,
    ::testing::Values(
        Wording{"Throttled", 429,
                R"({"error":{"message":"Rate limit: input is too long for your tier"}})"},
        Wording{"PleaseWait", 400,
                R"({"message":"Too many tokens, please wait before trying again. Prompt is too )"
                R"(long"})"},
        Wording{"StringTooLong", 400,
                R"({"error":{"message":"Invalid 'user': string too long. Expected a string with )"
                R"(maximum length 64. Prompt is too long","code":"string_above_max_length"}})"},
        Wording{"InvalidCap", 400,
                R"({"error":{"message":"invalid max_tokens value, maximum context length is )"
                R"(unknown"}})"}),
    [](const auto& given) { return given.param.name; });

struct EmptyBody {
  const char* name;
  int status;
  std::int64_t context;
  std::size_t prompt_bytes;
  ErrorCode code;
};

class EmptyBodyTest : public ClientTest, public ::testing::WithParamInterface<EmptyBody> {};

TEST_P(EmptyBodyTest, IsAnOverflowOnlyIfThePromptAboutFillsTheContext) {  // R3.2, Cerebras
  server_.script({json_step(GetParam().status, "")});
  options_.context_tokens = GetParam().context;
  const auto reply = client()->complete(request(std::string(GetParam().prompt_bytes, 'x')), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, GetParam().code) << reply.error().to_text();
  EXPECT_EQ(server_.hit_count(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, EmptyBodyTest,
    ::testing::Values(EmptyBody{"Near400", 400, 8192, 32'000, ErrorCode::context_overflow},
                      EmptyBody{"Near413", 413, 8192, 32'000, ErrorCode::context_overflow},
                      EmptyBody{"Far400", 400, 8192, 3'000, ErrorCode::bad_request},
                      EmptyBody{"Far413", 413, 8192, 3'000, ErrorCode::request_too_large},
                      EmptyBody{"UnknownContext400", 400, 0, 32'000, ErrorCode::bad_request},
                      EmptyBody{"UnknownContext413", 413, 0, 32'000, ErrorCode::request_too_large},
                      EmptyBody{"OtherStatus", 422, 8192, 32'000, ErrorCode::bad_request}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace skillgrad::llm
