// SPDX-License-Identifier: MIT
#include "cli/settings/idle_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skillgrad::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Settings merged(const std::map<std::string, std::string>& flags) {
  GivenOptions given;
  given.flags = flags;
  std::vector<std::string> warnings;
  return merge_settings(given, warnings).value();
}

const OptionUse kTasks = {"eval", "records", "split fields of the tasks", false};

struct IdleCase {
  const char* what;
  std::map<std::string, std::string> flags;
  OptionUse use;
  const char* says;  ///< "" where the option counts
};

TEST(IdleOptions, AreNamedWithWhatMakesThemIdle) {
  const OptionUse sheets = {"optimize", "spreadsheetbench", "shuffled with seed 0: 3 train"};
  const OptionUse tables = {"eval", "wikitablequestions", "published", false, false};
  const OptionUse judged = {"grade", "records", "", true, false};
  const OptionUse unjudged = {"grade", "records", "", false, false};
  const std::vector<IdleCase> cases = {
      {"knob without a simulation", {{"model", "m"}, {"sim.slip", "0.5"}}, kTasks, "--sim-slip"},
      {"knob of the simulation", {{"model", "sim:demo"}, {"sim.slip", "0.5"}}, kTasks, ""},
      {"mode of text tasks", {{"grading_mode", "official"}}, kTasks, "--mode"},
      {"mode of workbooks", {{"grading_mode", "official"}}, sheets, ""},
      {"recalculation of tables", {{"recalc", "never"}}, tables, "--recalc"},
      {"recalculation of records, which may hold workbooks", {{"recalc", "never"}}, kTasks, ""},
      {"seed of given splits", {{"split_seed", "4"}}, kTasks, "--split-seed"},
      {"seed of drawn splits", {{"split_seed", "4"}}, sheets, ""},
      {"role of another command", {{"roles", R"({"patcher":{"model":"x"}})"}}, kTasks, "--roles"},
      {"role of this command", {{"roles", R"({"executor":{"model":"x"}})"}}, kTasks, ""},
      {"one role of several",
       {{"roles", R"({"executor":{"model":"x"},"diagnoser":{"model":"y"}})"}},
       kTasks,
       "role \"diagnoser\""},
      {"judge without judged tasks",
       {{"roles", R"({"judge":{"model":"x"}})"}},
       kTasks,
       "role \"judge\""},
      {"limit of a replay", {{"replay", "r"}, {"rpm", "5"}}, kTasks, "--rpm"},
      {"limit where a replay is completed",
       {{"replay", "r"}, {"record", "r"}, {"rpm", "5"}},
       kTasks,
       ""},
      {"requests of another program's agent",
       {{"executor", "codex"}, {"temperature", "1"}},
       tables,
       "--temperature"},
      {"requests of the stages beside it",
       {{"executor", "codex"}, {"temperature", "1"}},
       sheets,
       ""},
      {"commands of another program's agent",
       {{"executor", "codex"}, {"command_timeout_s", "5"}},
       sheets,
       "--command-timeout"},
      {"limit of judges", {{"max_usd", "3"}}, judged, ""},
      {"limit without judges", {{"max_usd", "3"}}, unjudged, "--max-usd"},
      {"tasks at once", {{"jobs", "2"}}, unjudged, ""},
      {"role of the loop", {{"roles", R"({"patcher":{"model":"x"}})"}}, sheets, ""},
      {"option of another gate", {{"gate", "strict"}, {"gate_k", "1"}}, sheets, "--gate-k"},
      {"option of the gate", {{"gate", "paired"}, {"gate_k", "1"}}, sheets, ""},
      {"option of staged decisions", {{"candidates", "1"}}, sheets, ""},
      {"option of staged decisions under another gate",
       {{"gate", "stored"}, {"max_broken", "1"}},
       sheets,
       "--max-broken"},
      {"gate beside a program",
       {{"gate", "strict"}, {"stages.gate", R"({"name":"command","run":["x"]})"}},
       sheets,
       "--gate has no effect"},
      {"candidates of recorded sessions",
       {{"traces", "sessions"}, {"candidates", "1"}},
       sheets,
       "--candidates has no effect here: recorded sessions"},
      {"later epochs that never come", {{"batch_seed", "3"}}, sheets, "--batch-seed"},
      {"port of no page",
       {{"approve", "terminal"}, {"approve_port", "8090"}},
       sheets,
       "--approve-port"},
      {"port of a page", {{"approve", "web"}, {"approve_port", "8090"}}, sheets, ""},
      {"approval where nothing is proposed",
       {{"approve", "web"}, {"optimizer", "rerun"}},
       sheets,
       "--approve"},
      {"rule without models", {{"across", "mean"}}, sheets, "--across"},
      {"rule with models", {{"models", "a,b"}, {"across", "mean"}}, sheets, ""},
      {"knob of simulated models",
       {{"model", "m"}, {"models", "sim:demo,b"}, {"sim.slip", "0.5"}},
       sheets,
       ""},
      {"stage that is off",
       {{"momentum", "false"}, {"stages.momentum", R"({"name":"llm"})"}},
       sheets,
       "--momentum-stage"},
  };
  for (const IdleCase& item : cases) {
    SCOPED_TRACE(item.what);
    const auto said = idle_options(merged(item.flags), item.use);
    if (*item.says == '\0')
      EXPECT_THAT(said, IsEmpty());
    else
      EXPECT_THAT(said, ElementsAre(HasSubstr(item.says)));
  }
}

TEST(IdleOptions, OfOtherCommandsAreNamedWithTheirOrigin) {
  auto settings = merged({{"model", "m"}, {"jobs", "2"}});
  ASSERT_TRUE(settings.set(option<"batch_size">, 3, "--set batch_size"));
  // A variable is there for all commands of a shell.
  ASSERT_TRUE(settings.set(option<"max_iters">, 3, "environment SKILLGRAD_MAX_ITERS"));
  ASSERT_TRUE(settings.set(option<"in_place">, true, "config.json of the run"));
  EXPECT_THAT(foreign_options(settings, "eval", kModel | kRun),
              ElementsAre("--batch (--set batch_size) has no effect here: it has no part in "
                          "`eval`"));
}

TEST(IdleOptions, OfAConfigFileThatSeveralCommandsShareAreNotNamed) {
  auto settings = merged({{"model", "m"}});
  ASSERT_TRUE(settings.set(option<"sim.slip">, 0.5, "file skillgrad.json"));
  EXPECT_THAT(idle_options(settings, kTasks), IsEmpty());
}

}  // namespace
}  // namespace skillgrad::cli
