// SPDX-License-Identifier: MIT
#include <cmath>

#include <gtest/gtest.h>

#include <skillgrad/report/triggers.hpp>

namespace skillgrad::report {
namespace {

/// What the rollouts of one query came to: + activated, - not, e an error.
struct Rolled {
  bool should = true;
  std::string rollouts;
};

TriggerReport report_of(const std::vector<Rolled>& rolled) {
  std::vector<bench::TriggerQuery> queries;
  std::vector<optim::LossRecord> records;
  int trials = 0;
  for (const Rolled& one : rolled) {
    const std::string id = "q" + std::to_string(queries.size());
    queries.push_back({id, "query " + id, one.should});
    trials = static_cast<int>(one.rollouts.size());
    for (std::size_t k = 0; k < one.rollouts.size(); ++k) {
      optim::LossRecord record;
      record.task_id = id;
      record.sample = static_cast<int>(k);
      record.hard = (one.rollouts[k] == '+') == one.should;
      record.score = record.hard ? 1 : 0;
      record.status = one.rollouts[k] == 'e' ? optim::LossStatus::error
                      : record.hard          ? optim::LossStatus::pass
                                             : optim::LossStatus::fail;
      records.push_back(record);
    }
  }
  TriggerReport out;
  out.trials = trials;
  out.neighbours = {"other"};
  judge_triggers(queries, optim::summarize(std::move(records), trials), out);
  return out;
}

TEST(Triggers, CountErrorsApartFromQueriesThatActivatedNothing) {
  const auto report = report_of({{true, "++-e"}, {false, "e---"}});
  EXPECT_EQ(report.queries[0].graded, 3U);
  EXPECT_EQ(report.queries[0].activated, 2U);
  EXPECT_EQ(report.queries[0].errors, 1U);
  EXPECT_DOUBLE_EQ(report.should.rate, 2.0 / 3);
  EXPECT_DOUBLE_EQ(report.should_not.rate, 0);
  EXPECT_EQ(report.notes[0],
            "2 rollouts ended as errors, which are neither activations nor the want of one");
}

TEST(Triggers, JudgeAQueryOnlyWhereMostRolloutsAreShownToGoOneWay) {
  const auto report = report_of({{true, "++++"},
                                 {true, "----"},
                                 {false, "++++"},
                                 {false, "----"},
                                 {true, "+++-"},
                                 {true, "eeee"}});
  const std::vector<QueryVerdict> expected = {QueryVerdict::right,       QueryVerdict::wrong,
                                              QueryVerdict::wrong,       QueryVerdict::right,
                                              QueryVerdict::cannot_tell, QueryVerdict::cannot_tell};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(report.queries[i].verdict, expected[i]) << i;
  const auto three = report_of({{true, "+++"}, {false, "---"}});
  EXPECT_EQ(three.queries[0].verdict, QueryVerdict::cannot_tell);
  EXPECT_NE(three.notes[0].find("that takes --trials 4"), std::string::npos) << three.notes[0];
}

TEST(Triggers, TellKindsApartFromTheQueriesAndNotFromTheirRollouts) {
  std::vector<Rolled> rolled(2, {true, "++++++++"});
  rolled.resize(4, {false, "--------"});
  const auto few = report_of(rolled);
  EXPECT_EQ(few.verdict, TriggerVerdict::cannot_tell) << "two queries a kind";
  EXPECT_NE(few.notes[0].find("that takes 4 of each"), std::string::npos) << few.notes[0];
  rolled.resize(8, {true, "++++"});
  rolled.resize(12, {false, "----"});
  const auto many = report_of(rolled);
  EXPECT_EQ(many.verdict, TriggerVerdict::tells_apart);
  EXPECT_DOUBLE_EQ(many.difference, 1);
  // Wilson for 6 of 6 and 0 of 6 begins at 0.6097 and ends at 0.3903.
  EXPECT_NEAR(many.difference95.low, 1 - 0.3903 * std::sqrt(2.0), 1e-3);
  EXPECT_LE(many.difference95.high, 1 + 1e-12);
  std::vector<Rolled> all(20, {true, "++++"});
  all.resize(40, {false, "++++"});
  EXPECT_EQ(report_of(all).verdict, TriggerVerdict::does_not);
}

TEST(Triggers, CannotTellWithoutBothKinds) {
  const auto report = report_of({{true, "++++"}});
  EXPECT_EQ(report.verdict, TriggerVerdict::cannot_tell);
  EXPECT_NE(report.notes[0].find("no query that should not trigger"), std::string::npos);
  EXPECT_TRUE(to_json(report)["difference"].is_null());
  EXPECT_EQ(triggers_text(report).substr(0, 11), "cannot tell");
}

}  // namespace
}  // namespace skillgrad::report
