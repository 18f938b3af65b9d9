// SPDX-License-Identifier: MIT
#include <set>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

std::string delta(const std::string& content) {
  return "data: {\"id\":\"x\",\"model\":\"test-model\",\"choices\":[{\"index\":0,\"delta\":{"
         "\"content\":\"" +
         content + "\"}}]}\n\n";
}
std::string call_delta(const std::string& call) {
  return "data: {\"choices\":[{\"delta\":{\"tool_calls\":[" + call + "]}}]}\n\n";
}
std::string finish(const std::string& reason) {
  return "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}\n\n";
}
const std::string kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":9}}\n\n";
const std::string kStreamDone = "data: [DONE]\n\n";

class StreamTest : public ClientTest {
 protected:
  StreamTest() { options_.stream = "on"; }
};

std::string with_line_ends(const std::string& text, const std::string& end) {
  std::string out;
  for (const char c : text) out += c == '\n' ? end : std::string(1, c);
  return out;
}

TEST_F(StreamTest, LineEndsAndPacketBordersDoNotMatter) {
  const std::string whole =
      ": ping\n\nevent: message\n" + delta("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80 ") + "data:\n\n" +
      delta("\\ud83d\\ude00") + "id: 7\nretry: 5\n\n" + finish("stop") + kUsage + kStreamDone;
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string bytes = with_line_ends(whole, end);
    std::vector<std::string> single;
    for (const char c : bytes) single.emplace_back(1, c);
    for (const auto& pieces : {std::vector<std::string>{bytes}, single}) {
      server_.script({stream_step(pieces)});
      const auto reply = client()->complete(request(end + std::to_string(pieces.size())), {});
      ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
      EXPECT_EQ(reply->message.content, "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80 \xF0\x9F\x98\x80");
      EXPECT_EQ(reply->usage.input_tokens, 50);
      EXPECT_EQ(reply->finish, Finish::stop);
    }
  }
  EXPECT_EQ(body_of_hit(0).at("stream"), true);
  EXPECT_EQ(body_of_hit(0).at("stream_options").at("include_usage"), true);
}

struct Completeness {
  const char* name;
  std::vector<std::string> pieces;
  bool complete;  ///< false: a second attempt is made
};

class StreamEndTest : public StreamTest, public ::testing::WithParamInterface<Completeness> {};

TEST_P(StreamEndTest, OnlyAProvablyCompleteStreamIsUsed) {
  server_.script({stream_step(GetParam().pieces), json_step(200, chat_body("second"))});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, GetParam().complete ? "text" : "second");
  EXPECT_EQ(server_.hit_count(), GetParam().complete ? 1U : 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Ends, StreamEndTest,
    ::testing::Values(
        Completeness{"FinishWithoutDone", {delta("text"), finish("stop")}, true},
        Completeness{"DoneWithoutFinish", {delta("text"), kStreamDone}, true},
        Completeness{
            "NoSpaceAfterColon",
            {"data:{\"choices\":[{\"delta\":{\"content\":\"text\"}}]}\n\n", "data:[DONE]\n\n"},
            true},
        Completeness{"LastEventWithoutBlankLine", {delta("text"), "data: [DONE]"}, true},
        Completeness{
            "AfterDoneIsIgnored", {delta("text"), kStreamDone, delta("more"), "junk\n\n"}, true},
        Completeness{"Neither", {delta("te")}, false},
        Completeness{"NothingButDone", {kStreamDone}, false},
        Completeness{"NotJson", {"data: {\"choices\":\n\n", finish("stop")}, false},
        Completeness{"ErrorCode",
                     {delta("te"), "data: {\"error\":{\"code\":502,\"message\":\"x\"}}\n\n"},
                     false},
        Completeness{"ErrorName",
                     {"data: {\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"}}\n\n"},
                     false},
        Completeness{"ErrorEvent", {"event: error\ndata: overloaded\n\n"}, false},
        Completeness{"ErrorLine", {delta("te"), "{\"error\":\"model runner stopped\"}\n"}, false},
        Completeness{"FinishError", {delta("te"), finish("error"), kStreamDone}, false}),
    [](const auto& given) { return given.param.name; });

struct Assembly {
  const char* name;
  std::vector<std::string> deltas;
  std::vector<std::string> arguments;  ///< of the calls, in order
};

class AssemblyTest : public StreamTest, public ::testing::WithParamInterface<Assembly> {};

