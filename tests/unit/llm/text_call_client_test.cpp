// SPDX-License-Identifier: MIT
// Which texts of a reply are read as tool calls, and how streamed calls are put together
// (R2.12, R2.13, R2.17).
#include <set>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

const std::string kTextCall = R"({"name":"bash","arguments":{"command":"ls"}})";

std::string reply_with(const Json& message, const std::string& finish = "stop") {
  return dump_json({{"model", "test-model"},
                    {"choices", Json::array({{{"message", message}, {"finish_reason", finish}}})}});
}

TEST_F(ClientTest, ACallInTheTextIsTakenOutAndSaidOnce) {
  server_.script({json_step(
      200, reply_with({{"content", "Look.\n<tool_call>" + kTextCall + "</tool_call>"}}))});
  auto model = client();
  for (int i = 0; i < 2; ++i) {
    ChatRequest asked = tool_request();
    asked.sample_index = i;
    const auto reply = model->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->finish, Finish::tools);
    ASSERT_EQ(reply->message.tool_calls.size(), 1U);
    EXPECT_EQ(reply->message.tool_calls[0].id.size(), 9U);
    EXPECT_EQ(reply->message.content, "Look.");
  }
  int said = 0;
  for (const std::string& line : warnings())
    said += line.find("text_tool_call") != std::string::npos;
  EXPECT_EQ(said, 1);
}

TEST_F(ClientTest, SeveralCallsInTheTextKeepTheirOrder) {
  const std::string other = R"({"name":"bash","arguments":{"command":"pwd"}})";
  const std::vector<std::string> texts = {
      "<tool_call>" + kTextCall + "</tool_call>\n<tool_call>" + other + "</tool_call>",
      "[TOOL_CALLS][" + kTextCall + "," + other + "]", "[" + kTextCall + "," + other + "]",
      "<function=bash><parameter=command>ls</parameter></function>"
      "<function=bash><parameter=command>pwd</parameter></function>"};
  auto model = client();
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    server_.script({json_step(200, reply_with({{"content", text}}))});
    ChatRequest asked = tool_request();
    asked.messages.front().content = text;
    const auto reply = model->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    ASSERT_EQ(reply->message.tool_calls.size(), 2U);
    EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"ls"})");
    EXPECT_EQ(reply->message.tool_calls[1].arguments, R"({"command":"pwd"})");
    EXPECT_EQ(reply->message.content, "");
  }
}

struct NoCall {
  const char* name;
  Json message;
  bool offered;
};

class NoTextCallTest : public ClientTest, public ::testing::WithParamInterface<NoCall> {};

