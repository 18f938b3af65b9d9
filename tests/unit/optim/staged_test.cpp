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

/// What only makes the work cheaper is nothing to scores.
class WeightedTest : public StagedTest {
 protected:
  WeightedTest() {
    executor_.score = [](const agent::RolloutRequest& request) {
      return request.task->id.back() % 2 == 0 ? "1" : "0";
    };
    executor_.cost = [](const agent::RolloutRequest& request) {
      return holds(request, "1") ? 0.004 : 0.01;
    };
    settings_.max_iters = 1;
  }
  void weigh(const char* options) {
    StageDependencies dependencies;
    dependencies.benchmark = &benchmark_;
    dependencies.clock = &clock_;
    auto loss = make_grader_loss(Json::parse(options), dependencies);
    ASSERT_TRUE(loss);
    loss_ = std::move(*loss);
    parts_.loss = loss_.get();
    settings_.weights = *loss_weights(Json::parse(options));
  }
};

TEST_F(WeightedTest, ACheaperSkillIsKeptWhereCostWeighs) {
  EXPECT_NE(run().iterations.at(0).decision, Decision::accepted) << "of scores alone";
  std::filesystem::remove_all(temp_.path() / "run");
  weigh(R"({"name":"grader","cost":0.5})");
  const auto result = run();
  ASSERT_FALSE(result.error) << result.error->to_text();
  const auto& row = result.iterations.at(0);
  EXPECT_EQ(row.decision, Decision::accepted) << row.reason;
  EXPECT_THAT(row.reason, HasSubstr("better by the weighted loss"));
  EXPECT_TRUE(result.release.weighted);
  EXPECT_EQ(result.release.verdict, ReleaseVerdict::improved);
  EXPECT_NEAR(result.release.difference, 0.5 * 0.6 / 2.5, 1e-9) << "of the value";
  EXPECT_EQ(result.test->paired.difference, 0) << "and none of the score";
  ASSERT_TRUE(result.tradeoffs);
  const auto& rows = result.tradeoffs->rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NEAR(*rows[1].cost_ratio, 0.4, 1e-9);
  EXPECT_EQ(rows[1].beaten, false);
  EXPECT_EQ(rows[0].beaten, false) << "it is smaller";
  EXPECT_NEAR(*rows[1].value_gain, 0.12, 1e-9);
  // What was kept with each rollout, and not what is measured now, makes the same list again.
  const Json first = json("run.json")["tradeoffs"];
  executor_.cost = nullptr;
  EXPECT_EQ(to_json(run(), "")["tradeoffs"], first);
  EXPECT_FALSE(json("base/rollouts/train0.0/loss.json")["components"].contains("cost"));
  std::size_t known = 0;
  for (const auto& rollout :
       std::filesystem::directory_iterator(temp_.path() / "run/iter_001/rollouts"))
    known +=
        json("iter_001/rollouts/" + rollout.path().filename().string() + "/loss.json")["components"]
                .contains("cost")
            ? 1U
            : 0U;
  EXPECT_EQ(known, 3U);
}

TEST_F(WeightedTest, ABaseRunThatCostNothingEndsTheRun) {
  weigh(R"({"name":"grader","cost":0.5})");
  executor_.cost = nullptr;
  const auto refused = run();
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, ErrorCode::config);
  EXPECT_THAT(refused.error->message, HasSubstr("cost weighs in the loss"));
  EXPECT_FALSE(has("iter_001"));
}

/// Model A learns rule 1; B knows it, and half of its tasks break where it is written down.
class TwoModelsTest : public StagedTest {
 protected:
  void use_models(AcrossRule by) {
    auto plain = std::make_unique<FakeBenchmark>();
    for (const auto* ids : {&parts_.splits.train, &parts_.splits.val, &parts_.splits.test})
      for (const auto& id : *ids) plain->add(id);
    auto spread = spread_tasks(by, {"A", "B"}, std::move(plain), parts_.splits);
    ASSERT_TRUE(spread);
    spread_ = std::move(*spread);
    std::vector<std::unique_ptr<agent::Executor>> executors;
    for (const bool learns : {true, false}) {
      auto executor = std::make_unique<FakeExecutor>();
      executor->score = [learns](const agent::RolloutRequest& request) -> std::string {
        const bool taught = holds(request, "1");
        if (learns) return taught ? "1" : "0";
        const std::string id = request.task->id.substr(0, request.task->id.find('@'));
        return taught && (id.back() - '0') % 2 == 0 ? "0" : "1";
      };
      executors.push_back(std::move(executor));
    }
    each_ = make_across_executor(spread_.across, std::move(executors));
    StageDependencies dependencies;
    dependencies.benchmark = spread_.benchmark.get();
    dependencies.clock = &clock_;
    loss_ = std::move(*make_grader_loss(Json{{"name", "grader"}}, dependencies));
    parts_.loss = loss_.get();
    parts_.benchmark = spread_.benchmark.get();
    parts_.splits = spread_.splits;
    parts_.across = spread_.across.get();
    parts_.executor = each_.get();
    settings_.models = 2;
    settings_.max_iters = 1;
  }
  SpreadTasks spread_;
  std::unique_ptr<agent::Executor> each_;
};

TEST_F(TwoModelsTest, TheWorstRefusesWhatHarmsOneOfThem) {
  use_models(AcrossRule::worst);
  const auto result = run();
  ASSERT_FALSE(result.error) << result.error->to_text();
  EXPECT_EQ(result.iterations.at(0).decision, Decision::rejected);
  EXPECT_THAT(result.iterations.at(0).reason, HasSubstr("B"));
  ASSERT_TRUE(result.across);
  EXPECT_EQ(result.across->models.at(0).base->score, 0);
  EXPECT_EQ(result.across->models.at(1).base->score, 1);
  EXPECT_EQ(result.across->models.at(1).base->n, 12U);
  EXPECT_EQ(result.base_train->score, 0.5);
  EXPECT_TRUE(has(RolloutRunner::rollout_dir("base", "train0@B", 0)));
}

TEST_F(TwoModelsTest, TheMeanKeepsItAndSaysWhomItHarms) {
  use_models(AcrossRule::mean);
  const auto result = run();
  ASSERT_FALSE(result.error) << result.error->to_text();
  const auto& row = result.iterations.at(0);
  EXPECT_EQ(row.decision, Decision::accepted) << row.reason;
  ASSERT_EQ(row.gate->models.size(), 2U);
  EXPECT_GT(row.gate->models[1].broken, 0U);
  EXPECT_EQ(row.gate->models[0].broken, 0U);
  EXPECT_LE(row.gate->n, 8U) << "tasks, and not cells";
  EXPECT_EQ(result.test_planned, 16U);
  ASSERT_EQ(result.release.models.size(), 2U);
  EXPECT_EQ(result.release.models[0].verdict, decisions::ModelVerdict::helped);
  EXPECT_LT(result.release.models[1].difference, 0);
  EXPECT_EQ(json("run.json")["across"]["rule"], "mean");
  // An earlier process's rollouts and book lead to the same.
  const auto again = run();
  EXPECT_EQ(to_json(again.release), to_json(result.release));
  EXPECT_EQ(to_json(again, "")["tradeoffs"], to_json(result, "")["tradeoffs"]);
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
