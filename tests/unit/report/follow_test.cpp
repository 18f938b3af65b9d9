// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/report/follow.hpp>

namespace skillgrad::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string line_of(Json event) { return dump_json(event); }

std::string rollout_line(const std::string& stage, const std::string& status, double score) {
  return line_of({{"event", "rollout"},
                  {"stage", stage},
                  {"task_id", "t"},
                  {"status", status},
                  {"score", score},
                  {"cost_usd", 0.25}});
}

TEST(RunFollower, TellsWhatAStageCameToWhenTheNextOneBegins) {
  RunFollower follower(false);
  EXPECT_EQ(follower.take(rollout_line("base run", "pass", 1)), "");
  EXPECT_EQ(follower.take(rollout_line("base run", "fail", 0)), "");
  EXPECT_EQ(follower.take(rollout_line("base run", "error", 0)), "");
  EXPECT_EQ(follower.take(rollout_line("base run", "skipped", 0)), "");
  EXPECT_THAT(follower.status(), HasSubstr("base run | 1 pass, 1 fail, 1 error"));
  EXPECT_THAT(follower.status(), HasSubstr("4 rollouts, 1.0000 USD"));
  EXPECT_EQ(follower.take(rollout_line("calibration", "pass", 1)),
            "base run: 1 pass, 1 fail, 1 error, mean score 50.0 %\n");
}

TEST(RunFollower, ShowsIterationsNotesAndTheVerdict) {
  RunFollower follower(false);
  EXPECT_EQ(follower.take(line_of({{"event", "iteration"},
                                   {"iteration", 3},
                                   {"decision", "accepted"},
                                   {"reason", "better"},
                                   {"train_score", 0.25},
                                   {"train_n", 4},
                                   {"gate", {{"before", 0.5}, {"after", 0.75}, {"n", 12}}}})),
            "iteration   3  accepted   train  25.0 %  gate 50.0 % -> 75.0 %     better\n");
  EXPECT_EQ(follower.take(line_of({{"event", "notice"}, {"text", "a\x1b[31mb"}})), "note: ab\n");
  EXPECT_FALSE(follower.ended());
  EXPECT_THAT(follower.take(line_of({{"event", "result"},
                                     {"verdict", "improved"},
                                     {"stop_reason", "all batches used"},
                                     {"error", nullptr}})),
              HasSubstr("result: improved\nended: all batches used\n"));
  EXPECT_TRUE(follower.ended());
  EXPECT_TRUE(follower.succeeded());
  // A resumed run writes on.
  EXPECT_EQ(follower.take(rollout_line("test", "pass", 1)), "");
  EXPECT_FALSE(follower.ended());
}

TEST(RunFollower, OfAStoppedRunSaysWhy) {
  RunFollower follower(false);
  EXPECT_EQ(follower.take(line_of({{"event", "result"},
                                   {"verdict", ""},
                                   {"error", {{"code", "budget"}, {"message", "the limit"}}}})),
            "stopped: the limit\n");
  EXPECT_TRUE(follower.ended());
  EXPECT_FALSE(follower.succeeded());
}

TEST(RunFollower, ALongReasonStaysInItsRow) {
  RunFollower follower(false);
  const std::string row = follower.take(line_of(
      {{"event", "iteration"}, {"reason", "é\n" + std::string(300, 'x')}, {"iteration", 1}}));
  EXPECT_EQ(row.find('\n'), row.size() - 1);
  EXPECT_LT(row.size(), 200U);
}

TEST(RunFollower, TakesWhateverStandsInTheFile) {
  RunFollower follower(false);
  for (const char* text : {"{", "[]", "nul\\u0000", "7"})
    EXPECT_THAT(follower.take(text), HasSubstr("no event"));
  EXPECT_EQ(follower.take(""), "");
  for (const Json& event :
       {Json{{"event", 7}}, Json{{"event", "iteration"}, {"train_n", -1}, {"gate", "x"}},
        Json{{"event", "rollout"}, {"status", 3}}, Json{{"event", "error"}, {"error", 1}}})
    EXPECT_THAT(follower.take(line_of(event)), Not(HasSubstr("no event")));
}

}  // namespace
}  // namespace skillgrad::report
