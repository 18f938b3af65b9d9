// SPDX-License-Identifier: MIT
// Scores of sets of rollouts, by category too.
#include <gtest/gtest.h>

#include <skillgrad/optim/evaluate.hpp>

#include "loop_fixture.hpp"

namespace skillgrad::optim {
namespace {

LossRecord record(const std::string& id, LossStatus status, double score, int sample = 0) {
  LossRecord out;
  out.task_id = id;
  out.status = status;
  out.score = score;
  out.hard = score >= 1;
  out.sample = sample;
  return out;
}

FakeBenchmark benchmark_of(const std::map<std::string, std::string>& categories) {
  FakeBenchmark out;
  for (const auto& [id, category] : categories) {
    out.add(id);
    out.tasks_.back().category = category;
  }
  return out;
}

TEST(Evaluate, ScoresEachCategoryWithAndWithoutErrors) {
  const auto benchmark =
      benchmark_of({{"a", "cell"}, {"b", "cell"}, {"c", "cell"}, {"d", "sheet"}, {"e", ""}});
  const auto summary =
      summarize({record("a", LossStatus::pass, 1), record("b", LossStatus::fail, 0.5),
                 record("c", LossStatus::error, 0), record("d", LossStatus::error, 0),
                 record("e", LossStatus::fail, 0)},
                1, &benchmark);
  ASSERT_EQ(summary.by_category.size(), 3U);
  const auto& cell = summary.by_category.at("cell");
  EXPECT_EQ(cell.planned, 3U);
  EXPECT_EQ(cell.graded, 2U);
  EXPECT_DOUBLE_EQ(cell.score, 0.75);
  EXPECT_DOUBLE_EQ(cell.hard, 0.5);
  EXPECT_DOUBLE_EQ(cell.score_errors_fail.value(), 0.5);
  EXPECT_DOUBLE_EQ(summary.score, 0.5);
  EXPECT_DOUBLE_EQ(summary.score_errors_fail.value(), 0.3);

  const Json json = to_json(summary)["by_category"];
  EXPECT_EQ(json["cell"], (Json{{"score", 0.75},
                                {"hard", 0.5},
                                {"score_errors_as_failures", 0.5},
                                {"n_planned", 3},
                                {"n_graded", 2}}));
  EXPECT_TRUE(json["sheet"]["score"].is_null()) << "nothing graded is no 0";
  EXPECT_EQ(json["sheet"]["score_errors_as_failures"], 0.0);
  EXPECT_EQ(json[""]["n_graded"], 1);
}

TEST(Evaluate, AveragesTheTrialsOfATaskFirst) {
  const auto benchmark = benchmark_of({{"a", "cell"}, {"b", "cell"}});
  const auto summary =
      summarize({record("a", LossStatus::pass, 1, 0), record("a", LossStatus::fail, 0, 1),
                 record("b", LossStatus::pass, 1, 0), record("b", LossStatus::error, 0, 1)},
                2, &benchmark);
  const auto& cell = summary.by_category.at("cell");
  EXPECT_EQ(cell.planned, 4U);
  EXPECT_EQ(cell.graded, 3U);
  EXPECT_DOUBLE_EQ(cell.score, 0.75);
  EXPECT_DOUBLE_EQ(cell.score, summary.score);
  EXPECT_DOUBLE_EQ(cell.score_errors_fail.value(), 0.5);
  EXPECT_DOUBLE_EQ(cell.score_errors_fail.value(), summary.score_errors_fail.value());
}

TEST(Evaluate, TasksWithoutCategoriesHaveNone) {
  const auto benchmark = benchmark_of({{"a", ""}, {"b", ""}});
  EXPECT_EQ(to_json(summarize({record("a", LossStatus::pass, 1)}, 1, &benchmark))["by_category"],
            Json::object());
  EXPECT_EQ(to_json(summarize({}, 1, &benchmark))["by_category"], Json::object());
}

}  // namespace
}  // namespace skillgrad::optim
