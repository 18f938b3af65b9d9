// SPDX-License-Identifier: MIT
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loop_fixture.hpp"
#include "optim/across/across_scores.hpp"
#include "optim/decisions/cells.hpp"
#include "optim/decisions/gate.hpp"
#include "optim/decisions/release.hpp"
#include "optim/decisions/screen.hpp"

namespace skillgrad::optim::decisions {
namespace {

using testing::ElementsAre;

/// Scores by package and model; every rollout of a model's cell gives the same, but for tasks
/// named.
struct CellWorld {
  const Across& across;
  std::map<std::pair<std::string, std::size_t>, double> score = {};
  std::map<std::pair<std::string, std::string>, double> by_cell = {};  ///< package, cell
  std::set<std::string> broken = {};                                   ///< cells never graded

  [[nodiscard]] std::optional<double> play(const Need& need) const {
    if (broken.contains(need.task)) return std::nullopt;
    if (const auto own = by_cell.find({need.package, need.task}); own != by_cell.end())
      return own->second;
    return score.at({need.package, across.of(need.task).model});
  }
};

template <class Step>
auto drive_cells(ScoreBook& book, const CellWorld& world, const Step& step) {
  for (int round = 0; round < 100; ++round) {
    auto result = step();
    if (result.done()) return result;
    for (const Need& need : result.needs) EXPECT_TRUE(book.add(need, world.play(need)));
  }
  ADD_FAILURE() << "a step asks without end";
  return step();
}

std::vector<std::string> numbered(const std::string& prefix, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(prefix + std::to_string(i));
  return out;
}

Across two_models(AcrossRule rule, const std::vector<std::string>& tasks) {
  Across out(rule, {"A", "B"});
  for (const auto& task : tasks) EXPECT_TRUE(out.add(task));
  return out;
}

TEST(Cells, ATaskIsTheMeanOverItsModelsAndLacksWhatAnyOfThemLacks) {
  const Across across = two_models(AcrossRule::mean, {"t", "u"});
  const std::vector<TaskPair> cells = {{"t@A", true, {0, 4, 0, 0}, {1, 4, 0, 1}},
                                       {"t@B", false, {1, 1, 0, 1}, {1, 1, 0, 1}},
                                       {"u@A", false, {1, 1, 0, 1}, {0, 1, 0, 0}},
                                       {"u@B", false, {1, 1, 0, 1}, {0, 0, 1, 0}}};
  const auto tasks = pairs_by_task(cells, &across);
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].task, "t");
  EXPECT_TRUE(tasks[0].source) << "the patch was made from one of its cells";
  EXPECT_DOUBLE_EQ(tasks[0].before.mean, 0.5);
  EXPECT_DOUBLE_EQ(tasks[0].after.mean, 1);
  EXPECT_EQ(tasks[0].before.graded, 2U) << "as if each model had as few as the one with the fewest";
  EXPECT_FALSE(tasks[1].complete()) << "one model's rollout has no grade: nothing is imputed";
  EXPECT_EQ(pairs_by_model(cells, &across)[1].size(), 2U);
  EXPECT_EQ(pairs_by_task(cells, nullptr).size(), 4U);
}

TEST(Cells, ThoseOfATaskStayTogetherInADrawnOrder) {
  const Across across = two_models(AcrossRule::mean, numbered("t", 5));
  const auto order = drawn_order(across.cells(numbered("t", 5)), 3, &across);
  ASSERT_EQ(order.size(), 10U);
  for (std::size_t i = 0; i < order.size(); i += 2) {
    EXPECT_EQ(across.of(order[i]).task, across.of(order[i + 1]).task);
    EXPECT_EQ(across.of(order[i]).model, 0U);
  }
  EXPECT_EQ(across.tasks(order), shuffled(numbered("t", 5), 3));
}

TEST(Cells, IdsThatClashAreRefusedWithAMend) {
  Across across(AcrossRule::mean, {"A", "B@A"});
  ASSERT_TRUE(across.add("t"));
  const auto clash = across.add("t@B");
  ASSERT_FALSE(clash);
  EXPECT_THAT(clash.error().message, testing::HasSubstr("t@B@A"));
  EXPECT_THAT(clash.error().mend, testing::HasSubstr("\"name\""));
}

