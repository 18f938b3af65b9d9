// SPDX-License-Identifier: MIT
// Optimizers beside the published one: what each proposes, that all are judged alike, and that none
// gets past the rollout budget.
#include <gmock/gmock.h>

#include <skillgrad/optim/plan.hpp>
#include <skillgrad/optim/run_handle.hpp>

#include "loop_fixture.hpp"
#include "optim/rollouts/rollout_budget.hpp"

namespace skillgrad::optim {
namespace {

using decisions::ReleaseVerdict;
using ::testing::HasSubstr;

std::vector<std::string> names(const std::string& name, int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back(name + std::to_string(i));
  return out;
}

/// Even tasks pass as the skill is; the others once it has a rule.
class ControlsTest : public LoopTest {
 protected:
  ControlsTest() {
    settings_.staged.emplace();
    settings_.schedule.batch = 3;
    parts_.gate = nullptr;
    parts_.momentum = &momentum_;
    parts_.program.dir = temp_.path();
    parts_.program.environment["PATH"] = "/usr/bin:/bin";
    tasks(names("train", 12), names("val", 8), names("test", 12));
    executor_.score = [](const agent::RolloutRequest& request) {
      const bool ruled = request.skill->body().find("Rule") != std::string::npos;
      return ruled || request.task->id.back() % 2 == 0 ? "1" : "0";
    };
  }
  OptimizeResult run(OptimizerKind kind) {
    settings_.optimizer = kind;
    auto out = optimize_now();
    EXPECT_TRUE(out) << out.error().to_text();
    return out ? std::move(*out) : OptimizeResult{};
  }
  [[nodiscard]] std::size_t search_rollouts() const {
    return executor_.runs() - executor_.runs("test/");
  }
  /// Run after run, each ended after some more rollouts, until one comes to its end.
  Json ended_again_and_again(OptimizerKind kind, std::size_t step) {
    std::filesystem::remove_all(temp_.path() / "run");
    for (int process = 0; process < 200; ++process) {
      const std::size_t before = executor_.runs();
      executor_.failure = [this, before, step](const agent::RolloutRequest&) {
        return executor_.runs() - before > step
                   ? std::optional(Error{ErrorCode::budget, "ended", {}, {}, {}})
                   : std::nullopt;
      };
      const auto result = run(kind);
      executor_.failure = nullptr;
      if (!result.error) return facts();
    }
    ADD_FAILURE() << "the run came to no end";
    return {};
  }
  [[nodiscard]] Json facts() const {
    const Json whole = json("run.json");
    Json out;
    for (const char* key : {"optimizer", "rollouts", "rerun", "iterations", "verdict", "best",
                            "finalists", "pruned", "calibration", "stop_reason"})
      out[key] = whole.at(key);
    return out;
  }
};

TEST_F(ControlsTest, TheDefaultHasNoLimitAndIsCounted) {
  const auto result = run(OptimizerKind::skillgrad);
  EXPECT_FALSE(result.rollouts.allowed);
  EXPECT_EQ(result.rollouts.used, search_rollouts());
  EXPECT_EQ(json("run.json")["optimizer"], "skillgrad");
  EXPECT_TRUE(json("run.json")["rerun"].is_null());
}

TEST_F(ControlsTest, ControlsMayMakeWhatThePublishedMethodIsPlannedToMake) {
  const auto result = run(OptimizerKind::rerun);
  settings_.optimizer = OptimizerKind::skillgrad;
  settings_.score_test = false;
  std::size_t planned = 0;
  std::vector<std::string> failures;
  for (int i = 1; i < 12; i += 2) failures.push_back("train" + std::to_string(i));
  // '0' is even, "train10" ends in 0 and "train11" in 1.
  for (const auto& work : RunPlan(settings_, parts_.splits, true, true).work(failures))
    if (work.role == "executor") planned += work.conversations;
  ASSERT_TRUE(result.rollouts.allowed);
  EXPECT_EQ(*result.rollouts.allowed, planned);
  EXPECT_LE(result.rollouts.used, planned);
  EXPECT_GT(result.rollouts.used + 8, planned) << "less than one pass is left";
}

TEST_F(ControlsTest, RerunChangesNothingAndSaysWhatLuckLooksLike) {
  settings_.max_rollouts = 12 + 16 + 5 * 8 + 3;
  // Pass 4 over the validation split is a lucky one.
  executor_.score = [](const agent::RolloutRequest& request) {
    const bool lucky = request.scope.starts_with("reruns") && request.sample == 3;
    return lucky || request.task->id.back() % 2 == 0 ? "1" : "0";
  };
  const auto result = run(OptimizerKind::rerun);
  ASSERT_TRUE(result.reruns);
  EXPECT_EQ(result.reruns->split, "val");
  ASSERT_EQ(result.reruns->passes.size(), 6U) << "two of the calibration, four of five more";
  EXPECT_EQ(result.reruns->best(), std::optional<std::size_t>(3));
  EXPECT_EQ(result.best_score, 1);
  EXPECT_EQ(result.best_fresh_score, 0.5);
  EXPECT_NEAR(result.reruns->mean(), 3.5 / 6, 1e-9);
  EXPECT_EQ(result.rollouts.used, 12U + 16U + 40U);
  EXPECT_TRUE(result.iterations.empty());
  EXPECT_TRUE(patcher_.inputs.empty());
  EXPECT_EQ(result.best_iteration, 0);
  EXPECT_EQ(json("run.json")["rerun"]["best_pass"], 4);
}

TEST_F(ControlsTest, RerunTestsTheSkillAgainstItselfInFreshRollouts) {
  // The second pass over the test split is lucky: a false alarm, and no claim.
  executor_.score = [](const agent::RolloutRequest& request) {
    const bool again = request.scope.starts_with("test/again");
    return again || (!request.scope.starts_with("test/") && request.task->id.back() % 2 == 0) ? "1"
                                                                                              : "0";
  };
  const auto result = run(OptimizerKind::rerun);
  EXPECT_EQ(executor_.runs("test/initial"), executor_.runs("test/again"));
  EXPECT_GT(executor_.runs("test/again"), 0U);
  for (const auto& entry :
       std::filesystem::directory_iterator(temp_.path() / "run/test/again/rollouts"))
    EXPECT_EQ(entry.path().extension(), ".1") << "a trial of its own, which no cache holds";
  EXPECT_EQ(result.reruns->test_said, ReleaseVerdict::improved);
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::not_shown);
  EXPECT_EQ(json("run.json")["verdict"]["verdict"], "not shown");
}

TEST_F(ControlsTest, RerunWithoutValidationRunsTheTrainSplitAgain) {
  settings_.staged.reset();
  const auto none = gate_registry().make("none", Json{{"name", "none"}}, {});
  ASSERT_TRUE(none);
  parts_.gate = none->get();
  settings_.max_rollouts = 12 * 4;
  const auto result = run(OptimizerKind::rerun);
  ASSERT_TRUE(result.reruns);
  EXPECT_EQ(result.reruns->split, "train");
  EXPECT_EQ(result.reruns->passes.size(), 3U);
  EXPECT_EQ(result.rollouts.used, 48U);
}

TEST_F(ControlsTest, OneShotPatchesOnceFromAllFailures) {
  const auto result = run(OptimizerKind::one_shot);
  ASSERT_EQ(result.iterations.size(), 1U);
  EXPECT_EQ(result.iterations[0].decision, Decision::accepted) << result.iterations[0].reason;
  EXPECT_EQ(diagnoser_.asked.size(), 6U);
  EXPECT_TRUE(momentum_.inputs.empty());
  ASSERT_EQ(patcher_.inputs.size(), 2U) << "the candidates of one step";
  EXPECT_EQ(patcher_.inputs[0].gradients.size(), 6U);
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::improved);
  EXPECT_LE(result.rollouts.used, *result.rollouts.allowed);
}

