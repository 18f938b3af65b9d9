// SPDX-License-Identifier: MIT
// Which choice the target of a multiple-choice record means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct ChoiceRow {
  const char* record;
  std::vector<const char*> right, wrong;
  const char* note;  ///< "": none about two choices
};

void expect_rows(const std::vector<ChoiceRow>& rows) {
  for (const ChoiceRow& row : rows) {
    const Loaded loaded("t.jsonl", row.record);
    ASSERT_TRUE(loaded.benchmark) << row.record << loaded.error();
    const auto score = [&](const char* answer) {
      return loaded->grade(loaded->tasks()[0], {"", answer}, {}).score;
    };
    for (const char* answer : row.right) EXPECT_EQ(score(answer), 1) << row.record << answer;
    for (const char* answer : row.wrong) EXPECT_EQ(score(answer), 0) << row.record << answer;
    std::string notes;
    for (const std::string& notice : loaded->notices()) notes += notice + "\n";
    if (*row.note == '\0')
      EXPECT_THAT(notes, Not(HasSubstr("of another"))) << row.record;
    else
      EXPECT_THAT(notes, HasSubstr(row.note)) << row.record;
  }
}

TEST(Choices, AnIntegerIsAPlaceThoughAChoiceReadsTheSame) {
  expect_rows({{R"({"id":1,"question":"q","choices":["8","2","24","120"],"answer":2})",
                {"C", "24"},
                {"B", "2"},
                "is the place, counted from 0, of one choice and the text of another"},
               {R"({"id":1,"question":"q","choices":["8","2","24","120"],"answer":"2"})",
                {"B", "2"},
                {"C", "24"},
                "is the text of one choice and the place"},
               {R"({"id":1,"question":"q","choices":["x","y"],"target":1,"grader":"exact"})",
                {"1"},
                {"B", "y"},
                "is compared as such"},
               {R"({"id":1,"question":"q","choices":["8","2","24"],"answer":24})",
                {"C", "24"},
                {"A"},
                ""}});
}

TEST(Choices, ALabelComesBeforeATextAndAPlace) {
  expect_rows({{R"({"id":1,"question":"q","answerKey":"3",)"
                R"("choices":{"label":["1","2","3","4"],"text":["2","3","4","6"]}})",
                {"3", "3. 4"},
                {"2", "4", "6"},
                "is the label of one choice and the text of another"},
               {R"({"id":1,"question":"q","answerKey":"2",)"
                R"("choices":{"label":["1","2","3"],"text":["x","y","z"]}})",
                {"2", "y"},
                {"3", "z"},
                ""},
               {R"({"id":1,"question":"q","answer":1,)"
                R"("choices":{"label":["1","2","3"],"text":["x","y","z"]}})",
                {"1", "x"},
                {"2", "y"},
                "is the label of one choice and the place"}});
}

TEST(Choices, ATargetThatMeansTwoChoicesIsNoticed) {
  expect_rows({{R"({"id":1,"question":"q","choices":["A","O","B","AB"],"answer":"B"})",
                {"B", "O"},
                {"C", "A"},
                "is the label of one choice and the text of another: the former"},
               {R"({"id":1,"question":"q","choices":["b","a"],"answer":"a"})",
                {"B"},
                {"A", "b"},
                "is the text of one choice and the label of another"}});
}

TEST(Choices, ATextThatIsAnotherChoicesLabelIsNotRightAlone) {
  expect_rows({{R"({"id":1,"question":"q","choices":["A","O","B","AB"],"answer":"C"})",
                {"C", "C. B"},
                {"B", "b", "O"},
                "the text alone is not right"}});
}

TEST(Choices, WhatElseAChoiceSaysIsNoticed) {
  expect_rows({{R"({"id":1,"question":"q","answer":"A",)"
                R"("choices":[{"text":"x","is_correct":true},{"text":"y","is_correct":false}]})",
                {"A", "x"},
                {"B"},
                "\"is_correct\" of a choice is not used"}});
}

}  // namespace
}  // namespace skillgrad::bench
