// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>

#include "fakes/fake_chat_model.hpp"

namespace skillgrad::agent {
namespace {

using fakes::FakeChatModel;
using fakes::text_reply;
using fakes::tool_reply;

/// An echo tool that counts its calls, and a tool that hands in.
class ToolLoop : public ::testing::Test {
 protected:
  LoopResult run(FakeChatModel::Script script, const llm::CallContext& context = {}) {
    model_ = std::make_unique<FakeChatModel>(std::move(script));
    request_.stage = "executor";
    request_.scope = "here";
    request_.messages = {message(llm::Role::system, "sys"), message(llm::Role::user, "usr")};
    request_.tools = {echo_.get(), submit_.get()};
    return run_tool_loop(*model_, request_, clock_, context);
  }
  LoopResult run_replies(std::vector<Result<llm::ChatReply>> replies) {
    return run(FakeChatModel::replies(std::move(replies)));
  }
  static llm::Message message(llm::Role role, std::string text) {
    llm::Message out;
    out.role = role;
    out.content = std::move(text);
    return out;
  }
  static llm::ToolCall call(std::string name, std::string arguments = "{}", std::string id = {}) {
    llm::ToolCall out;
    out.name = std::move(name);
    out.arguments = std::move(arguments);
    out.id = std::move(id);
    return out;
  }
  /// What the model was shown for its tool calls in its last request.
  [[nodiscard]] std::vector<std::string> results() const {
    std::vector<std::string> out;
    const llm::ChatRequest last = model_->requests().back();
    for (const llm::Message& item : last.messages) {
      if (item.role == llm::Role::tool) out.push_back(item.content);
    }
    return out;
  }
  /// Each call of the history is followed at once by exactly one result, in order.
  static void expect_valid(const std::vector<llm::Message>& messages) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto& calls = messages[i].tool_calls;
      if (messages[i].role == llm::Role::assistant) {
        EXPECT_FALSE(calls.empty() && messages[i].content.empty());
      }
      for (std::size_t k = 0; k < calls.size(); ++k) {
        ASSERT_LT(i + 1 + k, messages.size());
        EXPECT_EQ(messages[i + 1 + k].role, llm::Role::tool);
        EXPECT_EQ(messages[i + 1 + k].tool_call_id, calls[k].id);
        EXPECT_FALSE(messages[i + 1 + k].content.empty());
        EXPECT_FALSE(first_invalid_utf8(messages[i + 1 + k].content));
      }
    }
  }

  ManualClock clock_;
  LoopRequest request_;
  std::string echo_text_ = "ok";
  bool echo_whole_ = false, echo_fails_ = false;
  std::optional<Error> echo_infra_;
  std::vector<std::string> echoed_;
  int submitted_ = 0;
  std::unique_ptr<Tool> echo_ =
      make_tool({"echo", "", "{}"}, [this](const std::string& arguments, const std::stop_token&) {
        echoed_.push_back(arguments);
        ToolOutcome out;
        out.text = echo_text_;
        out.whole = echo_whole_;
        out.is_error = echo_fails_;
        out.infra = echo_infra_;
        return out;
      });
  class Submit final : public Tool {
   public:
    explicit Submit(int& count) : count_(count) {}
    [[nodiscard]] llm::ToolSpec spec() const override { return {"submit", "", "{}"}; }
    [[nodiscard]] bool hands_in() const override { return true; }
    [[nodiscard]] ToolOutcome call(const std::string&, std::stop_token) override {
      ++count_;
      ToolOutcome out;
      out.ends_loop = true;
      return out;
    }

   private:
    int& count_;
  };
  std::unique_ptr<Tool> submit_ = std::make_unique<Submit>(submitted_);
  std::unique_ptr<FakeChatModel> model_;
};