TEST_F(ControlsTest, OneShotLooksAtWhatTheBudgetReaches) {
  settings_.max_rollouts = 12 + 16 + 24 + 40;
  const auto result = run(OptimizerKind::one_shot);
  EXPECT_LE(result.rollouts.used, settings_.max_rollouts);
  EXPECT_EQ(result.iterations.size(), 1U) << result.stop_reason;
  EXPECT_FALSE(result.error);
}

TEST_F(ControlsTest, ReflectReadsTheRunsThemselvesAndKeepsNoMemory) {
  const auto result = run(OptimizerKind::reflect);
  EXPECT_TRUE(diagnoser_.asked.empty());
  EXPECT_TRUE(momentum_.inputs.empty());
  ASSERT_FALSE(patcher_.inputs.empty());
  const PatchInput& input = patcher_.inputs.front();
  EXPECT_TRUE(input.gradients.empty());
  EXPECT_TRUE(input.rejected.empty());
  EXPECT_EQ(input.memory, nullptr);
  ASSERT_EQ(input.evidence.size(), 3U);
  EXPECT_THAT(input.evidence[0].current.feedback, HasSubstr("got 0"));
  EXPECT_EQ(result.iterations[0].decision, Decision::accepted) << result.iterations[0].reason;
}

TEST_F(ControlsTest, WhatDoesNotBeatTheSkillOnItsBatchIsRunNoFurther) {
  executor_.score = [](const agent::RolloutRequest& request) {
    return request.task->id.back() % 2 == 0 ? "1" : "0";
  };
  const auto result = run(OptimizerKind::reflect);
  ASSERT_FALSE(result.iterations.empty());
  for (const auto& row : result.iterations) {
    EXPECT_EQ(row.decision, Decision::rejected);
    EXPECT_THAT(row.reason,
                HasSubstr("batch: 0 of 3 graded tasks right with the patch, 0 without"));
  }
  EXPECT_EQ(executor_.runs("iter_001/screen"), 3U) << "one pass over the batch";
  EXPECT_EQ(executor_.runs("iter_001/gate"), 0U);
}

