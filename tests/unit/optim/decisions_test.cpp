// SPDX-License-Identifier: MIT
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/random.hpp>

#include "optim/decisions/calibration.hpp"
#include "optim/decisions/finalists.hpp"
#include "optim/decisions/gate.hpp"
#include "optim/decisions/prune.hpp"
#include "optim/decisions/release.hpp"
#include "optim/decisions/screen.hpp"

namespace skillgrad::optim::decisions {
namespace {

using Names = std::vector<std::string>;

Names ids(const std::string& prefix, std::size_t count) {
  Names out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(prefix + std::to_string(i));
  return out;
}

/// What rollouts give: by package and task, else by package.
struct World {
  std::map<std::pair<std::string, std::string>, double> by_task;
  std::map<std::string, double> by_package;
  std::set<std::string> broken_tasks;  ///< never graded
  std::function<double(const Need&, double)> noise;

  [[nodiscard]] std::optional<double> play(const Need& need) const {
    if (broken_tasks.contains(need.task)) return std::nullopt;
    const auto found = by_task.find({need.package, need.task});
    const double score = found != by_task.end() ? found->second : by_package.at(need.package);
    return noise ? noise(need, score) : score;
  }
};

void make(ScoreBook& book, const World& world, const std::vector<Need>& needs) {
  for (const Need& need : needs)
    EXPECT_TRUE(book.add(need, world.play(need))) << need.package << " " << need.task;
}

/// As the loop would: make what is asked for until nothing is. Each round in between the step must
/// ask for something that is not in the book.
template <class Step>
auto drive(ScoreBook& book, const World& world, const Step& step) {
  for (int round = 0; round < 100; ++round) {
    auto result = step();
    if (result.done()) return result;
    make(book, world, result.needs);
  }
  ADD_FAILURE() << "a step asks without end";
  return step();
}

void fill(ScoreBook& book, const World& world, const std::string& package, const Names& tasks,
          std::size_t repeats) {
  std::vector<Need> needs;
  for (const auto& task : tasks) book.top_up(package, task, repeats, needs);
  make(book, world, needs);
}

TEST(ScoreBook, KeepsTheFirstOfEachRolloutAndCountsMissingOnesApart) {
  ScoreBook book;
  EXPECT_TRUE(book.add({"p", "a", 0}, 1.0));
  EXPECT_FALSE(book.add({"p", "a", 0}, 0.0));
  EXPECT_TRUE(book.add({"p", "a", 1}, std::nullopt));
  EXPECT_TRUE(book.add({"p", "a", 2}, 0.5));
  EXPECT_EQ(book.size(), 3U);
  const TaskValue value = book.value("p", "a");
  EXPECT_DOUBLE_EQ(value.mean, 0.75);
  EXPECT_EQ(value.graded, 2U);
  EXPECT_EQ(value.missing, 1U);
  EXPECT_EQ(book.value("p", "b").graded, 0U);
  EXPECT_EQ(book.entries("p", "a")[2].place, 2U);
}

TEST(ScoreBook, TopsUpOnlyWhatIsMissing) {
  ScoreBook book;
  book.add({"p", "a", 1}, std::nullopt);  // made, not graded: not made again
  std::vector<Need> needs;
  book.top_up("p", "a", 3, needs);
  EXPECT_EQ(needs, (std::vector<Need>{{"p", "a", 0}, {"p", "a", 2}}));
}

TEST(Comparison, TopsUpBothArmsAndSeesOnlyWhatWasThereOrAskedFor) {
  ScoreBook book;
  book.add({"old", "a", 0}, 1.0);
  book.add({"old", "a", 1}, 0.0);
  Comparison comparison("old", "new", book.size());
  comparison.ask({{"a", 1, false}, {"b", 1, true}});
  EXPECT_EQ(comparison.needs(book),
            (std::vector<Need>{{"new", "a", 0}, {"old", "b", 0}, {"new", "b", 0}}));
  for (const Need& need : comparison.needs(book)) book.add(need, 1.0);
  book.add({"new", "a", 1}, 0.0);  // of a later step: not counted yet
  const auto pairs = comparison.pairs(book);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_DOUBLE_EQ(pairs[0].before.mean, 0.5);
  EXPECT_DOUBLE_EQ(pairs[0].after.mean, 1);
  EXPECT_TRUE(pairs[1].source);
  comparison.ask({{"a", 2, false}});
  EXPECT_DOUBLE_EQ(comparison.pairs(book)[0].after.mean, 0.5);
}

TEST(Comparison, CountsNothingOfBeforeWhenItIsFresh) {
  ScoreBook book;
  book.add({"old", "a", 0}, 1.0);
  Comparison comparison("old", "new", book.size(), Counted::fresh);
  comparison.ask({{"a", 1, false}});
  EXPECT_EQ(comparison.needs(book), (std::vector<Need>{{"old", "a", 1}, {"new", "a", 0}}));
  book.add({"old", "a", 1}, 0.0);
  book.add({"new", "a", 0}, 0.0);
  EXPECT_TRUE(comparison.needs(book).empty());
  EXPECT_DOUBLE_EQ(comparison.pairs(book)[0].before.mean, 0);
}

TEST(PassingTasks, NeverFailedAndAreInASeededOrder) {
  ScoreBook book;
  for (const auto& task : ids("t", 8)) book.add({"first", task, 0}, task == "t3" ? 0.0 : 1.0);
  book.add({"now", "t3", 0}, 1.0);  // lucky this time
  book.add({"now", "t4", 0}, 0.0);
  book.add({"other", "t5", 0}, 0.0);  // no ancestor
  const auto picked = passing_tasks(book, {"now", "first"}, ids("t", 9), {"t0"}, 3, 7);
  EXPECT_EQ(picked.size(), 3U);
  EXPECT_EQ(picked, passing_tasks(book, {"now", "first"}, ids("t", 9), {"t0"}, 3, 7));
  const auto all = passing_tasks(book, {"now", "first"}, ids("t", 9), {"t0"}, 9, 7);
  EXPECT_THAT(all, testing::UnorderedElementsAre("t1", "t2", "t5", "t6", "t7"));
}

TaskPair pair_of(double before, std::size_t n0, double after, std::size_t n1, bool source = false) {
  return {"t", source, {before, n0, 0}, {after, n1, 0}};
}

TEST(EffectModel, BelievesItsPriorWithoutRolloutsAndEvidenceWithThem) {
  const EffectModel model;
  const Belief prior = model.belief({});
  // 0.5 (0.75 + 0.25 x 0.4), but of the pairs of shares that add up to at most 1.
  EXPECT_NEAR(prior.better, 0.425, 0.01);
  EXPECT_NEAR(prior.worse, 0.5 * 0.25 + 0.5 * 0.25 * 0.4, 0.01);
  EXPECT_EQ(model.belief({pair_of(0, 0, 1, 3)}).better,
            prior.better);  // one arm alone says nothing
  const Belief lifted = model.belief({pair_of(0, 3, 1, 3, true)});
  EXPECT_GT(lifted.better, 0.75);
  EXPECT_LT(lifted.worse, prior.worse);
  const Belief broken = model.belief({pair_of(1, 3, 0, 3)});
  EXPECT_GT(broken.worse, 0.6);
  EXPECT_LT(broken.gain, 0);
  const Belief nothing = model.belief(std::vector<TaskPair>(8, pair_of(0, 3, 0, 3, true)));
  EXPECT_LT(nothing.better, 0.12);
}

TEST(EffectModel, GrowsSurerWithRepeatsAndDoesNotCareForTheOrderOfTasks) {
  const EffectModel model;
  double last = 0;
  for (const std::size_t n : {1U, 2U, 4U, 8U}) {
    const double better = model.belief({pair_of(0, n, 1, n, true)}).better;
    EXPECT_GT(better, last) << n;
    last = better;
  }
  const std::vector<TaskPair> pairs = {pair_of(0, 2, 1, 2, true), pair_of(1, 2, 0.5, 2),
                                       pair_of(0.3, 3, 0.6, 1)};
  const double forward = model.belief(pairs).better;
  EXPECT_NEAR(forward, model.belief({pairs.rbegin(), pairs.rend()}).better, 1e-12);
}

TEST(EffectModel, RisesWithEachTaskThatIsFixedAndFallsWithEachThatIsBroken) {
  const EffectModel model;
  for (const std::size_t n : {8U, 12U, 20U}) {
    for (std::size_t broken = 0; broken <= n; ++broken) {
      double last = 0;
      for (std::size_t fixed = 0; fixed + broken <= n; ++fixed) {
        std::vector<TaskPair> pairs(fixed, pair_of(0, 1, 1, 1));
        pairs.insert(pairs.end(), broken, pair_of(1, 1, 0, 1));
        pairs.insert(pairs.end(), n - fixed - broken, pair_of(1, 1, 1, 1));
        const Belief belief = model.belief(pairs);
        EXPECT_GE(belief.better, last) << n << ": " << fixed << " fixed, " << broken << " broken";
        last = belief.better;
        if (fixed <= broken) {
          EXPECT_LT(belief.better, 0.5) << n << ": " << fixed << " fixed, " << broken << " broken";
        }
      }
    }
  }
  std::vector<TaskPair> most(8, pair_of(0, 1, 1, 1));
  most.insert(most.end(), 4, pair_of(1, 1, 0, 1));
  EXPECT_GT(model.belief(most).better, 0.7) << "8 fixed and 4 broken of 12";
}

TEST(EffectModel, SaysWhichTasksWereLiftedAndBroken) {
  const EffectModel model;
  const auto tasks =
      model.by_task({pair_of(0, 4, 1, 4, true), pair_of(1, 4, 0, 4), pair_of(1, 4, 1, 4)});
  EXPECT_GT(tasks[0].lifted, 0.95);
  EXPECT_GT(tasks[1].broken, 0.8);
  EXPECT_LT(tasks[2].lifted + tasks[2].broken, 0.4);
}

// What the model is: the chance that it gives is that of the worlds it believes in, also when one
// stops as soon as one is sure. Candidates drawn from its prior, looked at until sure.
TEST(EffectModel, HoldsWhatItSaysUnderOptionalStopping) {
  const EffectPrior prior;
  const EffectModel model(prior);
  PyRandom random(21);
  const auto arcsine = [&] {
    const double s = std::sin(1.5707963267948966 * random.random());
    return s * s;
  };
  std::size_t sure = 0;
  std::size_t right = 0;
  for (int run = 0; run < 1'500; ++run) {
    const auto share = [&](double none) {
      return random.random() < none ? 0 : prior.shares[random.randbelow(prior.shares.size())];
    };
    const double up = share(prior.lifts_none);
    const double down = share(prior.breaks_none);
    std::vector<TaskPair> pairs;
    for (int i = 0; i < 40; ++i) {
      double before = arcsine();
      double after = before;
      const double kind = random.random();
      if (kind < up + down) {
        after = arcsine();
        if ((kind < up) != (after > before)) std::swap(after, before);
      }
      pairs.push_back(
          pair_of(random.random() < before ? 1 : 0, 1, random.random() < after ? 1 : 0, 1));
      if (i % 8 == 7 && model.belief(pairs).better >= 0.8) {
        ++sure;
        right += up > down ? 1U : 0U;
        break;
      }
    }
  }
  ASSERT_GT(sure, 100U);
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(sure), 0.78);
}

struct ScreenFixture : testing::Test {
  ScoreBook book;
  World world;
  EffectModel model;
  ScreenPlan plan;
  ScreenFixture() {
    world.by_package = {{"now", 1}, {"good", 1}, {"null", 1}, {"bad", 1}};
    plan.current = "now";
    plan.source_tasks = ids("s", 4);
    plan.passing_tasks = ids("t", 4);
    for (const auto& task : plan.source_tasks) {
      world.by_task[{"now", task}] = 0;
      world.by_task[{"null", task}] = 0;
      world.by_task[{"bad", task}] = 0;
      world.by_task[{"good", task}] = task == "s3" ? 0 : 1;
    }
    fill(book, world, "now", plan.source_tasks, 1);
    plan.start = book.size();
  }
  ScreenStep screened() {
    return drive(book, world, [&] { return screen(plan, {}, model, book); });
  }
};

TEST_F(ScreenFixture, DropsWhatDoesNothingAfterOneRolloutOfEachSourceTask) {
  plan.candidates = {"null"};
  const auto step = screened();
  EXPECT_FALSE(step.best.has_value());
  EXPECT_EQ(book.size() - plan.start, 4U);
}

TEST_F(ScreenFixture, LetsTheBestOfAStepGoOnAndRunsTheOthersNoFurther) {
  plan.candidates = {"null", "good", "bad"};
  const auto step = screened();
  ASSERT_TRUE(step.best.has_value());
  EXPECT_EQ(step.rows[*step.best].candidate, "good");
  EXPECT_GT(step.rows[1].fixes, 2);
  EXPECT_GT(step.rows[1].fixes, step.rows[1].breaks);
  EXPECT_EQ(book.value("null", "s0").graded, 1U);
  // Balanced: the passing tasks were run with both.
  EXPECT_EQ(book.value("now", "t0").graded, 1U);
  EXPECT_EQ(book.value("good", "t0").graded, 1U);
  EXPECT_EQ(book.value("null", "t0").graded, 0U);
}

TEST_F(ScreenFixture, DropsAFixThatBreaksWhatPassed) {
  for (const auto& task : plan.passing_tasks) world.by_task[{"good", task}] = 0;
  world.by_task[{"good", "s1"}] = 0;
  world.by_task[{"good", "s2"}] = 0;
  plan.candidates = {"good"};
  const auto step = screened();
  EXPECT_FALSE(step.best.has_value());
}

TEST_F(ScreenFixture, ReportsTasksThatCouldNotBeGraded) {
  world.broken_tasks = {"s0"};
  plan.candidates = {"good"};
  const auto step = screened();
  ASSERT_TRUE(step.best.has_value());
  EXPECT_EQ(step.rows[0].missing, 1U);
  EXPECT_EQ(book.value("good", "s0").graded, 0U);
}

struct GateFixture : testing::Test {
  ScoreBook book;
  World world;
  EffectModel model;
  Names val = ids("v", 12);
  GateFixture() { world.by_package = {{"now", 0.0}, {"new", 1.0}}; }
  [[nodiscard]] GatePlan plan() const { return {Comparison("now", "new", start), val, 5}; }
  GateStep gated(const GateOptions& options) {
    return drive(book, world, [&] { return gate(plan(), options, model, book); });
  }
  std::size_t start = 0;
};

TEST_F(GateFixture, AcceptsAClearGainBeforeAllIsRun) {
  const auto step = gated(gate_options(GateLevel::balanced));
  EXPECT_EQ(step.verdict.decision, GateDecision::accepted);
  EXPECT_EQ(step.verdict.reason, GateReason::evidence);
  EXPECT_EQ(step.verdict.looks, 1U);
  EXPECT_EQ(book.size(), 8U);  // four tasks a look, both arms
}

// Errors are no evidence, and what they leave must speak for the tasks that were run.
TEST_F(GateFixture, AcceptsNothingWhileMostOfWhatWasRunHasNoGrade) {
  start = 0;
  for (const auto& task : val) world.broken_tasks.insert(task);
  fill(book, world, "now", {"s0", "s1", "s2", "s3"}, 4);
  fill(book, world, "new", {"s0", "s1", "s2", "s3"}, 4);
  Comparison comparison("now", "new", 0);
  comparison.ask({{"s0", 4, true}, {"s1", 4, true}, {"s2", 4, true}, {"s3", 4, true}});
  world.broken_tasks.erase("v3");
  const GatePlan believed{comparison, val, 5};
  const auto step = drive(
      book, world, [&] { return gate(believed, gate_options(GateLevel::balanced), model, book); });
  EXPECT_GT(step.verdict.belief.better, 0.9) << "the screen alone is sure";
  EXPECT_EQ(step.verdict.decision, GateDecision::undecided);
  EXPECT_EQ(step.verdict.reason, GateReason::coverage);
  EXPECT_EQ(step.verdict.tasks, 1U);
}

TEST_F(GateFixture, RejectsAClearLossAfterItsFirstBlock) {
  world.by_package = {{"now", 1.0}, {"new", 0.0}};
  const auto step = gated(gate_options(GateLevel::loose));
  EXPECT_EQ(step.verdict.decision, GateDecision::rejected);
  EXPECT_EQ(book.size(), 8U);
}

TEST_F(GateFixture, DoesNotAcceptWhatMakesNoDifference) {
  for (const auto level : {GateLevel::strict, GateLevel::balanced, GateLevel::loose}) {
    for (const double score : {0.0, 1.0}) {
      book = {};
      world.by_package = {{"now", score}, {"new", score}};
      EXPECT_EQ(gated(gate_options(level)).verdict.decision, GateDecision::rejected)
          << name_of(level) << " " << score;
    }
  }
}

TEST_F(GateFixture, CountsTheEvidenceOfTheScreen) {
  world.by_package = {{"now", 1.0}, {"new", 1.0}};
  ScreenPlan screening;
  screening.current = "now";
  screening.candidates = {"new"};
  screening.source_tasks = ids("s", 4);
  for (const auto& task : screening.source_tasks) world.by_task[{"now", task}] = 0;
  const auto screened = drive(book, world, [&] { return screen(screening, {}, model, book); });
  ASSERT_TRUE(screened.best.has_value());
  const GatePlan with{screened.rows[0].comparison, val, 5};
  const auto step = drive(
      book, world, [&] { return gate(with, gate_options(GateLevel::balanced), model, book); });
  EXPECT_EQ(step.verdict.decision, GateDecision::accepted);
  EXPECT_EQ(step.verdict.fixed, 0U);  // nothing on validation
  EXPECT_DOUBLE_EQ(step.verdict.before, 1);
}

TEST_F(GateFixture, LooksASecondTimeBeforeATaskCountsAsLost) {
  GateOptions options = gate_options(GateLevel::balanced);
  options.max_broken = 0;
  world.by_package = {{"now", 0.0}, {"new", 1.0}};
  world.by_task[{"now", "v3"}] = 1;
  world.by_task[{"new", "v3"}] = 0;
  options.blocks = 1;
  const auto lost = gated(options);
  EXPECT_EQ(lost.verdict.decision, GateDecision::rejected);
  EXPECT_EQ(lost.verdict.reason, GateReason::broken);
  EXPECT_EQ(lost.verdict.lost, Names{"v3"});
  EXPECT_EQ(book.value("now", "v3").graded, 2U);
  EXPECT_EQ(book.value("new", "v3").graded, 2U);
  EXPECT_EQ(book.value("new", "v4").graded, 1U);
  options.max_broken = 1;
  book = {};
  EXPECT_EQ(gated(options).verdict.decision, GateDecision::accepted);
  book = {};
  options.max_broken = 0;
  // The second rollout passes: a flip, not a loss.
  world.noise = [](const Need& need, double score) {
    return need.task == "v3" && need.package == "new" && need.repeat == 1 ? 1.0 : score;
  };
  EXPECT_EQ(gated(options).verdict.decision, GateDecision::accepted);
}

TEST_F(GateFixture, IsUndecidedWhenTooFewTasksCouldBeGraded) {
  for (const auto& task : ids("v", 12))
    if (task != "v0" && task != "v1") world.broken_tasks.insert(task);
  world.by_package = {{"now", 1.0}, {"new", 1.0}};
  world.by_task[{"now", "v0"}] = 0;
  GateOptions options = gate_options(GateLevel::balanced);
  options.accept = 1;
  const auto step = gated(options);
  EXPECT_EQ(step.verdict.decision, GateDecision::undecided);
  EXPECT_EQ(step.verdict.reason, GateReason::coverage);
  EXPECT_EQ(step.verdict.tasks, 2U);
  EXPECT_EQ(step.verdict.missing, 10U);
}

TEST_F(GateFixture, StopsWhenNothingThatIsLeftCouldSave) {
  // Most lost at first: what is left of one pass cannot outweigh it.
  world.by_package = {{"now", 1.0}, {"new", 0.0}};
  for (const auto& task : {"v0", "v1"}) world.by_task[{"new", task}] = 1;
  GateOptions options = gate_options(GateLevel::balanced);
  options.reject = 0;  // leaves it to the futility stop
  const auto step = gated(options);
  EXPECT_EQ(step.verdict.decision, GateDecision::rejected);
  EXPECT_EQ(step.verdict.reason, GateReason::futile);
  EXPECT_LT(book.size(), 24U);
}

// The loop may be killed at any rollout: the decision is the same from whatever is in the book, and
// nothing is asked for twice.
TEST_F(GateFixture, ComesToTheSameWhereverItWasCutOffAndWhateverCameAfter) {
  PyRandom random(3);
  world.noise = [](const Need& need, double score) {
    const auto hash = std::hash<std::string>{}(need.package + need.task) + 31 * need.repeat;
    return hash % 5 == 0 ? 1 - score : score;
  };
  world.by_package = {{"now", 1.0}, {"new", 1.0}};
  world.by_task[{"now", "v1"}] = 0;
  GateOptions options = gate_options(GateLevel::strict);
  options.max_broken = 0;
  const auto whole = gated(options);
  const std::size_t cost = book.size();
  for (std::size_t cut = 0; cut <= cost; ++cut) {
    book = {};
    std::size_t made = 0;
    while (made < cut) {
      for (const Need& need : gate(plan(), options, model, book).needs) {
        if (made++ == cut) break;
        book.add(need, world.play(need));
      }
    }
    const auto resumed = gated(options);
    EXPECT_EQ(resumed.verdict.decision, whole.verdict.decision) << cut;
    EXPECT_EQ(resumed.verdict.belief.better, whole.verdict.belief.better) << cut;
    EXPECT_EQ(book.size(), cost) << cut;
  }
  fill(book, world, "new", val, 4);  // later in the run
  EXPECT_EQ(gate(plan(), options, model, book).verdict.belief.better, whole.verdict.belief.better);
}

TEST(MeanGate, AcceptsWhenTheMeanRisesAndOnlyThen) {
  World world;
  const Names val = ids("v", 5);
  for (const double after : {0.4, 0.5, 0.6}) {
    ScoreBook book;
    world.by_package = {{"now", 0.5}, {"new", after}};
    fill(book, world, "now", val, 1);
    const Comparison comparison("now", "new", book.size());
    const auto step = drive(book, world, [&] { return mean_gate(comparison, val, 1, book); });
    EXPECT_EQ(step.verdict.decision, after > 0.5 ? GateDecision::accepted : GateDecision::rejected);
    EXPECT_EQ(book.size(), 10U);
  }
  ScoreBook book;
  world.broken_tasks = {"v0", "v1", "v2"};
  const auto step =
      drive(book, world, [&] { return mean_gate(Comparison("now", "new", 0), val, 1, book); });
  EXPECT_EQ(step.verdict.decision, GateDecision::undecided);
}

TEST(Finalists, KeepTheLastUnlessFreshRolloutsSayOtherwise) {
  const EffectModel model;
  const Names val = ids("v", 12);
  World world;
  world.by_package = {{"initial", 0.0}, {"middle", 1.0}, {"last", 0.0}};
  for (const double last : {0.0, 1.0}) {
    ScoreBook book;
    world.by_package["last"] = last;
    fill(book, world, "initial", val, 1);
    const FinalistPlan plan{{"initial", "middle", "last"}, val, 1, book.size()};
    const auto step =
        drive(book, world, [&] { return finalists(plan, FinalistOptions{}, model, book); });
    EXPECT_EQ(plan.packages[step.chosen], last == 0 ? "middle" : "last");
    EXPECT_DOUBLE_EQ(step.rows[1].fresh_score, 1);
    EXPECT_EQ(book.value("initial", "v0").graded, 2U);  // a fresh one beside the stored one
  }
}

TEST(Finalists, OfManyCheckpointsAreTheFirstTheLastAndTheMostPromising) {
  const EffectModel model;
  const Names val = ids("v", 12);
  World world;
  world.by_package = {{"a", 0.0}, {"b", 0.0}, {"c", 1.0}, {"d", 0.0}};
  ScoreBook book;
  for (const auto& package : {"a", "b", "c", "d"}) fill(book, world, package, val, 1);
  EXPECT_EQ(choose_finalists({"a", "b", "c", "d"}, val, 3, model, book), (Names{"a", "c", "d"}));
  EXPECT_EQ(choose_finalists({"a", "d"}, val, 3, model, book), (Names{"a", "d"}));
  EXPECT_EQ(choose_finalists({"a"}, val, 3, model, book), Names{"a"});
}

TEST(Prune, TakesOutWhatGivesNothingAndKeepsWhatDoes) {
  const EffectModel model;
  World world;
  world.by_package = {{"with", 1.0}, {"without", 1.0}};
  PrunePlan plan{"with", {"without", ids("s", 4)}, ids("v", 12), 1, 0, 0};
  PruneOptions options;
  ScoreBook book;
  for (const auto& task : ids("f", 2'000)) book.add({"other", task, 0}, 1.0);  // a long run
  plan.start = plan.begin = book.size();
  const ScoreBook begin = book;
  auto step = drive(book, world, [&] { return prune(plan, options, model, book); });
  EXPECT_EQ(step.verdict, PruneVerdict::taken_out);
  EXPECT_GT(step.within_margin, 0.9);
  for (const auto& task : plan.edit.source_tasks) world.by_task[{"without", task}] = 0;
  book = begin;
  step = drive(book, world, [&] { return prune(plan, options, model, book); });
  EXPECT_EQ(step.verdict, PruneVerdict::kept);
  EXPECT_EQ(book.size() - plan.start, 8U);  // the source tasks were enough
  // The share of rollouts binds.
  options.share = 0.001;
  book = begin;
  step = prune(plan, options, model, book);
  EXPECT_TRUE(step.done());
  EXPECT_EQ(step.verdict, PruneVerdict::not_looked_at);
  plan.edit.without.clear();
  EXPECT_EQ(prune(plan, PruneOptions{}, model, book).verdict, PruneVerdict::not_looked_at);
}

struct ReleaseFixture : testing::Test {
  ScoreBook book;
  World world;
  ReleasePlan plan{"initial", "chosen", ids("x", 80), 3, 0};
  ReleaseResult tested() {
    return drive(book, world, [&] { return release(plan, {}, book); }).result;
  }
};

TEST_F(ReleaseFixture, SaysImprovedWorseOrNotShown) {
  world.by_package = {{"initial", 0.0}, {"chosen", 1.0}};
  auto result = tested();
  EXPECT_EQ(result.verdict, ReleaseVerdict::improved);
  EXPECT_DOUBLE_EQ(result.difference, 1);
  EXPECT_LT(result.n, 80U);  // a clear case stops early
  EXPECT_EQ(book.size(), 2 * result.n);
  EXPECT_LT(result.p, 0.05);
  EXPECT_GT(result.interval.low, 0);
  book = {};
  world.by_package = {{"initial", 1.0}, {"chosen", 0.0}};
  result = tested();
  EXPECT_EQ(result.verdict, ReleaseVerdict::worse);
  EXPECT_LT(result.interval.high, 0);
  book = {};
  world.by_package = {{"initial", 1.0}, {"chosen", 1.0}};
  result = tested();
  EXPECT_EQ(result.verdict, ReleaseVerdict::not_shown);
  EXPECT_LT(result.interval.low, 0);
  EXPECT_GT(result.could_show, 0.02);
  EXPECT_LT(result.could_show, 0.2);
}

TEST_F(ReleaseFixture, CountsFreshRolloutsOnlyAndLeavesOutWhatCouldNotBeGraded) {
  world.by_package = {{"initial", 0.0}, {"chosen", 1.0}};
  for (const auto& task : plan.test_tasks) book.add({"chosen", task, 0}, 0.0);
  plan.start = book.size();
  for (int i = 0; i < 80; i += 4) world.broken_tasks.insert("x" + std::to_string(i));
  const auto result = tested();
  EXPECT_EQ(result.verdict, ReleaseVerdict::improved);
  EXPECT_DOUBLE_EQ(result.after, 1);
  EXPECT_GT(result.missing, 0U);
}

TEST_F(ReleaseFixture, RunsNothingWithoutTasksOrWithoutAChange) {
  plan.test_tasks.clear();
  EXPECT_EQ(tested().verdict, ReleaseVerdict::not_tested);
  plan.test_tasks = ids("x", 80);
  plan.chosen = "initial";
  EXPECT_EQ(tested().verdict, ReleaseVerdict::not_shown);
  EXPECT_EQ(book.size(), 0U);
}

TEST(Calibration, SaysWhatTheNoiseMeansForTheTest) {
  World world;
  world.by_package = {{"now", 1.0}};
  world.noise = [](const Need& need, double score) {
    return need.task < "v3" && need.repeat == 1 ? 0.0 : score;  // v0, v1, v10, v11, v2 flip
  };
  world.by_task[{"now", "v9"}] = 0;
  world.broken_tasks = {"v8"};
  ScoreBook book;
  CalibrationPlan plan{"now", ids("v", 12), 2, 4, 1};
  auto found = drive(book, world, [&] { return calibrate(plan, book); }).result;
  EXPECT_EQ(book.size(), 24U);
  EXPECT_EQ(found.tasks, 11U);
  EXPECT_EQ(found.missing, 1U);
  EXPECT_NEAR(found.within.flip_rate, 5.0 / 11, 1e-12);
  EXPECT_NEAR(found.within.variance, 5 * 0.5 / 11, 1e-12);
  EXPECT_NEAR(found.always_pass, 5.0 / 11, 1e-12);
  EXPECT_NEAR(found.always_fail, 1.0 / 11, 1e-12);
  EXPECT_EQ(found.least_p, 0.0625);
  EXPECT_FALSE(found.wins_needed.has_value());  // cannot be shown at any record
  EXPECT_FALSE(found.prices[1].shown_by_plan);
  plan.test_tasks = 2'000;
  found = calibrate(plan, book).result;
  EXPECT_TRUE(found.wins_needed.has_value());
  EXPECT_GT(found.prices[0].tasks, found.prices[1].tasks);
  EXPECT_EQ(found.prices[1].rollouts, 2 * found.prices[1].tasks);
  EXPECT_TRUE(found.prices[1].shown_by_plan);
  // The difference that it names is the one whose tasks are at hand.
  EXPECT_NEAR(
      stats::tasks_needed(found.smallest_shown, 1, {found.spread_between, found.within.variance}),
      2'000, 20);
}

}  // namespace
}  // namespace skillgrad::optim::decisions