TEST_F(ToolLoop, RunsToolsUntilTheModelAnswersInWords) {
  const LoopResult result =
      run_replies({tool_reply("echo", R"({"a":1})"), text_reply("the answer")});
  EXPECT_EQ(result.end, EndState::finished);
  EXPECT_EQ(result.final_message, "the answer");
  EXPECT_EQ(result.turns, 2);
  EXPECT_EQ(result.usage.calls, 2);
  EXPECT_EQ(result.usage.input_tokens, 20);
  ASSERT_TRUE(result.cost_usd);
  EXPECT_EQ(echoed_, std::vector<std::string>{R"({"a":1})"});
  EXPECT_EQ(results(), std::vector<std::string>{"ok"});
  expect_valid(result.messages);
  EXPECT_EQ(model_->requests()[1].tools.size(), 2u);
  EXPECT_EQ(model_->requests()[0].stage, "executor");
}

TEST_F(ToolLoop, ParallelCallsAreAnsweredInOrderWithTheirIds) {
  const LoopResult result = run_replies(
      {tool_reply({call("echo", "{}", "x1"), call("echo", "{}", "x2")}), text_reply("done")});
  expect_valid(result.messages);
  std::vector<std::string> ids;
  for (const TraceEvent& event : result.trajectory.events) {
    if (event.kind == TraceEvent::Kind::tool_output) ids.push_back(event.call_id);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"x1", "x2"}));
}

TEST_F(ToolLoop, CutToolCallIsNeverExecutedAndIsAskedOnceMoreWithDoubledCap) {
  llm::ChatReply cut = tool_reply("echo", R"({"parses":true})");
  cut.finish = llm::Finish::length;
  request_.max_output_tokens = 100;
  LoopResult result = run_replies({cut, text_reply("fine")});
  EXPECT_TRUE(echoed_.empty());
  EXPECT_EQ(result.end, EndState::finished);
  EXPECT_EQ(result.turns, 1);
  EXPECT_EQ(model_->requests()[0].max_output_tokens, 100);
  EXPECT_EQ(model_->requests()[1].max_output_tokens, 200);
  EXPECT_EQ(model_->requests()[1].messages.size(), 2u) << "the cut reply is not history";
  result = run_replies({cut, cut});
  EXPECT_TRUE(echoed_.empty());
  EXPECT_EQ(result.end, EndState::infra_error);
  EXPECT_EQ(result.error->code, ErrorCode::malformed_reply);
  EXPECT_EQ(result.usage.calls, 2) << "both replies were paid for";
}

TEST_F(ToolLoop, CutTextIsFlaggedAndEmptyCutIsAskedAgain) {
  llm::ChatReply cut = text_reply("half an ans");
  cut.finish = llm::Finish::length;
  LoopResult result = run_replies({cut});
  EXPECT_EQ(result.end, EndState::finished);
  EXPECT_TRUE(result.truncated);
  cut.message.content.clear();
  result = run_replies({cut, text_reply("whole")});
  EXPECT_FALSE(result.truncated);
  EXPECT_EQ(result.final_message, "whole");
  EXPECT_GE(model_->requests()[1].max_output_tokens.value_or(0), 2048);
}

TEST_F(ToolLoop, RefusedAndFilteredRepliesEndItWithoutExecutingTheirCalls) {
  llm::ChatReply refused = tool_reply("echo", "{}");
  refused.refused = true;
  llm::ChatReply filtered = tool_reply("echo", "{}");
  filtered.finish = llm::Finish::filtered;
  const std::vector<Result<llm::ChatReply>> replies = {
      refused, filtered, fail(ErrorCode::content_filter, "prompt was filtered")};
  for (const auto& reply : replies) {
    const LoopResult result = run_replies({reply});
    EXPECT_EQ(result.end, EndState::refused);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->code, ErrorCode::content_filter);
  }
  EXPECT_TRUE(echoed_.empty());
}

