// SPDX-License-Identifier: MIT
// The arithmetic of estimates, against numbers that were worked out by hand.
#include "cli/estimate/estimate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EstimateTest : public testing::Test {
 protected:
  /// Two tasks, a prompt of 1,000 tokens, 10 turns of 400 tokens each, to which tools answer 500.
  Estimate estimated(std::map<std::string, std::string> flags,
                     const std::optional<Measured>& measured = std::nullopt) {
    const auto tasks = dir_.path() / "tasks.jsonl";
    EXPECT_TRUE(write_file_atomic(tasks,
                                  "{\"id\":\"a\",\"input\":\"x\",\"target\":\"y\"}\n"
                                  "{\"id\":\"b\",\"input\":\"x\",\"target\":\"y\"}\n"));
    flags.emplace("model", "nobody-sells-this");
    flags.emplace("base_url", "http://127.0.0.1:9/v1");
    GivenOptions given;
    given.flags = std::move(flags);
    std::vector<std::string> warnings;
    RunSetup setup;
    setup.settings = merge_settings(given, warnings).value();
    setup.bench.benchmark = bench::load_benchmark(tasks.string(), {}).value();
    setup.models = Models::open(setup.settings, nullptr, setup.clock).value();
    FirstRequests first;
    first.by_role["executor"].prompt_tokens = 1'000;
    auto out = estimate(setup, evaluation_plan({"a", "b"}, 3, false), first, measured);
    limit(out, setup.settings);
    return out;
  }
  static const StageEstimate& only(const Estimate& estimate) {
    EXPECT_EQ(estimate.stages.size(), 1U);
    return estimate.stages.at(0);
  }
  static std::vector<double> parts(const Span& span) {
    return {span.low, span.expected, span.high};
  }

  TempDir dir_ = TempDir::create("estimate-test").value();
  std::map<std::string, std::string> priced_ = {{"price", R"({"input":1,"output":2})"}};
};

