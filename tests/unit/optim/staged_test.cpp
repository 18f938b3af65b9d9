// SPDX-License-Identifier: MIT
// Staged decisions in the loop: what they keep, what they ask for, and that a run which was ended
// anywhere comes to the same.
#include <gmock/gmock.h>

#include "loop_fixture.hpp"

namespace skillgrad::optim {
namespace {

using decisions::PruneVerdict;
using decisions::ReleaseVerdict;
using ::testing::HasSubstr;

std::vector<std::string> numbered(const std::string& name, int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back(name + std::to_string(i));
  return out;
}

/// Hands in one edit that adds a section, "Rule A of 3." for the first candidate of iteration 3.
class SectionPatcher final : public Patcher {
 public:
  /// The rule that the candidate brings; empty: the candidate changes nothing.
  std::function<std::string(int iteration, const std::string& manner)> rule;
  Result<PatchOutput> patch(const PatchInput& input, const StageContext& context) override {
    manners.push_back(input.manner);
    PatchOutput out;
    out.candidate = *input.skill;
    out.patch.summary = "a rule";
    const std::string name = rule(context.iteration, input.manner);
    if (name.empty()) return out;
    skill::EditOp edit;
    edit.op = "insert_section";
    edit.new_text = "## Rule " + name + "\n\nKeep to rule " + name + ".\n";
    const auto done = skill::apply_edit(out.candidate, edit);
    if (!done) return tl::unexpected(done.error());
    out.patch.edits = {edit};
    return out;
  }
  std::vector<std::string> manners;
};

class StagedTest : public LoopTest {
 protected:
  StagedTest() {
    settings_.staged.emplace();
    settings_.schedule.batch = 3;
    settings_.schedule.train_tasks = 12;
    parts_.patcher = &sections_;
    parts_.gate = nullptr;
    tasks(numbered("train", 12), numbered("val", 8), numbered("test", 16));
    sections_.rule = [](int iteration, const std::string&) { return std::to_string(iteration); };
  }
  /// A third of the tasks each needs rule 1, rule 2, or neither.
  void use_rules() {
    executor_.score = [](const agent::RolloutRequest& request) -> std::string {
      const int kind = (request.task->id.back() - '0') % 3;
      return kind == 2 || holds(request, std::to_string(kind + 1)) ? "1" : "0";
    };
  }
  static bool holds(const agent::RolloutRequest& request, const std::string& rule) {
    return request.skill->body().find("## Rule " + rule) != std::string::npos;
  }
  OptimizeResult run() {
    auto out = optimize_now();
    EXPECT_TRUE(out) << out.error().to_text();
    return out ? std::move(*out) : OptimizeResult{};
  }
  SectionPatcher sections_;
};

TEST_F(StagedTest, WhatHelpsIsKeptAndShownOnTheTestSplit) {
  use_rules();
  const auto result = run();
  ASSERT_GE(result.iterations.size(), 2U);
  EXPECT_EQ(result.iterations[0].decision, Decision::accepted) << result.iterations[0].reason;
  EXPECT_EQ(result.iterations[1].decision, Decision::accepted) << result.iterations[1].reason;
  EXPECT_GE(result.iterations[0].gate->better.value_or(0), 0.5);
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::improved);
  EXPECT_GT(result.release.difference, 0.4);
  EXPECT_LE(result.release.p, 0.05);
  ASSERT_TRUE(result.calibration);
  EXPECT_EQ(result.calibration->within.flip_rate, 0);
  EXPECT_EQ(result.calibration->tasks, 8U);
  ASSERT_GE(result.finalists.size(), 2U);
  EXPECT_EQ(result.finalists.front().iteration, 0);
  ASSERT_TRUE(result.best_fresh_score);
  EXPECT_EQ(*result.best_fresh_score, 1);
  EXPECT_EQ(json("run.json")["verdict"]["verdict"], "improved");
}

TEST_F(StagedTest, WhatChangesNothingIsNotKeptAndNothingIsRunToSaySo) {
  executor_.score = [](const agent::RolloutRequest& request) {
    return request.task->id.back() % 2 == 0 ? "1" : "0";
  };
  settings_.score_unchanged = false;
  const auto result = run();
  for (const auto& row : result.iterations)
    EXPECT_EQ(row.decision, Decision::rejected) << row.iteration << ": " << row.reason;
  EXPECT_THAT(result.iterations.front().reason, HasSubstr("screen: better with chance"));
  EXPECT_EQ(result.best_iteration, 0);
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::not_shown);
  EXPECT_EQ(executor_.runs("test"), 0U);
  EXPECT_EQ(executor_.runs("finalists"), 0U);
  EXPECT_FALSE(result.test);
}

TEST_F(StagedTest, WhatBreaksMoreThanItMendsIsNotKept) {
  executor_.score = [](const agent::RolloutRequest& request) {
    const bool odd = request.task->id.back() % 2 != 0;
    return (request.skill->body().find("## Rule") == std::string::npos) != odd ? "1" : "0";
  };
  settings_.schedule.train_tasks = 4;
  const auto result = run();
  EXPECT_NE(result.iterations.front().decision, Decision::accepted)
      << result.iterations.front().reason;
}

