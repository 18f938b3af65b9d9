// SPDX-License-Identifier: MIT
#include "optim/momentum/remedies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/optim/momentum.hpp>

namespace skillgrad::optim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

skill::SkillPackage package(const std::string& body, const std::string& reference) {
  std::map<std::string, skill::BundledFile> files;
  files["references/dates.md"].bytes = reference;
  auto made = skill::SkillPackage::from_files(
      "demo", "---\nname: demo\ndescription: Demo work.\n---\n" + body, std::move(files));
  EXPECT_TRUE(made) << made.error().to_text();
  return std::move(*made);
}

Pattern pattern(std::string slug) {
  Pattern out;
  out.slug = std::move(slug);
  return out;
}

Gradient gradient(std::string task, std::string label) {
  Gradient out;
  out.task_id = std::move(task);
  out.causes.resize(1);
  out.causes[0].label = std::move(label);
  return out;
}

/// One patch over two patterns, at a section and in a reference.
class Remedies : public ::testing::Test {
 protected:
  Remedies()
      : before_(package("## Fill a column\nWrite it.\n\n## Pitfalls\n- Types.\n", "# Dates\n")),
        after_(package("## Fill a column\n\nPrint the types first.\nThen write.\n\n## Pitfalls\n"
                       "- Types.\n",
                       "# Dates\n\n- Use ISO.\n")) {
    memory_.patterns = {pattern("types-lost"), pattern("dates-as-text"), pattern("other")};
    patch_.summary = "Types first, dates as ISO.";
    patch_.addressed = {{"types-lost", "Fill a column", "nothing made\nthem look", "", {}, {}},
                        {"dates-as-text", "references/dates.md", "no example", "", {}, {}}};
    outcome_.patch = &patch_;
    outcome_.iteration = 4;
    outcome_.accepted = true;
    outcome_.before = &before_;
    outcome_.after = &after_;
    outcome_.gradients = &gradients_;
  }

  skill::SkillPackage before_, after_;
  MomentumMemory memory_;
  Patch patch_;
  std::vector<Gradient> gradients_;
  PatchOutcome outcome_;
};

TEST_F(Remedies, EachPatternGetsItsOwnPlaceAndWhatChangedThere) {
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  ASSERT_EQ(memory_.patterns[0].remedies.size(), 1u);
  const RemedyEntry types = memory_.patterns[0].remedies[0];
  EXPECT_EQ(types.anchor, "fill-a-column") << "a heading is kept as its slug";
  EXPECT_EQ(types.diagnosis, "nothing made them look");
  EXPECT_EQ(types.change, "+3 -1 lines: Print the types first.");
  EXPECT_EQ(types.iteration, 4);
  EXPECT_TRUE(types.accepted);
  const RemedyEntry dates = memory_.patterns[1].remedies.at(0);
  EXPECT_EQ(dates.anchor, "dates.md");
  EXPECT_THAT(dates.change, HasSubstr("Use ISO."));
  EXPECT_THAT(dates.change, Not(HasSubstr("Types first"))) << "the summary is not said for each";
  EXPECT_TRUE(memory_.patterns[2].remedies.empty());
  EXPECT_THAT(memory_.to_markdown(),
              HasSubstr("- remedy, iteration 4 (kept), at fill-a-column: nothing made them look -> "
                        "+3 -1 lines: Print the types first.\n"));
}

TEST_F(Remedies, ResumedRunRecordsNothingTwiceAndTwoPlacesAreTwoEntries) {
  patch_.addressed.push_back({"types-lost", "pitfalls", "said again", "", {}, {}});
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  EXPECT_EQ(memory_.patterns[0].remedies.size(), 2u);
}

TEST_F(Remedies, LabelsOfAFirstPatchAreCarriedOverToThePatternsOfTheirTasks) {
  gradients_ = {gradient("t1", "Types were lost"), gradient("t2", "types were lost"),
                gradient("t3", "nothing to learn")};
  Overlay overlay;
  overlay.entries = {{"t1", "", {{"types-lost", "", "", ""}}},
                     {"t2", "", {{"dates-as-text", "", "", ""}}},
                     {"t3", "", {{kNoSignal, "", "", ""}}}};
  outcome_.overlay = &overlay;
  patch_.addressed = {{"types were lost", "fill-a-column", "because", "", {}, {}},
                      {"nothing to learn", "pitfalls", "because", "", {}, {}},
                      {"made up", "pitfalls", "because", "", {}, {}}};
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre("nothing to learn", "made up"));
  EXPECT_EQ(memory_.patterns[0].remedies.size(), 1u);
  EXPECT_EQ(memory_.patterns[1].remedies.size(), 1u);
  EXPECT_TRUE(memory_.patterns[2].remedies.empty());
}

TEST_F(Remedies, EachCauseOfATaskKeepsItsOwnPattern) {
  gradients_ = {gradient("t1", "types were lost")};
  gradients_[0].causes.push_back(gradients_[0].causes[0]);
  gradients_[0].causes[1].label = "dates as text";
  Overlay overlay;
  overlay.entries = {{"t1", "", {{"types-lost", "", "", ""}, {"dates-as-text", "", "", ""}}}};
  outcome_.overlay = &overlay;
  EXPECT_THAT(patterns_meant("types were lost", memory_, outcome_), ElementsAre("types-lost"));
  EXPECT_THAT(patterns_meant("dates as text", memory_, outcome_), ElementsAre("dates-as-text"));
}

