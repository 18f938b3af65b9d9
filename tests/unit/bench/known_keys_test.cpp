// SPDX-License-Identifier: MIT
// Records whose keys collide: variables of promptfoo, and keys that --map names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kAssert = R"("assert":[{"type":"contains","value":"x"}])";

TEST(KnownKeys, AVariableReplacesNothingAndTheRestIsNoticed) {
  const Imported one("t.jsonl", R"({"id":"1","input":"outer","split":"train",)"
                                R"("vars":{"input":"from vars","id":"9","split":"val"},)" +
                                    std::string(kAssert) + "}");
  EXPECT_EQ(one.at("/input"), "outer");
  EXPECT_EQ(one.at("/id"), "1");
  EXPECT_EQ(one.at("/split"), "train");
  for (const char* name : {"input", "id", "split"})
    EXPECT_THAT(one.notices, HasSubstr("the variable \"" + std::string(name) + "\" is not used"));
}

TEST(KnownKeys, AVariableIsNeverWhatARecordDoesOrIsCalled) {
  for (const char* name : {"setup", "output", "files", "grader", "checks", "golden", "split", "id",
                           "task_id", "category", "metadata"}) {
    const Imported one("t.jsonl", std::string(R"({"vars":{"input":"q",")") + name +
                                      R"(":"echo hi"},)" + kAssert + "}");
    EXPECT_THAT(one.error, IsEmpty()) << name;
    EXPECT_EQ(one.at("/input"), "q") << name;
    EXPECT_EQ(one.at("/id"), "1") << name;
    EXPECT_EQ(one.record.dump().find("echo hi"), std::string::npos) << name << one.record;
    EXPECT_THAT(one.notices, HasSubstr("the variable \"" + std::string(name) + "\" is not used"));
  }
  const Imported question(
      "t.jsonl", R"({"id":1,"vars":{"question":"q","context":"c"},)" + std::string(kAssert) + "}");
  EXPECT_EQ(question.at("/input"), "c\n\nq");
}

TEST(KnownKeys, WhatAMapReplacesIsNoticed) {
  BenchmarkOptions options;
  options.map = {{"input", "q"}, {"target", "a"}};
  const Imported one("t.jsonl", R"({"q":"a","input":"real","a":"x","target":"y","id":"1"})",
                     options);
  EXPECT_EQ(one.at("/input"), "a");
  EXPECT_EQ(one.at("/target"), "x");
  EXPECT_THAT(one.notices, HasSubstr("\"input\" of the record is not used: \"q\" is mapped to it"));
  EXPECT_THAT(one.notices, HasSubstr("\"target\" of the record is not used"));
  options.map = {{"input", "target"}, {"target", "input"}};
  const Imported swapped("t.jsonl", R"({"input":"A","target":"Q","id":"1"})", options);
  EXPECT_EQ(swapped.at("/input"), "Q");
  EXPECT_EQ(swapped.at("/target"), "A");
  EXPECT_THAT(swapped.notices, IsEmpty());
}

TEST(KnownKeys, AnOutputBesideAnInstructionAndATargetIsSaidToBeAFile) {
  EXPECT_THAT(
      Imported("t.jsonl", R"({"id":1,"instruction":"Add","output":"3","target":"4"})").notices,
      HasSubstr("\"output\" is the file that is graded"));
}

TEST(KnownKeys, AListOfRecordsIsReadLikeLines) {
  const std::string record = R"({"id":"1","prompt":"q","answer":"b"})";
  const Imported line("t.jsonl", record), list("t.json", "[" + record + "]");
  EXPECT_EQ(list.error, "");
  EXPECT_EQ(list.record, line.record);
  EXPECT_EQ(list.at("/target"), "b");
  for (const char* eval :
       {R"({"prompt":"q","answer":"b","expected_output":"e"})",
        R"({"prompt":"q","answer":"b","criteria":["is b"]})", R"({"prompt":"q","expected":"e"})"}) {
    const Imported judged("t.json", "[" + std::string(eval) + "]");
    EXPECT_EQ(judged.at("/grader/type"), "llm-judge") << eval << judged.error;
  }
}

}  // namespace
}  // namespace skillgrad::bench