TEST_P(AssemblyTest, DeltasBecomeTheRightCalls) {
  std::vector<std::string> pieces;
  for (const std::string& piece : GetParam().deltas) pieces.push_back(call_delta(piece));
  pieces.push_back(finish("tool_calls"));
  pieces.push_back(finish("tool_calls"));
  pieces.push_back(kStreamDone);
  server_.script({stream_step(pieces)});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->finish, Finish::tools);
  std::vector<std::string> arguments;
  std::set<std::string> ids;
  for (const ToolCall& call : reply->message.tool_calls) {
    EXPECT_EQ(call.name, "bash");
    EXPECT_TRUE(ids.insert(call.id).second);
    arguments.push_back(call.arguments);
  }
  EXPECT_EQ(arguments, GetParam().arguments);
}

const std::string kA = R"({"command":"a"})";
const std::string kB = R"({"command":"b"})";

INSTANTIATE_TEST_SUITE_P(
    Deltas, AssemblyTest,
    ::testing::Values(
        Assembly{
            "OneIndexTwoIds",
            {R"({"index":0,"id":"x","function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
             R"({"index":0,"id":"y","function":{"name":"bash","arguments":"{\"command\":"}})",
             R"({"index":0,"id":"","function":{"name":"","arguments":"\"b\"}"}})"},
            {kA, kB}},
        Assembly{"IdInEveryChunk",
                 {R"({"index":0,"id":"x","function":{"name":"bash","arguments":"{\"command\":"}})",
                  R"({"index":0,"id":"x","function":{"name":"bash","arguments":"\"a\"}"}})"},
                 {kA}},
        Assembly{"NoIndex",
                 {R"({"id":"x","function":{"name":"bash","arguments":"{\"command\":\"a\"}"}})",
                  R"({"id":"y","function":{"name":"bash","arguments":"{\"command\":\"b\"}"}})"},
                 {kA, kB}},
        Assembly{"Interleaved",
                 {R"({"index":1,"id":"x","function":{"name":"bash","arguments":"{\"comm"}})",
                  R"({"index":3,"id":"y","function":{"name":"bash","arguments":"{\"comma"}})",
                  R"({"index":1,"function":{"arguments":"and\":\"a\"}"}})",
                  R"({"index":3,"id":null,"function":{"arguments":"nd\":\"b\"}"}})"},
                 {kA, kB}},
        Assembly{"ArgumentsAsObject",
                 {R"({"index":0,"id":"x","function":{"name":"bash","arguments":{"command":"a"}}})"},
                 {kA}}),
    [](const auto& given) { return given.param.name; });

TEST_F(StreamTest, CumulativeUsageIsNotSummed) {
  const auto usage = [](int output) {
    return "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":50,"
           "\"completion_tokens\":" +
           std::to_string(output) + "}}\n\n";
  };
  server_.script(
      {stream_step({usage(1), usage(2), usage(3), "data: {\"choices\":null,\"usage\":null}\n\n",
                    finish("stop"), kStreamDone})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->usage.input_tokens, 50);
  EXPECT_EQ(reply->usage.output_tokens, 3);
}

TEST_F(StreamTest, APlainJsonReplyIsUnderstood) {
  server_.script({kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->message.content, "fine");
}

TEST_F(StreamTest, AStreamThatWasNotAskedForIsUnderstood) {
  options_.stream = "off";
  server_.script({stream_step({delta("text"), finish("stop"), kStreamDone})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->message.content, "text");
}

TEST_F(StreamTest, AnErrorOfTheConnectionAfterTheFinishDoesNotMatter) {
  fault::Step cut = stream_step({delta("text"), finish("stop")});
  cut.headers.emplace_back("Content-Length", "100000");
  server_.script({cut});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "text");
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(StreamTest, AVeryLongLineIsRead) {
  server_.script({stream_step({delta(std::string(5U << 20U, 'a')), finish("stop"), kStreamDone})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content.size(), 5U << 20U);
}

TEST_F(StreamTest, ThinkingThatNeedsStreamingSwitchesItOn) {
  options_.stream = "off";
  server_.script(
      {json_step(400,
                 R"({"error":{"code":"invalid_parameter_error","message":)"
                 R"("parameter.enable_thinking must be set to false for non-streaming calls"}})"),
       stream_step({delta("text"), finish("stop"), kStreamDone})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_FALSE(body_of_hit(0).contains("stream"));
  EXPECT_EQ(body_of_hit(1).at("stream"), true);
}

}  // namespace
}  // namespace skillgrad::llm
