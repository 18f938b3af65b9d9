// SPDX-License-Identifier: MIT
// The responses API (R1.20): one exchange type for both wires.
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::Hit;
using fault::stream_step;

const std::string kUsageText =
    R"("usage":{"input_tokens":120,"input_tokens_details":{"cached_tokens":64},)"
    R"("output_tokens":30,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150})";

std::string response(const std::string& output, const std::string& status = "completed",
                     const std::string& more = "") {
  return R"({"id":"resp_1","object":"response","model":"test-model","status":")" + status +
         R"(","error":null,"output":)" + output + "," + more + kUsageText + "}";
}

const std::string kReasoning =
    R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],)"
    R"("encrypted_content":"gAAAA=="})";
const std::string kMessage =
    R"({"type":"message","id":"msg_1","role":"assistant","status":"completed","phase":)"
    R"("final_answer","content":[{"type":"output_text","text":"fine","annotations":[]}]})";

std::string call_item(const std::string& call_id, const std::string& arguments) {
  return R"({"type":"function_call","id":"fc_9","call_id":")" + call_id +
         R"(","name":"bash","arguments":")" + arguments + R"(","status":"completed"})";
}

std::string event(const std::string& type, const std::string& rest) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + rest + "}\n\n";
}

class ResponsesTest : public ClientTest {
 protected:
  ResponsesTest() { options_.api = "responses"; }

  static Message tool_result(const std::string& id, const std::string& text) {
    Message out;
    out.role = Role::tool;
    out.tool_call_id = id;
    out.content = text;
    return out;
  }
};

