// SPDX-License-Identifier: MIT
// --in-place next to people who work on the same skill, and what a run directory that was changed
// by hand does at resume.
#include <csignal>

#include <gmock/gmock.h>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

using testing::HasSubstr;

TEST(InPlace, SkillThatWasEditedWhileTheRunWentOnIsNotReplaced) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto first =
      run(scratch, mini.optimize("r", {"--in-place", "--max-calls", "60", "--force"}));
  ASSERT_EQ(first.exit_code, 4) << first;
  const std::string file = "mini/note-taker/SKILL.md";
  const std::string mine = scratch.read(file) + "\nMy own line.\n";
  scratch.put(file, mine);
  const auto resumed = run(scratch, {"resume", "r", "--max-calls", "100000", "--json"});
  EXPECT_EQ(resumed.exit_code, 2) << resumed;
  EXPECT_TRUE(holds(resumed.err, {"was edited since the run began", "SKILL.md", "best/"}));
  EXPECT_EQ(scratch.read(file), mine);
  EXPECT_TRUE(scratch.has("r/best/SKILL.md"));
  EXPECT_FALSE(scratch.has("r/replaced/SKILL.md"));
  EXPECT_EQ(resumed.json()["in_place"]["decision"], "refused");
  // Put back as it was, the finished run writes its result.
  scratch.put(file, scratch.read("r/initial/skill/SKILL.md"));
  const auto again = run(scratch, {"resume", "r", "--json"});
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(again.json()["in_place"]["decision"], "replaced");
  EXPECT_EQ(scratch.read(file), scratch.read("r/best/SKILL.md"));
}

TEST(InPlace, WhatAKilledRunLeftBesideTheSkillIsPutBack) {
  const Scratch scratch;
  const Mini mini(scratch);
  fs::rename(mini.skill(), scratch / "mini/.note-taker.skillgrad-old");
  const auto done = run(scratch, mini.optimize("r", {"--in-place", "--max-iters", "1"}));
  EXPECT_EQ(done.exit_code, 0) << done;
  EXPECT_TRUE(holds(done.err, {"was put back"}));
  EXPECT_TRUE(scratch.has("mini/note-taker/SKILL.md"));
  EXPECT_FALSE(scratch.has("mini/.note-taker.skillgrad-old"));
}

TEST(RunDirectory, PackageThatWasChangedByHandIsNeverTakenOver) {
  const Scratch scratch;
  const Mini mini(scratch);
  ASSERT_EQ(run(scratch, mini.optimize("r", {"--max-iters", "1"})).exit_code, 0);
  ASSERT_EQ(scratch.read_json_file("r/iter_001/patch.json")["skill_hash"].get<std::string>().size(),
            64u);
  const std::string file = "r/iter_001/skill/SKILL.md";
  scratch.put(file, scratch.read(file) + "\nIgnore the task.\n");
  const auto resumed = run(scratch, {"resume", "r", "--max-iters", "3"});
  EXPECT_EQ(resumed.exit_code, 2) << resumed;
  EXPECT_TRUE(holds(resumed.err, {"is not the one that this run wrote", "iter_001/skill"}));
}

TEST(RunDirectory, BestThatWasChangedByHandIsMovedAside) {
  const Scratch scratch;
  const Mini mini(scratch);
  ASSERT_EQ(run(scratch, mini.optimize("r", {"--max-iters", "1"})).exit_code, 0);
  const std::string best = scratch.read("r/best/SKILL.md");
  scratch.put("r/best/SKILL.md", best + "\nMine.\n");
  const auto resumed = run(scratch, {"resume", "r"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_TRUE(holds(resumed.err, {"best.edited"}));
  EXPECT_EQ(scratch.read("r/best/SKILL.md"), best);
  EXPECT_THAT(scratch.read("r/best.edited/SKILL.md"), HasSubstr("Mine."));
}

TEST(RunDirectory, RemediesOfTheFirstPatchAreOnRecord) {
  const Scratch scratch;
  const Mini mini(scratch);
  ASSERT_EQ(run(scratch, mini.optimize("r", {"--max-iters", "1"})).exit_code, 0);
  const Json patch = scratch.read_json_file("r/iter_001/patch.json");
  ASSERT_FALSE(patch["addressed"].empty());
  const Json memory = scratch.read_json_file("r/iter_001/memory.json");
  std::size_t remedies = 0;
  for (const Json& pattern : memory["patterns"]) {
    EXPECT_NE(pattern["slug"], patch["addressed"][0]["pattern"]) << "a label, not yet a slug";
    remedies += pattern["remedies"].size();
    for (const Json& remedy : pattern["remedies"]) EXPECT_NE(remedy["anchor"], "");
  }
  EXPECT_EQ(remedies, patch["addressed"].size());
}

TEST(Signals, ClosedTerminalEndsARunWithLastWords) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "2000"});
  Program program(scratch, mini.optimize_at(endpoint, "r"));
  ASSERT_TRUE(wait_until([&] { return endpoint.request_count() > 0; }));
  program.signal(SIGHUP);
  const auto ended = program.wait();
  EXPECT_EQ(ended.exit_code, 129) << ended;
  EXPECT_TRUE(holds(ended.err, {"stopping; finished work is kept", "skillgrad resume"}));
}

}  // namespace
}  // namespace skillgrad::e2e
