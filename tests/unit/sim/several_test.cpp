// SPDX-License-Identifier: MIT
// Several skills played: what contradicts a lesson, which skills a task loads, which one is edited.
#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

const std::string kTeaching =
    "# Sheets\n\n## Sum a column\n\n- Drop every total row before you add.\n";
const std::string kOpposing = "# Letters\n\n## Tables\n\n- Keep each total row.\n- Be brief.\n";

Json contradicted_scenario() {
  Json out = small_scenario();
  out["lessons"][0]["contradicted_when"] = {{"total row"}, {"keep"}};
  out["tasks"][0]["skills"] = {"sheets", "letters", "not-there"};
  return out;
}

std::string catalog_of(const std::vector<std::string>& names) {
  std::string out = "Solve it.\n<available_skills>\n";
  for (const std::string& name : names)
    out += "<skill>\n<name>\n" + name + "\n</name>\n<description>\nd\n</description>\n</skill>\n";
  return out + "</available_skills>\n";
}

struct SeveralSkillsPlayed : testing::Test {
  ScenarioFolder folder{contradicted_scenario()};
  Scenario scenario = folder.scenario();
  Player player{scenario, {}, 1};

  static std::string facts(const std::vector<std::pair<std::string, std::string>>& skills,
                           const Json& loaded, const std::string& conflicts = "none") {
    std::string out;
    for (const auto& [name, body] : skills)
      out += wrap("skill",
                  name + "/SKILL.md\n\n---\nname: " + name + "\ndescription: d\n---\n" + body);
    return out + wrap("conflicts", conflicts) + wrap("memory", "none") + wrap("overlay", "none") +
           wrap("rejected", "none") +
           wrap("diagnoses", dump_json(Json::array(
                                 {{{"task_id", "t1"},
                                   {"kind", "failure"},
                                   {"skills", loaded},
                                   {"causes", Json::array({{{"label", "total row counted as data"},
                                                            {"analysis", "x"}}})}}})));
  }
};

TEST_F(SeveralSkillsPlayed, ATaskLoadsTheSkillsItNeedsAsFarAsTheyAreThere) {
  Conversation talk = opening(catalog_of({"letters", "other", "sheets"}),
                              wrap("task", "Add up sales.csv"), kExecutorTools);
  const Reply reply = player.reply(talk);
  ASSERT_EQ(reply.calls.size(), 2U);
  EXPECT_EQ(arguments_of(reply, 0)["skill"], "letters");
  EXPECT_EQ(arguments_of(reply, 1)["skill"], "sheets");
  const Reply one = player.reply(
      opening(catalog_of({"other", "sheets"}), wrap("task", "Add up sales.csv"), kExecutorTools));
  ASSERT_EQ(one.calls.size(), 1U);
  EXPECT_EQ(arguments_of(one)["skill"], "sheets");
}

TEST_F(SeveralSkillsPlayed, ARuleThatAnotherTextContradictsIsNotFollowed) {
  const auto command_with = [&](const std::string& letters) {
    Conversation talk = opening(catalog_of({"letters", "sheets"}), wrap("task", "Add up sales.csv"),
                                kExecutorTools);
    go_on(talk, player.reply(talk), {letters, kTeaching});
    for (int turn = 0; turn < 3; ++turn) {
      const Reply reply = player.reply(talk);
      const std::string text = arguments_of(reply)["command"];
      if (!text.starts_with("LC_ALL=C")) return text;
      go_on(talk, reply, {"exit code: 0\nstdout:\n 12 sales.csv\n"});
    }
    return std::string();
  };
  EXPECT_EQ(command_with("# Letters\n\nBe brief.\n"), scenario.tasks[0].right);
  EXPECT_EQ(command_with(kOpposing), *Scenario::wrong_command(scenario.tasks[0], 0));
}

TEST_F(SeveralSkillsPlayed, ADiagnosisCallsAContradictedRuleWrong) {
  const auto found = [&](const std::string& letters) {
    const std::string loaded =
        "## letters/SKILL.md\n" + letters + "\n## sheets/SKILL.md\n" + kTeaching;
    const Reply reply =
        player.reply(opening("p",
                             wrap("known_patterns", "none") + wrap("skill_loaded", loaded) +
                                 wrap("task", "Add up sales.csv") + wrap("feedback", "score: 0") +
                                 wrap("trace", "[1] tool_call shell: x"),
                             {"read_trace", "read_file", "submit_diagnosis"}));
    return arguments_of(reply)["causes"][0];
  };
  EXPECT_EQ(found(kOpposing)["case"], "wrong");
  EXPECT_EQ(found(kOpposing)["label"], "total row counted as data");
  EXPECT_NE(found("# Letters\n\nBe brief.\n")["label"], "total row counted as data");
}

TEST_F(SeveralSkillsPlayed, ThePatcherRewritesTheLineThatContradictsAndNamesTheConflict) {
  const std::string conflicts = dump_json(Json::array(
      {{{"slug", "conflict-letters-sheets-total"},
        {"sides", Json::array({{{"skill", "letters"}, {"text", "Keep each total row."}},
                               {{"skill", "sheets"}, {"text", "Drop every total row."}}})}}}));
  Conversation talk = opening(
      "p", facts({{"letters", kOpposing}, {"sheets", kTeaching}}, {"letters", "sheets"}, conflicts),
      kPatcherTools);
  const Reply reply = player.reply(talk);
  ASSERT_EQ(reply.calls.size(), 1U);
  EXPECT_EQ(reply.calls[0].name, "edit_text");
  EXPECT_EQ(arguments_of(reply)["skill"], "letters");
  EXPECT_EQ(arguments_of(reply)["old"], "- Keep each total row.");
  EXPECT_EQ(arguments_of(reply)["new"], "- Drop every total row before you add.");
  go_on(talk, reply, {"letters: edited SKILL.md at line 9"});
  const Json finish = arguments_of(player.reply(talk));
  EXPECT_EQ(finish["addressed"][0]["pattern"], "conflict-letters-sheets-total");
  EXPECT_EQ(finish["addressed"][0]["anchor"], "letters/tables");
}

TEST_F(SeveralSkillsPlayed, ThePatcherAddsARuleToASkillThatTheRunHadLoaded) {
  const std::string bare = "# Letters\n\n## Pitfalls\n\n- Be brief.\n";
  const auto edited = [&](const Json& loaded) {
    const Reply reply = player.reply(opening(
        "p", facts({{"letters", bare}, {"sheets", "# Sheets\n\nAdd.\n"}}, loaded), kPatcherTools));
    EXPECT_EQ(reply.calls.at(0).name, "insert_section");
    return arguments_of(reply)["skill"].get<std::string>();
  };
  EXPECT_EQ(edited({"sheets"}), "sheets");
  EXPECT_EQ(edited({"letters"}), "letters");
  EXPECT_EQ(edited(Json::array()), "letters") << "not known: the first";
}

TEST_F(SeveralSkillsPlayed, ARuleMustNotContradictItself) {
  Json changed = contradicted_scenario();
  changed["lessons"][0]["contradicted_when"] = Json::array({Json::array({"total row"})});
  const ScenarioFolder broken(changed);
  const auto loaded = Scenario::load(broken.path());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("contradicts itself"), std::string::npos);
}

}  // namespace
}  // namespace skillgrad::sim