TEST_F(ResponsesTest, SendsTheRequestInItsWords) {
  server_.script({json_step(200, response("[" + kReasoning + "," + kMessage + "]"))});
  options_.extra_body =
      R"({"reasoning_effort":"low","seed":3,"response_format":{"type":"json_schema",)"
      R"("json_schema":{"name":"n","schema":{"type":"object"}}}})";
  options_.temperature = 0.5;
  ChatRequest asked = tool_request();
  asked.max_output_tokens = 900;
  Message system;
  system.role = Role::system;
  system.content = "be brief";
  asked.messages.insert(asked.messages.begin(), system);
  const auto reply = client()->complete(asked, {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
  EXPECT_EQ(reply->reasoning, "hm");
  EXPECT_EQ(reply->finish, Finish::stop);
  EXPECT_EQ(reply->usage.input_tokens, 120);
  EXPECT_EQ(reply->usage.cached_tokens, 64);
  EXPECT_EQ(reply->usage.output_tokens, 30);
  EXPECT_EQ(server_.hits().front().target, "/v1/responses");
  const Json body = body_of_hit(0);
  EXPECT_EQ(body.at("instructions"), "be brief");
  EXPECT_EQ(body.at("input"),
            Json::parse(R"([{"type":"message","role":"user","content":"do it"}])"));
  EXPECT_EQ(body.at("tools").at(0).at("name"), "bash");
  EXPECT_EQ(body.at("tools").at(0).at("strict"), false);
  EXPECT_EQ(body.at("max_output_tokens"), 900);
  EXPECT_EQ(body.at("reasoning"), Json({{"effort", "low"}}));
  EXPECT_EQ(body.at("text").at("format").at("name"), "n");
  EXPECT_EQ(body.at("store"), false);
  EXPECT_EQ(body.at("include"), Json({"reasoning.encrypted_content"}));
  EXPECT_EQ(body.at("temperature"), 0.5);
  for (const char* key :
       {"messages", "max_tokens", "reasoning_effort", "response_format", "stream"})
    EXPECT_FALSE(body.contains(key)) << key;
}

TEST_F(ResponsesTest, OutputItemsGoBackVerbatimAndInOrder) {
  const std::string call = call_item("call_A", R"({\"command\":\"ls\"})");
  server_.script({json_step(200, response("[" + kReasoning + "," + call + "]")),
                  json_step(200, response("[" + kMessage + "]"))});
  auto model = client();
  ChatRequest asked = tool_request();
  const auto first = model->complete(asked, {});
  ASSERT_TRUE(first.has_value()) << first.error().to_text();
  EXPECT_EQ(first->finish, Finish::tools);
  ASSERT_EQ(first->message.tool_calls.size(), 1U);
  EXPECT_EQ(first->message.tool_calls[0].id, "call_A");
  EXPECT_EQ(first->message.tool_calls[0].arguments, R"({"command":"ls"})");
  asked.messages.push_back(first->message);
  asked.messages.push_back(tool_result("call_A", "a.txt"));
  ASSERT_TRUE(model->complete(asked, {}).has_value());
  const Json input = body_of_hit(1).at("input");
  ASSERT_EQ(input.size(), 4U);
  EXPECT_EQ(dump_json(input[1]), dump_json(Json::parse(kReasoning)));
  EXPECT_EQ(dump_json(input[2]), dump_json(Json::parse(call)));
  EXPECT_EQ(input[3], Json::parse(R"({"type":"function_call_output","call_id":"call_A",)"
                                  R"("output":"a.txt"})"));
}

TEST_F(ResponsesTest, HistoryOfAnotherModelIsWrittenAnew) {  // R2.7, R1.17
  server_.script({json_step(200, response("[" + kMessage + "]"))});
  ChatRequest asked = tool_request();
  Message turn;
  turn.role = Role::assistant;
  turn.content = "looking";
  turn.tool_calls = {{"a1", "bash", "{}", ""}, {"a2", "no such", "{}", "bad arguments"}};
  turn.mirror = R"({"from":"http://elsewhere/v1 other","items":[{"type":"reasoning"}]})";
  asked.messages.push_back(turn);
  asked.messages.push_back(tool_result("a2", " "));
  ASSERT_TRUE(client()->complete(asked, {}).has_value());
  const Json input = body_of_hit(0).at("input");
  ASSERT_EQ(input.size(), 6U);
  EXPECT_EQ(input[1].at("content"), "looking");
  EXPECT_EQ(input[2].at("call_id"), "a1");
  EXPECT_EQ(input[3].at("name"), "no_such");
  EXPECT_THAT(input[4].at("output").get<std::string>(), HasSubstr("cancelled"));
  EXPECT_EQ(input[5].at("output"), "(no output)");
  EXPECT_THAT(dump_json(input), Not(HasSubstr("reasoning")));
}

TEST_F(ResponsesTest, AStreamGivesTheSameAsAPlainReply) {
  const std::string call = call_item("call_A", R"({\"command\":\"ls\"})");
  const std::string whole = response("[" + kReasoning + "," + call + "]");
  const std::string without_output = response("[]");
  const std::string items =
      event("response.created",
            R"("response":{"id":"resp_1","status":"in_progress","output":[]})") +
      event("response.output_item.added", R"("output_index":1,"item":{"type":"function_call"})") +
      event("response.function_call_arguments.delta", R"("output_index":1,"delta":"{\"comm")") +
      event("response.output_item.done", R"("output_index":1,"item":)" + call) +
      event("response.output_item.done", R"("output_index":0,"item":)" + kReasoning);
  ChatRequest asked = tool_request();
  server_.script({json_step(200, whole)});
  const auto plain = client()->complete(asked, {});
  ASSERT_TRUE(plain.has_value());
  options_.stream = "on";
  for (const std::string& end : {whole, without_output}) {
    server_.script({stream_step({items + event("response.completed", R"("response":)" + end)})});
    asked.sample_index++;
    const auto streamed = client()->complete(asked, {});
    ASSERT_TRUE(streamed.has_value()) << streamed.error().to_text();
    EXPECT_EQ(streamed->message.mirror, plain->message.mirror);
    EXPECT_EQ(streamed->reasoning, plain->reasoning);
    EXPECT_EQ(streamed->message.tool_calls[0].arguments, plain->message.tool_calls[0].arguments);
    EXPECT_EQ(streamed->usage.output_tokens, plain->usage.output_tokens);
    EXPECT_EQ(streamed->finish, plain->finish);
  }
  EXPECT_EQ(body_of_hit(1).at("stream"), true);
  EXPECT_FALSE(body_of_hit(1).contains("stream_options"));
}

struct StatusCase {
  const char* name;
  std::string first;  ///< body of the first reply; the second is good
  std::size_t hits;
  std::optional<ErrorCode> error;  ///< nullopt: the call succeeds
  Finish finish = Finish::stop;
  std::string text = "fine";
};

class ResponseStatusTest : public ResponsesTest,
                           public ::testing::WithParamInterface<StatusCase> {};

TEST_P(ResponseStatusTest, DecidesWhatTheTurnIs) {
  const StatusCase& given = GetParam();
  const std::string good = response("[" + kMessage + "]");
  for (const bool stream : {false, true}) {
    options_.stream = stream ? "on" : "off";
    const Step first =
        stream ? stream_step({event("response.completed", R"("response":)" + given.first)})
               : json_step(200, given.first);
    const std::size_t before = server_.hit_count();
    server_.handler([=](const Hit&, std::size_t number) {
      return number == before ? first : json_step(200, good);
    });
    ChatRequest asked = tool_request();
    asked.sample_index = stream ? 1 : 0;
    const auto reply = client()->complete(asked, {});
    EXPECT_EQ(server_.hit_count() - before, given.hits) << stream;
    EXPECT_EQ(reply.has_value(), !given.error.has_value()) << stream;
    if (given.error && !reply) {
      EXPECT_EQ(reply.error().code, *given.error) << reply.error().to_text();
    } else if (reply) {
      EXPECT_EQ(reply->finish, given.finish);
      EXPECT_EQ(reply->message.content, given.text);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, ResponseStatusTest,
    ::testing::Values(
        StatusCase{"Incomplete",
                   response("[" + kMessage + "]", "incomplete",
                            R"("incomplete_details":{"reason":"max_output_tokens"},)"),
                   1, std::nullopt, Finish::length},
        StatusCase{"CutInACall",
                   response("[" + call_item("c", R"({\"command\":\"rm\"})") + "]", "incomplete",
                            R"("incomplete_details":{"reason":"max_output_tokens"},)"),
                   2, std::nullopt},
        StatusCase{
            "Filtered",
            response("[]", "incomplete", R"("incomplete_details":{"reason":"content_filter"},)"), 1,
            std::nullopt, Finish::filtered, ""},
        StatusCase{
            "Refusal",
            response(R"([{"type":"message","content":[{"type":"refusal","refusal":"no"}]}])"), 1,
            std::nullopt, Finish::stop, "no"},
        StatusCase{"FailedByServer",
                   R"({"object":"response","status":"failed","output":[],"error":{"code":)"
                   R"("server_error","message":"boom"}})",
                   2, std::nullopt},
        StatusCase{"FailedByRate",
                   R"({"object":"response","status":"failed","output":[],"error":{"code":)"
                   R"("rate_limit_exceeded","message":"Please try again in 20ms."}})",
                   2, std::nullopt},
        StatusCase{
            "FailedByPrompt",
            R"({"object":"response","status":"failed","output":[],"error":{"code":)"
            R"("context_length_exceeded","message":"Your input exceeds the context window."}})",
            1, ErrorCode::context_overflow},
        StatusCase{"Empty", response("[]"), 2, std::nullopt},
        StatusCase{"Cancelled", response("[]", "cancelled"), 2, std::nullopt}),
    [](const auto& given) { return given.param.name; });

TEST_F(ResponsesTest, AStreamWithoutATerminalEventIsNotUsed) {  // R2.14
  options_.stream = "on";
  const std::string call = call_item("c", R"({\"command\":\"rm\"})");
  for (const std::string& tail : {std::string(), std::string("data: [DONE]\n\n")}) {
    server_.script(
        {stream_step(
             {event("response.output_item.done", R"("output_index":0,"item":)" + call) + tail}),
         json_step(200, response("[" + kMessage + "]"))});
    ChatRequest asked = tool_request();
    asked.sample_index = static_cast<int>(tail.size());
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->message.content, "fine");
  }
}

TEST_F(ResponsesTest, ErrorEventsOfAStreamAreClassified) {
  options_.stream = "on";
  server_.script(
      {stream_step(
           {event("error", R"("code":"rate_limit_exceeded","message":"slow","param":null)")}),
       stream_step({event("response.failed",
                          R"("response":{"status":"failed","error":{"code":"server_error",)"
                          R"("message":"x"},)" +
                              kUsageText + "}")}),
       json_step(200, response("[" + kMessage + "]"))});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  const auto rows = recorder_.rows();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].outcome, ErrorCode::rate_limit);
  EXPECT_EQ(rows[1].outcome, ErrorCode::transient);
  EXPECT_EQ(rows[1].usage.input_tokens, 120) << "what a failed response used is charged";
}

const std::string kRefusesTools =
    R"({"error":{"message":"Function tools with reasoning_effort are not supported for gpt-5.6 in )"
    R"(/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to )"
    R"('none'.","type":"invalid_request_error","param":"reasoning_effort","code":null}})";

