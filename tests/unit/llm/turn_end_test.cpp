// SPDX-License-Identifier: MIT
// How a turn ended, wherever a server says it (R2.8, R2.9): a cut call never runs.
#include "llm/reply/finish.hpp"
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

const std::string kCalls = R"("tool_calls":[{"index":0,"id":"x","type":"function","function":)"
                           R"({"name":"bash","arguments":"{\"command\":\"ls\"}"}}])";

std::string body(const std::string& ends, const std::string& more = "") {
  return R"({"choices":[{"index":0,"message":{"content":null,)" + kCalls + "}" + ends + "}]," +
         more + R"("usage":{"prompt_tokens":10,"completion_tokens":900}})";
}
std::string chunk(const std::string& choice, const std::string& more = "") {
  return R"(data: {"choices":[{"index":0,)" + choice + "}]" + more + "}\n\n";
}

class TurnEndTest : public ClientTest {
 protected:
  TurnEndTest() { budget_.retry_floor = 1000; }

  /// How many requests it takes, where the second reply is good.
  std::size_t requests_for(const Step& first, const std::string& what,
                           std::optional<int> cap = std::nullopt) {
    const std::size_t before = server_.hit_count();
    server_.handler(
        [=](const fault::Hit&, std::size_t number) { return number == before ? first : kGood; });
    ChatRequest asked = tool_request();
    asked.messages.front().content = what;
    asked.max_output_tokens = cap;
    const auto reply = client()->complete(asked, {});
    EXPECT_TRUE(reply.has_value()) << what << reply.error().to_text();
    const std::size_t hits = server_.hit_count() - before;
    if (reply) {
      EXPECT_EQ(reply->message.tool_calls.empty(), hits == 2) << what;
    }
    return hits;
  }
};

TEST_F(TurnEndTest, CallsOfATurnThatSomethingCallsCutAreNotUsed) {
  for (const std::string ends :
       {R"(,"finish_reason":{"type":"length"})", R"(,"finish_reason":["length"])",
        R"(,"finish_reason":2)", R"(,"finish_reason":{"type":"stop"})",
        R"(,"finish_reason":null,"finish_details":{"type":"max_tokens"})",
        R"(,"finish_reason":"tool_calls","native_finish_reason":"max_tokens")",
        R"(,"finish_reason":"stop","native_finish_reason":"MAX_TOKENS")",
        R"(,"finish_reason":"tool_calls","incomplete_details":{"reason":"max_output_tokens"})",
        R"(,"finish_reason":null)", R"(,"finish_reason":"")", ""}) {
    EXPECT_EQ(requests_for(json_step(200, body(ends)), ends), 2U) << ends;
  }
  const std::string whole = R"(,"finish_reason":"tool_calls")";
  EXPECT_EQ(requests_for(json_step(200, body(whole, R"("status":"incomplete",)")), "status"), 2U);
  EXPECT_EQ(requests_for(json_step(200, body(whole)), "whole"), 1U);
  const std::string native = whole + R"(,"native_finish_reason":"FINISHED_BY_ITSELF")";
  EXPECT_EQ(requests_for(json_step(200, body(native)), "native"), 1U);
}

TEST_F(TurnEndTest, ACallThatFillsTheCapIsCut) {
  const std::string whole = R"(,"finish_reason":"tool_calls")";
  EXPECT_EQ(requests_for(json_step(200, body(whole)), "equal", 900), 2U);
  EXPECT_EQ(requests_for(json_step(200, body(whole)), "below", 901), 1U);
}

