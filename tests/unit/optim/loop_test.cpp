// SPDX-License-Identifier: MIT
// The loop over fakes: what is measured, decided and kept, also over a resume.
#include "loop_fixture.hpp"
#include "optim/loop/run_state.hpp"

namespace skillgrad::optim {
namespace {

using Request = agent::RolloutRequest;

TEST_F(LoopTest, AnExtendedRunScoresTheTestSplitOfItsNewBest) {
  tasks({"a", "b", "c", "d"}, {"v"}, {"x", "y"});
  executor_.score = [](const Request& request) -> std::string {
    if (request.task->id == "a" || request.task->id == "b" || request.task->id == "c" ||
        request.task->id == "d")
      return "0.5";
    return rule(request, 2) ? "1" : rule(request, 1) ? "0.5" : "0";
  };
  settings_.max_iters = 1;
  const auto first = optimize_now();
  ASSERT_TRUE(first) << first.error().to_text();
  EXPECT_EQ(first->stop_reason, "1 iterations done, --max-iters allows 1");
  EXPECT_EQ(first->test->after.score, 0.5);
  settings_.max_iters = 0;
  const auto extended = optimize_now();
  ASSERT_TRUE(extended) << extended.error().to_text();
  EXPECT_EQ(extended->stop_reason, "all batches used");
  EXPECT_EQ(extended->best_iteration, 2);
  EXPECT_EQ(extended->test->after.score, 1) << "the scores of the earlier best were reported";
  EXPECT_EQ(executor_.runs("test/initial"), 2U) << "the initial skill was scored twice";
}

TEST_F(LoopTest, ATaskTwiceInABatchIsDiagnosedOnce) {
  tasks({"a"}, {"v"});
  executor_.score = [](const Request&) { return "0.5"; };
  settings_.schedule.batch = 3;
  settings_.schedule.fixed_updates = 1;
  settings_.score_test = false;
  parts_.jobs = 4;
  const auto done = optimize_now();
  ASSERT_TRUE(done) << done.error().to_text();
  EXPECT_EQ(executor_.runs("iter_001/rollouts"), 1U);
  EXPECT_EQ(diagnoser_.asked, std::vector<std::string>{"a"});
}

TEST_F(LoopTest, NoGradedRolloutIsNoScoreOfZero) {
  tasks({"a", "b"}, {"v"}, {"x"});
  executor_.score = [](const Request& request) {
    const std::string& id = request.task->id;
    return id == "x" || id == "v" ? "error" : "0.5";
  };
  settings_.force = true;
  const auto done = optimize_now();
  ASSERT_TRUE(done) << done.error().to_text();
  const Json run = json("run.json");
  EXPECT_TRUE(run["test"]["before"].is_null()) << run["test"];
  EXPECT_TRUE(run["test"]["after"].is_null());
  EXPECT_TRUE(run["test"]["difference"].is_null());
  EXPECT_TRUE(run["baseline"]["val"]["score"].is_null());
  EXPECT_TRUE(run["iterations"][0]["gate"]["after"].is_null());
  EXPECT_EQ(run["baseline"]["train"]["score"], 0.5);
  const auto again = optimize_now();
  ASSERT_TRUE(again) << "the saved state must be read again: " << again.error().to_text();
}

TEST_F(LoopTest, ABatchThatNothingCouldGradeWaitsForAResume) {
  tasks({"a", "b"}, {"v"});
  bool broken = true;
  executor_.score = [&](const Request& request) {
    return broken && request.scope.starts_with("iter_001/rollouts") ? "error" : "0.5";
  };
  settings_.score_test = false;
  for (int round = 0; round < 2; ++round) {
    const auto stopped = optimize_now();
    ASSERT_TRUE(stopped) << stopped.error().to_text();
    ASSERT_TRUE(stopped->error) << "the iteration was consumed";
    EXPECT_EQ(stopped->error->code, ErrorCode::infra);
    EXPECT_NE(stopped->error->message.find("none of the 2 rollouts"), std::string::npos);
    EXPECT_TRUE(stopped->iterations.empty());
  }
  broken = false;
  const auto mended = optimize_now();
  ASSERT_TRUE(mended && !mended->error);
  ASSERT_EQ(mended->iterations.size(), 1U);
  EXPECT_EQ(mended->iterations[0].train_n, 2U);
}

TEST_F(LoopTest, ALoneTaskThatCanNeverBeGradedDoesNotHoldUpTheRun) {
  tasks({"a", "b"}, {"v"});
  executor_.score = [](const Request& request) {
    const bool bad = request.task->id == "a" && request.scope.starts_with("iter_");
    return bad ? "error" : "0.5";
  };
  settings_.schedule.batch = 1;
  settings_.score_test = false;
  const auto stopped = optimize_now();
  ASSERT_TRUE(stopped && stopped->error);
  const auto resumed = optimize_now();
  ASSERT_TRUE(resumed);
  ASSERT_FALSE(resumed->error) << resumed->error->to_text();
  ASSERT_EQ(resumed->iterations.size(), 2U);
  const Json run = json("run.json");
  bool found = false;
  for (const auto& row : run["iterations"]) {
    if (row["train_n"] != 0) continue;
    found = true;
    EXPECT_TRUE(row["train_score"].is_null());
    EXPECT_EQ(row["decision"], "no_patch");
    EXPECT_EQ(row["reason"], "no rollout of this batch could be graded");
  }
  EXPECT_TRUE(found);
}

TEST_F(LoopTest, ABatchWithoutAnyDiagnosisSaysSo) {
  tasks({"a", "b"}, {"v"});
  executor_.score = [](const Request&) { return "0.5"; };
  diagnoser_.answer = [](const Evidence&) -> Result<Gradient> {
    return fail(ErrorCode::malformed_reply, "no hand-in");
  };
  settings_.score_test = false;
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  EXPECT_EQ(done->iterations.at(0).decision, Decision::no_patch);
  EXPECT_EQ(done->iterations[0].reason, "no diagnosis could be had");
}

TEST_F(LoopTest, AMomentumOutageStopsTheRunAndAResumeAsksAgain) {
  tasks({"a", "b", "c", "d"}, {"v"});
  executor_.score = [](const Request&) { return "0.5"; };
  parts_.momentum = &momentum_;
  settings_.score_test = false;
  const auto answer = momentum_.answer;
  for (const ErrorCode code :
       {ErrorCode::transient, ErrorCode::rate_limit, ErrorCode::infra, ErrorCode::quota}) {
    momentum_.answer = [code](const MomentumInput&) -> Result<MomentumOutput> {
      return fail(code, "away");
    };
    const auto stopped = optimize_now();
    ASSERT_TRUE(stopped && stopped->error) << name_of(code);
    EXPECT_EQ(stopped->error->code, code);
    EXPECT_FALSE(has("iter_001/overlay.json")) << "the outage was made permanent";
  }
  momentum_.answer = answer;
  momentum_.bodies.clear();
  const auto mended = optimize_now();
  ASSERT_TRUE(mended && !mended->error);
  EXPECT_EQ(momentum_.bodies.size(), 2U);
}

TEST_F(LoopTest, TheFirstMemoryIsAboutTheSkillThatRanAndKnowsTheKeptPatch) {
  tasks({"a", "b"}, {"v"});
  parts_.momentum = &momentum_;
  settings_.score_test = false;
  executor_.score = [](const Request& request) {
    return request.task->id == "v" && rule(request, 1) ? "1" : "0.5";
  };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  ASSERT_EQ(done->iterations.at(0).decision, Decision::accepted);
  ASSERT_EQ(momentum_.bodies.size(), 1U);
  EXPECT_EQ(momentum_.bodies[0], parts_.initial.body()) << "the diagnoses are about this version";
  const auto& since = momentum_.inputs.at(0).since;
  ASSERT_TRUE(since);
  EXPECT_EQ(since->iteration, 1);
  EXPECT_EQ(since->decision, Decision::accepted);
  EXPECT_EQ(since->summary, "a rule");
  EXPECT_NE(since->diff.find("+Rule of iteration 1."), std::string::npos) << since->diff;
  EXPECT_NE(since->kept, nullptr);
}

TEST_F(LoopTest, LaterMemoriesAreAboutTheSkillThatRanWithoutAPatchSince) {
  tasks({"a", "b", "c", "d"}, {"v"});
  parts_.momentum = &momentum_;
  settings_.score_test = false;
  executor_.score = [](const Request& request) {
    return request.task->id == "v" && rule(request, 1) ? "1" : "0.5";
  };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  ASSERT_EQ(momentum_.inputs.size(), 2U);
  EXPECT_EQ(momentum_.inputs[0].skill_iteration, 0);
  EXPECT_EQ(momentum_.inputs[1].skill_iteration, 1);
  EXPECT_NE(momentum_.bodies[1].find("Rule of iteration 1."), std::string::npos);
  EXPECT_FALSE(momentum_.inputs[1].since);
  EXPECT_EQ(patcher_.inputs.at(1).skill_iteration, 1);
}

TEST_F(LoopTest, AfterARejectedPatchTheFirstMemoryIsAboutTheUnchangedSkill) {
  tasks({"a", "b"}, {"v"});
  parts_.momentum = &momentum_;
  settings_.score_test = false;
  executor_.score = [](const Request&) { return "0.5"; };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  ASSERT_EQ(done->iterations.at(0).decision, Decision::rejected);
  EXPECT_EQ(momentum_.bodies.at(0), parts_.initial.body());
  ASSERT_TRUE(momentum_.inputs.at(0).since);
  EXPECT_EQ(momentum_.inputs[0].since->decision, Decision::rejected);
  EXPECT_EQ(momentum_.inputs[0].since->kept, nullptr);
}

TEST_F(LoopTest, ValidationErrorsAboveTheBoundAreRefusedLikeThoseOfTheBaseRun) {
  tasks({"a", "b"}, {"v", "w", "x"});
  executor_.score = [](const Request& request) {
    return request.task->id == "v" ? "error" : "0.5";
  };
  const auto refused = optimize_now();
  ASSERT_TRUE(refused) << "a run that cost something has a result";
  EXPECT_TRUE(refused->refused);
  EXPECT_EQ(refused->error->code, ErrorCode::input);
  EXPECT_NE(refused->stop_reason.find("1 of 3 rollouts of the validation"), std::string::npos);
  EXPECT_NE(refused->error->where.find("base_val/rollouts"), std::string::npos);
}

TEST_F(LoopTest, ABaseRunThatIsAllRightIsRefusedAndForceGoesOn) {
  tasks({"a", "b"}, {"v"});
  executor_.score = [](const Request&) { return "1"; };
  const auto refused = optimize_now();
  ASSERT_TRUE(refused && refused->refused);
  EXPECT_EQ(refused->error->code, ErrorCode::input);
  EXPECT_EQ(json("run.json")["refused"], true);
  settings_.force = true;
  const auto forced = optimize_now();
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->stop_reason, "no task of the train split failed: nothing to learn");
}

TEST_F(LoopTest, ABaseRunThatScores0GoesOnWhereAnswersWereLeft) {
  tasks({"a", "b"}, {"v"});
  settings_.score_test = false;
  executor_.score = [](const Request& request) { return rule(request, 1) ? "1" : "0"; };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error) << done->stop_reason;
  EXPECT_EQ(done->iterations.at(0).decision, Decision::accepted);
  EXPECT_TRUE(observer_.said("every task of the base run scored 0"));
}

