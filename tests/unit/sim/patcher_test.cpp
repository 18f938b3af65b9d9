// SPDX-License-Identifier: MIT
#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

const std::string kSeed =
    "---\nname: reports\ndescription: d\n---\n\n# Reports\n\nText.\n\n## Load\n\nOpen it.\n\n"
    "## Pitfalls\n\n- Mind the input.\n";
const std::string kRuleSection = "## Sum a column\n\nDrop every total row before you add.\n\n";
const std::string kMemory =
    "# Momentum memory (through iteration 2)\n\n## read-header (workflow)\nheader row\n\n"
    "- anchor: none\n\n## skip-totals (operation)\ntotal row counted as data\n\n- anchor: none\n";

std::string with_section(const std::string& section) {
  std::string text = kSeed;
  return text.insert(text.find("## Pitfalls"), section);
}

Json failure(const char* label) {
  return {{"task_id", label},
          {"kind", "failure"},
          {"causes", Json::array({{{"label", label}, {"analysis", "x"}}})}};
}
const Json kTotals = failure("total row counted as data");
const Json kHeader = failure("header row taken for data");

struct PatcherTest : testing::Test {
  ScenarioFolder folder;
  Scenario scenario = folder.scenario();

  static std::string facts(const std::string& skill, const std::string& memory,
                           const std::string& rejected, const std::vector<Json>& diagnoses) {
    return wrap("skill", skill) + wrap("files", "none") + wrap("memory", memory) +
           wrap("overlay", "none") + wrap("rejected", rejected) +
           wrap("diagnoses", dump_json(Json(diagnoses)));
  }
  Reply first(const Noise& noise, const std::string& user) const {
    const Player player(scenario, noise, 1);
    Reply reply = player.reply(opening("p", user, kPatcherTools));
    EXPECT_EQ(reply.stage, "patcher");
    EXPECT_FALSE(reply.calls.empty());
    return reply;
  }
};

TEST_F(PatcherTest, InsertsARuleForEachPatternBeforeThePitfalls) {
  const Reply reply = first({}, facts(kSeed, "none", "none", {kTotals, kTotals, kHeader}));
  ASSERT_EQ(reply.calls.size(), 2U);
  EXPECT_EQ(reply.calls[0].name, "insert_section");
  EXPECT_EQ(arguments_of(reply)["before"], "Pitfalls");
  EXPECT_EQ(arguments_of(reply)["text"],
            "## Sum a column\n\nDrop every total row before you add.\n");
  EXPECT_EQ(arguments_of(reply, 1)["text"],
            "## Find the header first\n\nLook for the header line before reading.\n");
}

TEST_F(PatcherTest, FinishesOnceTheEditsAreMade) {
  const Player player(scenario, {}, 1);
  Conversation talk = opening("p", facts(kSeed, "none", "none", {kTotals}), kPatcherTools);
  go_on(talk, player.reply(talk), {"inserted section Sum a column"});
  const Reply end = player.reply(talk);
  ASSERT_EQ(end.calls.size(), 1U);
  EXPECT_EQ(end.calls[0].name, "finish_patch");
  const Json addressed = arguments_of(end)["addressed"];
  ASSERT_EQ(addressed.size(), 1U);
  EXPECT_EQ(addressed[0]["pattern"], "total row counted as data");
  EXPECT_EQ(addressed[0]["anchor"], "sum-a-column");
}

TEST_F(PatcherTest, TriesARefusedEditInAnotherWayOnce) {
  const Player player(scenario, {}, 1);
  Conversation talk = opening("p", facts(kSeed, "none", "none", {kTotals}), kPatcherTools);
  go_on(talk, player.reply(talk), {"input: there is no section \"Pitfalls\""});
  const Reply other = player.reply(talk);
  ASSERT_EQ(other.calls.size(), 1U);
  EXPECT_EQ(other.calls[0].name, "insert_section");
  EXPECT_FALSE(arguments_of(other).contains("before"));
  go_on(talk, other, {"input: refused"});
  const Reply end = player.reply(talk);
  EXPECT_EQ(end.calls[0].name, "finish_patch");
  EXPECT_TRUE(arguments_of(end)["addressed"].empty());
}

TEST_F(PatcherTest, HasNothingToChangeWhenNoDiagnosisNamesALesson) {
  const Reply reply =
      first({}, facts(kSeed, "none", "none", {failure("result differs from expectation")}));
  ASSERT_EQ(reply.calls.size(), 1U);
  EXPECT_EQ(reply.calls[0].name, "finish_patch");
}