/// Model A fails every task until the patch, which mends all; B passes, and the patch breaks a
/// share.
class OneModelIsHarmed : public testing::Test {
 protected:
  static constexpr std::size_t kTasks = 12;
  [[nodiscard]] GateVerdict gated(AcrossRule rule, std::size_t broken) {
    const Across across = two_models(rule, numbered("v", kTasks));
    const EffectModel model({}, &across);
    CellWorld world{across, {{{"old", 0}, 0}, {{"new", 0}, 1}, {{"old", 1}, 1}, {{"new", 1}, 1}}};
    for (std::size_t i = 0; i < broken; ++i)
      world.by_cell[{"new", across.id("v" + std::to_string(i), 1)}] = 0;
    ScoreBook book;
    const GatePlan plan{Comparison("old", "new", 0), across.cells(numbered("v", kTasks)), 7};
    return drive_cells(book, world,
                       [&] { return gate(plan, gate_options(GateLevel::balanced), model, book); })
        .verdict;
  }
  [[nodiscard]] ReleaseResult released(AcrossRule rule, std::size_t broken) {
    const Across across = two_models(rule, numbered("v", kTasks));
    CellWorld world{across, {{{"old", 0}, 0}, {{"new", 0}, 1}, {{"old", 1}, 1}, {{"new", 1}, 1}}};
    for (std::size_t i = 0; i < broken; ++i)
      world.by_cell[{"new", across.id("v" + std::to_string(i), 1)}] = 0;
    ScoreBook book;
    const ReleasePlan plan{"old", "new", across.cells(numbered("v", kTasks)), 7, 0};
    return drive_cells(book, world, [&] { return release(plan, {}, book, &across); }).result;
  }
};

TEST_F(OneModelIsHarmed, AndTheRuleWorstRefusesWhatTheMeanAccepts) {
  const auto mean = gated(AcrossRule::mean, 6);
  EXPECT_EQ(mean.decision, GateDecision::accepted);
  EXPECT_FALSE(mean.belief.weakest);
  const auto worst = gated(AcrossRule::worst, 6);
  EXPECT_EQ(worst.decision, GateDecision::rejected);
  ASSERT_TRUE(worst.belief.weakest);
  EXPECT_EQ(*worst.belief.weakest, 1U);
  EXPECT_GT(worst.belief.together, 0.6) << "over both it helps";
  ASSERT_EQ(worst.models.size(), 2U);
  EXPECT_GT(worst.models[1].belief.worse, 0.8);
  EXPECT_GT(worst.models[1].broken, 0U);
  EXPECT_EQ(worst.models[0].broken, 0U);
}

TEST_F(OneModelIsHarmed, NotAtAllAndBothRulesAccept) {
  for (const auto rule : {AcrossRule::mean, AcrossRule::worst}) {
    const auto verdict = gated(rule, 0);
    EXPECT_EQ(verdict.decision, GateDecision::accepted) << name_of(rule);
    EXPECT_DOUBLE_EQ(verdict.before, 0.5);
    EXPECT_DOUBLE_EQ(verdict.after, 1);
    EXPECT_LE(verdict.tasks, kTasks) << "tasks are counted, not cells";
  }
}

TEST_F(OneModelIsHarmed, InTheReleaseTestWhichNamesIt) {
  const auto worst = released(AcrossRule::worst, 8);
  EXPECT_EQ(worst.verdict, ReleaseVerdict::worse);
  ASSERT_TRUE(worst.harmed);
  EXPECT_EQ(worst.models.at(*worst.harmed).model, "B");
  EXPECT_LT(worst.models.at(1).interval.high, 0);
  EXPECT_LE(worst.models.at(1).p, 0.025) << "each model has half of alpha";
  const auto mean = released(AcrossRule::mean, 8);
  EXPECT_EQ(mean.verdict, ReleaseVerdict::not_shown) << "4 tasks of 12 rise by one half";
  EXPECT_EQ(mean.models.at(0).verdict, ModelVerdict::helped);
  EXPECT_EQ(mean.models.at(1).verdict, ModelVerdict::harmed);
  EXPECT_FALSE(mean.harmed) << "the mean alone makes the verdict";
}

TEST_F(OneModelIsHarmed, NotShownAndTheImprovementOfTheMeanIsClaimed) {
  const auto none = released(AcrossRule::worst, 0);
  EXPECT_EQ(none.verdict, ReleaseVerdict::improved);
  EXPECT_DOUBLE_EQ(none.difference, 0.5);
  EXPECT_EQ(none.models.at(0).verdict, ModelVerdict::helped);
  EXPECT_EQ(none.models.at(1).verdict, ModelVerdict::not_shown);
  // One broken task is no proof of harm, but a reason to look at all of them.
  const auto one = released(AcrossRule::worst, 1);
  EXPECT_EQ(one.verdict, ReleaseVerdict::improved);
  EXPECT_EQ(one.models.at(1).n, kTasks);
}

