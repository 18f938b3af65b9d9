// SPDX-License-Identifier: MIT
// What the client sends, and what it learns to send.
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

TEST_F(ClientTest, EverySpellingOfTheBaseUrlHitsTheSamePath) {
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

TEST_F(ClientTest, AzureDeploymentsArePercentEncodedAndUseTheApiKeyHeader) {
  server_.script({kGood});
  options_.base_url = server_.origin() + "/openai/deployments?api-version=2024-10-21";
  options_.model = "gpt 4o/x";
  options_.api_key = Secret("azure-key-123456");
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  const fault::Hit hit = server_.hits().front();
  EXPECT_EQ(hit.target, "/openai/deployments/gpt%204o%2Fx/chat/completions?api-version=2024-10-21");
  EXPECT_EQ(hit.header("api-key"), "azure-key-123456");
  EXPECT_EQ(hit.header("authorization"), "");
}

TEST_F(ClientTest, SendsAMinimalBodyAndPlainHeaders) {
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

TEST_F(ClientTest, ReusesTheConnectionAndSendsEqualBytesOnARetry) {
  server_.script({json_step(503, "{}"), kGood});
  auto model = client();
  ASSERT_TRUE(model->complete(request(), {}).has_value());
  ASSERT_TRUE(model->complete(request("again"), {}).has_value());
  const auto hits = server_.hits();
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_EQ(hits[0].body, hits[1].body);
  EXPECT_EQ(hits[0].connection, hits[2].connection);
}

TEST_F(ClientTest, ASeedStandsForThePlaceInTheRunAndTheTrial) {
  server_.script({kGood, kGood, kGood, kGood, kGood});
  options_.request_seed = 7;
  auto model = client();
  const auto seed_of = [&](const char* scope, int sample, std::size_t hit) {
    ChatRequest asked = request("hello " + std::to_string(hit));  // an equal call is not made again
    asked.scope = scope;
    asked.sample_index = sample;
    EXPECT_TRUE(model->complete(asked, {}).has_value());
    return body_of_hit(hit).value("seed", std::int64_t{-1});
  };
  const auto first = seed_of("base/t1", 0, 0);
  EXPECT_GE(first, 0);
  EXPECT_LE(first, INT32_MAX);
  EXPECT_EQ(seed_of("base/t1", 0, 1), first);
  EXPECT_NE(seed_of("base/t1", 1, 2), first);
  EXPECT_NE(seed_of("base/t2", 0, 3), first);
  options_.request_seed = 8;
  model = client();
  EXPECT_NE(seed_of("base/t1", 0, 4), first);
}

TEST_F(ClientTest, RedirectsAreNeverFollowed) {
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

TEST_P(MutationTest, OneRejectionChangesTheRequestOnceAndForAll) {
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

TEST_F(ClientTest, AnEndpointThatRefusesBothCapsIsAskedWithoutOne) {  // R1.6
  server_.handler([](const fault::Hit& hit, std::size_t) {
    for (const std::string name : {"max_tokens", "max_completion_tokens"}) {
      if (hit.body.find('"' + name + '"') == std::string::npos) continue;
      return json_step(400, R"({"error":{"message":"Unsupported parameter: ')" + name + "'\"}}");
    }
    return kGood;
  });
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(server_.hit_count(), 3U);
  EXPECT_EQ(warnings().size(), 2U);
}

TEST_F(ClientTest, AFormThatWasRefusedIsNotReturnedTo) {
  server_.handler([](const fault::Hit& hit, std::size_t) {
    const bool sent = hit.body.find("\"reasoning_content\"") != std::string::npos;
    return json_step(400, sent ? R"({"error":{"message":"reasoning_content is not allowed"}})"
                               : R"({"error":{"message":"reasoning_content is missing"}})");
  });
  ChatRequest with_call = tool_request();
  Message turn;
  turn.role = Role::assistant;
  turn.tool_calls = {{"call_1", "bash", "{}", {}}};
  with_call.messages.push_back(turn);
  const auto reply = client()->complete(with_call, {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::bad_request);
  EXPECT_EQ(server_.hit_count(), 3U) << "as it was, sent back, stripped";
}

TEST_F(ClientTest, SeveralAnswersToOneRequestAreRefusedAtStart) {  // R1.16
  options_.extra_body = R"({"n":3})";
  ClientDependencies dependencies;
  const auto made = make_client(options_, dependencies);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::config);
  options_.extra_body = R"({"n":1})";
  EXPECT_TRUE(make_client(options_, dependencies).has_value());
}

TEST_F(ClientTest, StreamOptionsGoWithAStreamOnly) {  // R1.16
  server_.script({kGood});
  options_.extra_body = R"({"stream_options":{"include_usage":true}})";
  ASSERT_TRUE(client()->complete(request("a"), {}).has_value());
  EXPECT_FALSE(body_of_hit(0).contains("stream_options"));
  ASSERT_EQ(warnings().size(), 1U);
  options_.stream = "on";
  ASSERT_TRUE(client()->complete(request("b"), {}).has_value());
  EXPECT_TRUE(body_of_hit(1).contains("stream_options"));
  EXPECT_EQ(warnings().size(), 1U);
}

TEST_F(ClientTest, ListsTheModelsOfTheEndpoint) {
  server_.route("GET /v1/models",
                {json_step(200, R"({"object":"list","data":[{"id":"a"},{"id":"b"}]})")});
  const ModelList list = list_models(options_, std::chrono::seconds(5), {});
  EXPECT_FALSE(list.failure.has_value());
  EXPECT_THAT(list.names, ::testing::ElementsAre("a", "b"));
}

TEST_F(ClientTest, AListThatFailsIsToldFromAnEndpointThatCannotBeReached) {
  const std::pair<Step, ErrorCode> failing[] = {
      {json_step(403, R"({"error":{"message":"Missing scopes: api.model.read"}})"),
       ErrorCode::auth},
      {json_step(503, R"({"error":{"message":"Loading model"}})"), ErrorCode::transient},
      {fault::drop_step(End::close), ErrorCode::transient},
      {fault::raw_step("", End::hang), ErrorCode::transient},
      {fault::text_step(200, "text/html", "<html></html>"), ErrorCode::wrong_url}};
  for (const auto& [step, code] : failing) {
    server_.route("GET /v1/models", {step});
    const ModelList list = list_models(options_, std::chrono::milliseconds(300), {});
    ASSERT_TRUE(list.failure.has_value()) << name_of(code);
    EXPECT_EQ(list.failure->code, code) << list.failure->to_text();
    EXPECT_TRUE(list.connected) << list.failure->to_text();
  }
  {
    const fault::Server closed;
    options_.base_url = closed.base_url();
  }
  EXPECT_FALSE(list_models(options_, std::chrono::seconds(5), {}).connected);
}

}  // namespace
}  // namespace skillgrad::llm
