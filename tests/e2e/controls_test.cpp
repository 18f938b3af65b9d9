// SPDX-License-Identifier: MIT
// --optimizer: every control against the simulated endpoint, with the budget that none gets past.
#include <csignal>

#include <sys/stat.h>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

constexpr const char* kRules =
    "printf '\\n## Choose the letters\\n\\nWrite every capital letter.\\n\\n## Close the note\\n\\n"
    "Set the closing mark.\\n\\n## Start the note\\n\\nWrite the sorting word.\\n' "
    ">> \"$SKILLGRAD_SKILL/SKILL.md\"\n";

/// A program of a user, which asks as many questions as it can.
std::string program(const Scratch& scratch, const std::string& text) {
  const std::string path = scratch.put("improve.sh", "#!/bin/sh\nset -e\n" + text);
  EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
  return path;
}

/// Rollouts of the search, by what the run directory holds. The run may be at work on it.
std::size_t on_disk(const Scratch& scratch, const std::string& run) {
  std::size_t out = 0;
  std::error_code gone;
  const fs::path root = scratch / run;
  for (fs::recursive_directory_iterator at(root, gone), end; !gone && at != end; at.increment(gone))
    if (at->path().filename() == "loss.json" &&
        !at->path().lexically_relative(root).string().starts_with("test/"))
      ++out;
  return out;
}

Json result_of(const Scratch& scratch, const Words& words, int code = 0) {
  const auto done = run(scratch, join_words(words, {"--json"}));
  EXPECT_EQ(done.exit_code, code) << done;
  return done.json();
}

TEST(Controls, EveryOptimizerIsJudgedAlikeAndKeepsToTheBudget) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string improve = program(scratch, kRules);
  for (const std::string kind : {"one-shot", "reflect", "rerun", "command"}) {
    SCOPED_TRACE(kind);
    Words words = {"--optimizer", kind};
    if (kind == "command") words = join_words(words, {"--optimizer-command", improve});
    const Json result = result_of(scratch, mini.optimize(kind, words));
    EXPECT_EQ(result["optimizer"], kind);
    ASSERT_TRUE(result["rollouts"]["allowed"].is_number());
    EXPECT_LE(result["rollouts"]["used"], result["rollouts"]["allowed"]);
    EXPECT_EQ(result["rollouts"]["used"], on_disk(scratch, kind));
    EXPECT_TRUE(result["error"].is_null());
    EXPECT_EQ(result["rerun"].is_null(), kind != "rerun");
    if (kind == "rerun") {
      EXPECT_EQ(result["verdict"]["verdict"], "not shown");
      EXPECT_EQ(result["best"]["iteration"], 0);
      EXPECT_EQ(tree(scratch / (kind + "/best")), tree(scratch / (kind + "/initial/skill")));
    } else {
      EXPECT_GT(result["best"]["iteration"], 0) << result["iterations"].dump();
    }
  }
}

TEST(Controls, TheBudgetIsWhatThePublishedMethodIsPlannedToMake) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Json own = result_of(scratch, {"estimate", mini.skill(), "--model", mini.model(), "--batch",
                                       "3", "--assume-failures", "0.818"});
  EXPECT_EQ(own["optimizer"], "skillgrad");
  EXPECT_TRUE(own["rollouts"]["allowed"].is_null());
  const Json other =
      result_of(scratch, {"estimate", mini.skill(), "--model", mini.model(), "--batch", "3",
                          "--assume-failures", "0.818", "--optimizer", "rerun"});
  EXPECT_EQ(other["rollouts"]["allowed"], own["rollouts"]["expected"]);
  EXPECT_LE(other["rollouts"]["expected"], other["rollouts"]["allowed"]);
  const Json run = result_of(scratch, mini.optimize("r", {"--optimizer", "rerun"}));
  EXPECT_EQ(run["rollouts"]["allowed"], other["rollouts"]["allowed"]) << "9 of 11 tasks fail";
}