TEST_P(NoTextCallTest, IsNotRead) {
  server_.script({json_step(200, reply_with(GetParam().message))});
  const auto reply =
      client()->complete(GetParam().offered ? tool_request() : request(kTextCall), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  for (const ToolCall& call : reply->message.tool_calls) {
    EXPECT_EQ(call.arguments, R"({"command":"native"})");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, NoTextCallTest,
    ::testing::Values(
        NoCall{"NoToolsOffered", {{"content", kTextCall}}, false},
        NoCall{"InsideThink", {{"content", "<think>" + kTextCall + "</think>No."}}, true},
        NoCall{
            "InsideThinkOfALine",
            {{"content", "Okay. <think>maybe <tool_call>" + kTextCall + "</tool_call></think>No."}},
            true},
        NoCall{"InsideThinking",
               {{"content", "<Thinking><tool_call>" + kTextCall + "</tool_call></Thinking>No."}},
               true},
        NoCall{"InReasoning", {{"content", "No."}, {"reasoning_content", kTextCall}}, true},
        NoCall{"BesideNativeCalls",
               {{"content", "<tool_call>" + kTextCall + "</tool_call>"},
                {"tool_calls",
                 Json::array({{{"id", "n"},
                               {"function",
                                {{"name", "bash"}, {"arguments", R"({"command":"native"})"}}}}})}},
               true},
        NoCall{"Refusal", {{"content", nullptr}, {"refusal", kTextCall}}, true}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, ATextWithACallThatCannotBeReadIsAskedForAgainAndNeverAnAnswer) {
  const std::string unknown = R"(<tool_call>{"name":"rm","arguments":{}}</tool_call>)";
  for (const std::string& text :
       {unknown,
        std::string(R"(<tool_call>{"name":"bash","arguments":{"command":[1]}}</tool_call>)"),
        "<tool_call>" + kTextCall + "</tool_call>\n" + unknown,
        "Okay. <think>maybe <tool_call>" + kTextCall + "</tool_call>",
        std::string("<think><tool_call>") + kTextCall + "</tool_call>",
        std::string("[bash(command=ls)]")}) {
    for (const std::string stream : {"off", "on"}) {
      SCOPED_TRACE(text + stream);
      options_.stream = stream;
      const std::size_t before = server_.hit_count();
      const Step leak =
          stream == "off"
              ? json_step(200, reply_with({{"content", text}}))
              : stream_step(
                    {"data: " +
                         dump_json({{"choices", Json::array({{{"delta", {{"content", text}}}}})}}) +
                         "\n\n",
                     "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"});
      server_.handler(
          [=](const fault::Hit&, std::size_t number) { return number == before ? leak : kGood; });
      ChatRequest asked = tool_request();
      asked.messages.front().content = text + stream;
      const auto reply = client()->complete(asked, {});
      ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
      EXPECT_EQ(reply->message.content, "fine");
      EXPECT_EQ(server_.hit_count(), before + 2);
      server_.script({leak});
      asked.sample_index = 1;
      const auto never = client()->complete(asked, {});
      ASSERT_FALSE(never.has_value());
      EXPECT_EQ(never.error().code, ErrorCode::malformed_reply);
      EXPECT_EQ(server_.hit_count(), before + 5) << "three times";
    }
  }
}

TEST_F(ClientTest, AnEmptyReplyIsAskedForAgainAndThenAnError) {
  const Step empty = json_step(200, reply_with({{"content", ""}, {"reasoning_content", "so"}}));
  server_.handler(
      [&](const fault::Hit&, std::size_t number) { return number % 2 == 0 ? empty : kGood; });
  auto model = client();
  for (int i = 0; i < 20; ++i) {
    ChatRequest asked = request();
    asked.sample_index = i;
    const auto reply = model->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine");
  }
  server_.script({empty});
  const auto never = client()->complete(request("again"), {});
  ASSERT_FALSE(never.has_value());
  EXPECT_EQ(never.error().code, ErrorCode::malformed_reply);
  EXPECT_THAT(never.error().to_text(), HasSubstr("neither text nor a tool call"));
}

TEST_F(ClientTest, ACallInATextThatWasCutIsAskedForAgainWithADoubledCap) {  // R2.10
  const std::string cut = R"(<tool_call>{"name":"bash","arguments":{"command":"rm )";
  for (const std::string& text : {kTextCall, cut}) {
    SCOPED_TRACE(text);
    const std::size_t before = server_.hit_count();
    const Step cut_step = json_step(200, reply_with({{"content", text}}, "length"));
    server_.handler(
        [=](const fault::Hit&, std::size_t number) { return number == before ? cut_step : kGood; });
    ChatRequest asked = tool_request();
    asked.max_output_tokens = 500;
    asked.messages.front().content = text;
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine");
    EXPECT_EQ(body_of_hit(before + 1).at("max_tokens"), 1000);
    server_.script({cut_step});
    asked.sample_index = 1;
    const auto never = client()->complete(asked, {});
    ASSERT_FALSE(never.has_value());
    EXPECT_THAT(never.error().to_text(), HasSubstr("cut at the output limit"));
  }
}

TEST_F(ClientTest, OtherTextThatWasCutIsAnAnswer) {
  server_.script(
      {json_step(200, reply_with({{"content", "use the <tool_call> tag t"}}, "length"))});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->finish, Finish::length);
}

TEST_F(ClientTest, ALegacyFunctionCallIsOneCall) {  // R2.12
  server_.script({json_step(
      200, reply_with({{"content", nullptr},
                       {"function_call", {{"name", "bash"}, {"arguments", R"({"command":"ls"})"}}}},
                      "function_call"))});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  ASSERT_EQ(reply->message.tool_calls.size(), 1U);
  EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"ls"})");
}

TEST_F(ClientTest, CallsInTheMembersOfNeighboursAreRead) {
  const Json function = {{"name", "bash"}, {"arguments", R"({"command":"ls"})"}};
  const Json list = Json::array({{{"id", "a"}, {"function", function}}});
  const Json flat = Json::array({function});
  const Json text = "Look.";
  for (const Json& choice : std::vector<Json>{
           {{"message", {{"content", text}}}, {"tool_calls", list}},
           {{"message", {{"content", text}}}, {"function_call", function}},
           {{"message", {{"content", text}, {"toolCalls", list}}}},
           {{"message", {{"content", text}, {"function_calls", flat}}}},
           {{"message",
             {{"content", text}, {"tool_calls", Json::array()}, {"functionCalls", flat}}}},
           {{"message", {{"content", text}, {"additional_kwargs", {{"tool_calls", list}}}}}},
           {{"message", {{"content", text}, {"additional_kwargs", {{"function_call", function}}}}}},
           {{"message", {{"content", text}, {"function_call", dump_json(function)}}}}}) {
    Json ended = choice;
    ended["finish_reason"] = "stop";
    server_.script({json_step(200, dump_json({{"choices", Json::array({ended})}}))});
    ChatRequest asked = tool_request();
    asked.messages.front().content = dump_json(choice);
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    ASSERT_EQ(reply->message.tool_calls.size(), 1U) << dump_json(choice);
    EXPECT_EQ(reply->message.tool_calls[0].name, "bash");
    EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"ls"})");
    EXPECT_EQ(reply->message.content, "Look.");
  }
}