TEST_F(ControlsTest, AProgramEditsACopyAndIsJudgedLikeEveryPatch) {
  parts_.program.command =
      "printf '\\nRule of a program.\\n' >> \"$SKILLGRAD_SKILL/SKILL.md\"; "
      "test -s \"$SKILLGRAD_TASK\" || exit 5; cat > seen.json; echo wrote a rule";
  const auto result = run(OptimizerKind::command);
  ASSERT_EQ(result.iterations.size(), 1U);
  EXPECT_EQ(result.iterations[0].decision, Decision::accepted) << result.iterations[0].reason;
  EXPECT_EQ(result.iterations[0].summary, "wrote a rule");
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::improved);
  EXPECT_EQ(parts_.initial.body().find("Rule of a program"), std::string::npos);
  const Json said = *read_json(temp_.path() / "seen.json");
  EXPECT_EQ(said["schema"], "skillgrad.program/1");
  EXPECT_EQ(said["train"].size(), 12U);
  EXPECT_EQ(said["train"][1]["rollouts"][0]["feedback"], "got 0");
  EXPECT_EQ(said["val"].size(), 8U) << "names alone";
  EXPECT_EQ(said.dump().find("test0"), std::string::npos) << "the test split is not shown";
  EXPECT_TRUE(patcher_.inputs.empty());
  EXPECT_TRUE(diagnoser_.asked.empty());
}

TEST_F(ControlsTest, WhatAProgramMayNotLeaveIsNoPatch) {
  const std::pair<const char*, const char*> cases[] = {
      {"echo broken >&2; exit 3", "exit code 3; stderr: broken"},
      {"sed -i s/^name:.*/name:\\ other/ \"$SKILLGRAD_SKILL/SKILL.md\"", "is called \"other\""},
      {"rm \"$SKILLGRAD_SKILL/SKILL.md\"", "SKILL.md"},
      {"mkdir \"$SKILLGRAD_SKILL/evals\"; echo x > \"$SKILLGRAD_SKILL/evals/tasks.jsonl\"",
       "evals/"},
      {"printf '\\377\\376' > \"$SKILLGRAD_SKILL/notes.bin\"", "no text"},
      {"true", "the patch changes nothing"}};
  for (const auto& [command, reason] : cases) {
    SCOPED_TRACE(command);
    std::filesystem::remove_all(temp_.path() / "run");
    parts_.program.command = command;
    const auto result = run(OptimizerKind::command);
    ASSERT_EQ(result.iterations.size(), 1U);
    EXPECT_EQ(result.iterations[0].decision, Decision::no_patch);
    EXPECT_THAT(result.iterations[0].reason, HasSubstr(reason));
    EXPECT_EQ(result.best_iteration, 0);
  }
}

TEST_F(ControlsTest, AProgramThatDoesNotEndIsEnded) {
  parts_.program.command = "sleep 100";
  parts_.program.timeout_s = 0.2;
  const auto result = run(OptimizerKind::command);
  ASSERT_EQ(result.iterations.size(), 1U);
  EXPECT_THAT(result.iterations[0].reason, HasSubstr("did not end within 0.2 s"));
}

TEST_F(ControlsTest, TheBudgetEndsTheSearchAndNotTheRun) {
  run(OptimizerKind::skillgrad);
  const std::size_t whole = search_rollouts();
  for (const std::size_t most : {whole - 1, whole / 2, std::size_t{12 + 16 + 1}}) {
    SCOPED_TRACE(most);
    std::filesystem::remove_all(temp_.path() / "run");
    settings_.max_rollouts = most;
    const std::size_t before = search_rollouts();
    const auto result = run(OptimizerKind::skillgrad);
    EXPECT_FALSE(result.error);
    EXPECT_LE(search_rollouts() - before, most);
    EXPECT_EQ(search_rollouts() - before, result.rollouts.used);
    EXPECT_EQ(result.rollouts.allowed, most);
    EXPECT_NE(result.release.verdict, ReleaseVerdict::not_tested) << "that is outside of it";
    if (most < whole / 2 + 1) {
      EXPECT_THAT(result.stop_reason, HasSubstr("the rollout budget ended in iteration"));
    }
  }
}