TEST_F(ClientTest, RefusedToolsWithReasoningMoveToTheResponsesApi) {
  server_.route("POST /v1/chat/completions", {json_step(400, kRefusesTools)});
  server_.route("POST /v1/responses", {json_step(200, response("[" + kMessage + "]"))});
  auto model = client();
  ASSERT_TRUE(model->complete(tool_request(), {}).has_value());
  ChatRequest second = tool_request();
  second.sample_index = 1;
  ASSERT_TRUE(model->complete(second, {}).has_value());
  ASSERT_EQ(server_.hit_count(), 3U);
  EXPECT_EQ(server_.hits()[2].target, "/v1/responses");
  EXPECT_EQ(warnings().size(), 1U);
}

TEST_F(ClientTest, RefusedToolsWithReasoningKeepToChatWhereThatIsAskedFor) {
  options_.api = "chat";
  server_.script({json_step(400, kRefusesTools), kGood});
  ASSERT_TRUE(client()->complete(tool_request(), {}).has_value());
  EXPECT_EQ(body_of_hit(1).at("reasoning_effort"), "none");
  EXPECT_EQ(server_.hits()[1].target, "/v1/chat/completions");
}

TEST_F(ClientTest, AnEndpointWithoutResponsesApiFallsBackToChatWithoutReasoning) {
  server_.route("POST /v1/chat/completions", [](const Hit& hit, std::size_t) {
    return hit.body.find("\"none\"") == std::string::npos ? json_step(400, kRefusesTools) : kGood;
  });
  server_.route("POST /v1/responses", {json_step(404, R"({"detail":"Not Found"})")});
  auto model = client();
  const auto reply = model->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(server_.hit_count(), 3U);
  EXPECT_EQ(warnings().size(), 2U);
}

