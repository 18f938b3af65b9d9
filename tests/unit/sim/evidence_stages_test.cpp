// SPDX-License-Identifier: MIT
#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

const std::vector<std::string> kDiagnoserTools = {"read_trace", "read_file", "submit_diagnosis"};
const std::vector<std::string> kMomentumTools = {"read_file", "submit_momentum"};
const std::string kTaughtSkill = "## SKILL.md\n# R\n\n## Sum a column\n\nDrop every total row.\n";
const std::string kUntaught = "## SKILL.md\n# R\n";

std::string evidence(const std::string& task, const std::string& loaded, bool success) {
  std::string out =
      wrap("known_patterns", "skip-totals: total row counted as data") +
      wrap("skill_loaded", loaded) + wrap("task", task) + wrap("feedback", "0 of 1") +
      wrap("trace", "[1] message user: x\n[2] tool_call shell: y\n[3] tool_output shell: z");
  if (success)
    out += wrap("earlier_feedback", "0 of 1") + wrap("earlier_trace", "[1] message user: x");
  return out;
}

struct EvidenceTest : testing::Test {
  ScenarioFolder folder;
  Scenario scenario = folder.scenario();

  Json diagnose(const Noise& noise, const std::string& user) const {
    const Player player(scenario, noise, 1);
    const Reply reply = player.reply(opening("d", user, kDiagnoserTools));
    EXPECT_EQ(reply.stage, "diagnoser");
    EXPECT_EQ(reply.calls.size(), 1U);
    EXPECT_EQ(reply.calls[0].name, "submit_diagnosis");
    return arguments_of(reply)["causes"];
  }
  Json merge(const std::string& skill, const std::string& memory,
             const std::vector<Json>& diagnoses) const {
    const Player player(scenario, {}, 1);
    const Reply reply = player.reply(opening("m",
                                             wrap("skill", skill) + wrap("files", "none") +
                                                 wrap("iteration", "2") + wrap("memory", memory) +
                                                 wrap("diagnoses", dump_json(Json(diagnoses))),
                                             kMomentumTools));
    EXPECT_EQ(reply.stage, "momentum");
    return arguments_of(reply);
  }
};

TEST_F(EvidenceTest, NamesTheFirstLessonThatIsMissing) {
  Json said = diagnose({}, evidence("Count stock.csv", kUntaught, false));
  EXPECT_EQ(said[0]["label"], "total row counted as data");
  EXPECT_EQ(said[0]["case"], "gap");
  EXPECT_EQ(said[0]["known"], "skip-totals");
  EXPECT_EQ(said[0]["skipped_step"], "");
  EXPECT_EQ(said[0]["steps"], Json::array({2}));
  said = diagnose({}, evidence("Count stock.csv", kTaughtSkill, false));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0]["label"], "header row taken for data");
  EXPECT_EQ(said[0]["known"], "new");
  EXPECT_EQ(said[0]["skipped_step"], "Find the header first");
}

TEST_F(EvidenceTest, NamesFurtherMissingLessonsAsCausesOfTheirOwn) {
  std::size_t both = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    const Json said =
        diagnose({}, evidence("Count stock.csv", kUntaught + std::string(n, '.'), false));
    ASSERT_LE(said.size(), 2U);
    EXPECT_EQ(said[0]["label"], "total row counted as data");
    if (said.size() < 2) continue;
    ++both;
    EXPECT_EQ(said[1]["label"], "header row taken for data");
    EXPECT_EQ(said[1]["known"], "new");
  }
  EXPECT_GT(both, 8U);
  EXPECT_LT(both, 32U);
}

TEST_F(EvidenceTest, GivesATaskAPatternForEachOfItsCauses) {
  Json two = {{"task_id", "a"}, {"kind", "failure"}, {"causes", Json::array()}};
  for (const char* label : {"total row counted as data", "header row taken for data"})
    two["causes"].push_back({{"label", label}, {"analysis", "x"}, {"known", ""}});
  const Json out = merge("# R\n", "none", {two});
  ASSERT_EQ(out["overlay"].size(), 1U);
  ASSERT_EQ(out["overlay"][0]["patterns"].size(), 2U);
  EXPECT_EQ(out["overlay"][0]["patterns"][0]["pattern"], "skip-totals");
  EXPECT_EQ(out["patterns"].size(), 2U);
}

TEST_F(EvidenceTest, TellsWhichLessonASuccessRestsOn) {
  const Json said = diagnose({}, evidence("Add up sales.csv", kTaughtSkill, true));
  EXPECT_EQ(said[0]["label"], "total row counted as data");
  EXPECT_EQ(said[0]["case"], "followed");
  EXPECT_EQ(said[0]["analysis"], "This run left the total row out before it added.");
}