TEST_F(TurnEndTest, TheWorstReasonOfAStreamHolds) {
  options_.stream = "on";
  const std::string call = chunk(R"("delta":{)" + kCalls + "}");
  const auto ends = [](const std::string& reason) {
    return chunk(R"("delta":{},"finish_reason":)" + reason);
  };
  const std::string length = ends(R"("length")"), done = "data: [DONE]\n\n";
  for (const std::string& last : {ends(R"("stop")"), ends(R"("tool_calls")"), ends("null")}) {
    EXPECT_EQ(requests_for(stream_step({call, length, last, done}), "length first" + last), 2U);
    EXPECT_EQ(requests_for(stream_step({call, last, length, done}), "length last" + last), 2U);
  }
  EXPECT_EQ(requests_for(stream_step({call, done}), "no reason"), 2U);
  EXPECT_EQ(requests_for(stream_step({call, ends(R"({"type":"length"})"), done}), "object"), 2U);
  const std::string native =
      chunk(R"("delta":{},"finish_reason":"tool_calls","native_finish_reason":"max_tokens")");
  EXPECT_EQ(requests_for(stream_step({call, native, done}), "native"), 2U);
  const std::string details =
      chunk(R"("delta":{},"finish_reason":null,"finish_details":{"type":"max_tokens"})");
  EXPECT_EQ(requests_for(stream_step({call, details, done}), "details"), 2U);
  const std::string status =
      chunk(R"("delta":{},"finish_reason":"stop")", R"(,"status":"incomplete")");
  EXPECT_EQ(requests_for(stream_step({call, status, done}), "status"), 2U);
  EXPECT_EQ(requests_for(stream_step({call, ends(R"("tool_calls")"), done}), "whole"), 1U);
}

TEST_F(TurnEndTest, AnItemThatIsNotDoneIsCut) {
  options_.api = "responses";
  const auto response = [](const std::string& state, const std::string& more) {
    return R"({"object":"response","status":"completed","output":[{"type":"function_call",)"
           R"("call_id":"c","name":"bash","arguments":"{\"command\":\"ls\"}","status":")" +
           state + R"("}])" + more + "}";
  };
  EXPECT_EQ(requests_for(json_step(200, response("in_progress", "")), "in progress"), 2U);
  EXPECT_EQ(requests_for(json_step(200, response("incomplete", "")), "incomplete"), 2U);
  const std::string details = R"(,"incomplete_details":{"reason":"max_output_tokens"})";
  EXPECT_EQ(requests_for(json_step(200, response("completed", details)), "details"), 2U);
  EXPECT_EQ(requests_for(json_step(200, response("completed", R"(,"detail":"boom")")), "detail"),
            2U);
  EXPECT_EQ(requests_for(json_step(200, response("completed", "")), "whole"), 1U);
}

TEST(TurnEnd, ReasonsThatSpeakOfTheServerAreItsFailures) {
  for (const char* reason : {"rate_limit",
                             "rate_limited",
                             "quota_exceeded",
                             "time_limit",
                             "deadline_exceeded",
                             "overloaded",
                             "server_shutdown",
                             "out_of_memory",
                             "OutOfMemory",
                             "oom",
                             "preempted",
                             "disconnected",
                             "client_disconnect",
                             "interrupted",
                             "kv_cache_full",
                             "tokens_per_minute_limit",
                             "concurrency limit exceeded",
                             "max_duration",
                             "timed_out",
                             "gateway_closed",
                             "worker_died",
                             "evicted",
                             "expired",
                             "capacity",
                             "busy"}) {
    EXPECT_EQ(finish_kind(reason), FinishKind::error) << reason;
  }
  for (const char* reason : {"limit", "limit_reached", "exceeded", "max_output", "token_limit_hit",
                             "output limit", "context_window_limit", "prompt_truncated"}) {
    EXPECT_EQ(finish_kind(reason), FinishKind::length) << reason;
  }
  for (const char* reason : {"repetition", "pause_turn", "weird", "skill_done", "default"}) {
    EXPECT_EQ(finish_kind(reason), FinishKind::unknown) << reason;
  }
}

TEST_F(TurnEndTest, TheTextOfAFailingServerIsAskedForAgain) {
  for (const std::string reason : {"overloaded", "rate_limit", "preempted", "kv_cache_full"}) {
    const Step failing = json_step(
        200, R"({"choices":[{"message":{"content":"par"},"finish_reason":")" + reason + R"("}]})");
    EXPECT_EQ(requests_for(failing, reason), 2U) << reason;
    EXPECT_EQ(recorder_.rows().back().outcome, AttemptOutcome::ok);
  }
}

}  // namespace
}  // namespace skillgrad::llm