TEST_F(ClientTest, AFunctionCallThatIsNoJsonIsTheModelsError) {
  server_.script({json_step(
      200, reply_with({{"content", "Look."}, {"function_call", "bash(command='ls')"}}))});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  ASSERT_EQ(reply->message.tool_calls.size(), 1U);
  EXPECT_NE(reply->message.tool_calls[0].problem, "");
}

TEST_F(ClientTest, FortyCallsComeThroughWithFortyIds) {  // the tool loop bounds them
  Json calls = Json::array();
  for (int i = 0; i < 40; ++i) {
    calls.push_back({{"id", "same"}, {"function", {{"name", "bash"}, {"arguments", "{}"}}}});
  }
  server_.script({json_step(200, fault::tool_body(dump_json(calls)))});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  std::set<std::string> ids;
  for (const ToolCall& call : reply->message.tool_calls) ids.insert(call.id);
  EXPECT_EQ(ids.size(), 40U);
}

struct Deltas {
  const char* name;
  std::vector<const char*> pieces;
  std::vector<std::pair<std::string, std::string>> calls;  ///< name and command
};

class DeltaTest : public ClientTest, public ::testing::WithParamInterface<Deltas> {};

TEST_P(DeltaTest, PiecesBecomeCalls) {  // R2.17
  std::vector<std::string> events;
  for (const char* piece : GetParam().pieces) {
    events.push_back(std::string("data: {\"choices\":[{\"delta\":{\"tool_calls\":[") + piece +
                     "]}}]}\n\n");
  }
  events.emplace_back("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n");
  options_.stream = "on";
  server_.script({stream_step(events)});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  std::vector<std::pair<std::string, std::string>> calls;
  for (const ToolCall& call : reply->message.tool_calls) {
    const auto arguments = parse_json(call.arguments, "arguments");
    ASSERT_TRUE(arguments.has_value()) << call.arguments;
    calls.emplace_back(call.name, arguments->value("command", "-"));
  }
  EXPECT_EQ(calls, GetParam().calls);
}

const std::vector<std::pair<std::string, std::string>> kOneCall = {{"bash", "ab"}};
const std::vector<std::pair<std::string, std::string>> kTwoCalls = {{"bash", "a"}, {"bash", "b"}};

