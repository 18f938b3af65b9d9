// SPDX-License-Identifier: MIT
// Several skills: whose own a task is, and that nobody is harmed for the sake of the others.
#include <gmock/gmock.h>

#include <skillgrad/optim/several.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "loop_fixture.hpp"
#include "optim/several/skill_effects.hpp"
#include "optim/stages/patch_tools.hpp"
#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string skill_of_set(const std::string& name, const std::string& rule) {
  return "---\nname: " + name + "\ndescription: About " + name + ".\n---\n\n# " + name +
         "\n\n## Dates\n\n" + rule + "\n";
}

skill::SkillPackage set_of_skills(const std::string& letters = "Write each date as `DD.MM.YYYY`.") {
  auto out = skill::SkillPackage::from_files(
      "office", "",
      {{"invoices/SKILL.md", {skill_of_set("invoices", "Write dates as `YYYY-MM-DD`.")}},
       {"letters/SKILL.md", {skill_of_set("letters", letters)}}});
  EXPECT_TRUE(out) << (out ? "" : out.error().to_text());
  return out.value_or(skill::SkillPackage{});
}

LossRecord run_with(const std::string& task, std::vector<std::string> skills) {
  LossRecord out;
  out.task_id = task;
  out.status = LossStatus::pass;
  out.signs.emplace();
  out.signs->skills = std::move(skills);
  return out;
}

decisions::TaskPair pair_of(const std::string& task, double before, double after) {
  return {task, false, {before, 1, 0}, {after, 1, 0}};
}

TEST(OwnTasksOfSkills, AreThoseTaggedSoElseThoseWhoseRunsActivatedThem) {
  FakeBenchmark benchmark;
  for (const char* id : {"tagged", "by-name", "chosen", "both", "none", "foreign"})
    benchmark.add(id);
  benchmark.tasks_[0].fields["skill"] = "letters";
  benchmark.tasks_[1].fields["skill"] = "Invoices";
  benchmark.tasks_[5].fields["skill"] = "somebody-else";
  OwnTasks own(set_of_skills(), benchmark);
  own.note({run_with("tagged", {"invoices"}), run_with("chosen", {"invoices"}),
            run_with("both", {"letters"}), run_with("both", {"invoices", "a-neighbour"}),
            run_with("foreign", {"letters"})});
  EXPECT_THAT(own.skills(), ElementsAre("invoices", "letters"));
  const auto mine = [&](const std::string& task) {
    return std::pair(own.is_own("invoices", task), own.is_own("letters", task));
  };
  EXPECT_EQ(mine("tagged"), std::pair(false, true)) << "the tag decides";
  EXPECT_EQ(mine("by-name"), std::pair(true, false));
  EXPECT_EQ(mine("chosen"), std::pair(true, false));
  EXPECT_EQ(mine("both"), std::pair(false, false)) << "a task of two is of neither alone";
  EXPECT_EQ(mine("none"), std::pair(false, false));
  EXPECT_EQ(mine("foreign"), std::pair(false, true)) << "a tag of no skill here says nothing";
}

/// Own tasks "i0".. of invoices and "l0".. of letters.
struct TwoSkills {
  TwoSkills() : own(set_of_skills(), benchmark) {
    std::vector<LossRecord> runs;
    for (int i = 0; i < 12; ++i) {
      runs.push_back(run_with("i" + std::to_string(i), {"invoices"}));
      runs.push_back(run_with("l" + std::to_string(i), {"letters"}));
    }
    own.note(runs);
  }
  /// `fixed` tasks of invoices rise, `broken` of `of` tasks of letters fall.
  [[nodiscard]] GateDecision decided(int fixed, int broken, int of) const {
    std::vector<decisions::TaskPair> pairs;
    for (int i = 0; i < 12; ++i)
      pairs.push_back(pair_of("i" + std::to_string(i), i < fixed ? 0 : 1, 1));
    for (int i = 0; i < of; ++i)
      pairs.push_back(pair_of("l" + std::to_string(i), 1, i < broken ? 0 : 1));
    pairs.push_back(pair_of("nobody's", 1, 0));
    GateDecision out;
    out.decision = Decision::accepted;
    out.reason = "better with chance 0.99";
    protect_each_skill(skill_effects(own, pairs, decisions::EffectModel()), out);
    return out;
  }
  FakeBenchmark benchmark;
  OwnTasks own;
};

TEST(SkillsProtected, APatchThatHelpsTheWholeAndHarmsOneIsRefused) {
  const TwoSkills two;
  const auto decision = two.decided(12, 5, 6);
  EXPECT_EQ(decision.decision, Decision::rejected);
  EXPECT_THAT(decision.reason, HasSubstr("harms letters (its own 6 validation tasks: 1.00 before, "
                                         "0.17 after, worse with chance 0."));
  EXPECT_THAT(decision.reason, HasSubstr("though of all tasks: better with chance 0.99"));
  ASSERT_EQ(decision.skills.size(), 2U);
  EXPECT_EQ(decision.skills[0].skill, "invoices");
  EXPECT_EQ(decision.skills[0].fixed, 12U);
  EXPECT_FALSE(decision.skills[0].harmed);
  EXPECT_TRUE(decision.skills[1].harmed);
  EXPECT_EQ(decision.skills[1].broken, 5U);
  const auto read = gate_from_json(to_json(decision));
  ASSERT_TRUE(read) << read.error().to_text();
  ASSERT_EQ(read->skills.size(), 2U);
  EXPECT_EQ(read->skills[1].broken, 5U);
  EXPECT_TRUE(read->skills[1].harmed);
}

