// SPDX-License-Identifier: MIT
#include <set>

#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

const std::string kTaught = "# Reports\n\n## Sum a column\n\nDrop every total row first.\n";

const std::string kBoth = kTaught + "\n## Top\n\nFind the header line before reading.\n";

struct ExecutorTest : testing::Test {
  ScenarioFolder folder;
  Scenario scenario = folder.scenario();

  const std::string& wrong(std::size_t task, std::size_t lesson) const {
    return *Scenario::wrong_command(scenario.tasks[task], lesson);
  }
  /// Plays until the command that works on the task; returns it. "" when it ended without one.
  std::string command(const Noise& noise, const std::string& task, const std::string& body,
                      const std::string& reference = "", const std::string& seed = "") const {
    const Player player(scenario, noise, 1);
    Conversation talk = opening(kCatalog, wrap("task", task), kExecutorTools);
    talk.seed = seed;
    for (int turn = 0; turn < 8; ++turn) {
      const Reply reply = player.reply(talk);
      EXPECT_EQ(reply.stage, "executor");
      if (reply.calls.empty()) return "";
      const std::string& tool = reply.calls[0].name;
      if (tool == "shell") {
        const std::string text = arguments_of(reply)["command"];
        if (!text.starts_with("LC_ALL=C")) return text;
        go_on(talk, reply, {"exit code: 0\nstdout:\n 12 sales.csv\n"});
      } else {
        go_on(talk, reply, {tool == "activate_skill" ? body : reference});
      }
    }
    ADD_FAILURE() << "no end";
    return "";
  }
};

TEST_F(ExecutorTest, ActivatesTheSkillOfTheCatalogFirst) {
  const Player player(scenario, {}, 1);
  const Reply reply =
      player.reply(opening(kCatalog, wrap("task", "Add up sales.csv"), kExecutorTools));
  ASSERT_EQ(reply.calls.size(), 1U);
  EXPECT_EQ(reply.calls[0].name, "activate_skill");
  EXPECT_EQ(arguments_of(reply)["skill"], "reports");
}

TEST_F(ExecutorTest, RunsTheWrongScriptUntilTheLoadedTextTeachesTheLesson) {
  EXPECT_EQ(command({}, "Add up sales.csv", "# Reports\n"), wrong(0, 0));
  EXPECT_EQ(command({}, "Add up sales.csv", kTaught), scenario.tasks[0].right);
}

TEST_F(ExecutorTest, PhrasesInDifferentSectionsDoNotTeach) {
  const std::string body = "# R\n\n## One\n\nA total row is there.\n\n## Two\n\nDrop blanks.\n";
  EXPECT_EQ(command({}, "Add up sales.csv", body), wrong(0, 0));
}

TEST_F(ExecutorTest, FailsOnTheFirstMissingLessonOfATask) {
  EXPECT_EQ(command({}, "Count stock.csv", "# Reports\n"), wrong(1, 0));
  EXPECT_EQ(command({}, "Count stock.csv", kTaught), wrong(1, 1));
  const std::string both = kTaught + "\n## Top\n\nFind the header line before reading.\n";
  EXPECT_EQ(command({}, "Count stock.csv", both), scenario.tasks[1].right);
}

TEST_F(ExecutorTest, ReadsAReferenceOnlyWhenItsTriggerFits) {
  const std::string body =
      "# R\n\nRead `references/csv.md` when the table is a ledger; skip it for lists.\n";
  const std::string rule = "Drop each total row.\n";
  EXPECT_EQ(command({}, "Add up the ledger sales.csv", body, rule), scenario.tasks[0].right);
  EXPECT_EQ(command({}, "Add up sales.csv", body, rule), wrong(0, 0));
}

TEST_F(ExecutorTest, LuckAndSlipTurnTheOutcomeRound) {
  Noise noise;
  noise.luck = 1;
  EXPECT_EQ(command(noise, "Add up sales.csv", "# Reports\n"), scenario.tasks[0].right);
  noise.slip = 1;
  EXPECT_EQ(command(noise, "Add up sales.csv", kTaught), wrong(0, 0));
}

TEST_F(ExecutorTest, WithNoiseATaskHasItsOwnChanceInEachRollout) {
  constexpr int kRollouts = 400;
  Noise noise;
  noise.own = 0.8;
  std::set<int> shares;
  for (const std::string task : {"Add up sales.csv", "Count stock.csv"}) {
    const std::string& right = scenario.tasks[task.starts_with("Add") ? 0 : 1].right;
    int passed = 0, untaught = 0;
    for (int i = 0; i < kRollouts; ++i) {
      const std::string seed = std::to_string(i);
      passed += command(noise, task, kBoth, "", seed) == right ? 1 : 0;
      untaught += command(noise, task, "# Reports\n", "", seed) == right ? 1 : 0;
      EXPECT_EQ(command(noise, task, kBoth, "", seed), command(noise, task, kBoth, "", seed));
    }
    const double share = 1 - static_cast<double>(passed) / kRollouts;
    EXPECT_GT(share, 0);
    EXPECT_LT(share, 0.9);
    EXPECT_NEAR(static_cast<double>(untaught) / kRollouts, share * (1 - share), 0.08);
    shares.insert(passed);
  }
  EXPECT_EQ(shares.size(), 2U);
}

TEST_F(ExecutorTest, WorksWithoutASkillAndThenNothingIsTaught) {
  const Player player(scenario, {}, 1);
  const Reply reply = player.reply(opening("<available_skills>\n</available_skills>",
                                           wrap("task", "Add up sales.csv"), kExecutorTools));
  ASSERT_EQ(reply.calls.size(), 1U);
  EXPECT_EQ(reply.calls[0].name, "shell");
}

TEST_F(ExecutorTest, EndsWithWhatTheScriptPrintedOrSaysThatItFailed) {
  const Player player(scenario, {}, 1);
  const auto last = [&](const std::string& result) {
    Conversation talk = opening("<available_skills>\n</available_skills>",
                                wrap("task", "Add up sales.csv"), kExecutorTools);
    Reply reply;
    reply.calls.push_back({"", "shell", dump_json({{"command", wrong(0, 0)}})});
    go_on(talk, reply, {result});
    return player.reply(talk).text;
  };
  EXPECT_EQ(last("exit code: 0\nstdout:\n12.50\nstderr:\nwarning\n"), "12.50");
  EXPECT_NE(last("exit code: 0\n(no output)\n").find("saved"), std::string::npos);
  EXPECT_NE(last("exit code: 1\nstderr:\nTraceback\n").find("did not run"), std::string::npos);
}

TEST_F(ExecutorTest, SaysThatItHasNoScriptForAnUnknownTask) {
  EXPECT_EQ(command({}, "Write a poem", "# Reports\n"), "");
}

TEST_F(ExecutorTest, RepeatsACallWhoseArgumentsWereLost) {
  const Player player(scenario, {}, 1);
  Conversation talk = opening(kCatalog, wrap("task", "Add up sales.csv"), kExecutorTools);
  Reply broken;
  broken.calls.push_back({"", "activate_skill", "{}"});
  go_on(talk, broken, {"the arguments could not be read: not JSON"});
  const Reply again = player.reply(talk);
  ASSERT_EQ(again.calls.size(), 1U);
  EXPECT_EQ(arguments_of(again)["skill"], "reports");
}

}  // namespace
}  // namespace skillgrad::sim