TEST_F(ToolLoop, UnknownToolListsTheNamesAndPrefixesAreUnderstood) {
  LoopResult result = run_replies({tool_reply("ecko", "{}"), text_reply("done")});
  ASSERT_EQ(results().size(), 1u);
  EXPECT_NE(results()[0].find("echo, submit"), std::string::npos);
  for (const char* name : {" Functions.Echo ", "default_api.echo", "echo<|channel|>x", "ECHO"}) {
    echoed_.clear();
    result = run_replies({tool_reply(name, "{}"), text_reply("done")});
    EXPECT_EQ(echoed_.size(), 1u) << name;
    EXPECT_EQ(result.messages[2].tool_calls[0].name, "echo") << name;
  }
  result = run_replies({tool_reply("", "{}"), tool_reply("a b!", "{}"), text_reply("done")});
  EXPECT_EQ(result.end, EndState::finished);
  EXPECT_EQ(result.messages[2].tool_calls[0].name, "unknown_tool");
  expect_valid(result.messages);
}

TEST_F(ToolLoop, ThreeUnusableTurnsInARowEndIt) {
  llm::ToolCall bad = call("echo");
  bad.problem = "trailing comma";
  const auto bad_turn = tool_reply({bad});
  LoopResult result = run_replies({bad_turn, tool_reply("nope", "{}"), bad_turn});
  EXPECT_EQ(result.end, EndState::infra_error);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, ErrorCode::malformed_reply);
  EXPECT_EQ(result.trajectory.events.back().kind, TraceEvent::Kind::error);
  EXPECT_TRUE(echoed_.empty());
  expect_valid(result.messages);
  result = run_replies(
      {bad_turn, bad_turn, tool_reply("echo", "{}"), bad_turn, bad_turn, text_reply("done")});
  EXPECT_EQ(result.end, EndState::finished) << "a usable turn starts the count again";
  EXPECT_NE(results()[0].find("trailing comma"), std::string::npos);
}

TEST_F(ToolLoop, CallsBeyondTheCapAreAnsweredAndNotExecuted) {
  std::vector<llm::ToolCall> calls(40, call("echo"));
  for (std::size_t i = 0; i < calls.size(); ++i) calls[i].id = "id" + std::to_string(i);
  const LoopResult result = run_replies({tool_reply(calls), text_reply("done")});
  EXPECT_EQ(echoed_.size(), 16u);
  EXPECT_EQ(results().size(), 40u);
  EXPECT_NE(results()[16].find("at most 16"), std::string::npos);
  expect_valid(result.messages);
}

TEST_F(ToolLoop, TurnLimitEndsAfterCarryingOutTheLastCalls) {
  request_.limits.turns = 3;
  const LoopResult result =
      run([](const llm::ChatRequest&, std::size_t) { return tool_reply("echo", "{}"); });
  EXPECT_EQ(result.end, EndState::turn_limit);
  EXPECT_EQ(result.turns, 3);
  EXPECT_EQ(echoed_.size(), 3u);
  EXPECT_EQ(model_->calls(), 3u);
}

TEST_F(ToolLoop, TimeAndTokenLimitsAreLookedAtBeforeEachTurn) {
  request_.limits.time = std::chrono::seconds(10);
  const SteadyTime limit = clock_.now() + request_.limits.time;
  LoopResult result = run([&](const llm::ChatRequest&, std::size_t) -> Result<llm::ChatReply> {
    if (clock_.now() >= limit) return fail(ErrorCode::deadline, "late");
    clock_.advance(std::chrono::seconds(6));
    return tool_reply("echo", "{}");
  });
  EXPECT_EQ(result.end, EndState::time_limit);
  EXPECT_EQ(result.turns, 2);
  request_.limits.time = std::chrono::seconds(0);
  request_.limits.tokens = 40;  // a reply of the fake is 15
  result = run([](const llm::ChatRequest&, std::size_t) { return tool_reply("echo", "{}"); });
  EXPECT_EQ(result.end, EndState::token_limit);
  EXPECT_EQ(result.turns, 3);
}

