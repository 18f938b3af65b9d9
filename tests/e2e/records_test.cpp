// SPDX-License-Identifier: MIT
// What users bring along: packages and tasks that others wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string front_matter(const std::string& text) {
  return text.substr(0, text.find("\n---\n", 3) + 5);
}

TEST(ForeignPackage, IsImprovedWithEveryByteOfItsFrontMatterKept) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string text = scratch.read("mini/note-taker/SKILL.md");
  const std::string body = text.substr(front_matter(text).size());
  const std::string head =
      "---\nname: note-taker\ndescription: Writes notes.   # short\n"
      "allowed-tools: [Bash, Read]\nmetadata: {\"openclaw\":{\"emoji\":\"x\",\"bins\":[\"a\"]}}\n"
      "argument-hint: [action] - e.g. \"list\"\nhooks: {\n  \"a\": [1]\n}\nversion: \"1\n---\n";
  scratch.put("mini/note-taker/SKILL.md", head + body);
  const auto done = run(scratch, mini.optimize("r", {"--max-iters", "2", "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  const std::string best = scratch.read("r/best/SKILL.md");
  EXPECT_EQ(best.substr(0, head.size()), head);
  EXPECT_NE(best.substr(head.size()), body) << "something was learned";
  EXPECT_EQ(done.json()["iterations"][0]["decision"], "accepted") << done.out;
  EXPECT_THAT(done.err, HasSubstr("a run keeps these bytes as they are"));

  const auto measured = run(scratch, mini.eval(mini.skill(), "e", {"--json", "--quiet"}));
  ASSERT_EQ(measured.exit_code, 0) << measured;
  for (const char* line : {"SKILL.md: line 4", "line 5", "line 6", "line 7", "line 10"})
    EXPECT_THAT(measured.err, HasSubstr(line));
  EXPECT_EQ(measured.json()["notes"], done.json()["notes"]);
}

TEST(ForeignPackage, MayHaveALongDescription) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string text = scratch.read("mini/note-taker/SKILL.md");
  std::string words;
  while (words.size() < 1030) words += "note ";
  scratch.put("mini/note-taker/SKILL.md", "---\nname: note-taker\ndescription: >-\n  " + words +
                                              "\n---\n" + text.substr(front_matter(text).size()));
  const auto done = run(scratch, mini.optimize("r", {"--max-iters", "1", "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_EQ(done.json()["iterations"][0]["decision"], "accepted") << done.out;
}

/// The first `count` tasks of the small skill, of no split.
std::string few_tasks(const Scratch& scratch, std::size_t count) {
  std::string out;
  for (Json record : Scratch::lines(scratch.read("mini/note-taker/evals/tasks.jsonl"))) {
    if (count-- == 0) break;
    record.erase("split");
    out += dump_json(record) + "\n";
  }
  return scratch.put("few.jsonl", out);
}

TEST(SmallSets, OfTwoTasksTrainAndValidateAlikeWithAWarning) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto done =
      run(scratch, mini.optimize("r", {"-b", few_tasks(scratch, 2), "--max-iters", "1", "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_THAT(done.err, HasSubstr("2 tasks are too few to be split"));
  EXPECT_THAT(done.err, HasSubstr("--split-file"));
  EXPECT_THAT(done.err, HasSubstr("p would be 0.5"));
  EXPECT_TRUE(done.json()["test"].is_null());
  EXPECT_THAT(dump_json(done.json()["notes"]), HasSubstr("too few to be split"));
}

TEST(SmallSets, OfOneValidationTaskAreNamedBeforeAnythingIsSpent) {
  const Scratch scratch;
  const Mini mini(scratch);
  for (const char* command : {"estimate", "optimize"}) {
    Words words = mini.optimize("r", {"-b", few_tasks(scratch, 8), "--max-iters", "1"});
    words[0] = command;
    if (words[0] == "estimate") std::erase(words, "--json");
    const auto said = run(scratch, words);
    EXPECT_EQ(said.exit_code, 0) << said;
    EXPECT_THAT(said.err, HasSubstr("the validation split has 1 task,")) << said;
    EXPECT_THAT(said.err, HasSubstr("more tasks (6 at least)"));
  }
}

TEST(Benchmark, NeedsNoSplitToBeShownAndChecked) {
  const Scratch scratch;
  const std::string same = scratch.put("same.jsonl",
                                       "{\"id\":\"a\",\"input\":\"x\",\"target\":\"1\"}\n"
                                       "{\"id\":\"b\",\"input\":\"x\",\"target\":\"1\"}\n"
                                       "{\"id\":\"c\",\"input\":\"x\",\"target\":\"1\"}\n"
                                       "{\"id\":\"d\",\"input\":\"x\",\"target\":\"1\"}\n");
  const auto shown = run(scratch, {"benchmark", "show", "-b", same, "--json"});
  ASSERT_EQ(shown.exit_code, 0) << shown;
  EXPECT_EQ(shown.json()["tasks"].size(), 4U);
  const auto checked = run(scratch, {"benchmark", "check", "-b", same, "--json"});
  EXPECT_EQ(checked.exit_code, 0) << checked;
}

TEST(Benchmark, NamesAGraderThatAnApologyPasses) {
  const Scratch scratch;
  const std::string weak = scratch.put(
      "weak.jsonl",
      "{\"id\":\"a\",\"input\":\"x\",\"target\":\"\\\\w+\",\"grader\":\"regex\",\"golden\":\"y\"}\n"
      "{\"id\":\"b\",\"input\":\"z\",\"target\":\"42\",\"grader\":\"contains\"}\n");
  const auto checked = run(scratch, {"benchmark", "check", "-b", weak});
  EXPECT_EQ(checked.exit_code, 0) << checked;
  EXPECT_THAT(checked.err, HasSubstr("a: its grader passes an answer that says nothing"));
  EXPECT_THAT(checked.err, Not(HasSubstr("b: its grader")));
}

TEST(LintIgnore, ReachesValidateAndNamesTheNearestRule) {
  const Scratch scratch;
  scratch.put("odd/SKILL.md",
              "---\nname: odd\ndescription: Use the `x` tool\n---\n\n# Odd\n\nWork.\n");
  EXPECT_THAT(run(scratch, {"validate", "odd"}).err, HasSubstr("[L1-04:"));
  const auto ignored = run(scratch, {"validate", "odd", "--lint-ignore", "L1-04, l2-01"});
  EXPECT_EQ(ignored.exit_code, 0) << ignored;
  EXPECT_THAT(ignored.err, Not(HasSubstr("L1-04")));
  const auto unknown = run(scratch, {"validate", "odd", "--lint-ignore", "L1-4"});
  EXPECT_EQ(unknown.exit_code, 2) << unknown;
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"L1-04\"?"));
  const Mini mini(scratch);
  const auto run_unknown = run(scratch, mini.optimize("r", {"--lint-ignore", "X9"}));
  EXPECT_EQ(run_unknown.exit_code, 2) << run_unknown;
  EXPECT_FALSE(scratch.has("r"));
}

TEST(RunPackage, IsScoredWithoutWordsAboutItsFolder) {
  const Scratch scratch;
  const Mini mini(scratch);
  ASSERT_EQ(run(scratch, mini.optimize("r", {"--max-iters", "1"})).exit_code, 0);
  const auto scored = run(scratch, mini.eval("r/best", "e", {"--baseline", "r/initial/skill"}));
  EXPECT_EQ(scored.exit_code, 0) << scored;
  EXPECT_THAT(scored.err, Not(HasSubstr("must match skill name"))) << scored;
}

}  // namespace
}  // namespace skillgrad::e2e
