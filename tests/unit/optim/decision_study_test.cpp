// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/large.hpp"
#include "study/study.hpp"

namespace skillgrad::study {
namespace {

Json population_json() {
  return Json::parse(R"({"name":"small","tasks":{"train":40,"val":12,"test":200},
    "base_logit":{"mean":2.0,"sd":1.5},"lessons":12,"known":3,"needs":[0.45,0.40,0.15],
    "lesson_effect":-3.5,
    "candidates":{"fix":0.34,"fix_and_break":0.06,"null":0.30,"break":0.18,
                  "shift":{"p":0.12,"mean":-0.1,"sd":0.35}},
    "iterations":6,"batch":4,"error_rate":0.05})");
}

Population population() { return *read_population(population_json(), "small.json"); }

TEST(PopulationFile, ReadsAllMembers) {
  const auto read = read_population(population_json(), "small.json");
  ASSERT_TRUE(read.has_value()) << read.error().to_text();
  EXPECT_EQ(read->name, "small");
  EXPECT_EQ(read->train, 40U);
  EXPECT_EQ(read->needs[1], 0.40);
  EXPECT_EQ(read->shift_sd, 0.35);
  EXPECT_EQ(read->drift, 0);
  Json drifting = population_json();
  drifting["drift"] = -0.5;
  EXPECT_EQ(read_population(drifting, "x")->drift, -0.5);
}

TEST(PopulationFile, NamesTheMemberThatIsWrongAndHowToMendIt) {
  struct Row {
    const char* pointer;
    Json value;  ///< null: the member is taken out
    const char* where;
    const char* said;
  };
  for (const Row& row : {
           Row{"/name", nullptr, "name", "name"},
           Row{"/tasks", nullptr, "tasks", "tasks"},
           Row{"/tasks", 5, "tasks", "expected an object"},
           Row{"/tasks/val", 0, "val", "0"},
           Row{"/tasks/vall", 3, "tasks", "vall"},
           Row{"/nedes", 3, "small.json", "nedes"},
           Row{"/needs", Json::array({0.5, 0.5}), "needs", "expected three shares"},
           Row{"/needs/0", 0.9, "needs", "1.45"},
           Row{"/needs/1", "x", "needs/1", "expected a share"},
           Row{"/candidates/fix", 0.5, "candidates", "add up to 1.16"},
           Row{"/candidates/shift", nullptr, "shift", "shift"},
           Row{"/candidates/shift/sd", -1, "sd", "-1"},
           Row{"/known", 13, "known", "13"},
           Row{"/error_rate", 2, "error_rate", "2"},
           Row{"/batch", "four", "batch", "four"},
       }) {
    Json json = population_json();
    const Json::json_pointer pointer(row.pointer);
    if (row.value.is_null())
      json[pointer.parent_pointer()].erase(pointer.back());
    else
      json[pointer] = row.value;
    const auto read = read_population(json, "small.json");
    ASSERT_FALSE(read.has_value()) << row.pointer;
    const std::string text = read.error().to_text();
    EXPECT_THAT(text, testing::HasSubstr(row.where)) << row.pointer;
    EXPECT_THAT(text, testing::HasSubstr(row.said)) << row.pointer;
    EXPECT_FALSE(read.error().mend.empty()) << text;
  }
  EXPECT_FALSE(read_population(Json::array(), "x").has_value());
}

TEST(DecisionStudy, DependsOnTheSeedAndNotOnTheNumberOfThreads) {
  std::vector<Rule> rules;
  for (const auto& name : rule_names())
    if (static_cast<int>(rules.size()) < fakes::large(100, 3)) rules.push_back(*rule_named(name));
  rules.push_back(*rule_named("stored@equal"));
  StudyOptions options{3, 3, 1};
  const auto once = run_study(population(), rules, options);
  options.jobs = 3;
  const auto again = run_study(population(), rules, options);
  options.seed = 4;
  const auto other = run_study(population(), rules, options);
  ASSERT_EQ(once.size(), rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    EXPECT_EQ(dump_json(to_json(once[i])), dump_json(to_json(again[i])));
    EXPECT_NE(dump_json(to_json(once[i])), dump_json(to_json(other[i])));
  }
}

TEST(DecisionStudy, GivesTheRolloutsOfDefaultToRulesThatAreToHaveAsMany) {
  const auto rows = run_study(
      population(), {*rule_named("default"), *rule_named("stored"), *rule_named("stored@equal")},
      {4, 1, 2});
  EXPECT_LT(rows[1].rollouts, rows[0].rollouts);
  EXPECT_GE(rows[2].rollouts, rows[0].rollouts);
  EXPECT_LT(rows[2].rollouts, rows[0].rollouts + 12 + 4);  // its last iteration may go beyond
}

TEST(DecisionStudy, KeepsAllWithoutAGateAndReleasesNothingThatIsNotTested) {
  const auto rows = run_study(population(), {*rule_named("none")}, {6, 1, 2});
  EXPECT_EQ(rows[0].good_kept, 1);
  EXPECT_EQ(rows[0].false_kept, 1);
  EXPECT_FALSE(rows[0].optimism.has_value());
  EXPECT_LE(rows[0].false_release, rows[0].released);
}

TEST(DecisionStudy, RefusesARuleThatIsNone) {
  const auto rule = rule_named("defualt");
  ASSERT_FALSE(rule.has_value());
  EXPECT_THAT(rule.error().to_text(), testing::HasSubstr("default"));
  EXPECT_FALSE(rule_named("").has_value());
}

}  // namespace
}  // namespace skillgrad::study
