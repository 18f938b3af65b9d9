// SPDX-License-Identifier: MIT
#include <functional>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

Message assistant(const std::string& content, std::vector<ToolCall> calls) {
  Message message;
  message.role = Role::assistant;
  message.content = content;
  message.tool_calls = std::move(calls);
  return message;
}

Message result(const std::string& id, const std::string& content) {
  Message message;
  message.role = Role::tool;
  message.tool_call_id = id;
  message.content = content;
  return message;
}

class HistoryTest : public ClientTest {
 protected:
  HistoryTest() {
    server_.handler([](const fault::Hit& hit, std::size_t) {
      const std::string problem = fault::history_problem(hit.body);
      if (problem.empty()) return json_step(200, chat_body("fine"));
      return json_step(400, R"({"error":{"message":")" + problem + "\"}}");
    });
  }
};

TEST_F(HistoryTest, EveryConversationIsSentInAFormThatStrictServersTake) {
  ChatRequest request = tool_request();
  Message system;
  system.role = Role::system;
  system.content = "late rule";
  request.messages.push_back(
      assistant("", {{"a", "bash", R"({"command":"x"})", ""}, {"b", "", "{}", "no name"}}));
  request.messages.push_back(result("b", "second first"));
  request.messages.push_back(result("a", ""));
  request.messages.push_back(result("zzz", "answers nothing"));
  request.messages.push_back(assistant("  ", {}));
  request.messages.push_back(assistant("", {{"c", "no such tool!", "{}", ""}}));
  request.messages.push_back(system);
  const auto reply = client()->complete(request, {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  const Json body = body_of_hit(0);
  const Json messages = body.at("messages");
  EXPECT_EQ(messages[0].at("content"), "late rule");
  EXPECT_EQ(messages[2].at("content"), Json());
  EXPECT_EQ(messages[3].at("content"), "(no output)");
  EXPECT_EQ(messages[4].at("content"), "second first");
  EXPECT_EQ(messages[5].at("tool_calls")[0].at("function").at("name"), "no_such_tool_");
}

TEST_F(HistoryTest, BytesThatAreNoTextNeverBreakTheBody) {
  ChatRequest request = tool_request();
  request.messages.push_back(assistant("", {{"a", "bash", R"({"command":"x"})", ""}}));
  std::string bytes = "\xFF raw \xED\xA0\x80 end \x01 \"quoted\" \\";
  bytes.insert(2, 1, '\0');
  request.messages.push_back(result("a", bytes));
  const auto reply = client()->complete(request, {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  const Json body = body_of_hit(0);
  ASSERT_TRUE(body.is_object()) << "the body is valid JSON";
  const std::string text = body.at("messages")[2].at("content").get<std::string>();
  EXPECT_EQ(text.find('\0'), std::string::npos);
  EXPECT_NE(text.find("\"quoted\" \\"), std::string::npos);
}

TEST_F(HistoryTest, TheToolArrayKeepsItsBytes) {
  auto model = client();
  ChatRequest request = tool_request();
  for (int turn = 0; turn < 20; ++turn) {
    ASSERT_TRUE(model->complete(request, {}).has_value());
    const std::string id = "id" + std::to_string(turn);
    request.messages.push_back(assistant("", {{id, "bash", R"({"command":"x"})", ""}}));
    request.messages.push_back(result(id, "out"));
  }
  const auto tools_of = [](const std::string& body) {
    const auto at = body.find("\"tools\":");
    return body.substr(at, body.find("\"max_tokens\"") - at);
  };
  const auto hits = server_.hits();
  ASSERT_EQ(hits.size(), 20U);
  for (const auto& hit : hits) EXPECT_EQ(tools_of(hit.body), tools_of(hits.front().body));
}

class MirrorTest : public ClientTest {};

TEST_F(MirrorTest, FieldsGoBackOnlyToWhoeverSentThem) {  // R2.7
  server_.script(
      {json_step(200, R"({"choices":[{"message":{"content":null,"reasoning_content":"why",)"
                      R"("tool_calls":[{"id":"a","function":{"name":"bash","arguments":)"
                      R"("{\"command\":\"x\"}"}}]},"finish_reason":"tool_calls"}]})"),
       json_step(200, chat_body("fine"))});
  auto model = client();
  ChatRequest request = tool_request();
  const auto first = model->complete(request, {});
  ASSERT_TRUE(first.has_value()) << first.error().to_text();
  EXPECT_EQ(first->reasoning, "why");
  EXPECT_EQ(first->message.content, "");
  request.messages.push_back(first->message);
  request.messages.push_back(result("a", "out"));
  ASSERT_TRUE(model->complete(request, {}).has_value());
  EXPECT_EQ(body_of_hit(1).at("messages")[1].at("reasoning_content"), "why");
  options_.model = "another-model";
  ASSERT_TRUE(client()->complete(request, {}).has_value());
  EXPECT_FALSE(body_of_hit(2).at("messages")[1].contains("reasoning_content"));
}

