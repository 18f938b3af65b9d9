// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/optim/troubles.hpp>

namespace skillgrad::optim {
namespace {

LossRecord record(const std::string& id, LossStatus status, const std::string& text = {}) {
  LossRecord out;
  out.task_id = id;
  out.status = status;
  (status == LossStatus::error ? out.error : out.feedback) = text;
  out.score = status == LossStatus::pass ? 1 : 0;
  out.end_state = agent::EndState::finished;
  out.usage.calls = 2;
  out.signs = RolloutSigns{3, 0, 0, true, true, ""};
  return out;
}

TEST(CommonForm, DropsWhatDiffersFromTaskToTask) {
  const std::pair<const char*, const char*> cases[] = {
      {"the file total.txt was not written", "the file total.txt was not written"},
      {R"(expected "42", got "43")", R"(expected "…", got "…")"},
      {"12 of 40 cells differ", "… of … cells differ"},
      {"score 0.25.", "score …."},
      {R"(an open " stays)", R"(an open " stays)"},
      {"", ""},
  };
  for (const auto& [message, form] : cases) EXPECT_EQ(common_form(message), form);
}

TEST(Troubles, AreEmptyWhereEverythingPassed) {
  EXPECT_TRUE(troubles({}).empty());
  EXPECT_TRUE(troubles({record("a", LossStatus::pass), record("b", LossStatus::pass)}).empty());
}

TEST(Troubles, CountMessagesByTheirCommonFormTheMostFrequentFirst) {
  const auto found = troubles(
      {record("a", LossStatus::fail, "no such file"), record("b", LossStatus::fail, "got \"1\""),
       record("c", LossStatus::fail, "got \"2\""), record("d", LossStatus::pass),
       record("e", LossStatus::error, "infra: disk")});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].what, "got \"…\"");
  EXPECT_EQ(found[0].count, 2U);
  EXPECT_EQ(found[0].of, 5U);
  EXPECT_EQ(found[0].tasks, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(to_lines(found, 1),
            (std::vector<std::string>{"2 of 5: got \"…\"",
                                      "and 2 more kinds (\"went_wrong\" of run.json has all)"}));
}

TEST(Troubles, SayWhatIsWrongAndNotHowManyAreRight) {
  const auto found =
      troubles({record("a", LossStatus::fail,
                       "0 of 1 right\nanswer: expected string \"x\ny\", got string \"z\""),
                record("b", LossStatus::fail,
                       "0 of 1 right\nanswer: expected string \"u\", got string \"v\""),
                record("c", LossStatus::fail, "0 of 3 right")});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].what, "answer: expected string \"…\", got string \"…\"");
  EXPECT_EQ(found[0].count, 2U);
  EXPECT_EQ(found[1].what, "0 of 3 right");
}

TEST(Troubles, NameSignsThatTheRolloutsShare) {
  auto silent = record("a", LossStatus::fail, "not written");
  silent.signs = RolloutSigns{0, 1, 160, false, false, ""};
  auto limited = record("b", LossStatus::limit, "not written");
  limited.end_state = agent::EndState::turn_limit;
  std::map<std::string, std::size_t> counts, of;
  for (const auto& trouble : troubles({silent, limited, record("c", LossStatus::skipped)})) {
    counts[name_of(trouble.kind)] = trouble.count;
    of[name_of(trouble.kind)] = trouble.of;
  }
  EXPECT_EQ(counts, (std::map<std::string, std::size_t>{{"feedback", 2},
                                                        {"turn_limit", 1},
                                                        {"reply_cut", 1},
                                                        {"no_answer", 1},
                                                        {"no_tool_call", 1},
                                                        {"skill_not_read", 1}}));
  EXPECT_EQ(of["reply_cut"], 4U) << "replies, not rollouts";
  EXPECT_EQ(of["no_tool_call"], 2U) << "what was not run shows nothing";
  EXPECT_EQ(reason_of(silent), TroubleKind::reply_cut);
  EXPECT_EQ(reason_of(limited), TroubleKind::turn_limit);
  EXPECT_EQ(reason_of(record("d", LossStatus::pass)), std::nullopt);
}

TEST(LossMessage, HasNoNumbersForWhatWasNotGraded) {
  const auto json = to_json(record("a", LossStatus::error, "infra"));
  for (const char* key : {"score", "loss", "hard", "matched", "total"})
    EXPECT_TRUE(json[key].is_null()) << key;
  const auto back = loss_from_json(json);
  ASSERT_TRUE(back) << back.error().to_text();
  EXPECT_TRUE(back->failed());
  EXPECT_EQ(to_json(*back), json);
}

TEST(LossMessage, OfAnEarlierVersionIsReadWithItsNumbersForAnError) {
  const auto back = loss_from_json(
      {{"task_id", "a"}, {"status", "error"}, {"score", 0.0}, {"loss", 1.0}, {"hard", 0}});
  ASSERT_TRUE(back) << back.error().to_text();
  EXPECT_TRUE(to_json(*back)["score"].is_null());
}

}  // namespace
}  // namespace skillgrad::optim