TEST_F(EstimateTest, APromptGrowsByWhatModelAndToolsWrite) {
  const auto out = estimated(priced_);
  const auto& stage = only(out);
  EXPECT_TRUE(stage.exact);
  EXPECT_THAT(parts(stage.conversations), ElementsAre(6, 6, 6));
  EXPECT_THAT(parts(stage.calls), ElementsAre(12, 60, 180)) << "2, 10 and --task-turns each";
  // 1000 + 1900 + ... + 9100 tokens in, 10 * 400 out, six times.
  EXPECT_DOUBLE_EQ(stage.input.expected, 6 * 50'500);
  EXPECT_DOUBLE_EQ(stage.output.expected, 6 * 4'000);
  EXPECT_DOUBLE_EQ(stage.usd.value().expected, 6 * (50'500 * 1e-6 + 4'000 * 2e-6));
  EXPECT_LT(stage.usd->low, stage.usd->expected);
  EXPECT_GT(stage.usd->high, stage.usd->expected);
  EXPECT_THAT(parts(out.calls), ElementsAre(12, 60, 180));
  EXPECT_THAT(out.limited_by, IsEmpty());
}

TEST_F(EstimateTest, LimitsOfATaskCutItsConversation) {
  const auto expected_calls = [&](std::map<std::string, std::string> flags) {
    return only(estimated(std::move(flags))).calls.expected / 6;
  };
  EXPECT_EQ(expected_calls({{"task_turns", "4"}}), 4);
  // After the third call 1000 + 1900 + 2800 in and 1200 out are over 5,000.
  EXPECT_EQ(expected_calls({{"task_tokens", "5000"}}), 3);
  EXPECT_EQ(expected_calls({{"assume.turns", "7"}}), 7);
  EXPECT_EQ(only(estimated({{"max_output_tokens", "100"}})).output.expected, 6 * 10 * 100);
  EXPECT_EQ(only(estimated({{"context_tokens", "1500"}})).input.expected, 6 * (1'000 + 9 * 1'500));
}

TEST_F(EstimateTest, AnUnknownPriceIsNoPriceOfZero) {
  const auto out = estimated({});
  EXPECT_EQ(only(out).usd, std::nullopt);
  EXPECT_EQ(out.usd, std::nullopt);
  EXPECT_TRUE(to_json(out)["stages"][0]["usd"]["expected"].is_null());
}

TEST_F(EstimateTest, IsBoundedOnlyWhereTheContextIsKnown) {
  EXPECT_FALSE(estimated({}).bounded);
  EXPECT_TRUE(estimated({{"context_tokens", "8000"}}).bounded);
}

TEST_F(EstimateTest, LimitsOfTheRunAreTheMostOfItsTotals) {
  auto flags = priced_;
  flags["max_calls"] = "50";
  flags["max_usd"] = "0.25";
  const auto out = estimated(flags);
  EXPECT_THAT(parts(out.calls), ElementsAre(12, 50, 50));
  EXPECT_EQ(out.usd.value().expected, 0.25);
  EXPECT_LT(out.usd->low, 0.25);
  EXPECT_THAT(out.limited_by, ElementsAre("--max-calls 50", "--max-usd 0.25"));
  EXPECT_EQ(only(out).calls.expected, 60) << "of the stage it is what is planned";

  const auto tokens = estimated({{"max_tokens", "100000"}});
  EXPECT_DOUBLE_EQ(tokens.input.expected + tokens.output.expected, 100'000);
  EXPECT_DOUBLE_EQ(tokens.input.expected / tokens.output.expected, 50'500.0 / 4'000);
  EXPECT_THAT(tokens.limited_by, ElementsAre("--max-tokens 100000"));
}

TEST_F(EstimateTest, ExpectsWhatAnEarlierRunNeeded) {
  Measured measured;
  measured.by_role["executor"] = {2, 600, 0, 0, 50, 3};
  const auto out = estimated(priced_, measured);
  const auto& stage = only(out);
  EXPECT_TRUE(stage.measured);
  EXPECT_DOUBLE_EQ(stage.calls.expected, 12);
  EXPECT_DOUBLE_EQ(stage.input.expected, 3'600);
  EXPECT_DOUBLE_EQ(stage.usd.value().expected, 6 * (600 * 1e-6 + 50 * 2e-6));
  EXPECT_LE(stage.calls.low, 12);

  auto narrow = priced_;
  narrow["task_turns"] = "1";
  EXPECT_DOUBLE_EQ(only(estimated(narrow, measured)).calls.expected, 6)
      << "the earlier run may have had wider limits";
}

TEST(EvaluationPlan, HasEachTrialOfEachTaskAndTheBaselineApart) {
  const auto plan = evaluation_plan({"a", "b"}, 2, true);
  ASSERT_EQ(plan.expected.size(), 2U);
  for (const auto& work : plan.expected) {
    EXPECT_EQ(work.conversations, 4U);
    EXPECT_THAT(work.tasks, ElementsAre("a", "b", "a", "b"));
    EXPECT_EQ(work.role, "executor");
  }
  EXPECT_EQ(evaluation_plan({"a"}, 1, false).high.size(), 1U);
}

class MeasuredRun : public testing::Test {
 protected:
  void add(store::RunStore& store, const std::string& scope, llm::AttemptOutcome outcome,
           std::int64_t input) {
    llm::LedgerRow row;
    row.key = scope + "-" + std::to_string(++calls_);
    row.stage = "executor";
    row.scope = scope;
    row.model = "m";
    row.outcome = outcome;
    row.billed = outcome.answered() ? llm::Billed::yes : llm::Billed::no;
    row.usage.input_tokens = input;
    row.usage.output_tokens = 10;
    row.attempt = 1;
    ASSERT_TRUE(outcome.answered() ? store.calls().finish(row, "{}", "{}")
                                   : store.calls().attempt_failed(row));
  }

  SystemClock clock_;
  TempDir dir_ = TempDir::create("measured-test").value();
  int calls_ = 0;
};

TEST_F(MeasuredRun, CountsAnsweredCallsByConversation) {
  {
    const auto store = store::RunStore::open(dir_.path() / "run", clock_).value();
    add(*store, "t1", llm::AttemptOutcome::ok, 100);
    add(*store, "t1", llm::AttemptOutcome::refused, 200);
    add(*store, "t1", ErrorCode::rate_limit, 900);
    add(*store, "t2", llm::AttemptOutcome::ok, 300);
  }
  ASSERT_TRUE(write_file_atomic(dir_.path() / "run/plan.json",
                                R"({"failure_pool":["a"],"splits":{"train":["a","b","c","d"]}})"));
  const auto measured = measure_run(dir_.path() / "run");
  ASSERT_TRUE(measured) << measured.error().to_text();
  const auto& talk = measured->by_role.at("executor");
  EXPECT_EQ(talk.conversations, 2U);
  EXPECT_DOUBLE_EQ(talk.calls, 1.5);
  EXPECT_DOUBLE_EQ(talk.input, 300);
  EXPECT_DOUBLE_EQ(talk.output, 15);
  EXPECT_EQ(measured->failures, 0.25);
  EXPECT_EQ(measured->model, "m");
}

TEST_F(MeasuredRun, WithoutAnAnswerIsRefused) {
  {
    const auto store = store::RunStore::open(dir_.path() / "run", clock_).value();
    add(*store, "t1", ErrorCode::transient, 100);
  }
  const auto measured = measure_run(dir_.path() / "run");
  ASSERT_FALSE(measured);
  EXPECT_THAT(measured.error().message, HasSubstr("no finished call"));
}

}  // namespace
}  // namespace skillgrad::cli
