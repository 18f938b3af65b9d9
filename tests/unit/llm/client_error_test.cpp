// SPDX-License-Identifier: MIT
// Failures that end a call, and how replies that are no use are told apart.
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

struct ErrorCase {
  const char* name;
  int status;
  const char* body;
  ErrorCode code;
};

class TerminalErrorTest : public ClientTest, public ::testing::WithParamInterface<ErrorCase> {};

TEST_P(TerminalErrorTest, IsReportedAfterOneHit) {
  server_.script({json_step(GetParam().status, GetParam().body)});
  server_.route("GET /v1/models", {json_step(200, R"({"data":[{"id":"qwen3"},{"id":"llama4"}]})")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, GetParam().code) << reply.error().to_text();
  EXPECT_EQ(server_.hit_count("POST"), 1U);
  EXPECT_THAT(reply.error().to_text(), HasSubstr(server_.base_url() + "/chat/completions"));
  EXPECT_FALSE(reply.error().mend.empty());
  if (GetParam().code == ErrorCode::model_not_found) {
    EXPECT_THAT(reply.error().mend, HasSubstr("qwen3"));
  }
  EXPECT_EQ(accountant().totals().failed_calls, 1);
  EXPECT_EQ(accountant().in_flight(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Errors, TerminalErrorTest,
    ::testing::Values(
        ErrorCase{"Unauthorized", 401, R"({"error":{"message":"Incorrect API key"}})",
                  ErrorCode::auth},
        ErrorCase{"Forbidden", 403, R"({"error":{"message":"not allowed here"}})", ErrorCode::auth},
        ErrorCase{"GeminiKey", 400, R"([{"error":{"code":400,"message":"API key not valid."}}])",
                  ErrorCode::auth},
        ErrorCase{
            "B9Quota", 429,
            R"({"error":{"message":"You exceeded your current quota, please check your plan and )"
            R"(billing details.","type":"insufficient_quota","code":"credit_balance_exhausted"}})",
            ErrorCode::quota},
        ErrorCase{"Payment", 402, R"({"error":{"message":"Insufficient Balance"}})",
                  ErrorCode::quota},
        ErrorCase{
            "B11TooLarge", 429,
            R"({"error":{"code":"rate_limit_exceeded","message":"Request too large for M on tokens )"
            R"(per min (TPM): Limit 30000, Requested 31538. The input or output tokens must be )"
            R"(reduced in order to run successfully."}})",
            ErrorCode::request_too_large},
        ErrorCase{
            "B12Overflow", 400,
            R"({"error":{"code":400,"message":"request (13392 tokens) exceeds the available context )"
            R"(size (8192 tokens), try increasing it","type":"exceed_context_size_error",)"
            R"("n_prompt_tokens":13392,"n_ctx":8192}})",
            ErrorCode::context_overflow},
        ErrorCase{"KServe", 500, R"({"error":"Input length 9000 exceeds the limit 8192"})",
                  ErrorCode::context_overflow},
        ErrorCase{
            "B14Filter", 400,
            R"({"error":{"message":"The response was filtered due to the prompt","type":null,)"
            R"("param":"prompt","code":"content_filter","status":400,"innererror":{"code":)"
            R"("ResponsibleAIPolicyViolation"}}})",
            ErrorCode::content_filter},
        ErrorCase{"B16Model", 404,
                  R"({"error":{"message":"model 'x' not found","type":"not_found_error"}})",
                  ErrorCode::model_not_found},
        ErrorCase{
            "LiteLlmModel", 400,
            R"({"error":{"message":"/chat/completions: Invalid model name passed in model=x. )"
            R"(Call `/v1/models` to view available models for your key.","type":)"
            R"("invalid_request_error","param":null,"code":"400"}})",
            ErrorCode::model_not_found},
        ErrorCase{"LiteLlmKey", 400,
                  R"({"error":{"message":"No connected db.","type":"no_db_connection",)"
                  R"("param":null,"code":"400"}})",
                  ErrorCode::auth},
        ErrorCase{"LiteLlmModelBehind", 404,
                  R"({"error":{"message":"litellm.NotFoundError: OpenAIException - The model `x` )"
                  R"(does not exist.. Received Model Group=x\nAvailable Model Group )"
                  R"(Fallbacks=None","type":"invalid_request_error","param":null,"code":"404"}})",
                  ErrorCode::model_not_found},
        ErrorCase{"LiteLlmKeyBehind", 401,
                  R"({"error":{"message":"litellm.AuthenticationError: AuthenticationError: )"
                  R"(OpenAIException - Incorrect API key provided.. Received Model Group=x\n)"
                  R"(Available Model Group Fallbacks=None","type":"authentication_error",)"
                  R"("param":null,"code":"401"}})",
                  ErrorCode::auth},
        ErrorCase{"FieldsOfTheRequestAndNotItsEchoedWords", 500,
                  R"({"error":{"message":"1 validation error:\n  {'type': 'list_type', 'loc': )"
                  R"(('body', 'stop'), 'msg': 'Input should be a list', 'input': 'model not )"
                  R"(found, rate limit, insufficient_quota'}","type":"internal_server_error"}})",
                  ErrorCode::bad_request},
        ErrorCase{"FunctionNotFound", 400,
                  R"({"error":{"message":"The model called a function that was not found in )"
                  R"(the tools list"}})",
                  ErrorCode::bad_request},
        ErrorCase{"NotFound", 404, R"({"detail":"Not Found"})", ErrorCode::wrong_url},
        ErrorCase{"Method", 405, "", ErrorCode::wrong_url},
        ErrorCase{"LoginPage", 200, "<!doctype html><title>Sign in</title>", ErrorCode::wrong_url},
        ErrorCase{"BadRequest", 400, R"({"error":{"message":"bad roles"}})",
                  ErrorCode::bad_request},
        ErrorCase{"Teapot", 411, "", ErrorCode::bad_request},
        ErrorCase{"NotImplemented", 501, "", ErrorCode::bad_request}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, TheAddressInUseIsNotSuggestedAgain) {  // R1.2
  server_.script({json_step(404, R"({"detail":"Not Found"})")});
  for (const char* api : {"chat", "responses"}) {
    options_.api = api;
    options_.base_url = server_.origin() + "/api";
    EXPECT_THAT(client()->complete(request(), {}).error().mend,
                HasSubstr(server_.origin() + "/api/v1"));
    options_.base_url = server_.origin() + "/v1?a=b";
    EXPECT_THAT(client()->complete(request(), {}).error().mend, Not(HasSubstr(server_.origin())));
    options_.base_url = server_.origin() + "/v1/chat";
    const auto mend = client()->complete(request(), {}).error().mend;
    EXPECT_TRUE(mend.ends_with(server_.origin() + "/v1")) << mend;
  }
}