TEST(AcrossScreen, DropsWhatBreaksItsOwnTasksWithAnotherModel) {
  for (const auto rule : {AcrossRule::mean, AcrossRule::worst}) {
    const Across across = two_models(rule, numbered("t", 4));
    const EffectModel model({}, &across);
    // It breaks with B two of the tasks that it was made for with A.
    CellWorld world{across, {{{"old", 0}, 0}, {{"new", 0}, 1}, {{"old", 1}, 1}, {{"new", 1}, 1}}};
    for (const char* task : {"t0", "t1", "t2"}) world.by_cell[{"new", across.id(task, 1)}] = 0;
    ScoreBook book;
    ScreenPlan plan;
    plan.current = "old";
    plan.candidates = {"new"};
    for (const auto& task : numbered("t", 4)) {
      plan.source_tasks.push_back(across.id(task, 0));
      plan.passing_tasks.push_back(across.id(task, 1));
    }
    const auto step = drive_cells(book, world, [&] { return screen(plan, {}, model, book); });
    const bool worst = rule == AcrossRule::worst;
    EXPECT_EQ(step.rows.at(0).dropped, worst) << name_of(rule);
    EXPECT_EQ(step.rows.at(0).harmed, worst ? std::optional<std::size_t>(1) : std::nullopt);
  }
}

}  // namespace
}  // namespace skillgrad::optim::decisions

namespace skillgrad::optim {
namespace {

TEST(SpreadTasks, AreGradedAsTheTasksTheyAreOf) {
  auto plain = std::make_unique<FakeBenchmark>();
  plain->add("t", "1");
  plain->add("u", "1");
  auto spread =
      spread_tasks(AcrossRule::worst, {"A", "B"}, std::move(plain), {{"t"}, {"u"}, {}, "x"});
  ASSERT_TRUE(spread);
  EXPECT_THAT(spread->splits.train, testing::ElementsAre("t@A", "t@B"));
  EXPECT_THAT(spread->splits.val, testing::ElementsAre("u@A", "u@B"));
  const bench::Task* cell = spread->benchmark->find("t@B");
  ASSERT_NE(cell, nullptr);
  EXPECT_EQ(cell->prompt, "Do t");
  EXPECT_EQ(spread->benchmark->find("t"), nullptr);
  const auto grade = spread->benchmark->grade(*cell, {{}, "1"}, {});
  EXPECT_EQ(grade.task_id, "t@B");
  EXPECT_EQ(grade.score, 1);
}

TEST(SpreadTasks, EachIsExecutedByItsOwnModel) {
  auto plain = std::make_unique<FakeBenchmark>();
  plain->add("t");
  auto spread = spread_tasks(AcrossRule::mean, {"A", "B"}, std::move(plain), {{"t"}, {}, {}, ""});
  ASSERT_TRUE(spread);
  std::vector<std::unique_ptr<agent::Executor>> executors;
  for (const char* name : {"0.25", "0.75"}) {
    auto one = std::make_unique<FakeExecutor>();
    one->score = [name](const agent::RolloutRequest& request) {
      return request.task->prompt == "Do t" ? name : "0";
    };
    executors.push_back(std::move(one));
  }
  const auto executor = make_across_executor(spread->across, std::move(executors));
  for (const auto& [cell, says] : {std::pair{"t@A", "0.25"}, std::pair{"t@B", "0.75"}}) {
    agent::RolloutRequest request;
    request.task = spread->benchmark->find(cell);
    const auto rollout = executor->run(request, {});
    EXPECT_EQ(rollout.final_message, says);
    EXPECT_EQ(rollout.task_id, cell);
  }
}

TEST(AcrossScores, AnIntervalIsOverTasksAndNotOverCells) {
  Across across(AcrossRule::mean, {"A", "B"});
  std::vector<LossRecord> records;
  for (int i = 0; i < 8; ++i) {
    const std::string task = "t" + std::to_string(i);
    ASSERT_TRUE(across.add(task));
    for (std::size_t model = 0; model < 2; ++model) {
      LossRecord record;
      record.task_id = across.id(task, model);
      record.status = LossStatus::pass;
      record.score = i % 2;  // both models agree: a second one adds nothing
      records.push_back(record);
    }
  }
  records.back().status = LossStatus::error;  // of t7@B, so t7 does not count
  EvalSummary both = summarize(records, 1);
  const auto cells = both.score_ci95;
  count_tasks(both, &across);
  EXPECT_DOUBLE_EQ(both.score, 3.0 / 7);
  EXPECT_GT(both.score_ci95.high - both.score_ci95.low, cells.high - cells.low);
  const auto model = score_of_model(both, across, 1);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->n, 7U);
  EXPECT_DOUBLE_EQ(model->score, 3.0 / 7);
  EXPECT_EQ(compare_cells(across.cells({"t6", "t7"}), both, both, &across).n, 1U);
}

}  // namespace
}  // namespace skillgrad::optim