INSTANTIATE_TEST_SUITE_P(
    Pieces, DeltaTest,
    ::testing::Values(
        Deltas{"EmptyIdAndNameInContinuations",
               {R"({"index":0,"id":"x","function":{"name":"bash","arguments":""}})",
                R"({"index":0,"id":"","function":{"name":"","arguments":"{\"command\":"}})",
                R"({"index":0,"id":null,"function":{"name":null,"arguments":"\"ab\"}"}})"},
               kOneCall},
        Deltas{"NameComesLate",
               {R"({"index":0,"id":"x","function":{"arguments":"{\"command\":"}})",
                R"({"index":0,"function":{"name":"bash","arguments":"\"ab\"}"}})"},
               kOneCall},
        Deltas{"NameRepeatedInFull",
               {R"({"index":0,"id":"x","function":{"name":"bash","arguments":"{\"command\":"}})",
                R"({"index":0,"id":"x","function":{"name":"bash","arguments":"\"ab\"}"}})"},
               kOneCall},
        Deltas{
            "StartsAtOneAndSkips",
            {R"({"index":1,"id":"x","function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
             R"({"index":5,"id":"y","function":{"name":"bash","arguments":"{\"command\":\"b\"}"}})"},
            kTwoCalls},
        Deltas{"IndexAsText",
               {R"({"index":"0","id":"x","function":{"name":"bash","arguments":"{\"command\":"}})",
                R"({"index":"0","function":{"arguments":"\"ab\"}"}})"},
               kOneCall},
        Deltas{"NoIndexWithIds",
               {R"({"id":"x","function":{"name":"bash","arguments":"{\"comm"}})",
                R"({"id":"y","function":{"name":"bash","arguments":"{\"comma"}})",
                R"({"id":"x","function":{"arguments":"and\":\"a\"}"}})",
                R"({"id":"y","function":{"arguments":"nd\":\"b\"}"}})"},
               kTwoCalls},
        Deltas{"NeitherIndexNorId",
               {R"({"function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
                R"({"function":{"name":"bash","arguments":"{\"command\":"}})",
                R"({"function":{"arguments":"\"b\"}"}})"},
               kTwoCalls},
        Deltas{
            "IdlessPiecesGoToTheLatestOfAnIndex",
            {R"({"index":0,"id":"x","function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
             R"({"index":0,"id":"y","function":{"name":"bash","arguments":"{\"command\":"}})",
             R"({"index":0,"function":{"arguments":"\"b\"}"}})"},
            kTwoCalls},
        Deltas{
            "ArgumentsUnderAnotherIndexOfTheSameId",
            {R"({"index":0,"id":"x","function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
             R"({"index":0,"id":"y","function":{"name":"bash","arguments":""}})",
             R"({"index":1,"id":"y","function":{"arguments":"{\"command\":"}})",
             R"({"index":1,"id":"y","function":{"arguments":"\"b\"}"}})"},
            kTwoCalls},
        Deltas{"TwoObjectsInOneDelta",
               {R"({"function":{"name":"bash","arguments":{"command":"a"}}},)"
                R"({"function":{"name":"bash","arguments":{"command":"b"}}})"},
               kTwoCalls},
        Deltas{"ObjectsInTwoDeltas",
               {R"({"function":{"name":"bash","arguments":{"command":"a"}}})",
                R"({"function":{"name":"bash","arguments":{"command":"b"}}})"},
               kTwoCalls},
        Deltas{"NoArgumentsFirst",
               {R"({"function":{"name":"list","arguments":""}},)"
                R"({"function":{"name":"bash","arguments":"{\"command\":\"b\"}"}})"},
               {{"list", "-"}, {"bash", "b"}}},
        Deltas{"AnotherNameInTheNextDelta",
               {R"({"function":{"name":"list"}})", R"({"function":{"name":"bash"}})",
                R"({"function":{"arguments":"{\"command\":\"b\"}"}})"},
               {{"list", "-"}, {"bash", "b"}}},
        Deltas{"OneIndexWithoutIds",
               {R"({"index":0,"function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
                R"({"index":0,"function":{"name":"bash","arguments":"{\"command\":\"b\"}"}})"},
               kTwoCalls},
        Deltas{"OneIndexWithoutIdsInPieces",
               {R"({"index":0,"function":{"name":"bash","arguments":""}})",
                R"({"index":0,"function":{"arguments":"{\"command\":\"a\"}"}})",
                R"({"index":0,"function":{"name":"bash","arguments":""}})",
                R"({"index":0,"function":{"arguments":"{\"command\":"}})",
                R"({"index":0,"function":{"arguments":"\"b\"}"}})"},
               kTwoCalls},
        Deltas{"OneIndexTwoObjects",
               {R"({"index":0,"function":{"name":"bash","arguments":{"command":"a"}}},)"
                R"({"index":0,"function":{"name":"bash","arguments":{"command":"b"}}})"},
               kTwoCalls},
        Deltas{"NameInEachPieceWithoutId",
               {R"({"index":0,"function":{"name":"bash","arguments":"{\"command\":"}})",
                R"({"index":0,"function":{"name":"bash","arguments":"\"a"}})",
                R"({"index":0,"function":{"name":"bash","arguments":"b\"}"}})",
                R"({"index":0,"function":{"name":"bash","arguments":""}})"},
               kOneCall},
        Deltas{
            "NameGrows",
            {R"({"index":0,"function":{"name":"ba"}})", R"({"index":0,"function":{"name":"bash"}})",
             R"({"index":0,"function":{"arguments":"{\"command\":\"ab\"}"}})"},
            kOneCall},
        Deltas{"BracesInsideArguments",
               {R"({"index":0,"function":{"name":"bash","arguments":"{\"x\":{\"y\":\"}"}})",
                R"({"index":0,"function":{"name":"bash","arguments":"{\"},\"command\":\"ab\"}"}})"},
               kOneCall},
        Deltas{
            "ParseableTooEarly",
            {R"({"index":0,"id":"x","function":{"name":"bash","arguments":"{}"}})",
             R"({"index":0,"function":{"arguments":" "}})",
             R"({"index":1,"id":"y","function":{"name":"bash","arguments":"{\"command\":\"b\"}"}})"},
            {{"bash", "-"}, {"bash", "b"}}}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace skillgrad::llm
