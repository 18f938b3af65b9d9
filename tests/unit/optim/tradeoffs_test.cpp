// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optim/decisions/gate.hpp"
#include "optim/decisions/release.hpp"
#include "optim/scoring/loss.hpp"
#include "optim/tradeoffs/denominators.hpp"
#include "optim/tradeoffs/pareto.hpp"

namespace skillgrad::optim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LossRecord rollout(double score, std::optional<double> cost, double seconds) {
  LossRecord out;
  out.task_id = "t";
  out.status = score >= 1 ? LossStatus::pass : LossStatus::fail;
  out.score = score;
  out.cost_usd = cost;
  out.seconds = seconds;
  return out;
}

TEST(WeightedLoss, HasNoComponentForWhatIsNotKnown) {
  const LossWeights weights{1, 0.5, 0.25, 0.1, 0.05};
  const ObjectiveFacts facts{0.2, 10, 1.5, 2};
  LossRecord record = rollout(0.75, 0.1, 20);
  combine_loss(weights, facts, record);
  EXPECT_THAT(record.components, ElementsAre(std::pair("cost", 0.5), std::pair("quality", 0.25),
                                             std::pair("size", 0.5), std::pair("time", 2.0),
                                             std::pair("violations", 2.0)));
  EXPECT_DOUBLE_EQ(record.loss, 0.25 + 0.5 * 0.5 + 0.25 * 2 + 0.1 * 0.5 + 0.05 * 2);
  LossRecord unknown = rollout(0.75, std::nullopt, 20);
  unknown.timed = false;
  combine_loss(weights, facts, unknown);
  EXPECT_FALSE(unknown.components.contains("cost"));
  EXPECT_FALSE(unknown.components.contains("time"));
  LossRecord early = rollout(1, 0.1, 20);  // before the base run has ended
  combine_loss(weights, {0, 0, 1, 0}, early);
  EXPECT_FALSE(early.components.contains("cost"));
}

TEST(WeightedLoss, IsAValueFromNoneToOneOrNotKnown) {
  const LossWeights weights{1, 0.5, 0, 0, 0};
  const ObjectiveFacts facts{0.2, 10, 1, 0};
  EXPECT_DOUBLE_EQ(*value_of(weights, facts, rollout(1, 0.0, 1)), 1);
  EXPECT_DOUBLE_EQ(*value_of(weights, facts, rollout(1, 0.2, 1)), 1 - 0.5 / 2.5);
  EXPECT_DOUBLE_EQ(*value_of(weights, facts, rollout(0, 9.0, 1)), 0);
  EXPECT_FALSE(value_of(weights, facts, rollout(1, std::nullopt, 1)));
  EXPECT_FALSE(value_of(weights, {}, rollout(1, 0.2, 1)));
  EXPECT_TRUE(value_of({}, {}, rollout(1, std::nullopt, 1)))
      << "what weighs nothing need not be known";
}

TEST(WeightedLoss, RefusesADenominatorOfNothing) {
  ObjectiveFacts facts;
  const std::vector<LossRecord> free = {rollout(1, 0.0, 2), rollout(0, 0.0, 4)};
  EXPECT_TRUE(set_denominators({}, free, facts));
  EXPECT_DOUBLE_EQ(facts.time0, 3);
  const auto refused = set_denominators({1, 0.5, 0, 0, 0}, free, facts);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("cost weighs in the loss"));
  EXPECT_THAT(refused.error().mend, HasSubstr("--price"));
  // One whose price is not known is not one that was free.
  EXPECT_TRUE(set_denominators({1, 0.5, 0, 0, 0}, {rollout(1, 0.4, 1), rollout(1, std::nullopt, 1)},
                               facts));
  EXPECT_DOUBLE_EQ(facts.cost0, 0.4);
}

TEST(WeightedLoss, OptionsOfTheGraderAreRead) {
  const auto weights = loss_weights(Json::parse(R"({"name":"grader","cost":0.5})"));
  ASSERT_TRUE(weights);
  EXPECT_TRUE(weights->several());
  EXPECT_DOUBLE_EQ(weights->quality, 1);
  EXPECT_FALSE(loss_weights(Json::parse(R"({"name":"command","run":["x"]})"))->several());
  EXPECT_FALSE(loss_weights(Json::parse(R"({"name":"grader","quality":0})")));
  EXPECT_FALSE(loss_weights(Json::parse(R"({"name":"grader","costs":1})")));
}

/// A candidate that is as good at the fraction `cost` of the price.
decisions::GateVerdict gate_on_cost(double cost, bool weighted) {
  const LossWeights weights{1, 0.5, 0, 0, 0};
  const ObjectiveFacts facts{1, 1, 1, 0};
  const decisions::EffectModel model({}, nullptr, weighted ? largest_step(weights) : 0);
  std::vector<std::string> tasks;
  decisions::ScoreBook book;
  for (int i = 0; i < 12; ++i) tasks.push_back("v" + std::to_string(i));
  const decisions::GatePlan plan{decisions::Comparison("old", "new", 0), tasks, 1};
  for (;;) {
    const auto step =
        decisions::gate(plan, decisions::gate_options(decisions::GateLevel::balanced), model, book);
    if (step.done()) return step.verdict;
    for (const auto& need : step.needs) {
      const LossRecord record = rollout(1, need.package == "new" ? cost : 1, 1);
      book.add(need, 1.0, {value_of(weights, facts, record), record.cost_usd, record.seconds});
    }
  }
}