TEST_F(Remedies, WhatARuleLeavesInferredIsKeptWithItsCases) {
  patch_.addressed[0].inferred = "what an empty column gets";
  patch_.addressed[0].supports = {"t1", "t2"};
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  EXPECT_EQ(guess_of(memory_.patterns[0]), "what an empty column gets");
  EXPECT_EQ(guess_of(memory_.patterns[1]), "");
  gradients_ = {gradient("t9", "empty column has words")};
  gradients_[0].causes[0].refutes = "types-lost";
  Overlay overlay;
  overlay.entries = {{"t9", "", {{"other", "", "", ""}}}};
  judge_remedies(memory_, gradients_, overlay, 5);
  EXPECT_THAT(memory_.patterns[0].remedies[0].against, ElementsAre("t9"));
  EXPECT_THAT(memory_.to_markdown(),
              HasSubstr("  - inferred, shown by no case yet: what an empty column gets\n"
                        "  - cases for it: t1, t2; against it: t9\n"));
  RemedyEntry settled = memory_.patterns[0].remedies[0];
  settled.iteration = 6;
  settled.inferred.clear();
  MomentumMemory later = memory_;
  later.patterns[0].remedies.push_back(settled);
  EXPECT_EQ(guess_of(later.patterns[0]), "") << "a later edit at that place settled it";
  const auto again = memory_from_json(to_json(memory_));
  ASSERT_TRUE(again) << again.error().to_text();
  EXPECT_EQ(to_json(*again), to_json(memory_));
}

TEST_F(Remedies, SuccessConfirmsWhatWasInView) {
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  memory_.patterns[0].tasks = {"t1"};
  const std::string body = "## SKILL.md\n" + after_.body();
  const std::vector<RightRun> runs = {{"t1", body}, {"t7", "## references/x.md\nnothing\n"}};
  confirm_remedies(memory_, runs, 4, after_);
  EXPECT_TRUE(memory_.patterns[0].remedies[0].confirmed_in.empty()) << "made after these runs";
  confirm_remedies(memory_, runs, 6, after_);
  confirm_remedies(memory_, runs, 6, after_);
  EXPECT_THAT(memory_.patterns[0].remedies[0].confirmed_in, ElementsAre(6));
  EXPECT_TRUE(memory_.patterns[1].remedies[0].confirmed_in.empty())
      << "t1 failed by another pattern, and t7 did not load the file";
  confirm_remedies(memory_, {{"t8", "## references/dates.md\n# Dates\n\n- Use ISO.\n"}}, 7, after_);
  EXPECT_THAT(memory_.patterns[1].remedies[0].confirmed_in, ElementsAre(7));
}

TEST_F(Remedies, DiagnosedSuccessConfirmsUnlessItWasChance) {
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  gradients_ = {gradient("t1", "looked at types")};
  gradients_[0].kind = EvidenceKind::contrastive;
  gradients_[0].causes[0].found = CauseCase::chance;
  Overlay overlay;
  overlay.entries = {{"t1", "", {{"types-lost", "", "", ""}}}};
  judge_remedies(memory_, gradients_, overlay, 5);
  EXPECT_TRUE(memory_.patterns[0].remedies[0].confirmed_in.empty());
  gradients_[0].causes[0].found = CauseCase::followed;
  judge_remedies(memory_, gradients_, overlay, 5);
  EXPECT_THAT(memory_.patterns[0].remedies[0].confirmed_in, ElementsAre(5));
}

TEST(MemoryMarkdown, HistoryHasTheRemedyBetweenFailuresAndSuccesses) {
  MomentumMemory memory;
  memory.patterns = {pattern("a")};
  memory.patterns[0].failed_in = {2, 5};
  memory.patterns[0].succeeded_in = {3};
  memory.patterns[0].remedies = {{2, "x", "d", "c", true, "", {}, {}, {}},
                                 {2, "y", "d", "c", true, "", {}, {}, {}}};
  EXPECT_THAT(memory.to_markdown(),
              HasSubstr("- history: iteration 2: failed, then remedy kept; iteration 3: right; "
                        "iteration 5: failed\n"));
}

TEST(MemoryMessage, OlderMemoryIsReadWithItsAppearancesAsFailures) {
  const auto memory = memory_from_json(Json::parse(
      R"({"schema":"skillgrad.memory/1","iteration":2,"patterns":[{"slug":"p","appeared_in":[1,2]}]})"));
  ASSERT_TRUE(memory) << memory.error().to_text();
  EXPECT_THAT(memory->patterns[0].failed_in, ElementsAre(1, 2));
  EXPECT_FALSE(memory_from_json(Json::parse(R"({"schema":"skillgrad.memory/3","patterns":[]})")));
}

TEST_F(Remedies, PlaceThatNobodyKnowsGetsTheWholePatch) {
  patch_.addressed = {{"other", "no such place", "because", "", {}, {}}};
  EXPECT_THAT(record_remedies(memory_, outcome_), ElementsAre());
  EXPECT_THAT(memory_.patterns[2].remedies.at(0).change,
              HasSubstr("in the whole patch: Types first, dates as ISO."));
}

TEST(MemoryMarkdown, HoldsNoControlCharacterAndNoForgedPattern) {
  MomentumMemory memory;
  memory.patterns = {pattern("a")};
  memory.patterns[0].line = "one\n## forged (mixed)\x1b[31m";
  memory.patterns[0].description = "two\x07\n## forged too";
  memory.patterns[0].remedies = {{1, "x\n- y", "d\x1b]0;t\x07", "c", true, "", {}, {}, {}}};
  const std::string text = memory.to_markdown();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_EQ(text.find("\n## forged"), std::string::npos) << text;
  EXPECT_THAT(text, HasSubstr("- history: iteration 1: then remedy kept\n"));
}

}  // namespace
}  // namespace skillgrad::optim
