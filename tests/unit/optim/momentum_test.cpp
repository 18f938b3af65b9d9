// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/optim/momentum.hpp>

#include "unit/optim/stage_fixture.hpp"

namespace skillgrad::optim {
namespace {

using fakes::text_reply;
using fakes::tool_reply;

class MomentumTest : public StageTest {
 protected:
  MomentumTest() {
    std::map<std::string, skill::BundledFile> files;
    files["references/dates.md"].bytes = "# Dates\nUse ISO.\n";
    files["evals/evals.json"].bytes = "{}";
    skill_ = package("# Demo\n\n## Fill a column\nWrite it.\n", std::move(files));
    input_.skill = &skill_;
    for (const char* task : {"t1", "t2"}) {
      Gradient gradient;
      gradient.task_id = task;
      gradient.kind = EvidenceKind::failure;
      gradient.causes.resize(1);
      gradient.causes[0].label = "types were lost";
      gradient.causes[0].analysis = "It wrote text.";
      gradient.causes[0].known = "new";
      gradient.loss = 1;
      input_.gradients.push_back(gradient);
    }
  }
  Result<MomentumOutput> update(std::vector<Result<llm::ChatReply>> in_order) {
    replies(std::move(in_order));
    auto stage = momentum_registry().make("llm", Json::object(), dependencies_);
    EXPECT_TRUE(stage) << stage.error().to_text();
    return (*stage)->update(input_, context_);
  }
  static Json submission() {
    return Json::parse(R"({
      "patterns":[{"slug":"types-lost","kind":"operation","line":"Types are lost.",
                   "anchor":"fill-a-column","description":"when","action":"do"}],
      "overlay":[{"task_id":"t1","signal":"s1","pattern":"types-lost","anchor":"fill-a-column",
                  "gap":"g","change":"c"},
                 {"task_id":"t2","signal":"s2","pattern":"no-actionable-signal"}],
      "themes":[]})");
  }

  skill::SkillPackage skill_;
  MomentumInput input_;
};

TEST_F(MomentumTest, FactsStandInTheOrderOfTheProtocol) {
  ASSERT_TRUE(update({tool_reply("submit_momentum", dump_json(submission()))}));
  const std::string text = user();
  EXPECT_EQ(text.find("<skill>\n# Demo\n"), 0u) << text;
  EXPECT_EQ(text.find("name: demo"), std::string::npos) << "only the body";
  EXPECT_NE(
      text.find("</skill>\n<files>\nreferences/dates.md\n</files>\n<skill_version>\nthe version "
                "that ran: the "
                "initial skill\n</skill_version>\n<patched_since>\nnone: the skill is still the "
                "version that ran\n</patched_since>\n<iteration>\n3\n"
                "</iteration>\n<memory>\nnone\n</memory>\n<diagnoses>\n["),
      std::string::npos)
      << text;
  const std::size_t from = text.find("<diagnoses>\n") + 12;
  const auto diagnoses = parse_json(text.substr(from, text.find("</diagnoses>") - from), "test");
  ASSERT_TRUE(diagnoses);
  ASSERT_EQ(diagnoses->size(), 2u);
  EXPECT_EQ((*diagnoses)[0],
            Json::parse(R"({"task_id":"t1","kind":"failure","causes":[{"label":"types were lost",
                            "analysis":"It wrote text.","skipped_step":"","known":"new"}]})"));
  EXPECT_EQ(model_->requests()[0].scope, "iter_003/momentum");
}

TEST_F(MomentumTest, SubmittedPatternsAreMergedAndTheCodeKeepsTheRest) {
  input_.memory.iteration = 2;
  Pattern old;
  old.slug = "types-lost";
  old.kind = PatternKind::workflow;
  old.line = "old line";
  old.anchor = "old-anchor";
  old.failed_in = {1};
  old.velocity = 0.4;
  old.remedies = {{1, "", "d", "c", true, "", {}, {}, {}}};
  input_.memory.patterns = {old};
  Json hand_in = submission();
  hand_in["patterns"][0]["anchor"] = "";
  const auto out = update({tool_reply("submit_momentum", dump_json(hand_in))});
  ASSERT_TRUE(out) << out.error().to_text();
  ASSERT_EQ(out->memory.patterns.size(), 1u);
  const Pattern& merged = out->memory.patterns[0];
  EXPECT_EQ(merged.line, "Types are lost.");
  EXPECT_EQ(merged.kind, PatternKind::operation);
  EXPECT_EQ(merged.anchor, "old-anchor") << "an empty field leaves what was there";
  EXPECT_EQ(merged.failed_in, (std::vector<int>{1, 3}));
  EXPECT_EQ(merged.remedies, old.remedies);
  EXPECT_DOUBLE_EQ(merged.velocity, 0.7 * 0.4 + 0.3 * 0.5);
  EXPECT_EQ(out->overlay.entries[1].parts.at(0).pattern, kNoSignal);
  EXPECT_TRUE(out->repairs.empty());
  EXPECT_NE(user().find("\"skillgrad.memory/2\""), std::string::npos);
}

