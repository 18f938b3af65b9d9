// SPDX-License-Identifier: MIT
// What streams hold beside the pieces of a reply: signs of life, errors of every shape, and
// reasoning that must come back whole (R2.7, R2.15, R2.16).
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

std::string event_of(const std::string& payload) { return "data: " + payload + "\n\n"; }
std::string text_chunk(const std::string& text) {
  return event_of(dump_json({{"choices", Json::array({{{"delta", {{"content", text}}}}})}}));
}
const std::string kHabitStop = event_of(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kHabitDone = event_of("[DONE]");

class StreamHabits : public ClientTest {
 protected:
  StreamHabits() { options_.stream = "on"; }
};

TEST_F(StreamHabits, SignsOfLifeAreNoPartOfTheReply) {
  for (const std::string& sign :
       {std::string("event: ping\ndata: 2026-11-29T02:00:00Z\n\n"), event_of(": PROCESSING"),
        event_of("ping"), event_of("[HEARTBEAT]"), event_of("keep-alive"), event_of("\"ping\""),
        event_of("2026-11-29 02:00:00"), event_of("1764381600"), event_of(R"({"type":"ping"})"),
        std::string("event: keepalive\ndata: still here\n\n"), event_of("null")}) {
    SCOPED_TRACE(sign);
    server_.script(
        {stream_step({sign, text_chunk("fi"), sign, text_chunk("ne"), kHabitStop, kHabitDone})});
    const std::size_t before = server_.hit_count();
    const auto reply = client()->complete(request(sign), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine");
    EXPECT_EQ(server_.hit_count(), before + 1);
  }
}

TEST_F(StreamHabits, CallsInTheMembersOfNeighboursAreReadOrRefused) {
  const auto chunk = [](const Json& choice) {
    return event_of(dump_json({{"choices", Json::array({choice})}}));
  };
  const std::string end = event_of(R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})");
  const Json head = {
      {"index", 0}, {"id", "a"}, {"function", {{"name", "bash"}, {"arguments", ""}}}};
  const Json more = {{"index", 0}, {"function", {{"arguments", R"({"command":"ls"})"}}}};
  const Json whole = {{"name", "bash"}, {"arguments", R"({"command":"ls"})"}};
  const auto list = [](const Json& item) { return Json::array({item}); };
  for (const std::vector<Json>& pieces : std::vector<std::vector<Json>>{
           {{{"delta", {{"toolCalls", list(head)}}}}, {{"delta", {{"toolCalls", list(more)}}}}},
           {{{"delta", {{"function_calls", list(whole)}}}}},
           {{{"delta", {{"tool_calls", whole}}}}},
           {{{"delta", {{"functionCall", whole}}}}},
           {{{"delta",
              {{"function_call", {{"name", "bash"}, {"arguments", {{"command", "ls"}}}}}}}}},
           {{{"delta", {{"additional_kwargs", {{"tool_calls", list(whole)}}}}}}},
           {{{"delta", Json::object()}, {"tool_calls", list(head)}},
            {{"delta", Json::object()}, {"tool_calls", list(more)}}},
           {{{"delta", {{"tool_calls", list(head)}}}},
            {{"delta", {{"tool_calls", list(more)}}}},
            {{"message", {{"toolCalls", list(whole)}}}}}}) {
    std::vector<std::string> events;
    for (const Json& piece : pieces) events.push_back(chunk(piece));
    events.insert(events.end(), {end, kHabitDone});
    SCOPED_TRACE(events.front());
    server_.script({stream_step(events)});
    ChatRequest asked = tool_request();
    asked.messages.front().content = dump_json(Json(pieces));
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    ASSERT_EQ(reply->message.tool_calls.size(), 1U);
    EXPECT_EQ(reply->message.tool_calls[0].name, "bash");
    EXPECT_EQ(reply->message.tool_calls[0].arguments, R"({"command":"ls"})");
  }
  for (const Json& odd : std::vector<Json>{{{"tool_calls", "bash ls"}},
                                           {{"toolCalls", Json::array({"bash ls"})}},
                                           {{"function_call", "bash ls"}}}) {
    const Step broken =
        stream_step({chunk({{"delta", odd}}), text_chunk("Done."), kHabitStop, kHabitDone});
    const std::size_t before = server_.hit_count();
    server_.handler(
        [=](const fault::Hit&, std::size_t number) { return number == before ? broken : kGood; });
    ChatRequest asked = tool_request();
    asked.messages.front().content = dump_json(odd);
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(server_.hit_count(), before + 2) << dump_json(odd);
  }
}

TEST_F(StreamHabits, AnErrorOfAnyShapeEndsTheStreamAndNothingOfItIsUsed) {
  budget_.retry_floor = 100;
  const std::string call = event_of(
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"bash",)"
      R"("arguments":"{\"command\":\"ls\"}"}}]}}]})");
  for (const std::string error :
       {R"({"detail":"Internal error"})", R"({"success":false,"errors":[{"message":"capacity"}]})",
        R"({"message":"Internal error"})", R"({"status":"error","msg":"capacity"})",
        R"({"code":500,"message":"capacity"})", R"({"errors":["capacity"]})",
        R"({"error_code":1,"error_msg":"capacity"})", R"("Internal error")",
        R"({"choices":[{"delta":{},"error":{"message":"capacity","code":502}}]})",
        R"({"detail":[{"loc":["body"],"msg":"capacity","type":"x"}]})"}) {
    for (const std::string& part : {text_chunk("half an ans"), call}) {
      SCOPED_TRACE(error + part);
      const std::size_t before = server_.hit_count();
      const Step broken = stream_step({part, event_of(error), kHabitDone});
      server_.handler(
          [=](const fault::Hit&, std::size_t number) { return number == before ? broken : kGood; });
      ChatRequest asked = tool_request();
      asked.messages.front().content = error + part;
      const auto reply = client()->complete(asked, {});
      ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
      EXPECT_EQ(reply->message.content, "fine");
      EXPECT_TRUE(reply->message.tool_calls.empty());
    }
  }
}

