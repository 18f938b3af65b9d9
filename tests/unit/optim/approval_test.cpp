// SPDX-License-Identifier: MIT
#include "unit/optim/loop_fixture.hpp"

namespace skillgrad::optim {
namespace {

/// Answers as it is told, and remembers what it was asked.
class FakeApprover final : public Approver {
 public:
  std::function<Result<ApprovalAnswer>(const ApprovalRequest&)> answer;
  std::vector<int> asked;

  Result<ApprovalAnswer> ask(const ApprovalRequest& request) override {
    asked.push_back(request.iteration);
    return answer(request);
  }
};

class ApprovalTest : public LoopTest {
 protected:
  ApprovalTest() {
    tasks({"a", "b"}, {"v", "w"});
    settings_.score_test = false;
    settings_.max_iters = 1;
    parts_.approver = &approver_;
    executor_.score = [](const agent::RolloutRequest& request) {
      return request.skill->body().find("Bad words.") == std::string::npos && rule(request, 1)
                 ? "1"
                 : "0";
    };
  }
  /// The proposed package with more words in its body.
  static Result<ApprovalAnswer> with(const ApprovalRequest& request, const std::string& words) {
    ApprovalAnswer out{*request.proposed, {0, 1, 0}, "mine"};
    EXPECT_TRUE(out.package.set_body(out.package.body() + words));
    return out;
  }
  [[nodiscard]] std::string best() const { return *read_file(temp_.path() / "run/best/SKILL.md"); }

  FakeApprover approver_;
};

TEST_F(ApprovalTest, WhatIsAcceptedAsAWholeIsAsItWasMeasured) {
  approver_.answer = [](const ApprovalRequest& request) {
    return ApprovalAnswer{*request.proposed, {1, 0, 0}, ""};
  };
  const auto result = optimize_now();
  ASSERT_TRUE(result) << result.error().to_text();
  const IterationRow& row = result->iterations.at(0);
  EXPECT_EQ(row.decision, Decision::accepted);
  ASSERT_TRUE(row.approval);
  EXPECT_EQ(row.approval->outcome, ApprovalOutcome::accepted);
  EXPECT_FALSE(has("iter_001/approved"));
  EXPECT_EQ(executor_.runs("iter_001/gate_approved"), 0U);
}

TEST_F(ApprovalTest, WhatIsRejectedIsLearnedLikeEveryRejection) {
  approver_.answer = [](const ApprovalRequest& request) {
    return ApprovalAnswer{*request.current, {0, 0, 1}, "we never do that"};
  };
  const auto result = optimize_now();
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_EQ(result->iterations.at(0).decision, Decision::rejected);
  EXPECT_EQ(result->iterations.at(0).reason, "a person rejected it: we never do that");
  EXPECT_EQ(json("state.json")["rejected"][0]["reason"], "a person rejected it: we never do that");
  EXPECT_EQ(best().find("Rule of iteration"), std::string::npos);
}

TEST_F(ApprovalTest, WhatIsChangedIsMeasuredAgainAndKeptByThat) {
  approver_.answer = [](const ApprovalRequest& request) { return with(request, "More words.\n"); };
  const auto result = optimize_now();
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_EQ(result->iterations.at(0).decision, Decision::accepted);
  EXPECT_EQ(executor_.runs("iter_001/gate_approved"), 2U);
  EXPECT_NE(best().find("More words."), std::string::npos);
  EXPECT_NE(result->iterations.at(0).reason.find("measured again: "), std::string::npos);
}

TEST_F(ApprovalTest, WhatIsChangedForTheWorseIsRejectedByTheGate) {
  approver_.answer = [](const ApprovalRequest& request) { return with(request, "Bad words.\n"); };
  const auto result = optimize_now();
  ASSERT_TRUE(result) << result.error().to_text();
  const IterationRow& row = result->iterations.at(0);
  EXPECT_EQ(row.decision, Decision::rejected);
  EXPECT_EQ(row.approval->outcome, ApprovalOutcome::changed);
  EXPECT_EQ(best().find("Bad words."), std::string::npos);
  EXPECT_EQ(best().find("Rule of iteration"), std::string::npos);
}

TEST_F(ApprovalTest, AStopWhileItWaitsAsksAgainAndMeasuresNothingTwice) {
  approver_.answer = [](const ApprovalRequest&) -> Result<ApprovalAnswer> {
    return fail(ErrorCode::cancelled, "later", "here");
  };
  const auto stopped = optimize_now();
  ASSERT_TRUE(stopped) << stopped.error().to_text();
  ASSERT_TRUE(stopped->error);
  const std::size_t runs = executor_.runs();
  approver_.answer = [](const ApprovalRequest& request) {
    return ApprovalAnswer{*request.proposed, {1, 0, 0}, ""};
  };
  const auto result = optimize_now();
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_FALSE(result->error);
  EXPECT_EQ(approver_.asked, (std::vector<int>{1, 1}));
  EXPECT_EQ(executor_.runs(), runs);
  // Once more from before the iteration was saved: what was decided is not asked again.
  std::filesystem::remove(temp_.path() / "run/state.json");
  const auto again = optimize_now();
  ASSERT_TRUE(again) << again.error().to_text();
  EXPECT_EQ(approver_.asked.size(), 2U);
  EXPECT_EQ(again->iterations.at(0).approval->outcome, ApprovalOutcome::accepted);
}

TEST_F(ApprovalTest, WhatTheGateRejectsIsNotAskedAbout) {
  executor_.score = [](const agent::RolloutRequest&) { return "0"; };
  const auto result = optimize_now();
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_TRUE(approver_.asked.empty());
  EXPECT_FALSE(result->iterations.at(0).approval);
}

TEST_F(ApprovalTest, WaitingIsNoTimeOfTheRun) {
  /// Sees the deadline that each rollout is given.
  class Watching final : public agent::Executor {
   public:
    explicit Watching(agent::Executor& of) : of_(of) {}
    agent::Rollout run(const agent::RolloutRequest& request,
                       const llm::CallContext& call) override {
      const std::lock_guard lock(mutex_);
      deadlines.push_back(*call.deadline);
      return of_.run(request, call);
    }
    [[nodiscard]] std::string system_prompt(const skill::SkillPackage*) const override {
      return {};
    }
    std::vector<SteadyTime> deadlines;

   private:
    agent::Executor& of_;
    std::mutex mutex_;
  } watching(executor_);
  parts_.executor = &watching;
  approver_.answer = [this](const ApprovalRequest& request) {
    clock_.advance(std::chrono::hours(5));
    return with(request, "More words.\n");
  };
  open();
  llm::CallContext call;
  call.deadline = clock_.now() + std::chrono::hours(1);
  const auto result = optimize(settings_, parts_, call);
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_FALSE(result->error);
  ASSERT_FALSE(watching.deadlines.empty());
  EXPECT_EQ(watching.deadlines.back() - watching.deadlines.front(),
            Duration(std::chrono::hours(5)));
}

}  // namespace
}  // namespace skillgrad::optim