TEST_F(ClientTest, EmptyChoicesFailAfterThreeTries) {
  server_.script({json_step(200, R"({"choices":[]})")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::malformed_reply);
  EXPECT_EQ(server_.hit_count(), 3U);
}

TEST_F(ClientTest, AReplyAboveTheCapIsCutOffAndNotAskedForAgain) {
  server_.script({json_step(200, std::string(3U << 20U, 'x'))});
  options_.max_reply_bytes = 1U << 20U;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::malformed_reply);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, ATruncatedToolCallIsNotUsedAndGetsADoubledCap) {
  const std::string cut = fault::tool_body(
      R"([{"id":"a","function":{"name":"bash","arguments":"{\"command\":\"rm\"}"}}])", "length");
  server_.script({json_step(200, cut)});
  options_.max_output_tokens = 500;
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::malformed_reply);
  EXPECT_THAT(reply.error().mend, HasSubstr("--max-output-tokens"));
  ASSERT_EQ(server_.hit_count(), 2U);
  EXPECT_EQ(body_of_hit(1).at("max_tokens"), 1000);
  EXPECT_EQ(accountant().totals().usage.input_tokens, 200) << "both attempts were paid";
}

TEST_F(ClientTest, ARefusalIsAnOutcomeAndNotRetried) {
  server_.script({json_step(200, R"({"choices":[{"message":{"content":null,"refusal":"I cannot"},)"
                                 R"("finish_reason":"stop"}]})"),
                  json_step(200, R"({"choices":[{"message":{"content":"x"},"finish_reason":)"
                                 R"("Content_Filter"}]})")});
  auto model = client();
  const auto refusal = model->complete(request("a"), {});
  ASSERT_TRUE(refusal.has_value());
  EXPECT_TRUE(refusal->refused);
  const auto filtered = model->complete(request("b"), {});
  ASSERT_TRUE(filtered.has_value());
  EXPECT_TRUE(filtered->refused);
  EXPECT_EQ(filtered->finish, Finish::filtered);
  EXPECT_EQ(server_.hit_count(), 2U);
  EXPECT_EQ(recorder_.rows().front().outcome, AttemptOutcome::refused);
}

TEST_F(ClientTest, AnErrorThatEndsTheRunStopsAllFurtherRequests) {
  constexpr int kWorkers = 8;
  server_.handler([](const fault::Hit&, std::size_t) {
    Step step = json_step(401, R"({"error":{"message":"bad key"}})");
    step.chunks.front().delay = fault::Milliseconds(20);
    return step;
  });
  auto model = client();
  std::vector<std::jthread> workers;
  std::atomic<int> refused{0};
  for (int w = 0; w < kWorkers; ++w) {
    workers.emplace_back([&, w] {
      for (int i = 0; i < 5; ++i) {
        const auto reply =
            model->complete(request(std::to_string(w) + "/" + std::to_string(i)), {});
        if (!reply && reply.error().code == ErrorCode::auth) ++refused;
      }
    });
  }
  workers.clear();
  EXPECT_EQ(refused.load(), kWorkers * 5);
  EXPECT_LE(server_.hit_count(), static_cast<std::size_t>(kWorkers));
  const std::size_t before = server_.hit_count();
  EXPECT_FALSE(model->complete(request("later"), {}).has_value());
  EXPECT_EQ(server_.hit_count(), before);
}

