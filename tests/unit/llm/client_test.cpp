// SPDX-License-Identifier: MIT
// Behaviour of the client against a scripted server (endpoints.md section 6; T numbers in
// comments).
#include <atomic>
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::chat_body;
using fault::End;
using fault::json_step;
using fault::Step;
using ::testing::HasSubstr;
using ::testing::Not;

const Step kGood = json_step(200, chat_body("fine"));

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

TEST_F(ClientTest, EverySpellingOfTheBaseUrlHitsTheSamePath) {  // T001
  server_.script({kGood});
  const std::string origin = server_.origin();
  for (const std::string& base :
       {origin, origin + "/", origin + "/v1", origin + "/v1/", origin + "/v1/chat/completions",
        origin + "/v1/chat/completions/", origin + "/v1/responses", "  " + origin + "/v1#part "}) {
    options_.base_url = base;
    ASSERT_TRUE(client()->complete(request(base), {}).has_value()) << base;
  }
  options_.base_url = origin + "/v1?route=a";
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  const auto hits = server_.hits();
  ASSERT_EQ(hits.size(), 9U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(hits[i].target, "/v1/chat/completions");
  EXPECT_EQ(hits[8].target, "/v1/chat/completions?route=a");
}

TEST_F(ClientTest, AzureDeploymentsArePercentEncodedAndUseTheApiKeyHeader) {  // T002
  server_.script({kGood});
  options_.base_url = server_.origin() + "?api-version=2024-10-21";
  options_.model = "gpt 4o/x";
  options_.api_key = Secret("azure-key-123456");
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  const fault::Hit hit = server_.hits().front();
  EXPECT_EQ(hit.target, "/openai/deployments/gpt%204o%2Fx/chat/completions?api-version=2024-10-21");
  EXPECT_EQ(hit.header("api-key"), "azure-key-123456");
  EXPECT_EQ(hit.header("authorization"), "");
}

TEST_F(ClientTest, SendsAMinimalBodyAndPlainHeaders) {  // T004, T023
  server_.script({kGood});
  auto model = client();
  const auto reply = model->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
  EXPECT_EQ(reply->usage.input_tokens, 100);
  EXPECT_EQ(reply->usage.calls, 1);
  EXPECT_EQ(reply->attempts, 1);
  const fault::Hit hit = server_.hits().front();
  EXPECT_FALSE(hit.headers.contains("authorization"));
  EXPECT_FALSE(hit.headers.contains("expect"));
  EXPECT_EQ(hit.header("content-type"), "application/json");
  EXPECT_THAT(hit.header("user-agent"), HasSubstr("skillgrad/"));
  const Json body = body_of_hit(0);
  std::vector<std::string> keys;
  for (const auto& [key, value] : body.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::ElementsAre("model", "messages", "max_tokens"));
}

TEST_F(ClientTest, ReusesTheConnectionAndSendsEqualBytesOnARetry) {  // T024
  server_.script({json_step(503, "{}"), kGood});
  auto model = client();
  ASSERT_TRUE(model->complete(request(), {}).has_value());
  ASSERT_TRUE(model->complete(request("again"), {}).has_value());
  const auto hits = server_.hits();
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_EQ(hits[0].body, hits[1].body);
  EXPECT_EQ(hits[0].connection, hits[2].connection);
}

TEST_F(ClientTest, RedirectsAreNeverFollowed) {  // T007
  Step moved = json_step(302, "");
  moved.headers.emplace_back("Location", server_.origin() + "/login");
  server_.script({moved});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::wrong_url);
  EXPECT_THAT(reply.error().to_text(), HasSubstr("/login"));
  EXPECT_EQ(server_.hit_count(), 1U);
}

struct MutationCase {
  const char* name;
  int status;
  const char* rejection;
  const char* key;  ///< must be gone afterwards
};

class MutationTest : public ClientTest, public ::testing::WithParamInterface<MutationCase> {};

TEST_P(MutationTest, OneRejectionChangesTheRequestOnceAndForAll) {  // T008, T010, T011, T012, T014
  const MutationCase& given = GetParam();
  server_.script({json_step(given.status, given.rejection), kGood});
  options_.temperature = 0.7;
  options_.extra_body = R"({"seed":1,"reasoning_effort":"minimal"})";
  auto model = client();
  const auto first = model->complete(request(), {});
  ASSERT_TRUE(first.has_value()) << first.error().to_text();
  ASSERT_TRUE(model->complete(request("second"), {}).has_value());
  ASSERT_EQ(server_.hit_count(), 3U);
  EXPECT_TRUE(body_of_hit(0).contains(given.key));
  EXPECT_NE(body_of_hit(1).value(given.key, Json()), body_of_hit(0).at(given.key));
  EXPECT_EQ(body_of_hit(2).value(given.key, Json()), body_of_hit(1).value(given.key, Json()));
  EXPECT_EQ(warnings().size(), 1U);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
}