TEST_F(LoopTest, ABaseRunThatLeftNoAnswerIsRefusedWithAResult) {
  tasks({"a", "b"}, {"v"});
  executor_.score = [](const Request&) { return " "; };
  const auto refused = optimize_now();
  ASSERT_TRUE(refused && refused->refused);
  EXPECT_NE(refused->stop_reason.find("left an answer"), std::string::npos);
  EXPECT_EQ(refused->totals.usage.calls, 0) << "the fake is asked without an accountant";
  EXPECT_EQ(json("run.json")["baseline"]["train"]["went_wrong"].size(), 4U);
}

TEST_F(LoopTest, ATaskWithoutAScoreComesBackIntoTheGate) {
  tasks({"a", "b"}, {"u", "v", "w", "x", "y"});
  settings_.score_test = false;
  executor_.score = [](const Request& request) -> std::string {
    const std::string& id = request.task->id;
    if (id == "v" && request.scope.starts_with("base_val")) return "error";
    return rule(request, 1) ? "1" : "0.5";
  };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  ASSERT_TRUE(done->iterations.at(0).gate);
  EXPECT_EQ(done->iterations[0].gate->n, 5U) << "v is out of every gate for good";
  EXPECT_EQ(done->iterations[0].gate->before, 0.5);
}

TEST_F(LoopTest, AnUndecidedCandidateCountsNeitherAsTriedNorAgainstPatience) {
  tasks({"a", "b", "c", "d"}, {"v", "w"});
  settings_.score_test = false;
  settings_.patience = 1;
  executor_.score = [](const Request& request) -> std::string {
    return request.scope.starts_with("iter_001/gate") ? "error" : "0.5";
  };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  ASSERT_EQ(done->iterations.size(), 2U) << done->stop_reason;
  EXPECT_EQ(done->iterations[0].decision, Decision::undecided);
  ASSERT_EQ(patcher_.inputs.size(), 2U);
  EXPECT_TRUE(patcher_.inputs[1].rejected.empty());
  EXPECT_EQ(done->stop_reason, "all batches used");
}