TEST_F(StagedTest, RegressionBudgetRejectsWhateverElseWasWon) {
  executor_.score = [](const agent::RolloutRequest& request) {
    const bool ruled = request.skill->body().find("## Rule") != std::string::npos;
    if (request.task->id == "val0") return ruled ? "0" : "1";
    return ruled ? "1" : "0";
  };
  settings_.max_iters = 1;
  auto result = run();
  EXPECT_EQ(result.iterations.front().decision, Decision::accepted);
  std::filesystem::remove_all(temp_.path() / "run");
  settings_.staged->max_broken = 0;
  result = run();
  EXPECT_EQ(result.iterations.front().decision, Decision::rejected);
  EXPECT_THAT(result.iterations.front().reason, HasSubstr("--max-broken allows 0: val0"));
  EXPECT_EQ(result.iterations.front().gate->lost, std::vector<std::string>{"val0"});
}

TEST_F(StagedTest, CandidatesOfAStepAreAskedForInDifferentWordsAndTheBestGoesOn) {
  use_rules();
  settings_.max_iters = 1;
  sections_.rule = [](int, const std::string& manner) -> std::string {
    return manner.find("smallest") != std::string::npos ? "nothing" : "1";
  };
  executor_.score = [](const agent::RolloutRequest& request) {
    return holds(request, "1") ? "1" : "0";
  };
  const auto result = run();
  ASSERT_EQ(sections_.manners.size(), 2U);
  EXPECT_NE(sections_.manners[0], sections_.manners[1]);
  EXPECT_EQ(result.iterations.front().decision, Decision::accepted);
  EXPECT_EQ(json("iter_001/gate.json")["candidate"], 2);
  EXPECT_EQ(json("iter_001/gate.json")["screen"].size(), 2U);
  const auto kept = skill::SkillPackage::load(temp_.path() / "run/iter_001/skill");
  ASSERT_TRUE(kept);
  EXPECT_THAT(kept->body(), HasSubstr("## Rule 1"));
  EXPECT_EQ(executor_.runs("iter_001/gate"), 4U) << "a block, of the second alone";
}

TEST_F(StagedTest, EqualCandidatesAreOne) {
  use_rules();
  settings_.max_iters = 1;
  const auto result = run();
  EXPECT_EQ(sections_.manners.size(), 2U);
  EXPECT_EQ(json("iter_001/gate.json")["screen"].size(), 1U);
}

TEST_F(StagedTest, OneCandidateIsAskedForAsItAlwaysWas) {
  use_rules();
  settings_.staged->candidates = 1;
  settings_.max_iters = 1;
  run();
  EXPECT_EQ(sections_.manners, std::vector<std::string>{""});
  EXPECT_FALSE(has("iter_001/candidate_1"));
  EXPECT_TRUE(has("iter_001/patch.json"));
}

TEST_F(StagedTest, APatchThatTheSkillDoesNotNeedIsTakenBack) {
  // Rule 1 helps until rule 2 is there, which mends the same tasks and more.
  executor_.score = [](const agent::RolloutRequest& request) {
    if (holds(request, "2")) return "1";
    return holds(request, "1") && request.task->id.back() % 2 == 0 ? "1" : "0";
  };
  tasks(numbered("train", 60), numbered("val", 10), numbered("test", 10));
  settings_.schedule.train_tasks = 6;
  auto result = run();
  ASSERT_GE(result.iterations.size(), 2U);
  ASSERT_EQ(result.iterations[0].decision, Decision::accepted);
  ASSERT_EQ(result.iterations[1].decision, Decision::accepted);
  ASSERT_FALSE(result.pruned.empty());
  EXPECT_EQ(result.pruned[0].iteration, 1);
  if (result.pruned[0].verdict == PruneVerdict::taken_out) {
    const auto best = skill::SkillPackage::load(temp_.path() / "run/best");
    ASSERT_TRUE(best);
    EXPECT_EQ(best->body().find("## Rule 1"), std::string::npos);
    EXPECT_THAT(best->body(), HasSubstr("## Rule 2"));
  }
  // Going on with a finished run changes nothing and takes nobody's package for an edit.
  const std::string before = json("run.json")["verdict"].dump();
  const std::size_t made = executor_.runs();
  result = run();
  EXPECT_EQ(executor_.runs(), made);
  EXPECT_EQ(json("run.json")["verdict"].dump(), before);
  EXPECT_FALSE(has("best.edited"));
  EXPECT_TRUE(result.idle);
}