INSTANTIATE_TEST_SUITE_P(
    Rejections, MutationTest,
    ::testing::Values(
        MutationCase{
            "B1", 400,
            R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with )"
            R"(this model. Use 'max_completion_tokens' instead.","type":)"
            R"("invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}})",
            "max_tokens"},
        MutationCase{
            "B2", 400,
            R"({"error":{"message":"Unsupported value: 'temperature' does not support 0.7 with )"
            R"(this model. Only the default (1) value is supported.","param":"temperature",)"
            R"("code":"unsupported_value"}})",
            "temperature"},
        MutationCase{"B3", 400,
                     R"({"type":"error","error":{"type":"invalid_request_error","message":)"
                     R"("`temperature` is deprecated for this model."}})",
                     "temperature"},
        MutationCase{
            "B4", 400,
            R"({"error":{"message":"Function tools with reasoning_effort are not supported for )"
            R"(gpt-5.6-terra in /v1/chat/completions. To use function tools, use /v1/responses )"
            R"(or set reasoning_effort to 'none'.","param":"reasoning_effort","code":null}})",
            "reasoning_effort"},
        MutationCase{
            "B5", 400,
            R"([{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name )"
            R"(\"seed\": Cannot find field.","status":"INVALID_ARGUMENT","details":[]}}])",
            "seed"},
        MutationCase{
            "Effort", 400,
            R"({"error":{"message":"Unsupported value: 'reasoning_effort' does not support )"
            R"('minimal' with this model. Supported values are: 'none', 'low' and 'high'.",)"
            R"("param":"reasoning_effort","code":"unsupported_value"}})",
            "reasoning_effort"},
        MutationCase{"FastApi", 422,
                     R"({"detail":[{"loc":["body","seed"],"msg":"Extra inputs are not permitted",)"
                     R"("type":"extra_forbidden"}]})",
                     "seed"}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, TheKeyOfACallDoesNotChangeWithWhatWasLearned) {
  server_.script({json_step(400, R"({"error":{"message":"Unsupported parameter: 'max_tokens'",)"
                                 R"("param":"max_tokens"}})"),
                  kGood});
  auto model = client();
  ASSERT_TRUE(model->complete(request("a"), {}).has_value());
  ASSERT_TRUE(model->complete(request("b"), {}).has_value());
  // A new process knows nothing of the change and still finds both.
  auto later = client();
  for (const char* text : {"a", "b"}) {
    const auto replayed = later->complete(request(text), {});
    ASSERT_TRUE(replayed.has_value());
    EXPECT_EQ(replayed->attempts, 0);
  }
  EXPECT_EQ(server_.hit_count(), 3U);
}

TEST_F(ClientTest, AnOversizeCapIsCutToWhatFitsAndResentOnce) {  // B13, R1.7
  server_.script(
      {json_step(400, R"({"object":"error","message":"This model's maximum context length is )"
                      R"(2048 tokens. However, you requested 2723 tokens (1699 in the messages, )"
                      R"(1024 in the completion). Please reduce the length of the messages.",)"
                      R"("type":"BadRequestError","param":null,"code":400})"),
       kGood});
  options_.max_output_tokens = 1024;
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  ASSERT_EQ(server_.hit_count(), 2U);
  EXPECT_LE(body_of_hit(1).at("max_tokens").get<int>(), 2048 - 1699);
  EXPECT_GT(body_of_hit(1).at("max_tokens").get<int>(), 0);
}

struct ErrorCase {
  const char* name;
  int status;
  const char* body;
  ErrorCode code;
};

class TerminalErrorTest : public ClientTest, public ::testing::WithParamInterface<ErrorCase> {};

