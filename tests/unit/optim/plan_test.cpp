// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/optim/plan.hpp>

namespace skillgrad::optim {
namespace {

std::vector<std::string> ids(const std::string& name, int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back(name + std::to_string(i));
  return out;
}

bench::Splits splits() { return {ids("train", 10), ids("val", 4), ids("test", 5), "here"}; }

/// "base run:10 execute:6 ..."
std::string counts(const RunPlan& plan, int failures) {
  std::string out;
  for (const auto& work : plan.work(ids("train", failures)))
    out += work.stage + ":" + std::to_string(work.conversations) + (work.exact ? "! " : " ");
  return out;
}

TEST(RunPlan, CountsEveryConversationOfARun) {
  struct Case {
    const char* what;
    void (*change)(OptimizeSettings&);
    bool gated, momentum;
    int failures;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"all", [](OptimizeSettings&) {}, true, true, 6,
       "base run:10! validation:4! execute:6 diagnose:6 momentum:2 patch:2 gate:8 test before:5! "
       "test after:5 "},
      {"no gate, no momentum, no test", [](OptimizeSettings& s) { s.score_test = false; }, false,
       false, 10, "base run:10! execute:10 diagnose:10 patch:3 "},
      {"three samples of each", [](OptimizeSettings& s) { s.rollouts = 3; }, true, true, 4,
       "base run:30! validation:12! execute:12 diagnose:4 momentum:1 patch:1 gate:12 test "
       "before:15! test after:15 "},
      {"cut short", [](OptimizeSettings& s) { s.max_iters = 1; }, true, true, 10,
       "base run:10! validation:4! execute:4 diagnose:4 momentum:1 patch:1 gate:4 test before:5! "
       "test after:5 "},
      {"a guard of what passes", [](OptimizeSettings& s) { s.guard = 3; }, true, true, 8,
       "base run:10! validation:4! execute:8 diagnose:8 momentum:2 patch:2 gate:12 test before:5! "
       "test after:5 "},
      {"a task drawn twice is run once", [](OptimizeSettings& s) { s.schedule.fixed_updates = 2; },
       true, true, 2,
       "base run:10! validation:4! execute:4 diagnose:4 momentum:2 patch:2 gate:8 test before:5! "
       "test after:5 "},
      {"nothing fails", [](OptimizeSettings&) {}, true, true, 0,
       "base run:10! validation:4! execute:0 diagnose:0 momentum:0 patch:0 gate:0 test before:5! "
       "test after:5 "},
  };
  for (const auto& item : cases) {
    OptimizeSettings settings;
    item.change(settings);
    const RunPlan plan(settings, splits(), item.gated, item.momentum);
    EXPECT_EQ(counts(plan, item.failures), item.expected) << item.what;
  }
}

TEST(RunPlan, RecordedSessionsAreNotRunAndNotScreened) {
  OptimizeSettings settings;
  settings.staged.emplace();
  settings.recorded = true;
  settings.revisit = true;
  const RunPlan plan(settings, splits(), true, true);
  EXPECT_FALSE(plan.revisits());
  for (const PlannedWork& work : plan.work(splits().train))
    for (const char* stage : {"base run", "execute", "screen"}) EXPECT_NE(work.stage, stage);
  EXPECT_EQ(plan.measuring(), 2 * splits().val.size());
}

TEST(RunPlan, ItsStepsAreThoseOfTheLoopInOrder) {
  using Kind = PlanStep::Kind;
  const auto kinds = [](const RunPlan& plan) {
    std::vector<Kind> out;
    for (const auto& step : plan.steps()) out.push_back(step.kind);
    return out;
  };
  OptimizeSettings settings;
  EXPECT_EQ(kinds(RunPlan(settings, splits(), true, true)),
            (std::vector<Kind>{Kind::base, Kind::validation, Kind::iterations, Kind::test}));
  settings.score_test = false;
  EXPECT_EQ(kinds(RunPlan(settings, splits(), false, true)),
            (std::vector<Kind>{Kind::base, Kind::iterations}));
}

}  // namespace
}  // namespace skillgrad::optim