struct MessageMutation {
  const char *name, *rejection;
  std::function<bool(const Json& turn)> holds;
  int status = 400;
};

class MessageMutationTest : public ClientTest,
                            public ::testing::WithParamInterface<MessageMutation> {};

TEST_P(MessageMutationTest, ChangesHowTurnsAreWritten) {
  server_.script(
      {json_step(GetParam().status, GetParam().rejection), json_step(200, chat_body("fine"))});
  ChatRequest request = tool_request();
  request.messages.push_back(assistant("", {{"call_x", "bash", R"({"command":"x"})", ""}}));
  request.messages.push_back(result("call_x", "out"));
  const auto reply = client()->complete(request, {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  const Json first = body_of_hit(0);
  const Json second = body_of_hit(1);
  const Json messages = second.at("messages");
  EXPECT_FALSE(GetParam().holds(first.at("messages")[1]));
  EXPECT_TRUE(GetParam().holds(messages[1])) << messages.dump();
  EXPECT_EQ(messages[1].at("tool_calls")[0].at("id"), messages[2].at("tool_call_id"));
  EXPECT_EQ(fault::history_problem(server_.hits()[1].body), "");
}

INSTANTIATE_TEST_SUITE_P(
    Rejections, MessageMutationTest,
    ::testing::Values(
        MessageMutation{"B6",
                        R"({"object":"error","message":"Tool call id was call_x but must be a-z, )"
                        R"(A-Z, 0-9, with a length of 9.","type":"invalid_function_call"})",
                        [](const Json& turn) {
                          return turn.at("tool_calls")[0].at("id").get<std::string>().size() == 9;
                        }},
        MessageMutation{
            "B8",
            R"({"error":{"message":"The `reasoning_content` in the thinking mode must )"
            R"(be passed back to the API."}})",
            [](const Json& turn) { return turn.value("reasoning_content", "none").empty(); }},
        MessageMutation{"NullContent",
                        R"({"detail":[{"loc":["body","messages",1,"content"],"msg":)"
                        R"("Input should be a valid string","type":"string_type"}]})",
                        [](const Json& turn) { return turn.at("content") == ""; }},
        MessageMutation{
            "NullContentAtLlamaCppPython",
            R"({"error":{"message":"2 validation errors:\n  {'type': 'literal_error', 'loc': ('body', )"
            R"('messages', 1, 'ChatCompletionRequestSystemMessage', 'role'), 'msg': \"Input should )"
            R"(be 'system'\", 'input': 'assistant'}\n  {'type': 'string_type', 'loc': ('body', )"
            R"('messages', 1, 'ChatCompletionRequestAssistantMessage', 'content'), 'msg': 'Input )"
            R"(should be a valid string', 'input': None}","type":"internal_server_error",)"
            R"("param":null,"code":null}})",
            [](const Json& turn) { return turn.at("content") == ""; }, 500}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace skillgrad::llm