TEST_P(TerminalErrorTest, IsReportedAfterOneHit) {  // T031, T039, T105, T107, T111, T134
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
        ErrorCase{"NotFound", 404, R"({"detail":"Not Found"})", ErrorCode::wrong_url},
        ErrorCase{"Method", 405, "", ErrorCode::wrong_url},
        ErrorCase{"LoginPage", 200, "<!doctype html><title>Sign in</title>", ErrorCode::wrong_url},
        ErrorCase{"BadRequest", 400, R"({"error":{"message":"bad roles"}})",
                  ErrorCode::bad_request},
        ErrorCase{"Teapot", 411, "", ErrorCode::bad_request},
        ErrorCase{"NotImplemented", 501, "", ErrorCode::bad_request}),
    [](const auto& given) { return given.param.name; });

class RetriedStatusTest : public ClientTest, public ::testing::WithParamInterface<int> {};

TEST_P(RetriedStatusTest, IsTriedAgain) {  // T111, T112
  server_.script({json_step(GetParam(), "<html><title>gateway</title></html>"), kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
  EXPECT_EQ(server_.hit_count(), 2U);
  EXPECT_EQ(accountant().totals().retries, 1);
}

INSTANTIATE_TEST_SUITE_P(Statuses, RetriedStatusTest,
                         ::testing::Values(408, 409, 425, 429, 498, 500, 502, 503, 504, 520, 521,
                                           522, 523, 524, 529));

struct DelayCase {
  const char* name;
  std::vector<std::pair<std::string, std::string>> headers;
  const char* body;
  double least, most;  ///< seconds slept
};

class DelayTest : public ClientTest, public ::testing::WithParamInterface<DelayCase> {};

TEST_P(DelayTest, WaitsWhatTheEndpointAsksAndNeverLess) {  // T108, T109, T102
  server_.script({json_step(429, GetParam().body, GetParam().headers), kGood});
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  EXPECT_GE(seconds(clock_.total_slept()), GetParam().least);
  EXPECT_LE(seconds(clock_.total_slept()), GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(
    Delays, DelayTest,
    ::testing::Values(
        DelayCase{"Seconds", {{"Retry-After", "2"}}, "{}", 2, 2.2},
        DelayCase{"Fraction", {{"Retry-After", "0.5"}}, "{}", 0.5, 0.55},
        DelayCase{"Zero", {{"Retry-After", "0"}}, "{}", 0.001, 1},
        DelayCase{"Negative", {{"Retry-After", "-5"}}, "{}", 0.001, 1},
        DelayCase{"Word", {{"Retry-After", "abc"}}, "{}", 0.001, 1},
        DelayCase{"NotANumber", {{"Retry-After", "NaN"}}, "{}", 0.001, 1},
        DelayCase{"Milliseconds", {{"retry-after-ms", "250"}}, "{}", 0.25, 0.28},
        DelayCase{"Both", {{"retry-after-ms", "250"}, {"Retry-After", "9"}}, "{}", 0.25, 0.28},
        DelayCase{"Date",
                  {{"Date", "Sat, 01 Feb 2025 10:00:00 GMT"},
                   {"Retry-After", "Sat, 01 Feb 2025 10:00:07 GMT"}},
                  "{}",
                  7,
                  7.7},
        DelayCase{"PastDate",
                  {{"Date", "Sat, 01 Feb 2025 10:00:00 GMT"},
                   {"Retry-After", "Sat, 01 Feb 2025 09:00:00 GMT"}},
                  "{}",
                  0.001,
                  1},
        DelayCase{"Bucket",
                  {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "1m2s"}},
                  "{}",
                  62,
                  68.3},
        DelayCase{"B10",
                  {},
                  R"({"error":{"message":"Rate limit reached. Please try again in 976ms."}})",
                  0.976,
                  1.08},
        DelayCase{"RetryInfo",
                  {},
                  R"([{"error":{"code":429,"message":"You exceeded your current quota","details":)"
                  R"([{"retryDelay":"34s"}]}}])",
                  34,
                  37.5}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, ADelayAboveTheLimitEndsTheCallWithoutSleeping) {  // T108
  server_.script({json_step(429, "{}", {{"Retry-After", "1e9"}})});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::rate_limit);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, NoWaitStartsThatWouldEndBeyondTheDeadline) {
  server_.script({json_step(429, "{}", {{"Retry-After", "60"}})});
  CallContext context;
  context.deadline = clock_.now() + std::chrono::seconds(30);
  const auto reply = client()->complete(request(), context);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::rate_limit);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
  context.deadline = clock_.now();
  const auto late = client()->complete(request(), context);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::deadline);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, XShouldRetryDecides) {
  server_.script({json_step(503, "{}", {{"x-should-retry", "false"}})});
  EXPECT_FALSE(client()->complete(request(), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, TwoEqualTemplateErrorsAreTheRequestsFault) {
  server_.script({json_step(500, R"({"error":{"message":"Jinja template: parse error"}})")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::bad_request);
  EXPECT_EQ(server_.hit_count(), 2U);
}

struct WireFault {
  const char* name;
  Step step;
};

class WireFaultTest : public ClientTest, public ::testing::WithParamInterface<WireFault> {};

TEST_P(WireFaultTest, SecondTrySucceeds) {  // T065, T069, T114
  server_.script({GetParam().step, kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
}

Step closing(std::string head, std::string body) {
  return fault::raw_step(std::move(head) + "\r\n\r\n" + std::move(body), End::close);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, WireFaultTest,
    ::testing::Values(
        WireFault{"Close", fault::drop_step(End::close)},
        WireFault{"Reset", fault::drop_step(End::reset)},
        WireFault{"ShortBody",
                  closing("HTTP/1.1 200 OK\r\nContent-Length: 900", R"({"choices":[)")},
        WireFault{"ChunkedEof",
                  closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "10\r\n{\"choices\"")},
        WireFault{"BadChunk", closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "zz\r\n{}")},
        WireFault{"BadStatusLine", fault::raw_step("NOT HTTP AT ALL\r\n\r\n", End::close)},
        WireFault{"CutJson", closing("HTTP/1.1 200 OK", R"({"choices":[{"message":{"con)")},
        WireFault{"EmptyBody", json_step(200, "")}, WireFault{"NoContent", json_step(204, "")},
        WireFault{"NoChoices", json_step(200, R"({"choices":[]})")},
        WireFault{"CorruptGzip", json_step(200, "not gzip", {{"Content-Encoding", "gzip"}})},
        WireFault{"B15",
                  json_step(200, R"({"error":{"code":502,"message":"Provider returned error",)"
                                 R"("metadata":{"provider_name":"X","raw":"overloaded"}}})")},
        WireFault{"FinishError", json_step(200, R"({"choices":[{"message":{"content":"x"},)"
                                                R"("finish_reason":"error"}]})")}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, EmptyChoicesFailAfterThreeTries) {  // T032
  server_.script({json_step(200, R"({"choices":[]})")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::malformed_reply);
  EXPECT_EQ(server_.hit_count(), 3U);
}

TEST_F(ClientTest, AReplyAboveTheCapIsCutOffAndNotAskedForAgain) {  // T068
  server_.script({json_step(200, std::string(3U << 20U, 'x'))});
  options_.max_reply_bytes = 1U << 20U;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::malformed_reply);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, ATruncatedToolCallIsNotUsedAndGetsADoubledCap) {  // T044
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

TEST_F(ClientTest, ARefusalIsAnOutcomeAndNotRetried) {  // T037, T038
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
  EXPECT_EQ(recorder_.rows().front().outcome, "refused");
}

TEST_F(ClientTest, AnErrorThatEndsTheRunStopsAllFurtherRequests) {  // T100
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

TEST_F(ClientTest, ACallIsInterruptedWithinATransferAndAWait) {  // T132
  Step slow = kGood;
  slow.chunks.front().delay = std::chrono::minutes(2);
  server_.script({slow});
  SystemClock clock;
  ClientDependencies dependencies;
  dependencies.clock = &clock;
  auto model = make_client(options_, dependencies);
  ASSERT_TRUE(model.has_value());
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  std::jthread stopper([&] {
    while (server_.hit_count() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto reply = (*model)->complete(request(), context);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(ClientTest, AStalledStreamIsGivenUp) {  // T115, T117
  Step stall = fault::stream_step({"data: {\"choices\":[]}\n\n"}, End::hang);
  server_.script({stall, kGood});
  options_.stream = "on";
  options_.idle_timeout = std::chrono::milliseconds(150);
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
}

TEST_F(ClientTest, TheKeyNeverAppearsInErrorsOrRecords) {  // T145
  const std::string key = "canary-key-7391-long";
  server_.script({json_step(401, R"({"error":{"message":"wrong key canary-key-7391-long"}})")});
  options_.api_key = Secret(key + "\n");
  const auto reply = client()->complete(request("my key is " + key), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(server_.hits().front().header("authorization"), "Bearer " + key);
  EXPECT_THAT(reply.error().to_text(), Not(HasSubstr(key)));
}

TEST_F(ClientTest, ReplayedCallsAddNothingToTheTotalsOfARestoredRun) {  // T131, T138
  server_.script({kGood});
  options_.price_in = 1.0;
  options_.price_out = 2.0;
  auto model = client();
  const auto first = model->complete(request(), {});
  ASSERT_TRUE(first.has_value());
  const LedgerTotals undisturbed = accountant().totals();
  Accountant resumed{Budget{}};
  for (const LedgerRow& row : recorder_.rows()) resumed.restore(row);
  ClientDependencies dependencies;
  dependencies.clock = &clock_;
  dependencies.accountant = &resumed;
  dependencies.recorder = &recorder_;
  auto later = make_client(options_, dependencies);
  ASSERT_TRUE(later.has_value());
  const auto again = (*later)->complete(request(), {});
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->attempts, 0);
  EXPECT_EQ(again->message.content, first->message.content);
  EXPECT_EQ(again->cost_usd, first->cost_usd);
  EXPECT_EQ(server_.hit_count(), 1U);
  const LedgerTotals totals = resumed.totals();
  EXPECT_EQ(totals.replayed_calls, 1);
  EXPECT_EQ(totals.usage.input_tokens, undisturbed.usage.input_tokens);
  EXPECT_EQ(totals.usage.calls, undisturbed.usage.calls);
  EXPECT_EQ(totals.attempts, undisturbed.attempts);
  EXPECT_EQ(totals.cost_usd, undisturbed.cost_usd);
}

TEST_F(ClientTest, SampleIndexAndScopeKeepEqualRequestsApart) {  // T139
  server_.script({kGood});
  auto model = client();
  ChatRequest one = request();
  ChatRequest two = request();
  two.sample_index = 1;
  ChatRequest three = request();
  three.scope = "base/t2";
  for (const auto& each : {one, two, three, one}) {
    ASSERT_TRUE(model->complete(each, {}).has_value());
  }
  EXPECT_EQ(server_.hit_count(), 3U);
}

TEST_F(ClientTest, SpendStaysBelowTheLimitWithManyWorkers) {  // T129
  server_.script({kGood});
  options_.price_in = 1000.0;  // 0.12 USD for the 120 tokens of a call
  options_.price_out = 1000.0;
  options_.max_output_tokens = 20;
  budget_.max_usd = 1.0;
  auto model = client();
  const std::string long_prompt(400, 'x');  // estimated at more than it takes
  std::vector<std::jthread> workers;
  std::atomic<int> stopped{0};
  for (int w = 0; w < 8; ++w) {
    workers.emplace_back([&, w] {
      for (int i = 0; i < 5; ++i) {
        const auto reply = model->complete(request(long_prompt + std::to_string(w * 10 + i)), {});
        if (!reply && reply.error().code == ErrorCode::budget) ++stopped;
      }
    });
  }
  workers.clear();
  EXPECT_GT(stopped.load(), 0);
  const auto spent = accountant().totals().cost_usd;
  ASSERT_TRUE(spent.has_value());
  EXPECT_LE(*spent, 1.0);
  EXPECT_GE(*spent, 0.7);
}

TEST_F(ClientTest, ALimitInUsdNeedsAPrice) {
  budget_.max_usd = 1.0;
  ClientDependencies dependencies;
  dependencies.accountant = &accountant();
  const auto refused = make_client(options_, dependencies);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::config);
  EXPECT_THAT(refused.error().to_text(), HasSubstr("test-model"));
  options_.model = "gpt-4o-mini-2024-07-18";
  EXPECT_TRUE(make_client(options_, dependencies).has_value());
}

TEST_F(ClientTest, AnEndpointThatIsDownCostsABoundedNumberOfHits) {  // T127
  server_.script({json_step(503, "{}")});
  auto model = client();
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(model->complete(request(std::to_string(i)), {}).has_value());
  }
  EXPECT_LE(server_.hit_count(), 30U);
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

TEST_F(ClientTest, ListsTheModelsOfTheEndpoint) {
  server_.route("GET /v1/models",
                {json_step(200, R"({"object":"list","data":[{"id":"a"},{"id":"b"}]})")});
  const auto models = list_models(options_);
  ASSERT_TRUE(models.has_value()) << models.error().to_text();
  EXPECT_THAT(*models, ::testing::ElementsAre("a", "b"));
}

}  // namespace
}  // namespace skillgrad::llm