TEST_F(ToolLoop, DeadlineErrorIsTimeLimitOnlyForTheLoopsOwnLimit) {
  request_.limits.time = std::chrono::seconds(10);
  const auto late = [this](const llm::ChatRequest&, std::size_t) -> Result<llm::ChatReply> {
    clock_.advance(std::chrono::seconds(11));
    return fail(ErrorCode::deadline, "late");
  };
  const auto after_a_reply = [](const auto& next) {
    return [next](const llm::ChatRequest& request, std::size_t n) {
      return n == 0 ? Result<llm::ChatReply>(tool_reply("echo", "{}")) : next(request, n);
    };
  };
  EXPECT_EQ(run(after_a_reply(late)).end, EndState::time_limit);
  const auto cut_early = [this](const llm::ChatRequest&, std::size_t) -> Result<llm::ChatReply> {
    clock_.advance(std::chrono::milliseconds(9'999));
    return fail(ErrorCode::deadline, "cut in whole milliseconds");
  };
  EXPECT_EQ(run(after_a_reply(cut_early)).end, EndState::time_limit);
  llm::CallContext context;
  context.deadline = clock_.now() + std::chrono::seconds(5);
  const LoopResult result = run(late, context);
  EXPECT_EQ(result.end, EndState::infra_error);
  EXPECT_EQ(result.error->code, ErrorCode::deadline);
}

TEST_F(ToolLoop, ATaskThatNoCallOfWasAnsweredIsNoResult) {
  request_.limits.time = std::chrono::seconds(10);
  const LoopResult result = run_replies({fail(ErrorCode::deadline, "late")});
  EXPECT_EQ(result.end, EndState::infra_error);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, ErrorCode::transient);
  EXPECT_NE(result.error->mend.find("--task-timeout"), std::string::npos);
}

/// A tenth of the task's time, or three times the longest call that was answered; at most half.
TEST_F(ToolLoop, ACallMayKeepTheTaskWaitingAsLongAsItsOthersLetExpect) {
  class Listening final : public llm::ChatModel {
   public:
    explicit Listening(ManualClock& clock) : clock_(clock) {}
    Result<llm::ChatReply> complete(const llm::ChatRequest&,
                                    const llm::CallContext& context) override {
      patience.push_back(context.patience);
      if (patience.size() > 3) return fail(ErrorCode::transient, "no answer came");
      clock_.advance(std::chrono::milliseconds(patience.size() == 1 ? 100 : 600));
      return tool_reply("echo", "{}");
    }
    std::string model_name() const override { return "m"; }
    std::vector<std::optional<Duration>> patience;

   private:
    ManualClock& clock_;
  };
  for (const int seconds : {10, 3, 0}) {
    Listening model(clock_);
    request_.limits.time = std::chrono::seconds(seconds);
    request_.tools = {echo_.get()};
    const LoopResult result = run_tool_loop(model, request_, clock_, {});
    EXPECT_EQ(result.end, EndState::infra_error) << "the last call was not answered";
    using Wanted = std::vector<std::optional<Duration>>;
    using std::chrono::milliseconds;
    const milliseconds third(seconds == 10 ? 1'800 : 1'500);
    EXPECT_EQ(model.patience, seconds > 0
                                  ? (Wanted{Duration(0), milliseconds(100 * seconds), third, third})
                                  : Wanted(4));
  }
}

TEST_F(ToolLoop, ErrorsOfTheEndpointAreInfraErrorsThatKeepTheirCode) {
  for (const ErrorCode code :
       {ErrorCode::budget, ErrorCode::auth, ErrorCode::cancelled, ErrorCode::transient,
        ErrorCode::quota, ErrorCode::context_overflow}) {
    const LoopResult result = run_replies({fail(code, "why")});
    EXPECT_EQ(result.end, EndState::infra_error);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->code, code);
    EXPECT_EQ(result.trajectory.events.back().kind, TraceEvent::Kind::error);
  }
}

TEST_F(ToolLoop, ConversationThatOutgrowsTheModelIsATokenLimit) {
  const LoopResult result = run_replies(
      {tool_reply("echo", "{}"), fail(ErrorCode::context_overflow, "13392 of 8192 tokens")});
  EXPECT_EQ(result.end, EndState::token_limit);
  EXPECT_FALSE(result.error);
}