TEST(WeightedGate, KeepsWhatIsCheaperAndAsGoodAndNothingDearer) {
  using enum decisions::GateDecision;
  EXPECT_EQ(gate_on_cost(0.4, true).decision, accepted);
  EXPECT_EQ(gate_on_cost(2.0, true).decision, rejected);
  EXPECT_EQ(gate_on_cost(0.4, false).decision, rejected)
      << "of scores alone it is a patch that does nothing";
}

TEST(WeightedRelease, IsATestOfTheValues) {
  decisions::ScoreBook book;
  std::vector<std::string> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back("t" + std::to_string(i));
  decisions::ReleaseOptions options;
  options.weighted = true;
  const decisions::ReleasePlan plan{"old", "new", tasks, 0, 0};
  for (;;) {
    const auto step = decisions::release(plan, options, book);
    if (step.done()) {
      EXPECT_EQ(step.result.verdict, decisions::ReleaseVerdict::improved);
      EXPECT_NEAR(step.result.difference, 0.1, 1e-9);
      EXPECT_TRUE(step.result.weighted);
      EXPECT_EQ(to_json(step.result)["of"], "weighted loss");
      return;
    }
    for (const auto& need : step.needs)
      book.add(need, 1.0, {need.package == "new" ? 0.9 : 0.8, {}, {}});
  }
}

class Alternatives : public testing::Test {
 protected:
  /// One rollout of each of four tasks.
  void measured(const std::string& package, double score, std::optional<double> cost,
                std::size_t tasks = 4) {
    for (std::size_t i = 0; i < tasks; ++i)
      book_.add({package, plan_.tasks.at(i), 0}, score, {{}, cost, 2.0});
  }
  void offer(int iteration, const std::string& package, double size, double violations = 0) {
    plan_.packages.push_back(
        {iteration, iteration == 0 ? "initial" : "accepted", package, size, violations, false});
  }
  AlternativesPlan plan_{{}, {"a", "b", "c", "d"}, {}, nullptr, true};
  decisions::ScoreBook book_;
};

TEST_F(Alternatives, AreDominatedByWhatIsAsGoodInAllAndBetterInOne) {
  offer(0, "p0", 1);
  offer(1, "p1", 1.5);     // better, and dearer
  offer(2, "p2", 1.5, 1);  // as p1, and breaks a rule
  offer(3, "p3", 0.5);     // never measured
  offer(4, "p4", 0.9);     // as good as the initial one, and smaller
  measured("p0", 0.5, 0.2);
  measured("p1", 1, 0.3);
  measured("p2", 1, 0.3, 2);
  measured("p4", 0.5, 0.2);
  const auto found = tradeoffs(plan_, book_);
  ASSERT_EQ(found.rows.size(), 5U);
  EXPECT_THAT(found.objectives, ElementsAre("quality", "cost", "size", "violations"));
  EXPECT_EQ(found.rows[0].beaten, true) << "the fourth is smaller";
  EXPECT_EQ(found.rows[1].beaten, false);
  EXPECT_EQ(found.rows[2].beaten, true);
  EXPECT_EQ(found.rows[3].beaten, std::nullopt) << "what was not measured is not judged";
  EXPECT_EQ(found.rows[4].beaten, false);
  EXPECT_DOUBLE_EQ(found.rows[1].difference, 0.5);
  EXPECT_DOUBLE_EQ(*found.rows[1].cost_ratio, 1.5);
  EXPECT_EQ(found.rows[2].n, 2U) << "on the tasks that both were graded on";
  ASSERT_EQ(found.left_out.size(), 1U);
  EXPECT_EQ(found.left_out[0].objective, "time");
  const Json json = to_json(found);
  EXPECT_EQ(json["packages"][3]["score"], nullptr);
  EXPECT_EQ(json["packages"][1]["seconds"]["mean"], 2.0);
}

TEST_F(Alternatives, AreNotComparedOnACostThatNobodyKnows) {
  offer(0, "p0", 1);
  offer(1, "p1", 1);
  measured("p0", 1, 0.2);
  measured("p1", 1, std::nullopt);
  auto found = tradeoffs(plan_, book_);
  EXPECT_THAT(found.objectives, ElementsAre("quality", "size", "violations"));
  EXPECT_EQ(found.rows[1].cost_usd, std::nullopt);
  EXPECT_EQ(found.rows[0].beaten, false) << "it is cheaper for all that is known, and dearer, too";
  plan_.calls_are_made = false;
  found = tradeoffs(plan_, book_);
  EXPECT_EQ(found.rows[0].cost_usd, std::nullopt);
  EXPECT_EQ(found.rows[0].seconds, std::nullopt);
  EXPECT_THAT(found.left_out[0].why, HasSubstr("cache"));
}

TEST_F(Alternatives, ATimeThatWeighsSomethingIsCompared) {
  plan_.weights.time = 0.5;
  offer(0, "p0", 1);
  measured("p0", 1, 0.2);
  EXPECT_THAT(tradeoffs(plan_, book_).objectives,
              ElementsAre("quality", "cost", "time", "size", "violations"));
}

}  // namespace
}  // namespace skillgrad::optim