TEST_F(MomentumTest, PackageFilesAreReadAndNothingElse) {
  ASSERT_TRUE(update({tool_reply("read_file", R"({"path":"references/dates.md"})"),
                      tool_reply("submit_momentum", dump_json(submission()))}));
  EXPECT_EQ(told(), "# Dates\nUse ISO.\n");
  for (const char* path : {"evals/evals.json", "../x", "/etc/passwd", ""}) {
    ASSERT_TRUE(update({tool_reply("read_file", dump_json({{"path", path}})),
                        tool_reply("submit_momentum", dump_json(submission()))}));
    EXPECT_NE(told().find("no file"), std::string::npos) << path;
    EXPECT_NE(told().find("references/dates.md"), std::string::npos) << path;
  }
}

TEST_F(MomentumTest, HandInThatDoesNotFitGoesBack) {
  std::vector<Json> bad(6, submission());
  bad[0].erase("overlay");
  bad[1]["overlay"] = "none";
  bad[2]["overlay"][0].erase("task_id");
  bad[3]["patterns"][0]["velocity"] = 9;
  bad[4]["themes"] = Json::parse(R"([{"theme":"x","tasks":"t1"}])");
  bad[5]["memory"] = 1;
  for (const Json& hand_in : bad) {
    const auto reply = tool_reply("submit_momentum", dump_json(hand_in));
    const auto mended = update({reply, tool_reply("submit_momentum", dump_json(submission()))});
    EXPECT_TRUE(mended) << hand_in.dump();
    EXPECT_NE(told().find("not accepted"), std::string::npos) << hand_in.dump();
    const auto failed = update({reply, reply, reply});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::malformed_reply);
  }
}

TEST_F(MomentumTest, StateThatBreaksARuleIsMendedAndSaid) {
  Json hand_in = submission();
  hand_in["overlay"].erase(1);
  const auto reply = text_reply(dump_json(hand_in));
  const auto out = update({reply, reply, reply});
  ASSERT_TRUE(out);
  EXPECT_NE(told().find("t2"), std::string::npos) << "the model could have put it right";
  EXPECT_EQ(out->overlay.entries.size(), 2u);
  ASSERT_EQ(out->repairs.size(), 1u);
  EXPECT_NE(out->repairs[0].find("t2"), std::string::npos);
}

TEST_F(MomentumTest, WhatWouldBeChangedGoesBackWithTheReason) {
  struct Case {
    const char* pointer;
    Json value;
    const char* reason;
  };
  const Json more = Json::parse(R"([{"theme":"look","tasks":["t1","t2"]}])");
  const Json twice = Json::array({submission()["patterns"][0], submission()["patterns"][0]});
  const std::vector<Case> cases = {{"/overlay/0/pattern", "types-lots", "unknown pattern"},
                                   {"/overlay/0/task_id", "t9", "not in this batch"},
                                   {"/overlay/1/task_id", "t1", "second overlay entry"},
                                   {"/overlay/1/gap", "a gap", "left out"},
                                   {"/overlay/0/anchor", "no such heading", "fill-a-column"},
                                   {"/patterns/0/anchor", "references/none.md", "dates.md"},
                                   {"/patterns/0/kind", "magic", "mixed"},
                                   {"/patterns/0/slug", "Types lost!", "types-lost"},
                                   {"/patterns", twice, "handed in twice"},
                                   {"/themes", more, "two successes"}};
  for (const Case& one : cases) {
    Json hand_in = submission();
    hand_in[Json::json_pointer(one.pointer)] = one.value;
    const auto out = update({tool_reply("submit_momentum", dump_json(hand_in)),
                             tool_reply("submit_momentum", dump_json(submission()))});
    ASSERT_TRUE(out) << one.pointer;
    EXPECT_NE(told().find("not accepted"), std::string::npos) << one.pointer << told();
    EXPECT_NE(told().find(one.reason), std::string::npos) << one.pointer << told();
    EXPECT_TRUE(out->repairs.empty()) << one.pointer;
  }
}