TEST_F(LoopTest, TheBestIsComparedOnTheTasksThatBothHave) {
  // Iteration 1 is scored on the easy half only; iteration 2 is better on each task, though the
  // mean over all of its tasks is lower.
  tasks({"a", "b", "c", "d"}, {"e1", "e2", "e3", "h1", "h2"});
  settings_.score_test = false;
  use_gate(GateRule::Mode::no_regression);
  executor_.score = [](const Request& request) -> std::string {
    const std::string& id = request.task->id;
    const bool hard = id.starts_with("h");
    if (hard && request.scope.starts_with("iter_001/gate")) return "error";
    if (rule(request, 2)) return hard ? "0.2" : "0.9";
    if (rule(request, 1)) return hard ? "0.1" : "0.8";
    return hard ? "0.1" : "0.7";
  };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  EXPECT_EQ(done->iterations.at(0).decision, Decision::accepted);
  EXPECT_EQ(done->iterations.at(1).decision, Decision::accepted);
  EXPECT_EQ(done->best_iteration, 2);
}

TEST_F(LoopTest, AStateOfAnEarlierVersionIsRead) {
  RunState state;
  state.iteration = state.current_iteration = state.best_iteration = 1;
  state.rows.resize(1);
  state.rows[0].iteration = 1;
  state.rows[0].decision = Decision::accepted;
  state.current_scores = {{"v", 0.5}};
  ASSERT_TRUE(save_state(*store_, state));
  Json old = json("state.json");
  old.erase("best_scores");
  ASSERT_TRUE(store_->write("state.json", dump_json(old)));
  const auto read = load_state(*store_);
  ASSERT_TRUE(read) << read.error().to_text();
  EXPECT_EQ((*read)->best_scores, state.current_scores);
}

