// SPDX-License-Identifier: MIT
// Faults inside a reply of status 200, of shapes that no list foresees (R2.2, R2.16):
// nothing of such a reply is used, and it is asked for again.
#include "llm/errors/error_body.hpp"
#include "llm/errors/reply_shape.hpp"
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

std::string data(const std::string& payload) { return "data: " + payload + "\n\n"; }
const std::string kText = data(R"({"choices":[{"delta":{"content":"half an ans"}}]})");
const std::string kCall =
    data(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"bash",)"
         R"("arguments":"{\"command\":\"ls\"}"}}]}}]})");
const std::string kFaultStop = data(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kDone = data("[DONE]");

class ReplyFault : public ClientTest {
 protected:
  ReplyFault() { budget_.retry_floor = 1000; }

  /// The first reply is not used; the second, good one is.
  void expect_asked_again(const Step& broken, const std::string& what) {
    SCOPED_TRACE(what);
    const std::size_t before = server_.hit_count();
    server_.handler(
        [=](const fault::Hit&, std::size_t number) { return number == before ? broken : kGood; });
    ChatRequest asked = tool_request();
    asked.messages.front().content = what;
    const auto reply = client()->complete(asked, {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine");
    EXPECT_TRUE(reply->message.tool_calls.empty());
    EXPECT_EQ(server_.hit_count(), before + 2);
  }
};

class StreamFault : public ReplyFault {
 protected:
  StreamFault() { options_.stream = "on"; }
};

TEST_F(StreamFault, WhatIsNoPieceOfAReplyEndsTheStream) {
  for (const std::string fault :
       {R"({"fault":{"faultstring":"boom"}})", R"({"__type":"InternalServerException"})",
        R"({"Message":"boom"})", R"({"ok":false})", R"({"reason":"overloaded"})",
        R"({"exception":"boom"})", R"({"traceback":"boom"})", R"({"errno":1})",
        R"({"retcode":5001})", R"({"title":"Internal Server Error","status":500})",
        R"({"msg":"server busy","usage":{"prompt_tokens":1}})", R"([{"error":{"code":500}}])",
        R"({"type":"error","text":"boom"})", R"({"object":"error"})", R"({"anything":"else"})",
        R"([1])"}) {
    for (const std::string& part : {kText, kCall}) {
      expect_asked_again(stream_step({part, data(fault), kDone}), fault + part);
    }
  }
}

TEST_F(StreamFault, AnErrorBesideChoicesEndsTheStream) {
  for (const std::string fault :
       {R"({"choices":[],"base_resp":{"status_code":1013,"status_msg":"internal"}})",
        R"({"choices":[],"detail":"Internal error"})",
        R"({"choices":[{"delta":{"content":""}}],"message":"upstream error"})",
        R"({"choices":[{"delta":{"error":{"message":"boom"}}}]})",
        R"({"choices":[{"delta":{}},{"index":1,"error":{"message":"boom"}}]})",
        R"({"choices":[],"code":500})", R"({"choices":[],"success":false})"}) {
    for (const std::string& part : {kText, kCall}) {
      expect_asked_again(stream_step({part, data(fault), kDone}), fault + part);
    }
  }
}

TEST_F(StreamFault, ALineThatIsNoFieldIsNoPartOfAStream) {
  for (const std::string line : {"Internal Server Error\n\n", "error: {\"message\":\"boom\"}\n\n",
                                 "upstream gone\n", "event: exception\ndata: {\"x\":1}\n\n",
                                 "event: server_error\n\n", "event: failure\ndata:\n\n"}) {
    for (const std::string& part : {kText, kCall}) {
      expect_asked_again(stream_step({part, line, kFaultStop, kDone}), line + part);
    }
  }
}

TEST_F(StreamFault, WhatServersTellBesideTheTextIsNone) {
  for (const std::string& extra :
       {data(R"({"id":"x","object":"chat.completion.chunk","created":1})"), data("{}"),
        data(R"({"choices":[],"prompt_filter_results":[{"prompt_index":0}]})"),
        data(R"({"x_groq":{"id":"r"}})"), data(R"({"id":"x","model":"m","service_tier":"a"})"),
        data(R"({"choices":[],"code":0,"message":"Success","sid":"x"})"),
        data(R"({"choices":[],"base_resp":{"status_code":0,"status_msg":"success"}})"),
        data(R"({"choices":[],"code":20000,"msg":"ok","success":true,"errors":[]})"),
        data(R"({"choices":[],"message":"","detail":null,"error_code":0,"errmsg":"OK"})"),
        data(R"({"status":"processing"})"), std::string("event: ping\n\n"),
        data(R"({"choices":[],"error_code":"0000","errno":0,"status":"default"})"),
        std::string("event: prompt_cache\ndata: {\"choices\":[]}\n\n"), data(R"({"x_trace":1})"),
        std::string("id: 7\nretry: 5\nevent: message\n\n"), std::string("   \n\n"),
        std::string("keep-alive\n\n"), data(R"({"sources":[{"url":"https://x"}]})")}) {
    SCOPED_TRACE(extra);
    server_.script({stream_step(
        {data(R"({"choices":[{"delta":{"content":"4"}}]})"), extra, kFaultStop, extra, kDone})});
    const std::size_t before = server_.hit_count();
    const auto reply = client()->complete(request(extra), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "4");
    EXPECT_EQ(server_.hit_count(), before + 1);
  }
}

TEST_F(ReplyFault, AnErrorBesideAPlainAnswerIsOne) {
  const std::string good = R"("choices":[{"message":{"content":"par"},"finish_reason":"stop"}])";
  for (const std::string fault :
       {R"("base_resp":{"status_code":1013,"status_msg":"internal"})",
        R"("success":false,"errors":[{"message":"capacity"}])", R"("detail":"Internal error")",
        R"("message":"upstream error")", R"("code":502)", R"("status":"failed")",
        R"("exception":"boom")", R"("error":{"message":"boom"})"}) {
    expect_asked_again(json_step(200, "{" + good + "," + fault + "}"), fault);
  }
  expect_asked_again(
      json_step(200, R"({"choices":[{"message":{"content":"par","error":{"message":"boom"}},)"
                     R"("finish_reason":"stop"}]})"),
      "at the message");
}

TEST(ReplyShape, AnErrorIsShownWithoutTheAnswerBesideIt) {
  const Json body = Json::parse(R"({"choices":[{"message":{"content":"par"}}],"code":502})");
  EXPECT_EQ(parse_error_json(only_error(body)).text().find("par"), std::string::npos);
  EXPECT_TRUE(reports_failure(Json::parse(R"({"message":"\u7cfb\u7edf\u9519\u8bef"})")));
  EXPECT_FALSE(reports_failure(Json::parse(R"({"message":"\u6210\u529f","code":10000})")));
}

}  // namespace
}  // namespace skillgrad::llm
