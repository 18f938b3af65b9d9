// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/report/interchange.hpp>

#include "report/interchange/rollout_files.hpp"

namespace skillgrad::report {
namespace {

using ::testing::HasSubstr;

using Kind = agent::TraceEvent::Kind;

agent::TraceEvent event(Kind kind, int turn, std::string id, std::string text) {
  agent::TraceEvent out;
  out.kind = kind;
  out.turn = turn;
  out.call_id = std::move(id);
  out.name = kind == Kind::tool_call || kind == Kind::tool_output ? "shell" : "";
  out.role = kind == Kind::message ? "assistant" : "";
  out.text = std::move(text);
  return out;
}

std::vector<Utterance> conversation(std::vector<agent::TraceEvent> events) {
  agent::Trajectory trajectory;
  trajectory.events = std::move(events);
  return conversation_of(trajectory);
}

TEST(Conversation, GivesEachCallOfATurnItsResultInWhateverOrderTheyCome) {
  const auto said = conversation(
      {event(Kind::reasoning, 1, "", "hm"), event(Kind::message, 1, "", "I look"),
       event(Kind::tool_call, 1, "a", "{\"n\":1}"), event(Kind::tool_call, 1, "b", "{\"n\":2}"),
       event(Kind::tool_output, 1, "b", "two"), event(Kind::tool_output, 1, "a", "one")});
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].reasoning, "hm");
  EXPECT_EQ(said[0].text, "I look");
  ASSERT_EQ(said[0].calls.size(), 2U);
  EXPECT_EQ(said[0].calls[0].output, "one");
  EXPECT_EQ(said[0].calls[1].output, "two");
}

TEST(Conversation, TellsCallsApartWhoseIdsAnEndpointRepeats) {
  const auto said = conversation(
      {event(Kind::tool_call, 1, "x", "{}"), event(Kind::tool_call, 1, "x", "{}"),
       event(Kind::tool_output, 1, "x", "first"), event(Kind::tool_output, 1, "x", "second"),
       event(Kind::tool_call, 2, "x", "{}"), event(Kind::tool_output, 2, "x", "third"),
       event(Kind::tool_call, 3, "", "{}"), event(Kind::tool_output, 3, "", "fourth")});
  ASSERT_EQ(said.size(), 3U);
  EXPECT_NE(said[0].calls[0].id, said[0].calls[1].id);
  EXPECT_EQ(said[0].calls[0].output, "first");
  EXPECT_EQ(said[0].calls[1].output, "second");
  EXPECT_EQ(said[1].calls[0].output, "third");
  EXPECT_FALSE(said[2].calls[0].id.empty());
  EXPECT_EQ(said[2].calls[0].output, "fourth");
}

TEST(Conversation, KeepsApartAReplyThatWasAskedAgainAndAnOutputWithoutCall) {
  const auto said =
      conversation({event(Kind::message, 1, "", "cut"), event(Kind::message, 1, "", "whole"),
                    event(Kind::tool_output, 1, "lost", "nobody asked"),
                    event(Kind::error, 2, "", "the endpoint is away")});
  ASSERT_EQ(said.size(), 4U);
  EXPECT_EQ(said[0].text, "cut");
  EXPECT_EQ(said[1].text, "whole");
  EXPECT_EQ(said[2].by, Speaker::machinery);
  EXPECT_EQ(said[3].by, Speaker::machinery);
}

TEST(Conversation, ArgumentsAreAnObjectWhateverTheModelWrote) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{\"a\":1}", "{\"a\":1}"},
           {"[1]", "{\"text\":\"[1]\"}"},
           {"{\"a\":", "{\"text\":\"{\\\"a\\\":\"}"},
           {"", "{\"text\":\"\"}"}})
    EXPECT_EQ(dump_json(arguments_object({"id", "shell", text, {}, false})), expected) << text;
}

TEST(JUnit, HoldsWhateverTextsThereAre) {
  JunitSuite suite("a\"<b>&\x1b[31m\x01");
  suite.property("p", "x\ny");
  suite.add(
      {"t\"1", JunitSuite::Kind::failure, "fail", "<&>\"\xEF\xBF\xBF\n\t]]>", "<d>\x02", 1.5});
  suite.add({"t2", JunitSuite::Kind::error, "error", "away", {}, 0.25});
  suite.add({"t3", JunitSuite::Kind::skipped, "", "was not run", {}, 0});
  const std::string text = junit_document("n", {suite});
  EXPECT_THAT(text, HasSubstr("name=\"a&quot;&lt;b&gt;&amp;\" tests=\"3\" failures=\"1\" "
                              "errors=\"1\" skipped=\"1\" time=\"1.750\""));
  EXPECT_THAT(text, HasSubstr("message=\"&lt;&amp;&gt;&quot;?&#10;&#9;]]&gt;\">&lt;d&gt;<"));
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7f)) << int(c);
}

TEST(JUnit, ShortensWhatATaskSays) {
  JunitSuite suite("s");
  suite.add({"t", JunitSuite::Kind::failure, "fail", std::string(1 << 20, 'm'),
             std::string(1 << 20, 'd'), 0});
  EXPECT_LT(junit_document("n", {suite}).size(), 30'000U);
}

TEST(EarlierTime, CountsBackOverMidnightAndRefusesWhatIsNoTime) {
  EXPECT_EQ(earlier("2026-03-01T00:00:00.250Z", 1.5), "2026-02-28T23:59:58.750Z");
  for (const char* wrong : {"", "yesterday", "2026-13-01T00:00:00Z", "2026-03-01T25:00:00Z"})
    EXPECT_EQ(earlier(wrong, 1), "") << wrong;
  EXPECT_EQ(earlier("2026-03-01T00:00:00Z", -1), "");
}

TEST(NewFolder, IsThereWholeOrNotAtAll) {
  const auto room = TempDir::create("interchange-");
  ASSERT_TRUE(room);
  const fs::path out = room->path() / "made" / "here";
  {
    auto folder = NewFolder::create(out);
    ASSERT_TRUE(folder);
    ASSERT_TRUE(folder->write("a/b.txt", "text"));
    EXPECT_FALSE(fs::exists(out));
  }
  EXPECT_TRUE(fs::is_empty(out.parent_path()));
  auto folder = NewFolder::create(out);
  ASSERT_TRUE(folder && folder->write("a/b.txt", "text") && folder->publish());
  EXPECT_EQ(read_file(out / "a/b.txt").value_or(""), "text");
  const auto again = NewFolder::create(out);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().mend, HasSubstr("--out"));
}

TEST(LossRecord, KeepsItsChecksAsJson) {
  optim::LossRecord record;
  record.task_id = "t";
  record.status = optim::LossStatus::fail;
  EXPECT_FALSE(optim::to_json(record).contains("checks"));
  record.checks = {{"says hello", 2, 0.5, "half of it"}};
  const auto back = optim::loss_from_json(optim::to_json(record));
  ASSERT_TRUE(back) << back.error().to_line();
  ASSERT_EQ(back->checks.size(), 1U);
  EXPECT_EQ(back->checks[0].name, "says hello");
  EXPECT_EQ(back->checks[0].weight, 2);
  EXPECT_EQ(back->checks[0].score, 0.5);
  EXPECT_EQ(back->checks[0].message, "half of it");
  record.checks.assign(5000, {"n", 1, 1, std::string(1 << 14, 'x')});
  const Json bounded = optim::to_json(record);
  EXPECT_EQ(bounded["checks"].size(), 1000U);
  EXPECT_LT(bounded["checks"][0]["message"].get<std::string>().size(), 2100U);
}

}  // namespace
}  // namespace skillgrad::report
