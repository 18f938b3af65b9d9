// SPDX-License-Identifier: MIT
// What an assertion object of another program says, and what of it is noticed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Imported asserted(const std::string& assertion) {
  return imported_eval(R"("expected_output":"e","assertions":[)" + assertion + "]");
}

/// The notes but the one about expected_output.
std::string notes_of(const Imported& imported) {
  std::string out;
  for (std::size_t at = 0; at < imported.notices.size();) {
    const std::size_t end = imported.notices.find('\n', at);
    const std::string line = imported.notices.substr(at, end - at);
    if (line.find("expected_output") == std::string::npos) out += line + "\n";
    at = end + 1;
  }
  return out;
}

TEST(Assertions, ParametersAreOptionsLikeTheItemsOwn) {
  const Imported full = asserted(
      R"({"type":"contains","params":{"value":"error","negate":true,"case_sensitive":false}})");
  EXPECT_EQ(full.at("/grader/type"), "not") << full.record;
  const std::string grader = full.at("/grader").dump();
  EXPECT_THAT(grader, HasSubstr(R"("target":["error"])"));
  EXPECT_THAT(grader, HasSubstr(R"("ignore_case":true)"));
  EXPECT_THAT(notes_of(full), IsEmpty());
  const Imported flags = asserted(R"({"type":"regex","params":{"pattern":"^b$","flags":"m"}})");
  EXPECT_THAT(flags.record.dump(), HasSubstr("(?m:^b$)"));
}

TEST(Assertions, AParameterThatNothingHeedsIsNoticedAndNoneIsRunWithoutItsCondition) {
  EXPECT_THAT(asserted(R"({"type":"contains","params":{"value":"x","locale":"de"}})").notices,
              HasSubstr("\"params.locale\" of an assertion is not used"));
  EXPECT_THAT(asserted(R"({"type":"contains","value":"x","params":["y"]})").notices,
              HasSubstr("\"params\" of an assertion is not used"));
  for (const char* option : {"\"count\":3", "\"min\":2", "\"negate\":\"yes\"", "\"flags\":3"}) {
    const Imported one = asserted(std::string(R"({"type":"contains","text":"has x",)") +
                                  R"("params":{"value":"x",)" + option + "}}");
    EXPECT_EQ(one.at("/grader/type"), "llm-judge") << option;
    EXPECT_THAT(one.notices, HasSubstr("with its conditions")) << option;
  }
}

TEST(Assertions, TheValueOfARubricIsSaidBeforeALabel) {
  const auto criteria = [](const Imported& one) { return one.at("/grader/criteria"); };
  const Imported label =
      asserted(R"({"type":"llm-rubric","description":"tone","value":"The answer is polite"})");
  EXPECT_EQ(criteria(label), Json({"The answer is polite"}));
  EXPECT_THAT(label.notices, HasSubstr("\"description\" of an assertion is not used"));
  const Imported number = asserted(R"({"type":"llm","text":"names the window","value":"30"})");
  EXPECT_EQ(criteria(number), Json({"names the window"}));
  EXPECT_THAT(number.notices, HasSubstr("\"value\" of an assertion is not used"));
}

TEST(Assertions, WhatAJudgeIsNotToldIsNoticed) {
  const Imported one = asserted(
      R"({"type":"count","expected":3,"path":"r.md","text":"has three rows","flags":"i"})");
  EXPECT_EQ(one.at("/grader/criteria"), Json({"has three rows"}));
  for (const char* key : {"\"expected\"", "\"path\"", "\"flags\""})
    EXPECT_THAT(one.notices,
                HasSubstr(std::string(key) + " of an assertion is not told to the judge"));
}

TEST(Assertions, OfACommandTheCommandIsRunAndItsExitCodeHeeded) {
  const Imported one = asserted(R"({"type":"command","command":"true","expected":"0"})");
  EXPECT_THAT(one.at("/grader/run").dump(), HasSubstr("( true\\n)"));
  EXPECT_THAT(one.notices, HasSubstr("\"expected\" of a command is read as its exit code"));
  const Imported three = asserted(R"({"type":"command","cmd":"sh t","expected_exit_code":3})");
  EXPECT_THAT(three.at("/grader/run").dump(), HasSubstr("in 3) echo"));
  const Imported printed =
      asserted(R"({"type":"command","command":"cat o","expected":"done","text":"prints done"})");
  EXPECT_EQ(printed.at("/grader/type"), "llm-judge");
  EXPECT_THAT(printed.notices, HasSubstr("\"expected\" of an assertion is not used"));
}