TEST(Controls, AProgramMeasuresThroughTheRunAndNotPastItsBudget) {
  const Scratch scratch;
  const Mini mini(scratch);
  // Two hundred packages, each measured on everything: far more than is allowed.
  const std::string improve = program(
      scratch,
      std::string(kRules) +
          "skillgrad eval \"$SKILLGRAD_SKILL\" --json > first.json\n"
          "skillgrad eval \"$SKILLGRAD_SKILL\" --split val --json > val.json\n"
          "skillgrad eval \"$SKILLGRAD_SKILL\" --ids 'train-0*' > text.txt\n"
          "if skillgrad eval \"$SKILLGRAD_SKILL\" --split test 2> sealed.txt; then exit 8; fi\n"
          "if skillgrad eval \"$SKILLGRAD_SKILL\" --model gpt-x 2> model.txt; then exit 9; fi\n"
          "if skillgrad demo 2> demo.txt; then exit 7; fi\n"
          "refused=0\n"
          "for i in $(seq 200); do\n"
          "  echo \"Line $i.\" >> \"$SKILLGRAD_SKILL/SKILL.md\"\n"
          "  skillgrad eval \"$SKILLGRAD_SKILL\" --trials 3 --json > last.json 2> err.txt "
          "|| { refused=1; break; }\n"
          "done\n"
          "test $refused = 1 && echo asked until nothing was left\n");
  const Json result = result_of(
      scratch, mini.optimize("c", {"--optimizer", "command", "--optimizer-command",
                                   "cd '" + scratch.path().string() + "' && " + improve}));
  EXPECT_LE(result["rollouts"]["used"], result["rollouts"]["allowed"]);
  EXPECT_EQ(result["rollouts"]["used"], on_disk(scratch, "c"));
  ASSERT_EQ(result["iterations"].size(), 1U);
  EXPECT_EQ(result["iterations"][0]["summary"], "asked until nothing was left");
  EXPECT_NE(result["iterations"][0]["decision"], "no_patch");
  EXPECT_FALSE(result["iterations"][0]["gate"].is_null()) << "what is needed to judge was kept";
  const Json first = scratch.read_json_file("first.json");
  EXPECT_EQ(first["schema"], "skillgrad.measurement/1");
  EXPECT_EQ(first["score"], 1);
  EXPECT_EQ(first["rollouts"]["made"], 11);
  EXPECT_TRUE(first["tasks"][0]["rollouts"][0]["trace"].is_string());
  const Json val = scratch.read_json_file("val.json");
  EXPECT_TRUE(val["tasks"][0]["rollouts"][0]["feedback"].is_null()) << "scores alone";
  EXPECT_TRUE(val["tasks"][0]["rollouts"][0]["trace"].is_null());
  EXPECT_TRUE(holds(scratch.read("text.txt"), {"score", "train-00", "rollouts 0 made now"}));
  EXPECT_TRUE(holds(scratch.read("sealed.txt"), {"test split is run once"}));
  EXPECT_TRUE(holds(scratch.read("model.txt"), {"--model is decided by the run"}));
  EXPECT_TRUE(holds(scratch.read("demo.txt"), {"`demo` would make others"}));
  EXPECT_TRUE(holds(scratch.read("err.txt"), {"more rollouts are needed", "are left"}));
}

TEST(Controls, AProgramGetsNoKeyAndNoTasksThatJudgeIt) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string improve =
      program(scratch, "env > '" + (scratch / "env.txt") + "'\n" + "ls \"$SKILLGRAD_SKILL\" > '" +
                           (scratch / "ls.txt") + "'\n");
  Options options;
  options.env = {{"OPENAI_API_KEY", "sk-not-for-programs"}, {"HOUSE", "here"}};
  const auto done = run(scratch,
                        mini.optimize("c", {"--optimizer", "command", "--optimizer-command",
                                            improve, "--optimizer-env", "HOUSE"}),
                        options);
  EXPECT_EQ(done.exit_code, 0) << done;
  const std::string env = scratch.read("env.txt");
  EXPECT_TRUE(holds(env, {"HOUSE=here", "SKILLGRAD_IN_RUN=", "SKILLGRAD_TASK="}));
  EXPECT_EQ(env.find("sk-not-for-programs"), std::string::npos);
  EXPECT_EQ(scratch.read("ls.txt"), "SKILL.md\n");
}