/// A program whose second answer would be another one.
class MoodyGate final : public Gate {
 public:
  bool needs_scores() const override { return true; }
  Result<GateDecision> decide(const GateInput& input, const StageContext&) override {
    GateDecision out = decide_gate({.mode = GateRule::Mode::stored}, input);
    out.decision = asked++ == 0 ? Decision::accepted : Decision::rejected;
    out.reason = "mood";
    return out;
  }
  int asked = 0;
};

TEST_F(LoopTest, WhatTheGateDecidedIsNotDecidedAgainByAResume) {
  tasks({"a", "b"}, {"v"});
  settings_.score_test = false;
  executor_.score = [](const Request&) { return "0.5"; };
  MoodyGate gate;
  parts_.gate = &gate;
  parts_.momentum = &momentum_;
  const auto answer = momentum_.answer;
  momentum_.answer = [](const MomentumInput&) -> Result<MomentumOutput> {
    return fail(ErrorCode::budget, "spent");
  };
  const auto stopped = optimize_now();
  ASSERT_TRUE(stopped && stopped->error) << "it stops between the gate and the end";
  momentum_.answer = answer;
  const auto resumed = optimize_now();
  ASSERT_TRUE(resumed && !resumed->error);
  EXPECT_EQ(resumed->iterations.at(0).decision, Decision::accepted);
  EXPECT_EQ(gate.asked, 1);
  EXPECT_EQ(json("state.json")["current_scores"]["v"], 0.5);
}

