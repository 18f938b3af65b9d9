// SPDX-License-Identifier: MIT
// What a record expects and its grader does not look at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUnused = "the \"target\" is not graded";

TEST(Expectations, ATargetThatTheGraderDoesNotUseIsNoticed) {
  for (
      const char* line :
      {R"({"id":1,"input":"q","target":"42","assert":[{"type":"llm-rubric","value":"is polite"}]})",
       R"({"id":1,"input":"q","target":"42","grader":"is-json"})",
       R"({"id":1,"input":"q","target":"42","grader":{"type":"regex","pattern":"x"}})",
       R"({"id":1,"input":"q","target":"42","grader":{"type":"exact","target":"43"}})",
       R"({"id":1,"input":"q","target":"42",
            "checks":[{"grader":{"type":"not","grader":"is-json"}}]})"})
    EXPECT_THAT(Imported("t.jsonl", Json::parse(line).dump()).notices, HasSubstr(kUnused)) << line;
  for (const char* line :
       {R"({"id":1,"input":"q","target":"42","grader":"contains"})",
        R"({"id":1,"input":"q","target":"","grader":"is-json"})",
        R"({"id":1,"input":"q","target":"42","grader":{"type":"command","run":["true"]}})",
        R"({"id":1,"input":"q","target":"42","checks":[{"grader":"is-json"},{"grader":"exact"}]})"})
    EXPECT_THAT(Imported("t.jsonl", line).notices, Not(HasSubstr(kUnused))) << line;
  EXPECT_THAT(Imported("t.jsonl", R"({"id":1,"input":"q","grader":{"type":"regex",)"
                                  R"("pattern":"x","target":"y"}})")
                  .error,
              HasSubstr("both \"pattern\" and \"target\""));
}

TEST(Expectations, AColumnBesideThoseOfPromptfooIsNoticed) {
  EXPECT_THAT(Imported("t.csv", "id,question,answer,__expected2\n1,q,zzz,contains:a\n").notices,
              HasSubstr(kUnused));
  const Imported plain("t.csv", "id,question,answer,__expected2\n1,q,zzz,a\n");
  EXPECT_EQ(plain.at("/target"), "a");
  EXPECT_THAT(plain.notices, HasSubstr("the column \"answer\" is not graded beside"));
}

TEST(Expectations, OfAnEvalAreGradedOrNoticed) {
  for (const auto& [keys, key] : std::vector<std::pair<std::string, std::string>>{
           {R"("assertions":["x"],"expected":{"must_contain":["a"]})", "expected"},
           {R"("assertions":["x"],"expected_output":7)", "expected_output"},
           {R"("assertions":["x"],"expected_output":["a","b"])", "expected_output"},
           {R"("assertions":["x"],"expected_output":"a","expected_result":"b")", "expected_result"},
           {R"("target":"x","expected_output":"a")", "expected_output"},
           {R"("expected_output":"first","expected_result":"second")", "expected_result"}})
    EXPECT_THAT(imported_eval(keys).notices, HasSubstr("\"" + key + "\" is not graded beside"))
        << keys;
  EXPECT_THAT(imported_eval(R"("assertions":["x"],"target":"y")").notices, HasSubstr(kUnused));
}

TEST(Expectations, OfAnEvalThatAreNoTextAreReadOrRefused) {
  EXPECT_THAT(imported_eval(R"("expected_output":7)").record.dump(), HasSubstr("the same: 7"));
  EXPECT_THAT(imported_eval(R"("expected_output":{"must_contain":["a"]})").error,
              HasSubstr("write it as one text"));
}

TEST(Expectations, AnAnswerInTheDialogBesideATargetIsNoticed) {
  const Imported one("t.jsonl", R"({"id":1,"target":"t","messages":[{"role":"user","content":"u"},)"
                                R"({"role":"assistant","content":"x"}]})");
  EXPECT_EQ(one.at("/target"), "t");
  EXPECT_THAT(one.notices, HasSubstr("the assistant's, is left out and not graded"));
}

TEST(Expectations, AValueAndItsAliasesAreRightAnswers) {
  for (const char* key : {R"("answer")", R"("grader":"exact","target")"}) {
    const Loaded loaded("t.jsonl", R"({"id":1,"question":"q",)" + std::string(key) +
                                       R"(:{"value":"Paris","aliases":["Paname"],)"
                                       R"("normalized_value":"paris","type":"WikipediaEntity"}})");
    ASSERT_TRUE(loaded.benchmark) << loaded.error();
    for (const auto& [answer, score] : {std::pair{"Paris", 1}, {"Paname", 1}, {"Rome", 0}})
      EXPECT_EQ(loaded->grade(loaded->tasks()[0], {"", answer}, {}).score, score) << answer;
    EXPECT_THAT(::testing::PrintToString(loaded->notices()), HasSubstr("aliases"));
  }
}

TEST(Expectations, AnotherObjectIsATargetOfGradersOfJsonOnly) {
  for (const char* target :
       {R"({"value":"5","unit":"km"})", R"({"a":1})", R"([{"a":1}])", R"([["a","b"]])", "[null]"}) {
    const auto with = [&](const std::string& grader) {
      return Imported("t.jsonl",
                      R"({"id":1,"input":"q","target":)" + std::string(target) + grader + "}");
    };
    for (const char* grader : {"", R"(,"grader":"contains")", R"(,"grader":"regex")",
                               R"(,"grader":"denotation")", R"(,"grader":"numeric")"})
      EXPECT_THAT(with(grader).error, HasSubstr("is no text")) << target << grader;
    EXPECT_EQ(with(R"(,"grader":"json-equal")").error, "") << target;
    EXPECT_EQ(with(R"(,"grader":{"type":"command","run":["true"]})").error, "") << target;
  }
  const Imported kept("t.jsonl", R"({"id":1,"input":"q","grader":"json-equal",)"
                                 R"("target":{"value":"a","aliases":["b"]}})");
  EXPECT_EQ(kept.at("/target"), Json({{"value", "a"}, {"aliases", {"b"}}}));
}

}  // namespace
}  // namespace skillgrad::bench