TEST(Controls, SettingsThatHaveNoPartAreNamedOrRefused) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto dry = [&](const Words& more) {
    return run(scratch,
               join_words({"optimize", mini.skill(), "--model", mini.model(), "--dry-run"}, more));
  };
  const auto rerun = dry({"--optimizer", "rerun", "--no-momentum", "--max-rollouts", "100",
                          "--batch", "2", "--no-prune"});
  EXPECT_EQ(rerun.exit_code, 0) << rerun;
  EXPECT_TRUE(holds(rerun.err, {"--momentum has no effect here", "--batch has no effect here",
                                "--prune has no effect here"}));
  const auto reflect = dry({"--optimizer", "reflect", "--patcher", R"({"name":"llm"})"});
  EXPECT_TRUE(holds(reflect.err, {"--patcher has no effect here"}));
  for (const auto& [words, said] : std::vector<std::pair<Words, std::string>>{
           {{"--optimizer", "command"}, "needs a command to run"},
           {{"--optimizer-command", "true"}, "--optimizer skillgrad runs none"},
           {{"--optimizer", "command", "--optimizer-command", "true", "--optimizer-env", "NO_ONE"},
            "NO_ONE is not set"},
           {{"--max-rollouts", "23"}, "take 23 rollouts"},
           {{"--optimizer", "rerun", "--in-place"}, "changes nothing"},
           {{"--optimizer", "reran"}, "did you mean \"rerun\"?"}}) {
    const auto refused = dry(words);
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_TRUE(holds(refused.err, {said})) << refused;
  }
}

/// Ends the run again and again, whatever it is at, and goes on each time.
void kill_and_resume(const Scratch& scratch, const Words& words, const std::string& run_dir) {
  bool killed = false;
  for (int i = 0; i < 60; ++i) {
    Program process(scratch, killed ? Words{"resume", run_dir, "-j", "2"} : words);
    const std::size_t before =
        scratch.has(run_dir + "/rollouts.jsonl") ? on_disk(scratch, run_dir) : 0;
    const bool more = wait_until([&] {
      return process.ended() ||
             (scratch.has(run_dir + "/config.json") && on_disk(scratch, run_dir) > before + 14);
    });
    ASSERT_TRUE(more);
    if (process.ended()) {
      const auto done = process.wait();
      EXPECT_EQ(done.exit_code, 0) << done;
      EXPECT_TRUE(killed) << "it was never interrupted";
      return;
    }
    process.signal(SIGKILL);
    process.wait();
    killed = true;
  }
  FAIL() << "the run came to no end";
}

TEST(Controls, AKilledRunComesToTheSameAndPaysForNothingTwice) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string improve =
      program(scratch, "skillgrad eval \"$SKILLGRAD_SKILL\" --trials 2 --json > /dev/null\n" +
                           std::string(kRules) +
                           "skillgrad eval \"$SKILLGRAD_SKILL\" --trials 2 --json > /dev/null\n");
  for (const std::string kind : {"rerun", "command"}) {
    SCOPED_TRACE(kind);
    Words words = {"--optimizer", kind, "-j", "2"};
    if (kind == "command") words = join_words(words, {"--optimizer-command", improve});
    const auto straight = run(scratch, mini.optimize(kind, words));
    ASSERT_EQ(straight.exit_code, 0) << straight;
    if (kind == "command") {
      EXPECT_TRUE(scratch.has("command/iter_001/measured"));
      EXPECT_TRUE(scratch.has("command/iter_001/screen"))
          << "what the program chose by does not judge its package";
    }
    kill_and_resume(scratch, mini.optimize(kind + "-again", words), kind + "-again");
    const Json one = scratch.read_json_file(kind + "/run.json");
    const Json two = scratch.read_json_file(kind + "-again/run.json");
    for (const char* part : {"rollouts", "rerun", "iterations", "verdict", "best", "stop_reason"}) {
      if (std::string(part) == "best") {
        EXPECT_EQ(one["best"]["score"], two["best"]["score"]);
      } else if (std::string(part) == "iterations") {
        ASSERT_EQ(one[part].size(), two[part].size());
        for (std::size_t i = 0; i < one[part].size(); ++i)
          EXPECT_EQ(one[part][i]["reason"], two[part][i]["reason"]);
      } else {
        EXPECT_EQ(one[part], two[part]) << part;
      }
    }
    EXPECT_EQ(on_disk(scratch, kind), on_disk(scratch, kind + "-again"));
    EXPECT_EQ(tree(scratch / (kind + "/best")), tree(scratch / (kind + "-again/best")));
  }
}

}  // namespace
}  // namespace skillgrad::e2e