TEST_F(StreamHabits, PlainTextBetweenTheEventsIsNoSignOfLife) {
  server_.handler([&](const fault::Hit&, std::size_t number) {
    return number == 0
               ? stream_step({text_chunk("half"), event_of("Internal Server Error"), kHabitDone})
               : kGood;
  });
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
}

/// What the second turn carries back of a first one that came in these deltas.
class StreamMirror : public StreamHabits {
 protected:
  Json second_turn(const std::vector<std::string>& deltas) {
    std::vector<std::string> events;
    for (const std::string& delta : deltas) {
      events.push_back(event_of(R"({"choices":[{"delta":)" + delta + "}]}"));
    }
    events.push_back(event_of(R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})"));
    server_.handler([=](const fault::Hit&, std::size_t number) {
      return number == 0 ? stream_step(events) : kGood;
    });
    auto model = client();
    ChatRequest asked = tool_request();
    const auto first = model->complete(asked, {});
    EXPECT_TRUE(first.has_value()) << first.error().to_text();
    if (!first) return {};
    asked.messages.push_back(first->message);
    EXPECT_TRUE(model->complete(asked, {}).has_value());
    return body_of_hit(1).at("messages").at(1);
  }
  static std::string call(const std::string& more = "", const std::string& inside = "") {
    return R"({"tool_calls":[{"index":0,"id":"x",)" + more + R"("function":{"name":"bash",)" +
           inside + R"("arguments":"{\"command\":\"ls\"}"}}]})";
  }
};

TEST_F(StreamMirror, PiecesOfOneReasoningDetailBecomeOneEntry) {
  const Json turn = second_turn(
      {R"({"reasoning_details":[{"type":"reasoning.text","index":0,"text":"I ","format":"a"}]})",
       R"({"reasoning_details":[{"type":"reasoning.text","index":0,"text":"see"}]})",
       R"({"reasoning_details":[{"type":"reasoning.text","index":0,"text":"","signature":"s"}]})",
       R"({"reasoning_details":[{"type":"reasoning.encrypted","index":1,"data":"xyz","id":"r"}]})",
       call()});
  EXPECT_EQ(turn.at("reasoning_details"),
            Json::parse(R"([{"type":"reasoning.text","index":0,"text":"I see","format":"a",)"
                        R"("signature":"s"},{"type":"reasoning.encrypted","index":1,)"
                        R"("data":"xyz","id":"r"}])"));
}

TEST_F(StreamMirror, ThinkingBlocksWithoutAnIndexEndWithTheirSignature) {
  const Json turn = second_turn(
      {R"({"thinking_blocks":[{"type":"thinking","thinking":"I ","signature":null}]})",
       R"({"thinking_blocks":[{"type":"thinking","thinking":"see","signature":""}]})",
       R"({"thinking_blocks":[{"type":"thinking","thinking":"","signature":"s1"}]})",
       R"({"thinking_blocks":[{"type":"thinking","thinking":"more","signature":"s2"}]})",
       R"({"thinking_blocks":[{"type":"redacted_thinking","data":"d"}]})", call()});
  EXPECT_EQ(turn.at("thinking_blocks"),
            Json::parse(R"([{"type":"thinking","thinking":"I see","signature":"s1"},)"
                        R"({"type":"thinking","thinking":"more","signature":"s2"},)"
                        R"({"type":"redacted_thinking","data":"d"}])"));
}

TEST_F(StreamMirror, FieldsOfTheMessageAndOfItsCallsGoBack) {
  const Json turn = second_turn(
      {R"({"provider_specific_fields":{"a":"x"},"extra_content":{"b":1}})",
       R"({"provider_specific_fields":{"c":["y"]},"thought_signature":"t"})",
       call(R"("provider_specific_fields":{"d":2},"extra_content":{"google":{"e":3}},)",
            R"("thought_signature":"f",)"),
       R"({"tool_calls":[{"index":0,"thoughtSignature":"g","function":{"arguments":""}}]})"});
  EXPECT_EQ(turn.at("provider_specific_fields"), Json::parse(R"({"a":"x","c":["y"]})"));
  EXPECT_EQ(turn.at("extra_content")["b"], 1);
  EXPECT_EQ(turn.at("thought_signature"), "t");
  const Json& sent = turn.at("tool_calls")[0];
  EXPECT_EQ(sent.at("provider_specific_fields")["d"], 2);
  EXPECT_EQ(sent.at("extra_content")["google"]["e"], 3);
  EXPECT_EQ(sent.at("thoughtSignature"), "g");
  EXPECT_EQ(sent.at("function")["thought_signature"], "f");
  EXPECT_EQ(sent.at("function")["arguments"], R"({"command":"ls"})");
}

}  // namespace
}  // namespace skillgrad::llm
