// SPDX-License-Identifier: MIT
// What servers send beside the rules, through the whole client.
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

std::string piece(const std::string& choices) {
  return "data: {\"system_fingerprint\":\"fp_1\",\"choices\":[" + choices + "]}\n\n";
}
const std::string kStop = piece(R"({"index":0,"delta":{},"finish_reason":"stop"})");

class ReplyHabits : public ClientTest {
 protected:
  ReplyHabits() { options_.stream = "on"; }
};

TEST_F(ReplyHabits, OtherChoicesOfAStreamAreLeftOut) {  // R2.3
  server_.script({stream_step(
      {piece(R"({"index":1,"delta":{"content":"X"},"finish_reason":"stop"})"),
       piece(R"({"index":1,"delta":{"content":"Y"}},{"index":0,"delta":{"content":"4"}})"),
       kStop})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "4");
  EXPECT_EQ(recorder_.rows().back().system_fingerprint, "fp_1");  // R2.21
  ASSERT_FALSE(warnings().empty());
  EXPECT_THAT(warnings()[0], HasSubstr("several choices"));
}

const std::string kOtherCall = R"("tool_calls":[{"index":0,"id":"x","function":{"name":"bash",)"
                               R"("arguments":"{\"command\":\"ls\"}"}}])";

TEST_F(ReplyHabits, ATurnThatAGatewayCutIntoTwoChoicesIsOneAgain) {
  server_.script({stream_step({piece(R"({"index":0,"delta":{"content":"I look."}})"),
                               piece(R"({"index":1,"delta":{)" + kOtherCall + "}}"), kStop,
                               piece(R"({"index":1,"delta":{},"finish_reason":"tool_calls"})")})});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "I look.");
  ASSERT_EQ(reply->message.tool_calls.size(), 1U);
  EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"ls"})");
}

TEST_F(ReplyHabits, CallsOfAnotherChoiceThatMayBeCutAreNotUsed) {
  budget_.retry_floor = 100;
  for (const std::string end : {"\"length\"", "null", "\"weird\""}) {
    const std::size_t before = server_.hit_count();
    const Step cut = stream_step(
        {piece(R"({"index":0,"delta":{"content":"I look."}})"),
         piece(R"({"index":1,"delta":{)" + kOtherCall + R"(},"finish_reason":)" + end + "}"),
         kStop});
    server_.handler(
        [=](const fault::Hit&, std::size_t number) { return number == before ? cut : kGood; });
    ChatRequest asked = tool_request();
    asked.messages.front().content = end;
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine") << end;
  }
}

