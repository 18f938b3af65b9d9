// SPDX-License-Identifier: MIT
// The loop over real benchmark data: real workbooks and tables are edited in the sandbox and
// graded. The replies are a simulation's, so the scores say nothing about a model.
#include "fakes/real_data.hpp"

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

fs::path data(const char* name) { return fs::path(SKILLGRAD_SHARED_DIR) / "data" / name; }
std::string skill(const char* name) {
  return (fs::path(SKILLGRAD_SOURCE_DIR) / "skills" / name).string();
}

/// Optimizes on the scenario's own split and holds the later evaluation against the run's word.
void expect_gain(const char* skill_name, const std::string& benchmark, const char* model) {
  const Scratch scratch;
  Options options;
  options.timeout = std::chrono::seconds(400);
  const auto optimized = run(scratch,
                             {"optimize", skill(skill_name), "--benchmark", benchmark, "--model",
                              model, "--run", scratch / "run", "--json", "--quiet", "--gate",
                              // Whose release test takes all test tasks, as the evaluation does.
                              "paired"},
                             options);
  ASSERT_EQ(optimized.exit_code, 0) << optimized;
  const Json result = optimized.json();
  EXPECT_TRUE(result["simulation"].get<bool>());
  EXPECT_GT(result["best"]["iteration"].get<int>(), 0);
  const double before = result["test"]["before"].get<double>();
  const double after = result["test"]["after"].get<double>();
  EXPECT_GT(after, before) << result["test"].dump();
  const auto evaluated = run(scratch,
                             {"eval", scratch / "run/best", "--benchmark", benchmark, "--model",
                              model, "--run", scratch / "eval", "--json", "--quiet"},
                             options);
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated;
  EXPECT_DOUBLE_EQ(evaluated.json()["score"].get<double>(), after);
  EXPECT_EQ(evaluated.json()["n_graded"], evaluated.json()["n_planned"]);
}

TEST(RealData, OptimizeImprovesTheHeldOutScoreOnSpreadsheetBench) {
  const auto dir = data("spreadsheetbench_verified");
  if (!fs::exists(dir / "dataset.json"))
    SKIP_WITHOUT_DATA(std::string("no SpreadsheetBench data at ") + dir.string());
  expect_gain("xlsx", "spreadsheetbench:" + dir.string(), "sim:spreadsheetbench");
}

TEST(RealData, OptimizeImprovesTheHeldOutScoreOnWikiTableQuestions) {
  const auto dir = data("wikitablequestions");
  if (!fs::exists(dir / "data"))
    SKIP_WITHOUT_DATA(std::string("no WikiTableQuestions data at ") + dir.string());
  expect_gain("table-qa", "wikitablequestions:" + dir.string(), "sim:wikitablequestions");
}

TEST(RealData, BenchmarkCheckPassesAndNamesWhatThePublishedDataLacks) {
  const auto workbooks = data("spreadsheetbench_verified");
  if (!fs::exists(workbooks / "dataset.json")) GTEST_SKIP() << "no data at " << workbooks;
  const Scratch scratch;
  const std::map<std::string, Words> flaws = {
      {"strict", {"73-45"}},
      {"official", {"283-32", "130-9", "49300", "45944"}},
      {"skillgrad", {}},
  };
  for (const auto& [mode, ids] : flaws) {
    const auto check = run(scratch, {"benchmark", "check", "--mode", mode, "--json", "-b",
                                     "spreadsheetbench:" + workbooks.string()});
    EXPECT_EQ(check.exit_code, 0) << mode << check;
    const Json report = check.json();
    EXPECT_EQ(report["tasks"], 200);
    EXPECT_EQ(report["problems"].size(), 0U);
    Words known;
    for (const auto& problem : report["known"]) known.push_back(problem["task_id"]);
    EXPECT_EQ(known, ids) << mode;
  }
  const auto tables = data("wikitablequestions");
  if (!fs::exists(tables / "data")) GTEST_SKIP() << "no data at " << tables;
  Options patient;  // 17,689 questions, each in a folder of its own
  patient.timeout = std::chrono::minutes(5);
  const auto check =
      run(scratch, {"benchmark", "check", "-b", "wikitablequestions:" + tables.string()}, patient);
  EXPECT_EQ(check.exit_code, 0) << check;
}

}  // namespace
}  // namespace skillgrad::e2e