TEST_F(ControlsTest, ARunThatIsEndedAgainAndAgainComesToTheSame) {
  parts_.program.command = "printf '\\nRule.\\n' >> \"$SKILLGRAD_SKILL/SKILL.md\"";
  for (const auto kind : {OptimizerKind::rerun, OptimizerKind::one_shot, OptimizerKind::reflect,
                          OptimizerKind::command}) {
    SCOPED_TRACE(name_of(kind));
    std::filesystem::remove_all(temp_.path() / "run");
    run(kind);
    const std::string straight = facts().dump();
    const std::size_t made = executor_.runs();
    const Json again = ended_again_and_again(kind, 9);
    EXPECT_EQ(again.dump(), straight);
    // A rollout that was refused at the end of a process is asked for once more.
    EXPECT_LE(executor_.runs() - made, made + made / 9 + 1);
  }
}

TEST_F(ControlsTest, TheBudgetSurvivesAKill) {
  settings_.max_rollouts = 12 + 16 + 30;
  run(OptimizerKind::skillgrad);
  const Json straight = facts();
  EXPECT_EQ(ended_again_and_again(OptimizerKind::skillgrad, 11).dump(), straight.dump());
}

class BudgetTest : public LoopTest {};

TEST_F(BudgetTest, ChargesAllOrNothingAndEachPlaceOnce) {
  RolloutBudget budget(*store_);
  ASSERT_TRUE(budget.restore());
  budget.allow(5);
  EXPECT_TRUE(budget.charge({"base/a.0", "base/b.0", "base/a.0"}));
  EXPECT_TRUE(budget.charge({"base/a.0"}));
  EXPECT_EQ(budget.used(), 2U);
  budget.set_aside(2);
  EXPECT_EQ(budget.left(), std::optional<std::size_t>(1));
  const auto refused = budget.charge({"x/a.0", "x/b.0"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::budget);
  EXPECT_THAT(refused.error().message, HasSubstr("2 more rollouts are needed, and 1 of the 5"));
  EXPECT_TRUE(budget.refused());
  EXPECT_EQ(budget.used(), 2U);
  EXPECT_TRUE(budget.charge({"test/initial/a.0", "test/x/b.0"})) << "not of the search";
  budget.set_aside(0);
  EXPECT_TRUE(budget.charge({"x/a.0", "x/b.0", "x/c.0"}));
  EXPECT_EQ(budget.left(), std::optional<std::size_t>(0));
}

TEST_F(BudgetTest, WhatWasChargedStaysCharged) {
  {
    RolloutBudget budget(*store_);
    ASSERT_TRUE(budget.restore());
    ASSERT_TRUE(budget.charge({"base/a.0", "base/b.0"}));
  }
  const auto file = temp_.path() / "run/rollouts.jsonl";
  const std::string text = *read_file(file);
  ASSERT_TRUE(write_file_atomic(file, text + "{\"rollout\":\"base/c"));
  RolloutBudget again(*store_);
  ASSERT_TRUE(again.restore());
  EXPECT_EQ(again.used(), 2U) << "a line that was being written at a kill does not count";
  ASSERT_TRUE(again.charge({"base/c.0"}));
  EXPECT_EQ(*read_file(file), text + "{\"rollout\":\"base/c.0\"}\n");
  ASSERT_TRUE(write_file_atomic(file, "{\"place\":1}\n"));
  RolloutBudget damaged(*store_);
  EXPECT_FALSE(damaged.restore());
}

TEST(RunHandle, AnswersOneRequestAfterTheOther) {
  std::atomic<int> inside{0};
  auto opened = RunHandle::open([&](const Json& request) {
    EXPECT_EQ(++inside, 1);
    const Json out = {{"twice", request.value("n", 0) * 2}};
    --inside;
    return out;
  });
  ASSERT_TRUE(opened) << opened.error().to_text();
  std::vector<std::jthread> askers;
  for (int n = 0; n < 8; ++n)
    askers.emplace_back([&, n] {
      const auto answer = ask_run((*opened)->path(), {{"n", n}});
      ASSERT_TRUE(answer) << answer.error().to_text();
      EXPECT_EQ(answer->at("twice"), 2 * n);
    });
  askers.clear();
  const auto path = (*opened)->path();
  opened->reset();
  EXPECT_FALSE(ask_run(path, {{"n", 1}})) << "nobody is there any more";
}

}  // namespace
}  // namespace skillgrad::optim
