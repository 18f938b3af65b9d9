// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/report/terminal.hpp>

namespace skillgrad::report {
namespace {

optim::EvalSummary only_errors() {
  optim::EvalSummary out;
  out.planned = 3;
  out.by_status[optim::LossStatus::error] = 3;
  return out;
}

TEST(Summary, OfRolloutsThatAllEndedAsErrorsShowsNoScore) {
  optim::OptimizeResult result;
  result.base_train = only_errors();
  result.test = optim::TestScore{only_errors(), only_errors(), {}};
  optim::IterationRow row;
  row.iteration = 1;
  row.decision = optim::Decision::no_patch;
  result.iterations.push_back(row);
  const std::string text = optimize_summary(result, {"next", false, ""});
  const std::string eval = eval_summary(only_errors(), {"s", "b", "test", "m", false});
  EXPECT_NE(text.find("test score after   none"), std::string::npos) << text;
  EXPECT_NE(text.find("base score (train split)  none"), std::string::npos) << text;
  EXPECT_EQ(text.find("points"), std::string::npos) << text;
  EXPECT_EQ(text.substr(0, text.find("base score")).find("0.0 %"), std::string::npos) << text;
  EXPECT_NE(eval.find("all right  none"), std::string::npos) << eval;

  const Json json = optim::to_json(result, "run");
  for (const char* key : {"before", "after", "before_ci95", "difference", "p"})
    EXPECT_TRUE(json["test"][key].is_null()) << key;
  EXPECT_TRUE(json["baseline"]["train"]["score"].is_null());
  EXPECT_TRUE(json["iterations"][0]["train_score"].is_null());
}

TEST(Summary, SaysWhatWasNotRun) {
  optim::EvalSummary summary;
  summary.planned = 5;
  summary.graded = 1;
  summary.by_status = {
      {optim::LossStatus::pass, 1}, {optim::LossStatus::error, 1}, {optim::LossStatus::skipped, 3}};
  const std::string text = eval_summary(summary, {"s", "b", "test", "m", false});
  EXPECT_NE(text.find("1 of 2 rollouts ended as errors"), std::string::npos) << text;
  EXPECT_NE(text.find("3 of 5 rollouts were not run"), std::string::npos) << text;
}

TEST(Summary, NamesWhatMayHaveBeenBilledApart) {
  llm::Accountant accountant{llm::Budget{}};
  llm::LedgerRow row;
  row.stage = "executor";
  row.outcome = llm::AttemptOutcome::ok;
  row.billed = llm::Billed::yes;
  row.usage = {10, 0, 5, 1, false};
  row.cost_usd = 0.5;
  accountant.restore(row);
  row.outcome = ErrorCode::transient;
  row.billed = llm::Billed::unknown;
  row.usage = {};
  row.reserved_tokens = 700;
  row.cost_usd = 0.25;
  accountant.restore(row);
  const std::string text = cost_by_stage(accountant.totals());
  EXPECT_NE(text.find("all           1     10       0       5  0.5000"), std::string::npos) << text;
  EXPECT_NE(text.find("without a reply: 700 tokens, 0.2500 USD"), std::string::npos) << text;
}

TEST(Summary, ShowsCategoriesWhereThereAreSeveral) {
  optim::EvalSummary summary;
  summary.planned = 5;
  summary.graded = 3;
  summary.by_category["cell"] = {3, 3, 2.0 / 3, 2.0 / 3, 2.0 / 3};
  const EvalFacts facts{"s", "b", "test", "m", false};
  EXPECT_EQ(eval_summary(summary, facts).find("cell"), std::string::npos);
  summary.by_category["sheet"] = {2, 0, 0, 0, 0};
  const std::string text = eval_summary(summary, facts);
  EXPECT_NE(text.find("  cell   66.7 %  over 3 of 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  sheet  none    over 0 of 2; errors as failures: 0.0 %\n"),
            std::string::npos)
      << text;
  optim::OptimizeResult result;
  result.base_train = summary;
  result.test = optim::TestScore{summary, summary, {}};
  const std::string run = optimize_summary(result, {"next", false, ""});
  EXPECT_NE(run.find("test score after, by category:\n  cell   66.7 %"), std::string::npos) << run;
}

}  // namespace
}  // namespace skillgrad::report
