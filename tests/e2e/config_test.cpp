// SPDX-License-Identifier: MIT
// What a run keeps of its configuration, what may change when it goes on, and what is not shown to
// whom.
#include <gmock/gmock.h>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "canary-7f3a91c2d4";

/// All bytes below a folder.
std::string all_bytes(const fs::path& root) {
  std::string out;
  for (const auto& [path, bytes] : tree(root)) out += bytes;
  return out;
}

TEST(RunConfig, HoldsNoHeaderValuesAndTheyAreAskedForAgain) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  const std::string headers = std::string(R"({"X-Team":")") + kCanary + "\"}";
  const auto stopped =
      run(scratch,
          mini.optimize_at(endpoint, "r", {"--headers", headers, "--max-calls", "40", "--force"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  EXPECT_THAT(all_bytes(scratch.path() / "r"), Not(HasSubstr(kCanary)));
  const auto without = run(scratch, {"resume", "r", "--max-calls", "100000"});
  EXPECT_EQ(without.exit_code, 2) << without;
  EXPECT_TRUE(holds(without.err, {"X-Team", "not kept", "--headers"}));
  const auto with = run(scratch, {"resume", "r", "--max-calls", "100000", "--headers", headers});
  EXPECT_EQ(with.exit_code, 0) << with;
  const auto shown = run(scratch, {"config", "show", "--headers", headers});
  EXPECT_THAT(shown.out, Not(HasSubstr(kCanary)));
}

TEST(RunConfig, AHeaderCanComeFromTheEnvironment) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  const Words words = mini.optimize_at(
      endpoint, "r", {"--headers", R"({"X-Team":{"env":"TEAM_TOKEN"}})", "--max-iters", "1"});
  const auto unset = run(scratch, words);
  EXPECT_EQ(unset.exit_code, 2) << unset;
  EXPECT_TRUE(holds(unset.err, {"TEAM_TOKEN", "not set"}));
  Options options;
  options.env["TEAM_TOKEN"] = kCanary;
  const auto done = run(scratch, words, options);
  EXPECT_EQ(done.exit_code, 0) << done;
  EXPECT_THAT(all_bytes(scratch.path() / "r"), Not(HasSubstr(kCanary)));
}

TEST(RunConfig, ARunOnTheScenariosOwnSplitGoesOn) {
  const Scratch scratch;
  const Mini mini(scratch);
  // One task more than the scenario plays: the run keeps to the scenario's split.
  scratch.put("mini/note-taker/evals/tasks.jsonl",
              scratch.read("mini/note-taker/evals/tasks.jsonl") +
                  R"({"id":"extra","input":"x","target":"y","grader":{"type":"exact"}})"
                  "\n");
  const auto stopped = run(scratch, mini.optimize("r", {"--max-calls", "40", "--force"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  EXPECT_TRUE(holds(stopped.err, {"keeps to these"}));
  const auto done = run(scratch, {"resume", "r", "--max-calls", "100000"});
  EXPECT_EQ(done.exit_code, 0) << done;
}

TEST(RunConfig, AKeyThatIsGoneIsADifference) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto stopped =
      run(scratch,
          mini.optimize("r", {"--max-calls", "40", "--force", "--set", "stages.loss.size=0.5"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  const auto other = run(scratch, mini.optimize("r", {"--max-calls", "100000"}));
  EXPECT_EQ(other.exit_code, 2) << other;
  EXPECT_TRUE(holds(other.err, {"configuration differs", "size", "is gone"}));
}

TEST(ResumeOptions, OnlyWhatLeavesTheRunTheSameIsTaken) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto stopped = run(scratch, mini.optimize("r", {"--max-calls", "40", "--force"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  scratch.put("other.json", "{}");
  const std::vector<std::pair<Words, Words>> refused = {
      {{"--config", "other.json"}, {"--config", "keeps its own configuration"}},
      {{"--run", "elsewhere"}, {"--run", "leave --run out"}},
      {{"--set", "batch_size=2"}, {"batch_size cannot change", "3", "2"}},
      {{"--set", "roles.patcher.model=x"}, {"roles cannot change"}},
  };
  for (const auto& [words, parts] : refused) {
    const auto said = run(scratch, join_words({"resume", "r"}, words));
    EXPECT_EQ(said.exit_code, 2) << said;
    EXPECT_TRUE(holds(said.err, parts));
  }
  const auto limited = run(scratch, {"resume", "r", "--set", "max_calls=45"});
  EXPECT_EQ(limited.exit_code, 4) << limited;
  EXPECT_TRUE(holds(limited.err, {"45"}));
  const auto done = run(scratch, {"resume", "r", "--set", "max_calls=100000"});
  EXPECT_EQ(done.exit_code, 0) << done;
}

TEST(Options, WithoutEffectAreRefused) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::vector<std::pair<Words, Words>> cases = {
      {{"--gate", "none", "--target-score", "0.9"}, {"--target-score needs a gate"}},
      {{"--gate", "none", "--patience", "2"}, {"--patience needs a gate"}},
      {{"--gate", "none", "--guard", "2"}, {"--guard needs a gate"}},
      {{"--no-test", "--min-score", "0.5"}, {"--min-score", "test split"}},
      {{"--diagnoser", R"({"name":"command","run":["no-such-program"]})"},
       {"no-such-program", "PATH"}},
      {{"--max-time", "99999999999999999999h"}, {"--max-time", "hundred years"}},
      {{"--momentum-stage", "5"}, {"stages.momentum", "expected an object"}},
      {{"--momentum-stage", R"({"name":5})"}, {"stages.momentum", "expected an object"}},
  };
  for (const auto& [words, parts] : cases) {
    const auto said = run(scratch, mini.optimize("r", words));
    EXPECT_EQ(said.exit_code, 2) << said;
    EXPECT_TRUE(holds(said.err, parts));
    EXPECT_FALSE(scratch.has("r")) << "a refused command leaves no run";
  }
  for (const Words& words : {Words{"grade", "--limit", "2"}, Words{"eval", "x", "--patience", "2"},
                             Words{"doctor", "--batch", "2"}}) {
    const auto said = run(scratch, words);
    EXPECT_EQ(said.exit_code, 2) << said;
    EXPECT_TRUE(holds(said.err, {"unknown argument"}));
  }
  scratch.put("prompts/diagnose_failur.md", "x");
  const auto misnamed = run(scratch, mini.optimize("r", {"--prompts", "prompts"}));
  EXPECT_EQ(misnamed.exit_code, 2) << misnamed;
  EXPECT_TRUE(holds(misnamed.err, {"diagnose_failur.md", "did you mean diagnose_failure.md"}));
}

TEST(Keys, GoOnlyToTheEndpointTheyAreOf) {
  const Scratch scratch;
  const Mini mini(scratch);
  fault::Server main, other;
  for (auto* server : {&main, &other}) {
    server->route("GET /v1/models", {fault::json_step(200, R"({"data":[]})")});
    server->script({fault::json_step(401, "{}")});
  }
  Options options;
  options.env["OPENAI_API_KEY"] = kCanary;
  const auto done = run(scratch,
                        {"optimize", mini.skill(), "--model", "m", "--base-url", main.base_url(),
                         "--run", "r", "--headers", R"({"X-Team":"blue-42"})", "--set",
                         "roles.executor.base_url=" + other.base_url()},
                        options);
  EXPECT_EQ(done.exit_code, 3) << done;
  ASSERT_GT(other.hit_count(), 1U);
  for (const auto& hit : other.hits()) {
    EXPECT_EQ(hit.header("authorization"), "") << hit.target;
    EXPECT_EQ(hit.header("x-team"), "") << hit.target;
  }
  ASSERT_GT(main.hit_count(), 0U);
  EXPECT_EQ(main.hits().front().header("authorization"), std::string("Bearer ") + kCanary);
  EXPECT_EQ(main.hits().front().header("x-team"), "blue-42");
}

TEST(Endpoint, ThatStumblesAtTheStartIsAskedAgain) {
  const Scratch scratch;
  const Mini mini(scratch);
  fault::Server server;
  server.route("GET /v1/models",
               {fault::json_step(502, "{}"), fault::json_step(200, R"({"data":[{"id":"m"}]})")});
  server.script({fault::json_step(401, "{}")});
  const auto done = run(scratch, {"optimize", mini.skill(), "--model", "m", "--base-url",
                                  server.base_url(), "--run", "r"});
  EXPECT_EQ(done.exit_code, 3) << done;
  EXPECT_TRUE(holds(done.err, {"401"})) << "it came as far as the first call";
}

TEST(Prices, AreOfTheMainModelOnly) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  const auto refused =
      run(scratch, mini.optimize_at(endpoint, "r",
                                    {"--price", R"({"input":1,"output":2})", "--max-usd", "5",
                                     "--set", "roles.patcher.model=unheard-of"}));
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(holds(refused.err, {"unheard-of", "price"}));
}

TEST(Eval, AChangedBaselineIsAnotherRunAndAResumedOneKeepsItsCopy) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Mini old(scratch, "old");
  const auto first =
      run(scratch, mini.eval(mini.skill(), "e", {"--baseline", old.skill(), "--json"}));
  ASSERT_EQ(first.exit_code, 0) << first;
  scratch.put("old/note-taker/SKILL.md", scratch.read("old/note-taker/SKILL.md") + "\nMore.\n");
  const auto again = run(scratch, mini.eval(mini.skill(), "e", {"--baseline", old.skill()}));
  EXPECT_EQ(again.exit_code, 2) << again;
  EXPECT_TRUE(holds(again.err, {"configuration differs", "baseline_hash"}));
  fs::remove_all(scratch.path() / "old");
  const auto resumed = run(scratch, {"resume", "e", "--json"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_EQ(resumed.json()["baseline"]["score"], first.json()["baseline"]["score"]);
}

TEST(InPlace, TakesEveryNameOfTheSkillAndKeepsLinks) {
  for (const std::string ending : {"/", "/SKILL.md"}) {
    const Scratch scratch;
    const Mini mini(scratch);
    const fs::path skill = mini.skill();
    fs::create_directories(skill / ".venv");
    fs::create_symlink("/usr/bin/python3", skill / ".venv/python");
    Words words = mini.optimize("r", {"--in-place", "--max-iters", "2"});
    words[1] += ending;
    const auto done = run(scratch, words);
    ASSERT_EQ(done.exit_code, 0) << done;
    EXPECT_EQ(scratch.read("mini/note-taker/SKILL.md"), scratch.read("r/best/SKILL.md"));
    EXPECT_TRUE(fs::is_symlink(skill / ".venv/python"));
  }
}

TEST(Skill, ThatIsExecutableGoesOn) {
  const Scratch scratch;
  const Mini mini(scratch);
  fs::permissions(mini.skill() + "/SKILL.md", fs::perms::owner_exec, fs::perm_options::add);
  const auto stopped = run(scratch, mini.optimize("r", {"--max-calls", "40", "--force"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  const auto done = run(scratch, {"resume", "r", "--max-calls", "100000"});
  EXPECT_EQ(done.exit_code, 0) << done;
}

TEST(Demo, SparesWhatIsNotItsOwn) {
  const Scratch scratch;
  scratch.put("mine/run/config.json", "{}");
  const auto refused = run(scratch, {"demo", "--dir", "mine"});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(holds(refused.err, {"not made by the demo", "--dir"}));
  EXPECT_TRUE(scratch.has("mine/run/config.json"));
}

}  // namespace
}  // namespace skillgrad::e2e