TEST(SkillsProtected, WhatChanceCouldDoIsNoHarm) {
  const TwoSkills two;
  EXPECT_EQ(two.decided(6, 0, 6).decision, Decision::accepted);
  EXPECT_EQ(two.decided(6, 1, 6).decision, Decision::accepted) << "one task of six";
  EXPECT_EQ(two.decided(6, 1, 1).decision, Decision::accepted) << "one task is all it has";
  EXPECT_EQ(two.decided(0, 0, 12).decision, Decision::accepted) << "nothing changed";
  EXPECT_EQ(two.decided(6, 0, 0).skills.size(), 1U) << "no own task of letters was compared";
}

TEST(SkillsProtected, ARejectionStaysWhatItWas) {
  const TwoSkills two;
  GateDecision decision;
  decision.decision = Decision::rejected;
  decision.reason = "worse";
  std::vector<decisions::TaskPair> pairs;
  for (int i = 0; i < 6; ++i) pairs.push_back(pair_of("l" + std::to_string(i), 1, 0));
  protect_each_skill(skill_effects(two.own, pairs, decisions::EffectModel()), decision);
  EXPECT_EQ(decision.reason, "worse");
  EXPECT_TRUE(decision.skills.at(0).harmed);
}

TEST(SkillOutcomes, SayWhatBecameOfEachConflict) {
  const auto initial = set_of_skills();
  const auto mended = conflict_outcomes(initial, set_of_skills("Write dates as `YYYY-MM-DD`."));
  ASSERT_EQ(mended.size(), 1U);
  EXPECT_EQ(mended[0].state, "mended");
  EXPECT_EQ(conflict_outcomes(initial, initial).at(0).state, "left");
  const auto other = conflict_outcomes(initial, set_of_skills("Write each date as `MM/DD/YY`."));
  ASSERT_EQ(other.size(), 2U);
  EXPECT_EQ(other[1].state, "new");
  const Json json = to_json(mended[0]);
  EXPECT_EQ(json["slug"], "conflict-invoices-letters-dates-write");
  EXPECT_THAT(json["text"].get<std::string>(), HasSubstr("invoices and letters may contradict"));
}

TEST(SkillOutcomes, AConflictIsAPatternBeforeAnyTaskFailsByIt) {
  const auto memory = memory_of_conflicts(set_of_skills());
  ASSERT_EQ(memory.patterns.size(), 1U);
  EXPECT_EQ(memory.patterns[0].slug, "conflict-invoices-letters-dates-write");
  EXPECT_TRUE(memory.patterns[0].failed_in.empty());
  EXPECT_EQ(memory_from_json(to_json(memory))->patterns.size(), 1U);
  EXPECT_TRUE(memory_of_conflicts(set_of_skills("Write dates as `YYYY-MM-DD`.")).patterns.empty());
}

TEST(StagesOfSeveralSkills, AreToldEachSkillAndTheConflicts) {
  const auto set = set_of_skills();
  const StageContext context;
  const std::string facts = skill_facts(set, SkillPart::file, {1000, "SKILL.md"}, context);
  EXPECT_THAT(facts, HasSubstr("<skill>\ninvoices/SKILL.md\n\n---\nname: invoices\n"));
  EXPECT_THAT(facts, HasSubstr("<skill>\nletters/SKILL.md\n\n---\nname: letters\n"));
  EXPECT_THAT(facts, HasSubstr("<conflicts>\n[\n"));
  EXPECT_THAT(skill_facts(set, SkillPart::body, {1000, "body"}, context),
              Not(HasSubstr("description:")));
  const auto one = *skill::find_member(set, "letters");
  EXPECT_THAT(skill_facts(one, SkillPart::file, {1000, "SKILL.md"}, context),
              AllOf(HasSubstr("<skill>\n---\nname: letters\n"), Not(HasSubstr("conflicts"))));
}

TEST(StagesOfSeveralSkills, EachEditToolAsksWhichSkillItIsAbout) {
  CandidateEditor editor(set_of_skills());
  for (const auto& tool : make_edit_tools(editor)) {
    const Json schema = Json::parse(tool->spec().parameters);
    EXPECT_EQ(schema["properties"]["skill"]["enum"], Json({"invoices", "letters"}));
    EXPECT_EQ(schema["required"].back(), "skill");
  }
  const auto tools = make_edit_tools(editor);
  const auto call = [&](const std::string& name, const Json& arguments) {
    for (const auto& tool : tools)
      if (tool->spec().name == name) return tool->call(dump_json(arguments), {});
    return agent::ToolOutcome{};
  };
  const auto made =
      call("write_file", {{"skill", "docx"}, {"path", "references/x.md"}, {"text", "x"}});
  EXPECT_TRUE(made.is_error);
  EXPECT_THAT(made.text, HasSubstr("for a person to decide"));
  EXPECT_TRUE(editor.edits().empty());
  const auto done = call("edit_text", {{"skill", "letters"},
                                       {"path", "SKILL.md"},
                                       {"old", "each date as `DD.MM.YYYY`"},
                                       {"new", "dates as `YYYY-MM-DD`"}});
  EXPECT_FALSE(done.is_error) << done.text;
  EXPECT_EQ(editor.edits().at(0).skill, "letters");
  CandidateEditor one(*skill::find_member(set_of_skills(), "letters"));
  EXPECT_FALSE(
      Json::parse(make_edit_tools(one).front()->spec().parameters)["properties"].contains("skill"));
}

}  // namespace
}  // namespace skillgrad::optim