TEST_F(LoopTest, ABatchThatWasHardlyRunIsNotAllCorrect) {
  tasks({"a", "b", "c", "d"}, {"v"});
  settings_.score_test = false;
  settings_.all_correct_streak = 1;
  executor_.score = [](const Request& request) -> std::string {
    if (!request.scope.starts_with("iter_")) return "0.5";
    return request.task->id == "a" || request.task->id == "b" ? "1" : "error";
  };
  settings_.schedule.batch = 4;
  settings_.schedule.fixed_updates = 2;
  const auto done = optimize_now();
  ASSERT_TRUE(done);
  ASSERT_FALSE(done->error) << done->error->to_text();
  EXPECT_EQ(done->iterations.size(), 2U) << done->stop_reason;
}

TEST_F(LoopTest, TheLossOfACandidateIsAboutItsOwnSize) {
  tasks({"a", "b"}, {"v"});
  settings_.score_test = false;
  executor_.score = [](const Request&) { return "0.5"; };
  patcher_.change = [](PatchOutput& out, const StageContext&) {
    ASSERT_TRUE(out.candidate.set_body(out.candidate.body() + std::string(2'000, 'x') + "\n"));
  };
  ASSERT_TRUE(optimize_now());
  EXPECT_EQ(json("iter_001/rollouts/a.0/loss.json")["components"]["size"], 0.0);
  EXPECT_GT(json("iter_001/gate/rollouts/v.0/loss.json")["components"]["size"].get<double>(), 1);
}

TEST_F(LoopTest, ThePatcherIsHeldToTheAnswersOfItsBatch) {
  const std::map<std::string, std::string> golden = {
      {"a", "7 Kyrgyzstan Street"}, {"b", "42"}, {"c", "yes"}, {"d", "Bishkek or Osh"}};
  for (const auto& [id, text] : golden) benchmark_.add(id, text);
  tasks({"a", "b", "c", "d"}, {"v"});
  settings_.schedule.batch = 4;
  settings_.score_test = false;
  executor_.score = [](const Request&) { return "0.5"; };
  ASSERT_TRUE(optimize_now());
  ASSERT_EQ(patcher_.inputs.size(), 1U);
  EXPECT_EQ(patcher_.inputs[0].lint.expected,
            (std::vector<std::string>{"7 Kyrgyzstan Street", "Bishkek or Osh"}));
}

TEST_F(LoopTest, WhatAnotherTrainTaskExpectsAsWellIsAConventionAndNoAnswer) {
  const std::map<std::string, std::string> golden = {
      {"a", "UNC - not assigned"}, {"b", "7 Kyrgyzstan Street"}, {"c", "UNC - not assigned"}};
  for (const auto& [id, text] : golden) benchmark_.add(id, text);
  tasks({"a", "b", "c"}, {"v"});
  settings_.schedule.batch = 1;
  settings_.score_test = false;
  executor_.score = [](const Request&) { return "0.5"; };
  ASSERT_TRUE(optimize_now());
  ASSERT_EQ(patcher_.inputs.size(), 3U);
  for (const auto& input : patcher_.inputs) {
    const bool b = input.gradients.at(0).task_id == "b";
    const std::vector<std::string> street = {"7 Kyrgyzstan Street"};
    EXPECT_EQ(input.lint.expected, b ? street : std::vector<std::string>{});
    EXPECT_EQ(input.lint.other_literals.size(), 2U);
  }
}

TEST_F(LoopTest, TaskFeedbackAndCitedStepsGoToTheLaterStagesBounded) {
  tasks({"a", "b"}, {"v"});
  for (auto& task : benchmark_.tasks_)
    if (task.id == "a") task.prompt = std::string(9'000, 'p');
  parts_.momentum = &momentum_;
  settings_.score_test = false;
  executor_.score = [](const Request&) { return "0.5"; };
  executor_.trajectory = [](const Request&) {
    agent::Trajectory out;
    for (int i = 0; i < 12; ++i) {
      agent::TraceEvent event;
      event.kind = agent::TraceEvent::Kind::tool_output;
      event.name = "shell";
      event.text = "output " + std::to_string(i + 1) + " " + std::string(2'000, 'x');
      out.events.push_back(event);
    }
    return out;
  };
  const auto answer = diagnoser_.answer;
  diagnoser_.answer = [&](const Evidence& evidence) {
    auto out = answer(evidence);
    out->causes.push_back(out->causes[0]);
    out->causes[0].steps = {3, 5};
    out->causes[1].steps = {5, 99};
    return out;
  };
  ASSERT_TRUE(optimize_now());
  for (const auto* facts : {&momentum_.inputs.at(0).facts, &patcher_.inputs.at(0).facts}) {
    ASSERT_EQ(facts->size(), 2U);
    const TaskFacts& a = facts->at(facts->at(0).task_id == "a" ? 0 : 1);
    EXPECT_LE(a.task.size(), 3'000U) << "bounded";
    EXPECT_EQ(a.feedback, "got 0.5");
    EXPECT_EQ(a.group, "") << "one run is no group";
    ASSERT_EQ(a.steps.size(), 2U) << "each step once, and none that the trace does not have";
    EXPECT_EQ(a.steps.at(5).find("[5] tool_output shell: output 5 "), 0U) << a.steps.at(5);
    EXPECT_LE(a.steps.at(5).size(), 700U);
  }
}

TEST_F(LoopTest, ATaskThatComesOutBothWaysIsShownAsAPair) {
  tasks({"a", "b"}, {"v"});
  parts_.momentum = &momentum_;
  settings_.rollouts = 3;
  settings_.score_test = false;
  executor_.score = [](const Request& request) -> std::string {
    return request.task->id == "a" && request.sample == 1 ? "1" : "0.5";
  };
  ASSERT_TRUE(optimize_now());
  ASSERT_EQ(diagnoser_.evidences.size(), 2U);
  for (const Evidence& evidence : diagnoser_.evidences) {
    EXPECT_EQ(evidence.kind, EvidenceKind::failure);
    EXPECT_EQ(evidence.passing.has_value(), evidence.task_id == "a");
    if (evidence.task_id == "a") {
      EXPECT_EQ(evidence.passing->sample, 1);
      EXPECT_EQ(evidence.group.text(),
                "mixed: 1 of 3 runs of this task under this skill were right");
    } else {
      EXPECT_EQ(evidence.group.text(), "all 3 runs of this task under this skill were wrong");
    }
  }
  for (const TaskFacts& facts : patcher_.inputs.at(0).facts) EXPECT_NE(facts.group, "");
}

TEST_F(LoopTest, ABatchThatIsAllRightConfirmsTheRemediesThatItHadInView) {
  tasks({"a", "b"}, {"v"});
  parts_.momentum = &momentum_;
  settings_.score_test = false;
  settings_.schedule.fixed_updates = 2;
  executor_.score = [](const Request& request) { return rule(request, 1) ? "1" : "0.5"; };
  momentum_.answer = [](const MomentumInput& in) -> Result<MomentumOutput> {
    MomentumOutput out;
    out.memory = in.memory;
    Pattern pattern;
    pattern.slug = "p";
    pattern.tasks = {"a"};
    out.memory.patterns = {pattern};
    return out;
  };
  patcher_.change = [](PatchOutput& out, const StageContext&) {
    out.patch.addressed = {{"p", "demo", "why", "", {}, {}}};
  };
  const auto done = optimize_now();
  ASSERT_TRUE(done && !done->error);
  EXPECT_EQ(momentum_.bodies.size(), 1U) << "no model was asked about the second batch";
  const Json memory = json("iter_002/memory.json");
  EXPECT_EQ(memory["patterns"][0]["remedies"][0]["confirmed_in"], Json::array({2})) << memory;
}

TEST_F(LoopTest, TheRemedyCountsLinesThatBeginWithDashes) {
  tasks({"a", "b"}, {"v"});
  settings_.score_test = false;
  parts_.momentum = &momentum_;
  momentum_.answer = [](const MomentumInput& in) -> Result<MomentumOutput> {
    MomentumOutput out;
    out.memory = in.memory;
    Pattern pattern;
    pattern.slug = "p";
    pattern.kind = PatternKind::mixed;
    out.memory.patterns = {pattern};
    return out;
  };
  patcher_.change = [](PatchOutput& out, const StageContext&) {
    ASSERT_TRUE(out.candidate.set_body(out.candidate.body() + "-- a\n--- b\n+++ c\n"));
    out.patch.addressed = {{"p", "", "why", "", {}, {}}};
  };
  executor_.score = [](const Request&) { return "0.5"; };
  ASSERT_TRUE(optimize_now());
  const Json memory = json("iter_001/memory.json");
  EXPECT_EQ(memory["patterns"][0]["remedies"][0]["change"],
            "+4 -0 lines in the whole patch: a rule");
}

}  // namespace
}  // namespace skillgrad::optim