TEST_F(ResponsesTest, AnApiThatIsMissingIsAWrongUrlWhereItWasAskedFor) {
  server_.script({json_step(404, R"({"detail":"Not Found"})")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::wrong_url);
  EXPECT_THAT(reply.error().to_text(), HasSubstr("/v1/responses"));
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ResponsesTest, ItemsOfAnotherOrganisationAreLeftOutOnceRefused) {
  const std::string call = call_item("c1", "{}");
  server_.script(
      {json_step(200, response("[" + kReasoning + "," + call + "]")),
       json_step(400, R"({"error":{"message":"The encrypted content could not be verified.",)"
                      R"("type":"invalid_request_error","code":"invalid_encrypted_content"}})"),
       json_step(200, response("[" + kMessage + "]"))});
  auto model = client();
  ChatRequest asked = tool_request();
  const auto first = model->complete(asked, {});
  ASSERT_TRUE(first.has_value());
  asked.messages.push_back(first->message);
  asked.messages.push_back(tool_result("c1", "x"));
  ASSERT_TRUE(model->complete(asked, {}).has_value());
  EXPECT_THAT(server_.hits()[1].body, HasSubstr("gAAAA=="));
  EXPECT_THAT(server_.hits()[2].body, Not(HasSubstr("gAAAA==")));
  EXPECT_THAT(server_.hits()[2].body, HasSubstr("function_call_output"));
}

TEST_F(ResponsesTest, TheEncryptedContentIsNotAskedForAgainWhereItIsRefused) {
  server_.script({json_step(400, R"({"error":{"message":"Encrypted content is not supported with )"
                                 R"(this model.","param":"include","code":null}})"),
                  json_step(200, response("[" + kMessage + "]"))});
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  EXPECT_FALSE(body_of_hit(1).contains("include"));
}

TEST_F(ClientTest, AResponseIsUnderstoodWhereACompletionWasAskedFor) {
  server_.script({json_step(200, response("[" + kMessage + "]"))});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->message.content, "fine");
}

TEST_F(ClientTest, StrictToolSchemasAreSentWhereAskedForAndDroppedWhereRefused) {  // R1.13
  options_.strict_tools = true;
  server_.script(
      {json_step(400, R"({"error":{"message":"'strict' is not supported by this model"}})"),
       kGood});
  ASSERT_TRUE(client()->complete(tool_request(), {}).has_value());
  const Json function = body_of_hit(0).at("tools").at(0).at("function");
  EXPECT_EQ(function.at("strict"), true);
  EXPECT_EQ(function.at("parameters").at("additionalProperties"), false);
  EXPECT_EQ(function.at("parameters").at("required"), Json({"command"}));
  EXPECT_FALSE(body_of_hit(1).at("tools").at(0).at("function").contains("strict"));
}

TEST_F(ClientTest, SystemTextMovesIntoTheUserMessageWhereTemplatesHaveNoSystemRole) {  // R1.11
  server_.script({json_step(400, R"({"error":{"message":"System role not supported"}})"), kGood});
  ChatRequest asked = request("hello");
  Message system;
  system.role = Role::system;
  system.content = "be brief";
  asked.messages.insert(asked.messages.begin(), system);
  ASSERT_TRUE(client()->complete(asked, {}).has_value());
  EXPECT_EQ(body_of_hit(1).at("messages"),
            Json::parse(R"([{"role":"user","content":"be brief\n\nhello"}])"));
}

TEST_F(ClientTest, APromptThatTheEndpointCutIsNamed) {  // R2.23
  server_.script({kGood});                              // 100 prompt tokens, whatever was sent
  const std::string words = [] {
    std::string out;
    for (int i = 0; i < 4000; ++i) out += "word ";
    return out;
  }();
  ASSERT_TRUE(client()->complete(request(words), {}).has_value());
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_THAT(warnings()[0], HasSubstr("context_truncated"));
  options_.truncation_is_error = true;
  const auto reply = client()->complete(request(words + "!"), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::context_overflow);
  EXPECT_EQ(recorder_.rows().back().billed, Billed::yes);
  EXPECT_EQ(server_.hit_count(), 2U);
}

}  // namespace
}  // namespace skillgrad::llm