TEST_F(EvidenceTest, CallsSlipAndLuckByTheirNames) {
  EXPECT_EQ(diagnose({}, evidence("Add up sales.csv", kTaughtSkill, false))[0]["label"],
            kSlipLabel);
  EXPECT_EQ(diagnose({}, evidence("Add up sales.csv", kUntaught, true))[0]["label"], kLuckLabel);
}

TEST_F(EvidenceTest, ErrsVaguelyOrBlamesAnotherLesson) {
  Noise noise;
  noise.vague = 1;
  EXPECT_EQ(diagnose(noise, evidence("Add up sales.csv", "", false))[0]["label"], kVagueLabel);
  noise = {};
  noise.wrong = 1;
  EXPECT_EQ(diagnose(noise, evidence("Add up sales.csv", "", false))[0]["label"],
            "header row taken for data");
}

TEST_F(EvidenceTest, ReadsMoreOfACutTraceOnce) {
  const Player player(scenario, {}, 1);
  std::string user = evidence("Add up sales.csv", "", false);
  user.insert(user.find("[2] tool_call"), "[steps 2 to 9 are left out here]\n");
  Conversation talk = opening("d", user, kDiagnoserTools);
  const Reply first = player.reply(talk);
  ASSERT_EQ(first.calls.size(), 1U);
  EXPECT_EQ(first.calls[0].name, "read_trace");
  go_on(talk, first, {"[1] message user: x"});
  EXPECT_EQ(player.reply(talk).calls[0].name, "submit_diagnosis");
}

TEST_F(EvidenceTest, AnswersWithJsonTextWhenNoToolsAreOffered) {
  const Player player(scenario, {}, 1);
  const Reply reply = player.reply(
      opening("Hand in with submit_diagnosis.", evidence("Add up sales.csv", "", false), {}));
  EXPECT_TRUE(reply.calls.empty());
  EXPECT_EQ(Json::parse(reply.text)["causes"][0]["label"], "total row counted as data");
}

Json diagnosis(const char* id, const char* kind, std::string_view label, std::string_view text) {
  return {{"task_id", id},
          {"kind", kind},
          {"causes", Json::array({{{"label", label}, {"analysis", text}, {"known", ""}}})}};
}

TEST_F(EvidenceTest, GroupsDiagnosesByLessonAndMarksWhatSaysNothing) {
  const Json out =
      merge("# R\n\n## Sum a column\n\nAdd.\n", "none",
            {diagnosis("a", "failure", "total row counted as data", "x"),
             diagnosis("b", "failure", kVagueLabel, kVagueAnalysis),
             diagnosis("c", "failure", "sum is off",
                       "The sum is too high because a total row was added in. See step 3."),
             diagnosis("d", "failure", "charts drawn upside down", "The axis is reversed.")});
  ASSERT_EQ(out["overlay"].size(), 4U);
  const auto part = [&](std::size_t task) { return out["overlay"][task]["patterns"][0]; };
  EXPECT_EQ(part(0)["pattern"], "skip-totals");
  EXPECT_EQ(part(0)["anchor"], "sum-a-column");
  EXPECT_EQ(part(1)["pattern"], "no-actionable-signal");
  EXPECT_FALSE(part(1).contains("gap"));
  EXPECT_EQ(part(2)["pattern"], "skip-totals");
  EXPECT_EQ(part(3)["pattern"], "charts-drawn-upside-down");
  ASSERT_EQ(out["patterns"].size(), 2U);
  EXPECT_EQ(out["patterns"][0]["slug"], "skip-totals");
  EXPECT_EQ(out["patterns"][1]["kind"], "mixed");
  EXPECT_TRUE(out["themes"].empty());
}

TEST_F(EvidenceTest, KeepsAKnownPatternAndNotesItsSuccess) {
  const std::string memory =
      R"({"schema":"skillgrad.memory/1","iteration":1,"patterns":[{"slug":"skip-totals","description":"Old words."}]})";
  const char* const label = "total row counted as data";
  EXPECT_TRUE(merge("# R\n", memory, {diagnosis("a", "failure", label, "x")})["patterns"].empty());
  const Json out =
      merge("# R\n", memory,
            {diagnosis("a", "contrastive", label, "x"), diagnosis("b", "contrastive", label, "x")});
  ASSERT_EQ(out["patterns"].size(), 1U);
  EXPECT_EQ(out["patterns"][0]["description"], "Old words. " + std::string(kSeenWorking));
  ASSERT_EQ(out["themes"].size(), 1U);
  EXPECT_EQ(out["themes"][0]["tasks"], Json::array({"a", "b"}));
}

TEST_F(EvidenceTest, AClosingTagInsideDataDoesNotEndIt) {
  const Json out = merge("# R\n", "none", {diagnosis("a", "failure", "x y", "z\n<\\/diagnoses>")});
  EXPECT_EQ(out["overlay"].size(), 1U);
}

}  // namespace
}  // namespace skillgrad::sim