TEST_F(ToolLoop, ToolThatCannotWorkStopsTheLoopWithItsError) {
  echo_infra_ = fail(ErrorCode::sandbox, "no bwrap").value();
  const LoopResult result =
      run_replies({tool_reply({call("echo", "{}", "1"), call("echo", "{}", "2")})});
  EXPECT_EQ(result.end, EndState::infra_error);
  EXPECT_EQ(result.error->code, ErrorCode::sandbox);
  EXPECT_EQ(echoed_.size(), 1u);
  expect_valid(result.messages);
}

TEST_F(ToolLoop, StopRequestBeforeAToolCallCancels) {
  std::stop_source stop;
  llm::CallContext context;
  context.stop = stop.get_token();
  const LoopResult result = run(
      [&](const llm::ChatRequest&, std::size_t) {
        stop.request_stop();
        return tool_reply("echo", "{}");
      },
      context);
  EXPECT_EQ(result.end, EndState::infra_error);
  EXPECT_EQ(result.error->code, ErrorCode::cancelled);
  EXPECT_TRUE(echoed_.empty());
  expect_valid(result.messages);
}

TEST_F(ToolLoop, ResultsAreCleanForTheModelAndWholeInTheTrajectory) {
  request_.limits.tool_output_bytes = 200;
  echo_text_ = std::string(500, 'a') + "\xff" + '\0' + std::string(500, 'b');
  LoopResult result = run_replies({tool_reply("echo", "{}"), text_reply("done")});
  EXPECT_LE(results()[0].size(), 200u);
  EXPECT_EQ(results()[0].front(), 'a');
  EXPECT_EQ(results()[0].back(), 'b');
  std::string kept;
  for (const TraceEvent& event : result.trajectory.events) {
    if (event.kind == TraceEvent::Kind::tool_output) kept = event.text;
  }
  EXPECT_EQ(kept, std::string(500, 'a') + "\xEF\xBF\xBD" + std::string(500, 'b'));
  echo_whole_ = true;
  result = run_replies({tool_reply("echo", "{}"), text_reply("done")});
  EXPECT_EQ(results()[0], kept);
  echo_text_ = " \n";
  result = run_replies({tool_reply("echo", "{}"), text_reply("done")});
  EXPECT_EQ(results()[0], "(no output)");
}

TEST_F(ToolLoop, HandInWithCallsBehindItIsHeldBackSoThatNoneOfThemIsLost) {
  const LoopResult result = run_replies(
      {tool_reply({call("echo", "{}", "1"), call("submit", "{}", "2"), call("echo", "{}", "3")}),
       tool_reply("submit", "{}")});
  EXPECT_EQ(result.end, EndState::finished);
  EXPECT_EQ(submitted_, 1);
  EXPECT_EQ(echoed_.size(), 2u) << "the call behind it was carried out";
  ASSERT_EQ(results().size(), 3u);
  EXPECT_NE(results()[1].find("call submit last"), std::string::npos) << results()[1];
  expect_valid(result.messages);
}

TEST_F(ToolLoop, HandInIsHeldBackWhenAnEarlierCallOfTheTurnFailed) {
  echo_fails_ = true;
  run_replies({tool_reply({call("echo", "{}", "1"), call("submit", "{}", "2")}),
               tool_reply("submit", "{}")});
  EXPECT_EQ(submitted_, 1);
  ASSERT_EQ(results().size(), 2u);
  EXPECT_NE(results()[1].find("failed"), std::string::npos);
}

TEST_F(ToolLoop, UnknownPriceMakesTheCostUnknown) {
  llm::ChatReply reply = text_reply("done");
  reply.cost_usd.reset();
  EXPECT_FALSE(run_replies({tool_reply("echo", "{}"), reply}).cost_usd);
}

}  // namespace
}  // namespace skillgrad::agent