TEST_F(MomentumTest, SecondPatternOfATaskIsKeptAndNamesOfPlacesAreMadeAnchors) {
  Json hand_in = submission();
  Json second = hand_in["patterns"][0];
  second["slug"] = "rows-out-of-order";
  second["anchor"] = "references/dates.md";
  hand_in["patterns"].push_back(second);
  hand_in["overlay"][0]["anchor"] = "## Fill a column";
  const auto out = update({tool_reply("submit_momentum", dump_json(hand_in))});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_TRUE(out->repairs.empty());
  ASSERT_EQ(out->memory.patterns.size(), 2u);
  EXPECT_EQ(out->memory.patterns[1].slug, "rows-out-of-order");
  EXPECT_EQ(out->memory.patterns[1].anchor, "dates.md");
  EXPECT_EQ(out->overlay.entries[0].parts.at(0).anchor, "fill-a-column");
}

TEST_F(MomentumTest, SlugWrittenOtherwiseChangesThePatternItMeans) {
  input_.memory.patterns.resize(1);
  input_.memory.patterns[0].slug = "types-lost";
  input_.memory.patterns[0].line = "old";
  Json hand_in = submission();
  hand_in["patterns"][0]["slug"] = hand_in["overlay"][0]["pattern"] = "Types Lost";
  const auto reply = tool_reply("submit_momentum", dump_json(hand_in));
  const auto out = update({reply, reply, reply});
  ASSERT_TRUE(out);
  ASSERT_EQ(out->memory.patterns.size(), 1u);
  EXPECT_EQ(out->memory.patterns[0].line, "Types are lost.");
}

TEST_F(MomentumTest, VelocityIsShownInThreeDigitsAndKeptInAll) {
  input_.memory.patterns.resize(1);
  input_.memory.patterns[0].slug = "types-lost";
  input_.memory.patterns[0].velocity = 0.16999999999999998;
  const auto out = update({tool_reply("submit_momentum", dump_json(submission()))});
  ASSERT_TRUE(out);
  EXPECT_NE(user().find("\"velocity\": 0.17\n"), std::string::npos) << user();
  EXPECT_DOUBLE_EQ(out->memory.patterns[0].velocity, 0.7 * 0.16999999999999998 + 0.3 * 0.5);
}

TEST_F(MomentumTest, FailedCallIsAnErrorSoThatTheOldMemoryStays) {
  llm::ChatReply refused = text_reply("no");
  refused.refused = true;
  EXPECT_EQ(update({refused}).error().code, ErrorCode::content_filter);
  EXPECT_EQ(update({fail(ErrorCode::transient, "503")}).error().code, ErrorCode::transient);
}

TEST_F(MomentumTest, OutgrownMemoryIsShownShortenedAndStaysWholeItself) {
  for (int i = 0; i < 60; ++i) {
    Pattern pattern;
    pattern.slug = "pattern-" + std::to_string(i);
    pattern.kind = PatternKind::mixed;
    pattern.description = std::string(4000, 'd');
    pattern.velocity = 1.0 - i * 0.01;
    input_.memory.patterns.push_back(pattern);
  }
  const auto out = update({tool_reply("submit_momentum", dump_json(submission()))});
  ASSERT_TRUE(out);
  EXPECT_LT(user().size(), 110'000u);
  EXPECT_NE(user().find("pattern-59"), std::string::npos);
  for (const Pattern& pattern : out->memory.patterns) {
    if (pattern.slug != "types-lost") {
      EXPECT_EQ(pattern.description.size(), 4000u);
    }
  }
}

TEST_F(MomentumTest, NoneChangesNothing) {
  input_.memory.patterns.resize(1);
  input_.memory.patterns[0].slug = "kept";
  const auto stage = momentum_registry().make("none", Json::object(), dependencies_);
  ASSERT_TRUE(stage);
  const auto out = (*stage)->update(input_, context_);
  ASSERT_TRUE(out);
  EXPECT_EQ(dump_json(to_json(out->memory)), dump_json(to_json(input_.memory)));
  EXPECT_TRUE(out->overlay.entries.empty());
  EXPECT_FALSE(momentum_registry().make("none", Json{{"turns", 3}}, dependencies_));
}

}  // namespace
}  // namespace skillgrad::optim
