// SPDX-License-Identifier: MIT
#include <algorithm>

#include <gtest/gtest.h>

#include <skillgrad/report/transfer.hpp>

namespace skillgrad::report {
namespace {

/// A package with a score for each task; -1: an error.
ScoredSkill scored_tasks(const std::vector<double>& scores, std::optional<double> usd = 0.25) {
  std::vector<optim::LossRecord> records;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    optim::LossRecord record;
    record.task_id = "t" + std::to_string(i);
    record.status = scores[i] < 0    ? optim::LossStatus::error
                    : scores[i] == 1 ? optim::LossStatus::pass
                                     : optim::LossStatus::fail;
    record.score = std::max(0.0, scores[i]);
    record.hard = scores[i] == 1;
    records.push_back(record);
  }
  ScoredSkill out;
  out.grading = "g";
  out.summary = optim::summarize(std::move(records), 1);
  out.cost_usd = usd;
  return out;
}

std::vector<double> tasks_of(std::size_t passed, std::size_t n) {
  std::vector<double> out(n, 0);
  std::fill(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(passed), 1);
  return out;
}

Transfer two_models(const ScoredSkill& none_a, const ScoredSkill& with_a, const ScoredSkill& none_b,
                    const ScoredSkill& with_b) {
  return judge_transfer({"none", "s"}, {{"a", "a", "tools"}, {"b", "b", "tools"}},
                        {{0, 0, none_a}, {1, 0, with_a}, {0, 1, none_b}, {1, 1, with_b}});
}

TEST(Transfer, NamesHarmOnlyWhereItIsShownForAllPairingsTogether) {
  // Six tasks broken of six: p = 2/64 alone, 4/64 beside another pairing.
  const auto six = two_models(scored_tasks(tasks_of(6, 6)), scored_tasks(tasks_of(0, 6)),
                              scored_tasks(tasks_of(3, 6)), scored_tasks(tasks_of(3, 6)));
  EXPECT_DOUBLE_EQ(six.pairings[0].paired.p, 2.0 / 64);
  EXPECT_DOUBLE_EQ(six.pairings[0].p_adjusted, 4.0 / 64);
  EXPECT_EQ(six.pairings[0].verdict, TransferVerdict::not_shown);
  const auto seven = two_models(scored_tasks(tasks_of(7, 7)), scored_tasks(tasks_of(0, 7)),
                                scored_tasks(tasks_of(3, 7)), scored_tasks(tasks_of(3, 7)));
  EXPECT_EQ(seven.pairings[0].verdict, TransferVerdict::harmed);
  EXPECT_LT(seven.pairings[0].paired.difference95.high, 0);
  EXPECT_EQ(seven.pairings[1].verdict, TransferVerdict::not_shown);
  EXPECT_EQ(seven.count(TransferVerdict::harmed), 1U);
  EXPECT_NE(transfer_text(seven).find("harmed: s with a, -100.0 points ["), std::string::npos)
      << transfer_text(seven);
}

TEST(Transfer, SaysWhereSoFewTasksCouldShowNothing) {
  const auto few = two_models(scored_tasks(tasks_of(4, 4)), scored_tasks(tasks_of(0, 4)),
                              scored_tasks(tasks_of(4, 4)), scored_tasks(tasks_of(0, 4)));
  EXPECT_EQ(few.count(TransferVerdict::harmed), 0U);
  ASSERT_EQ(few.notes.size(), 1U);
  EXPECT_EQ(few.notes[0],
            "4 tasks cannot show help or harm in 2 pairings at 5 %, however they come out: that "
            "takes at least 7 tasks");
}

TEST(Transfer, LeavesErrorsOutOfScoresAndSaysSo) {
  const auto transfer = two_models(scored_tasks({-1, -1}), scored_tasks({1, 1}),
                                   scored_tasks({0, -1}), scored_tasks({1, 1}));
  EXPECT_EQ(transfer.pairings[0].verdict, TransferVerdict::not_compared);
  EXPECT_EQ(transfer.pairings[1].paired.n, 1U);
  EXPECT_EQ(transfer.notes[0],
            "3 rollouts ended as errors, which are in no score and no comparison");
  EXPECT_TRUE(to_json(transfer)["pairings"][0]["p"].is_null());
}

TEST(Transfer, SumsUpOverModelsTaskByTask) {
  const auto transfer = two_models(scored_tasks({0, 0}), scored_tasks({1, 1}), scored_tasks({1, 0}),
                                   scored_tasks({0, 0}));
  ASSERT_EQ(transfer.across.size(), 1U);
  EXPECT_EQ(transfer.across[0].n, 2U);
  EXPECT_DOUBLE_EQ(transfer.across[0].mean, 0.25);  // tasks: 0 and 0.5
  EXPECT_EQ(transfer.across[0].worst, std::optional<std::size_t>(1));
  EXPECT_DOUBLE_EQ(*transfer.cost_usd, 1);
  EXPECT_FALSE(two_models(scored_tasks({0}), scored_tasks({0}, std::nullopt), scored_tasks({0}),
                          scored_tasks({0}))
                   .cost_usd);
}

}  // namespace
}  // namespace skillgrad::report