TEST_F(StagedTest, ARunThatEndsAnywhereComesToTheSameAndPaysForNothingTwice) {
  use_rules();
  settings_.max_iters = 3;
  settings_.revisit = true;
  run();
  const auto facts = [&] {
    Json out = json("run.json");
    for (const char* key : {"iterations", "verdict", "calibration", "finalists", "pruned", "best"})
      EXPECT_TRUE(out.contains(key)) << key;
    return Json{{"iterations", out["iterations"]},
                {"verdict", out["verdict"]},
                {"finalists", out["finalists"]},
                {"pruned", out["pruned"]},
                {"best", out["best"]},
                {"calibration", out["calibration"]}}
        .dump();
  };
  const std::string straight = facts();
  const std::size_t rollouts = executor_.runs();
  for (std::size_t ended = 1; ended < rollouts; ended += 17) {
    SCOPED_TRACE("ended after rollout " + std::to_string(ended));
    std::filesystem::remove_all(temp_.path() / "run");
    const std::size_t before = executor_.runs();
    executor_.failure = [&](const agent::RolloutRequest&) -> std::optional<Error> {
      if (executor_.runs() - before <= ended) return std::nullopt;
      return Error{ErrorCode::budget, "the limit is reached", {}, {}, {}};
    };
    const auto stopped = run();
    EXPECT_TRUE(stopped.error);
    EXPECT_EQ(stopped.release.verdict, ReleaseVerdict::not_tested);
    executor_.failure = nullptr;
    run();
    EXPECT_EQ(facts(), straight);
    EXPECT_EQ(executor_.runs() - before, rollouts + 1) << "the one that was refused again";
  }
}

TEST_F(StagedTest, AFailingTaskOfAnEarlierBatchComesBack) {
  use_rules();
  settings_.revisit = true;
  const auto result = run();
  const Json plan = json("plan.json");
  ASSERT_GE(result.iterations.size(), 3U);
  EXPECT_EQ(result.iterations[0].returned, "");
  // Rule 1 leaves the tasks of kind 1 of the first batch wrong; the first of them comes back.
  std::string waiting;
  for (const auto& id : plan["batches"][0])
    if (const auto name = id.get<std::string>(); waiting.empty() && (name.back() - '0') % 3 == 1)
      waiting = name;
  ASSERT_FALSE(waiting.empty()) << plan["batches"].dump();
  EXPECT_EQ(result.iterations[1].returned, waiting);
  EXPECT_TRUE(has("iter_002/rollouts/" + waiting + ".0"));
  EXPECT_EQ(json("run.json")["iterations"][1]["returned"], waiting);
  // With rule 2 nothing that was trained on fails any more.
  for (std::size_t i = 2; i < result.iterations.size(); ++i)
    if (result.iterations[1].decision == Decision::accepted) {
      EXPECT_NE(result.iterations[i].returned, waiting);
    }
}

TEST_F(StagedTest, NothingComesBackInThePublishedLoopOrOverSeveralEpochs) {
  use_rules();
  for (const bool revisit : {false, true}) {
    std::filesystem::remove_all(temp_.path() / "run");
    settings_.revisit = revisit;
    settings_.schedule.fixed_updates = revisit ? 3 : 0;
    for (const auto& row : run().iterations) EXPECT_EQ(row.returned, "");
  }
}

TEST_F(StagedTest, ASecondTestOfTheSameTasksIsNamed) {
  use_rules();
  settings_.max_iters = 1;
  const auto first = run();
  EXPECT_EQ(first.best_iteration, 1);
  EXPECT_FALSE(observer_.said("has tested another package"));
  settings_.max_iters = 2;
  const auto second = run();
  EXPECT_EQ(second.best_iteration, 2);
  EXPECT_TRUE(observer_.said("has tested another package of this run before (iter_001)"));
}

TEST_F(StagedTest, AResumeMayAllowFewerIterationsThanThereWere) {
  use_rules();
  settings_.max_iters = 2;
  EXPECT_EQ(run().iterations.size(), 2U);
  settings_.max_iters = 1;
  const auto fewer = run();
  EXPECT_EQ(fewer.iterations.size(), 2U);
  EXPECT_THAT(fewer.stop_reason, HasSubstr("2 iterations done, --max-iters allows 1"));
}

TEST_F(StagedTest, WithoutTestTasksNothingIsClaimed) {
  use_rules();
  tasks(numbered("train", 12), numbered("val", 8));
  const auto result = run();
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::not_tested);
  EXPECT_FALSE(result.test);
}

TEST_F(StagedTest, ErrorsAreMissingAndNoFailures) {
  executor_.score = [](const agent::RolloutRequest& request) -> std::string {
    const std::string& id = request.task->id;
    if (id == "val7" || id == "test3") return "error";
    // One that only the initial skill cannot be graded on.
    if (id == "test4" && !holds(request, "1")) return "error";
    return holds(request, "1") ? "1" : "0";
  };
  settings_.max_iters = 1;
  settings_.force = true;
  const auto result = run();
  EXPECT_EQ(result.calibration->missing, 1U);
  EXPECT_EQ(result.calibration->tasks, 7U);
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::improved);
  EXPECT_LE(result.release.missing, 2U);
  EXPECT_EQ(result.release.n + result.release.missing, result.test->before.planned);
  EXPECT_EQ(result.release.before, 0);
  EXPECT_EQ(result.release.after, 1);
}

}  // namespace
}  // namespace skillgrad::optim