TEST(Assertions, ATargetThatIsNoPathIsWhatIsComparedWith) {
  const Imported target =
      asserted(R"({"type":"contains","text":"The reply names the capital","target":"Paris"})");
  EXPECT_THAT(target.record.dump(), HasSubstr(R"("target":["Paris"])"));
  EXPECT_THAT(target.record.dump(), Not(HasSubstr("on-file")));
  EXPECT_THAT(target.notices, HasSubstr("\"target\" of an assertion of type \"contains\" is what"));
  const Imported file = asserted(R"({"type":"contains","value":"Paris","target":"Makefile"})");
  EXPECT_THAT(file.record.dump(), HasSubstr(R"("file":"Makefile")"));
  EXPECT_THAT(file.notices, HasSubstr("\"target\" of an assertion is the name of a file"));
  EXPECT_THAT(notes_of(asserted(R"({"type":"contains","value":"P","target":"out/r.md"})")),
              IsEmpty());
  EXPECT_THAT(asserted(R"({"type":"contains","text":"It names Paris"})").notices,
              HasSubstr("compared word by word"));
  EXPECT_THAT(asserted(R"({"type":"contains","value":"x","path":"a.md","file":"b.md"})").notices,
              HasSubstr("\"file\" of an assertion is not used"));
}

TEST(Assertions, AFileThatMustExistIsNamedByItsValue) {
  const Imported named = asserted(R"({"type":"file_exists","value":"r.md"})");
  EXPECT_EQ(named.at("/grader/file"), "r.md");
  EXPECT_THAT(asserted(R"({"type":"file_exists","path":"r.md","value":"sum"})").notices,
              HasSubstr("\"value\" of an assertion is not used"));
}

TEST(Assertions, FilesAndTemplatesOfPromptfooAreNoTexts) {
  const auto promptfoo = [](const std::string& assertion) {
    return Imported("t.jsonl", R"({"id":1,"input":"q","target":"t","assert":[)" + assertion + "]}");
  };
  const Imported file = promptfoo(R"({"type":"contains","value":"file://words.txt"})");
  EXPECT_EQ(file.record.dump().find("file://"), std::string::npos) << file.record;
  EXPECT_THAT(file.notices, HasSubstr("it is left out"));
  EXPECT_EQ(promptfoo(R"({"type":"llm-rubric","value":"file://rubric.txt"})").at("/grader"),
            Json());
  EXPECT_THAT(promptfoo(R"({"type":"contains","value":"{{answer}}"})").notices,
              HasSubstr("which is not filled in"));
}

TEST(Assertions, AnObjectIsOneAssertionOrNamesSeveral) {
  const Imported typed = imported_eval(R"("assertions":{"type":"contains","value":"42"})");
  EXPECT_THAT(typed.at("/grader").dump(), HasSubstr(R"("target":["42"])"));
  const Imported described =
      imported_eval(R"("rubric":{"name":"accuracy","description":"The sum is right"})");
  EXPECT_EQ(described.at("/grader/criteria"), Json({"The sum is right"}));
  const Imported several = imported_eval(
      R"("rubric":{"accuracy":"The sum is right","tone":"polite","more":["is short"]})");
  EXPECT_EQ(several.at("/grader/criteria"), Json({"The sum is right", "tone: polite", "is short"}));
  const Imported promptfoo("t.jsonl",
                           R"({"id":1,"input":"q","assert":{"type":"contains","value":"42"}})");
  EXPECT_EQ(promptfoo.at("/grader/type"), "contains");
}

TEST(Assertions, LevelsOfAScoreAreRefused) {
  for (const char* rubric :
       {R"({"5":"complete and correct","1":"wrong or missing"})",
        R"({"sum":{"5":"all right","1":"all wrong"},"tone":"is polite"})",
        R"({"pass":"is x","fail":"is y"})", R"({"4-5":"good sum","0-3":"bad sum"})",
        R"([{"score":5,"description":"all right"},{"score":1,"description":"all wrong"}])"})
    EXPECT_THAT(imported_eval(std::string(R"("rubric":)") + rubric).error,
                HasSubstr("levels of a score"))
        << rubric;
}

}  // namespace
}  // namespace skillgrad::bench