TEST_F(PatcherTest, AWeakWordingIsReplacedByTheWholeRuleLater) {
  Noise noise;
  noise.weak = 1;
  const Reply weak = first(noise, facts(kSeed, "none", "none", {kTotals}));
  EXPECT_EQ(arguments_of(weak)["text"], "## Sum a column\n\nBe careful with sums.\n");
  const std::string skill = with_section("## Sum a column\n\nBe careful with sums.\n\n") +
                            "\n## Top\n\nFind the header line before reading.\n";
  const std::string tried = kMemory + "- remedy, iteration 1 (kept): a -> b\n";
  const std::string rejected = "Iteration 1: x\n+Be careful with sums.\n";
  for (const std::string& user :
       {facts(skill, tried, "none", {kTotals}), facts(skill, "none", rejected, {kTotals})}) {
    const Reply whole = first(noise, user);
    EXPECT_EQ(whole.calls[0].name, "replace_section");
    EXPECT_EQ(arguments_of(whole)["text"],
              "## Sum a column\n\nDrop every total row before you add.\n");
  }
}

TEST_F(PatcherTest, KeepsOtherTextOfASectionThatItExtends) {
  const std::string skill = with_section("## sum a Column\n\nUse a loop.\n\n");
  const Reply reply = first({}, facts(skill, "none", "none", {kTotals}));
  EXPECT_EQ(arguments_of(reply)["text"],
            "## sum a Column\n\nUse a loop.\n\nDrop every total row before you add.\n");
}

TEST_F(PatcherTest, AMemoryBringsBackWhatEarlierBatchesLeftOver) {
  const Reply reply = first({}, facts(kSeed, kMemory, "none", {kTotals}));
  ASSERT_EQ(reply.calls.size(), 2U);
  EXPECT_NE(arguments_of(reply)["text"].get<std::string>().find("header line"), std::string::npos);
  EXPECT_NE(arguments_of(reply, 1)["text"].get<std::string>().find("total row"), std::string::npos);
}

TEST_F(PatcherTest, WithAMemoryARuleThatIsThereStays) {
  Noise noise;
  noise.weak = 1;
  const std::string skill = with_section(kRuleSection);
  for (const ToolUse& call : first(noise, facts(skill, kMemory, "none", {kTotals})).calls)
    EXPECT_NE(call.name, "replace_section");
  const Reply without = first(noise, facts(skill, "none", "none", {kTotals}));
  EXPECT_EQ(without.calls[0].name, "replace_section");
}

TEST_F(PatcherTest, ForgetsAnOlderRuleUnlessSuccessEvidenceProtectsIt) {
  Noise noise;
  noise.forget = 1;
  const std::string skill = with_section(kRuleSection);
  const auto touches_rule = [](const Reply& reply) {
    for (std::size_t i = 0; i < reply.calls.size(); ++i)
      if (arguments_of(reply, i).value("heading", "") == "Sum a column") return true;
    return false;
  };
  EXPECT_TRUE(touches_rule(first(noise, facts(skill, "none", "none", {kHeader}))));
  Json success = kTotals;
  success["kind"] = "contrastive";
  EXPECT_FALSE(touches_rule(first(noise, facts(skill, "none", "none", {kHeader, success}))));
  const std::string working = kMemory + "- description: x " + std::string(kSeenWorking) + "\n";
  EXPECT_FALSE(touches_rule(first(noise, facts(skill, working, "none", {kHeader}))));
}

TEST_F(PatcherTest, TakesBackWhatALintFindingNamesAndThenEverything) {
  const Player player(scenario, {}, 1);
  Conversation talk = opening("p", facts(kSeed, "none", "none", {kTotals, kHeader}), kPatcherTools);
  go_on(talk, player.reply(talk), {"inserted", "inserted"});
  go_on(talk, player.reply(talk), {"done"});
  const auto lint = [&](const std::string& text) {
    talk.turns.push_back({Turn::Role::user, wrap("lint", text), {}, ""});
  };
  lint(
      "L2-03 SKILL.md:12 section \"Sum a column\" holds a task value\n"
      "L2-01 SKILL.md:16 (advice) section \"Find the header first\"");
  const Reply named = player.reply(talk);
  ASSERT_EQ(named.calls.size(), 1U);
  EXPECT_EQ(named.calls[0].name, "delete_section");
  EXPECT_EQ(arguments_of(named)["heading"], "Sum a column");
  go_on(talk, named, {"deleted"});
  const Reply end = player.reply(talk);
  EXPECT_EQ(end.calls[0].name, "finish_patch");
  EXPECT_EQ(arguments_of(end)["addressed"].size(), 1U);
  go_on(talk, end, {"done"});
  lint("B1 SKILL.md:0 too long");
  const Reply rest = player.reply(talk);
  ASSERT_EQ(rest.calls.size(), 1U);
  EXPECT_EQ(arguments_of(rest)["heading"], "Find the header first");
}

TEST_F(PatcherTest, WritesOnePatchMessageWhenNoToolsAreOffered) {
  const Player player(scenario, {}, 1);
  const Reply reply =
      player.reply(opening("End with finish_patch.", facts(kSeed, "none", "none", {kTotals}), {}));
  const Json patch = Json::parse(reply.text);
  EXPECT_EQ(patch["schema"], "skillgrad.patch/1");
  ASSERT_EQ(patch["edits"].size(), 1U);
  EXPECT_EQ(patch["edits"][0]["op"], "insert_section");
  EXPECT_EQ(patch["addressed"].size(), 1U);
}

}  // namespace
}  // namespace skillgrad::sim