TEST_F(ReplyHabits, AWholeMessageBehindDeltasIsNotTakenTwice) {
  const std::string text = piece(R"({"delta":{"role":"assistant","content":"o"}})") +
                           piece(R"({"delta":{"content":"k"}})");
  const std::string whole =
      piece(R"({"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"})");
  server_.script({stream_step({text, whole})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "ok");

  const std::string other = piece(R"({"message":{"content":"no"},"finish_reason":"stop"})");
  server_.script({stream_step({text, other}), kGood});
  EXPECT_EQ(client()->complete(request("other"), {})->message.content, "fine");

  server_.script({stream_step({piece(R"({"delta":{"role":"assistant","content":""}})"),
                               piece(R"({"message":{"content":"o"}})"),
                               piece(R"({"message":)"
                                     R"({"content":"k"}})"),
                               kStop})});
  EXPECT_EQ(client()->complete(request("pieces"), {})->message.content, "ok");

  server_.script({stream_step({piece(R"({"delta":{)" + kOtherCall + "}}"),
                               piece(R"({"message":{"content":null,)" + kOtherCall +
                                     R"(},"finish_reason":"tool_calls"})")})});
  const auto call = client()->complete(tool_request(), {});
  ASSERT_TRUE(call.has_value()) << call.error().to_text();
  ASSERT_EQ(call->message.tool_calls.size(), 1U);
  EXPECT_EQ(call->message.tool_calls[0].arguments, R"({"command":"ls"})");
}

TEST_F(ReplyHabits, PiecesThatAreNoTextOrOfAnotherRoleAreMalformed) {
  budget_.retry_floor = 100;
  for (const std::string delta :
       {R"({"content":true})", R"({"content":5})", R"({"role":"user","content":"hello"})"}) {
    const std::size_t before = server_.hit_count();
    const Step bad = stream_step({piece(R"({"delta":)" + delta + "}"), kStop});
    server_.handler(
        [=](const fault::Hit&, std::size_t number) { return number == before ? bad : kGood; });
    const auto reply = client()->complete(request(delta), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine") << delta;
  }
}

TEST_F(ReplyHabits, TextAndPartsOfAStreamKeepTheirOrder) {  // R2.4
  server_.script({stream_step(
      {piece(R"({"delta":{"content":"a","reasoning_content":[{"type":"text","text":"h"}]}})"),
       piece(R"({"delta":{"content":[{"type":"text","text":"b"}]}})"),
       piece(R"({"delta":{"content":"c","reasoning_content":"m"}})"),
       piece(R"({"delta":{"content":"d"}})"), kStop})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "abcd");
  EXPECT_EQ(reply->reasoning, "hm");
}

TEST_F(ReplyHabits, AnErrorFieldThatNamesNothingDoesNotEndAStream) {  // R2.16
  server_.script({stream_step(
      {"data: {\"error\":{},\"choices\":[{\"delta\":{\"content\":\"4\"}}]}\n\n", kStop,
       "data: {\"error\":{},\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}"
       "\n\n"})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "4");
  EXPECT_EQ(reply->usage.input_tokens, 7);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, TheCostThatAProxyWasBilledBeatsThePriceTable) {  // R2.20
  options_.price_in = 1.0;
  options_.price_out = 1.0;
  for (const auto& [header, expected] :
       std::vector<std::pair<std::string, double>>{{"0.5", 0.5}, {"0.0", 120e-6}, {"x", 120e-6}}) {
    Step step = kGood;
    step.headers.emplace_back("x-litellm-response-cost", header);
    server_.script({step});
    const auto reply = client()->complete(request(header), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_DOUBLE_EQ(reply->cost_usd.value_or(-1), expected) << header;
  }
}

TEST_F(ClientTest, AnErrorThatComesAsAnEventIsReadWhateverTheStatus) {  // R2.1
  server_.script({json_step(400,
                            "event: error\ndata: {\"error\":{\"message\":\"blocked here\","
                            "\"code\":\"content_filter\"}}\n\ndata: [DONE]\n\n")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::content_filter);
  EXPECT_THAT(reply.error().to_text(), HasSubstr("blocked here"));
}

std::string counted(std::int64_t prompt, const std::string& more) {
  return R"({"choices":[{"message":{"content":"fine"},"finish_reason":"stop"}],"usage":)"
         R"({"prompt_tokens":)" +
         std::to_string(prompt) + R"(,"completion_tokens":5)" + more + "}}";
}

TEST_F(ClientTest, CachedTokensDoNotHideACutPrompt) {  // R2.23
  options_.truncation_is_error = true;
  const std::string words(20'000, 'w');
  server_.script(
      {json_step(200, counted(100, R"(,"prompt_tokens_details":{"cached_tokens":64})"))});
  const auto cut = client()->complete(request(words), {});
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::context_overflow);
  server_.script({json_step(200, counted(100, R"(,"cache_read_input_tokens":5000)"))});
  EXPECT_TRUE(client()->complete(request(words + "!"), {}).has_value());
}

TEST_F(ClientTest, APromptBeyondTheConfiguredContextIsNamed) {  // R2.23
  options_.context_tokens = 15'000;
  server_.script({json_step(200, counted(20'000, ""))});
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_THAT(warnings()[0], HasSubstr("context of 15000 tokens"));
  options_.truncation_is_error = true;
  EXPECT_FALSE(client()->complete(request("again"), {}).has_value());
}

class ResponsesHabits : public ClientTest {
 protected:
  ResponsesHabits() { options_.api = "responses"; }

  static std::string response(const Json& output) {
    return dump_json({{"object", "response"},
                      {"status", "completed"},
                      {"output", output},
                      {"usage", {{"input_tokens", 9}, {"output_tokens", 1}}}});
  }
  static Json call_item(const Json& arguments, const std::string& name = "bash") {
    return {{"type", "function_call"},
            {"id", "fc_1"},
            {"call_id", "c1"},
            {"name", name},
            {"arguments", arguments}};
  }
  static Json message_item(const std::string& text) {
    return {{"type", "message"},
            {"id", "m1"},
            {"content", Json::array({{{"type", "output_text"}, {"text", text}}})}};
  }
  static std::string event(const std::string& type, Json fields) {
    fields["type"] = "response." + type;
    return "data: " + dump_json(fields) + "\n\n";
  }
  static std::string ended() {
    return event("completed", {{"response", {{"status", "completed"}, {"output", Json::array()}}}});
  }
};

TEST_F(ResponsesHabits, ACallGoesBackAsItWasReadWhereItWasNotLegal) {  // R1.20, R2.11, R2.12
  const std::string legal = R"({ "command": "ls" })";
  const std::string read = R"({"command":"ls"})";
  struct Case {
    Json item;
    std::string arguments;
  };
  for (const Case& c : std::vector<Case>{{call_item(legal), legal},
                                         {call_item(Json{{"command", "ls"}}), read},
                                         {call_item("```json\n" + read + "\n```"), read},
                                         {call_item(dump_json(Json(read))), read},
                                         {call_item(R"({"command":"a","command":"ls"})"), read},
                                         {call_item(""), "{}"},
                                         {call_item(nullptr), "{}"},
                                         {call_item("{\"command\":"), "{}"},
                                         {call_item(legal, " Functions.Bash "), legal},
                                         {call_item(legal, "bash<|channel|>commentary"), legal}}) {
    SCOPED_TRACE(dump_json(c.item));
    const std::size_t before = server_.hit_count();
    const Step called = json_step(200, response(Json::array({c.item})));
    const Step answered = json_step(200, response(Json::array({message_item("fine")})));
    server_.handler([=](const fault::Hit&, std::size_t number) {
      return number == before ? called : answered;
    });
    auto model = client();
    ChatRequest asked = tool_request();
    asked.messages.front().content = dump_json(c.item);
    const auto first = model->complete(asked, {});
    ASSERT_TRUE(first.has_value()) << first.error().to_text();
    asked.messages.push_back(first->message);
    ASSERT_TRUE(model->complete(asked, {}).has_value());
    const Json sent = body_of_hit(before + 1).at("input").at(1);
    EXPECT_EQ(sent.at("arguments"), c.arguments);
    EXPECT_EQ(sent.at("name"), "bash");
    EXPECT_EQ(sent.at("id"), "fc_1");
  }
}

TEST_F(ResponsesHabits, ItemsThatAllHaveOneNumberAreKept) {
  options_.stream = "on";
  server_.script({stream_step(
      {event("output_item.done", {{"output_index", 0}, {"item", message_item("hm")}}),
       event("output_item.done", {{"output_index", 0}, {"item", call_item(R"({"command":"a"})")}}),
       ended()})});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "hm");
  ASSERT_EQ(reply->message.tool_calls.size(), 1U);
  EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"a"})");
}

TEST_F(ResponsesHabits, DeltasStandInForItemsThatNeverCame) {
  options_.stream = "on";
  server_.script({stream_step(
      {event("reasoning_text.delta", {{"output_index", 0}, {"delta", "so"}}),
       event("output_item.added", {{"output_index", 2}, {"item", call_item("")}}),
       event("output_text.delta", {{"output_index", 1}, {"item_id", "m1"}, {"delta", "h"}}),
       event("function_call_arguments.delta", {{"item_id", "fc_1"}, {"delta", "{\"command\":"}}),
       event("output_text.delta", {{"output_index", 1}, {"item_id", "m1"}, {"delta", "m"}}),
       event("function_call_arguments.delta", {{"item_id", "fc_1"}, {"delta", "\"a\"}"}}),
       ended()})});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "hm");
  EXPECT_EQ(reply->reasoning, "so");
  ASSERT_EQ(reply->message.tool_calls.size(), 1U);
  EXPECT_EQ(reply->message.tool_calls[0].name, "bash");
  EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"a"})");
}

TEST_F(ResponsesHabits, ItemsWhoseIdsChangeWithEachEventAreOneItem) {
  options_.stream = "on";
  Json begun = call_item("");
  begun["id"] = "first";
  server_.script({stream_step(
      {event("output_item.added", {{"output_index", 0}, {"item", begun}}),
       event("function_call_arguments.done",
             {{"output_index", 0}, {"item_id", "second"}, {"arguments", R"({"command":"a"})"}}),
       event("output_item.done", {{"output_index", 0}, {"item", call_item(R"({"command":"a"})")}}),
       ended()})});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.tool_calls.size(), 1U);
}

TEST_F(ResponsesHabits, AnErrorFieldThatNamesNothingDoesNotFailAGoodResponse) {
  Json body = Json::parse(response(Json::array({message_item("fine")})));
  body["error"] = {{"code", 0}, {"message", ""}};
  server_.script({json_step(200, dump_json(body))});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
}

}  // namespace
}  // namespace skillgrad::llm