TEST_F(ClientTest, AModelThatHasAnsweredIsNotCalledUnknownByALaterRefusal) {
  const Step missing = json_step(400, R"({"error":{"message":"model 'x' not found"}})");
  server_.script({kGood, missing, kGood});
  auto model = client();
  ASSERT_TRUE(model->complete(request("a"), {}).has_value());
  const auto refused = model->complete(request("b"), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::bad_request);
  EXPECT_TRUE(model->complete(request("c"), {}).has_value()) << "the run goes on";
}

TEST_F(ClientTest, TheKeyNeverAppearsInErrorsOrRecords) {
  const std::string key = "canary-key-7391-long";
  server_.script({json_step(401, R"({"error":{"message":"wrong key canary-key-7391-long"}})")});
  options_.api_key = Secret(key + "\n");
  const auto reply = client()->complete(request("my key is " + key), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(server_.hits().front().header("authorization"), "Bearer " + key);
  EXPECT_THAT(reply.error().to_text(), Not(HasSubstr(key)));
}

TEST_F(ClientTest, AModelThatRepeatsTheKeyIsNotHeard) {  // R4.9
  options_.api_key = Secret("canary-key-7391");
  options_.headers["X-Team"] = "Token team-canary-88";
  server_.script({json_step(
      200, fault::tool_body(R"([{"id":"a","function":{"name":"bash","arguments":)"
                            R"("{\"command\":\"echo canary-key-7391 team-canary-88\"}"}}])"))});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.tool_calls.at(0).arguments, R"({"command":"echo *** ***"})");
}

TEST_F(ClientTest, AConnectionThatIsRefusedAsksWhetherTheServerRuns) {
  {
    fault::Server gone;
    options_.base_url = gone.base_url();
  }
  options_.max_attempts_transient = 2;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::transient);
  EXPECT_THAT(reply.error().mend, HasSubstr("is the server running?"));
}

TEST_F(ClientTest, AServerThatRefusesToolsIsToldHowItComesToCallThem) {
  for (
      const char* text :
      {R"(\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set)",
       "registry.ollama.ai/library/x does not support tools",
       "tools param requires --jinja flag"}) {
    server_.script({json_step(400, std::string(R"({"error":{"message":")") + text + R"("}})")});
    const auto reply = client()->complete(tool_request(), {});
    ASSERT_FALSE(reply.has_value());
    EXPECT_THAT(reply.error().mend, HasSubstr("--enable-auto-tool-choice")) << text;
    EXPECT_THAT(reply.error().mend, HasSubstr("--jinja")) << text;
  }
}

TEST_F(ClientTest, WhereTheServerIsDownFewerCallsAtOnceAreNoMend) {
  server_.script({json_step(503, R"({"error":{"message":"Loading model"}})")});
  auto model = client();
  const auto loading = model->complete(request(), {});
  ASSERT_FALSE(loading.has_value());
  EXPECT_THAT(loading.error().mend, HasSubstr("loads the model"));
  EXPECT_THAT(loading.error().mend, Not(HasSubstr("-j")));
  // The breaker is open by then, and the task has no time to wait for it.
  CallContext context;
  context.cut_at = clock_.now() + std::chrono::seconds(5);
  for (int i = 0; i < 3; ++i) {
    const auto down = model->complete(request("again " + std::to_string(i)), context);
    ASSERT_FALSE(down.has_value());
    EXPECT_EQ(down.error().code, ErrorCode::transient) << down.error().to_text();
    EXPECT_THAT(down.error().mend, Not(HasSubstr("-j")));
  }
}

TEST_F(ClientTest, KeysOfAnyAccountDoNotGoOutInARequest) {
  options_.api_key = Secret("Zx9-4fQ7zL1mB8cT2");
  redactor_ = Redactor({Secret("other-key-7654321")});
  server_.script({kGood});
  auto model = client();
  ASSERT_TRUE(model
                  ->complete(request("found: other-key-7654321 and Zx9-4fQ7zL1mB8cT2, not "
                                     "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"),
                             {})
                  .has_value());
  const std::string body = server_.hits().back().body;
  EXPECT_THAT(body, Not(HasSubstr("other-key-7654321")));
  EXPECT_THAT(body, Not(HasSubstr("Zx9-4fQ7zL1mB8cT2")));
  EXPECT_THAT(body, HasSubstr("found: *** and ***"));
  EXPECT_THAT(body, HasSubstr("sk-proj-abc")) << "a task may be about what looks like a key";
  EXPECT_EQ(server_.hits().back().header("authorization"), "Bearer Zx9-4fQ7zL1mB8cT2");
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_THAT(warnings().front(), HasSubstr("key"));
}

}  // namespace
}  // namespace skillgrad::llm
