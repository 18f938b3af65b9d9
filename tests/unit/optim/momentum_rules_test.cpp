// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {
namespace {

Gradient gradient(std::string task, double loss, EvidenceKind kind = EvidenceKind::failure) {
  Gradient out;
  out.task_id = std::move(task);
  out.kind = kind;
  out.causes.resize(1);
  out.causes[0].label = "label of " + out.task_id;
  out.loss = loss;
  return out;
}

OverlayEntry entry(std::string task, std::string pattern) {
  OverlayEntry out;
  out.task_id = std::move(task);
  out.signal = "signal of " + out.task_id;
  if (pattern == kNoSignal)
    out.parts = {{kNoSignal, "anchor", "", ""}};
  else
    out.parts = {{std::move(pattern), "anchor", "gap", "change"}};
  return out;
}

Pattern pattern(std::string slug, double velocity = 0, std::vector<int> appeared = {}) {
  Pattern out;
  out.slug = std::move(slug);
  out.kind = PatternKind::operation;
  out.line = "line of " + out.slug;
  out.failed_in = std::move(appeared);
  out.velocity = velocity;
  return out;
}

/// A previous state with two patterns, one of which has a remedy; the next state starts as a copy.
class MomentumRules : public ::testing::Test {
 protected:
  MomentumRules() {
    previous_.iteration = 2;
    previous_.patterns = {pattern("alpha", 0.5, {1, 2}), pattern("beta", 0.2, {1})};
    RemedyEntry remedy;
    remedy.iteration = 1;
    remedy.diagnosis = "why";
    remedy.change = "what";
    remedy.accepted = true;
    previous_.patterns[0].remedies = {remedy};
    next_.memory = previous_;
    gradients_ = {gradient("t1", 1.0), gradient("t2", 0.5),
                  gradient("t3", 0, EvidenceKind::contrastive), gradient("t4", 1.0)};
    next_.overlay.entries = {entry("t1", "alpha"), entry("t2", "alpha"), entry("t3", "beta"),
                             entry("t4", kNoSignal)};
  }
  std::vector<std::string> enforce() {
    return enforce_momentum_invariants(previous_, gradients_, 3, next_);
  }
  [[nodiscard]] const Pattern* find(const std::string& slug) const {
    for (const Pattern& item : next_.memory.patterns) {
      if (item.slug == slug) return &item;
    }
    return nullptr;
  }
  [[nodiscard]] std::vector<std::string> overlay_tasks() const {
    std::vector<std::string> out;
    for (const OverlayEntry& item : next_.overlay.entries) out.push_back(item.task_id);
    return out;
  }

  MomentumMemory previous_;
  std::vector<Gradient> gradients_;
  MomentumOutput next_;
};

TEST_F(MomentumRules, GoodStateNeedsNoRepair) {
  EXPECT_EQ(enforce(), std::vector<std::string>{});
  EXPECT_EQ(next_.memory.iteration, 3);
  EXPECT_EQ(next_.overlay.iteration, 3);
  EXPECT_EQ(find("alpha")->failed_in, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(find("beta")->failed_in, std::vector<int>{1});
  EXPECT_EQ(find("beta")->succeeded_in, std::vector<int>{3}) << "a success is no failure";
}

TEST_F(MomentumRules, VelocityIsTheDecayedSumOfSupportingLosses) {
  enforce();
  EXPECT_DOUBLE_EQ(find("alpha")->velocity, 0.7 * 0.5 + 0.3 * (1.5 / 4));
  EXPECT_DOUBLE_EQ(find("beta")->velocity, 0.7 * 0.2 + 0.3 * 0.0);
}

TEST_F(MomentumRules, LossOfATaskIsSplitBetweenItsPatterns) {
  next_.overlay.entries[0].parts = {{"alpha", "a", "g", "c"}, {"beta", "a", "g", "c"}};
  EXPECT_EQ(enforce(), std::vector<std::string>{});
  EXPECT_DOUBLE_EQ(find("alpha")->velocity, 0.7 * 0.5 + 0.3 * ((0.5 + 0.5) / 4));
  EXPECT_DOUBLE_EQ(find("beta")->velocity, 0.7 * 0.2 + 0.3 * (0.5 / 4));
  EXPECT_EQ(find("beta")->failed_in, (std::vector<int>{1, 3}));
  EXPECT_EQ(find("beta")->succeeded_in, std::vector<int>{3});
  EXPECT_EQ(find("beta")->tasks, std::vector<std::string>{"t1"}) << "t3 was right";
  EXPECT_EQ(find("alpha")->tasks, (std::vector<std::string>{"t1", "t2"}));
}

TEST_F(MomentumRules, PatternsOfATaskAreNamedOnceAndNothingStandsBesideNoSignal) {
  next_.overlay.entries[0].parts = {{"alpha", "a", "g", "c"}, {"alpha", "a", "other", "c"}};
  next_.overlay.entries[1].parts = {{kNoSignal, "", "", ""}, {"beta", "a", "g", "c"}};
  const auto repairs = enforce();
  ASSERT_EQ(repairs.size(), 2u);
  EXPECT_EQ(next_.overlay.entries[0].parts.size(), 1u);
  EXPECT_EQ(next_.overlay.entries[0].parts[0].gap, "g");
  ASSERT_EQ(next_.overlay.entries[1].parts.size(), 1u);
  EXPECT_EQ(next_.overlay.entries[1].parts[0].pattern, "beta");
}

TEST_F(MomentumRules, TwoNewPatternsOfOneTaskAreCalledByTheirGaps) {
  next_.overlay.entries[3].parts = {{"new", "", "dates have another form", ""},
                                    {"new", "", "codes are unknown", ""}};
  EXPECT_EQ(enforce(), std::vector<std::string>{});
  EXPECT_NE(find("dates-have-another-form"), nullptr);
  EXPECT_NE(find("codes-are-unknown"), nullptr);
  EXPECT_NEAR(find("codes-are-unknown")->velocity, 0.3 * 0.5 / 4, 1e-12);
}

TEST_F(MomentumRules, SecondEntryOfATaskIsASecondPatternOfIt) {
  next_.overlay.entries.push_back(entry("t1", "beta"));
  EXPECT_EQ(enforce().size(), 1u);
  EXPECT_TRUE(next_.overlay.entries[0].names("alpha"));
  EXPECT_TRUE(next_.overlay.entries[0].names("beta"));
}

TEST_F(MomentumRules, CaseThatContradictsAGuessIsNeverWithoutAPattern) {
  gradients_[3].causes[0].refutes = "alpha";
  gradients_[3].causes[0].label = "equal codes are joined";
  gradients_[3].causes[0].rule = "Lines with one code are joined.";
  const auto repairs = enforce();
  ASSERT_EQ(repairs.size(), 1u);
  EXPECT_NE(repairs[0].find("contradicts"), std::string::npos);
  ASSERT_NE(find("equal-codes-are-joined"), nullptr);
  EXPECT_EQ(find("equal-codes-are-joined")->action, "Lines with one code are joined.");
  EXPECT_TRUE(next_.overlay.entries[3].names("equal-codes-are-joined"));
}

TEST_F(MomentumRules, TaskWithoutAnEntryGetsTheKnownPatternsOfAllItsCauses) {
  gradients_[0].causes.resize(3);
  gradients_[0].causes[1].known = "alpha";
  gradients_[0].causes[2].known = "beta";
  next_.overlay.entries.erase(next_.overlay.entries.begin());
  EXPECT_EQ(enforce().size(), 1u);
  EXPECT_TRUE(next_.overlay.entries[0].names("alpha"));
  EXPECT_TRUE(next_.overlay.entries[0].names("beta"));
}

TEST_F(MomentumRules, PatternsAreOrderedByVelocityAndTiesKeepTheirOrder) {
  next_.overlay.entries = {entry("t1", "beta"), entry("t2", "beta"), entry("t3", "beta"),
                           entry("t4", "beta")};
  previous_.patterns[0].velocity = previous_.patterns[1].velocity = 0.4;
  previous_.patterns.push_back(pattern("gamma", 0.4));
  next_.memory = previous_;
  enforce();
  EXPECT_EQ(next_.memory.patterns[0].slug, "beta");
  EXPECT_EQ(next_.memory.patterns[1].slug, "alpha");
  EXPECT_EQ(next_.memory.patterns[2].slug, "gamma");
}

TEST_F(MomentumRules, OverlayHoldsEachTaskOnceInInputOrder) {
  next_.overlay.entries = {entry("t4", "beta"), entry("zz", "alpha"), entry("t1", "alpha"),
                           entry("t1", "beta")};
  gradients_[1].causes[0].known = "beta";
  const auto repairs = enforce();
  EXPECT_EQ(overlay_tasks(), (std::vector<std::string>{"t1", "t2", "t3", "t4"}));
  EXPECT_EQ(next_.overlay.entries[0].parts.at(0).pattern, "alpha") << "the first entry counts";
  EXPECT_EQ(next_.overlay.entries[1].parts.at(0).pattern, "beta")
      << "the diagnosis knew the pattern";
  EXPECT_EQ(next_.overlay.entries[2].parts.at(0).pattern, kNoSignal);
  EXPECT_EQ(next_.overlay.entries[2].signal, "label of t3");
  EXPECT_EQ(repairs.size(), 4u);
}

TEST_F(MomentumRules, EntryWithoutSignalHasNoAnchorGapOrChange) {
  next_.overlay.entries[3].parts.at(0).gap = "a gap all the same";
  const auto repairs = enforce();
  ASSERT_EQ(repairs.size(), 1u) << "what is left out is said";
  EXPECT_NE(repairs[0].find("t4"), std::string::npos);
  EXPECT_EQ(next_.overlay.entries[3].parts.at(0).anchor + next_.overlay.entries[3].parts.at(0).gap +
                next_.overlay.entries[3].parts.at(0).change,
            "");
  EXPECT_EQ(next_.overlay.entries[0].parts.at(0).gap, "gap");
}

TEST_F(MomentumRules, UnknownSlugIsReadAsTheNearestOrCreated) {
  next_.overlay.entries[0].parts.at(0).pattern = "alhpa";
  next_.overlay.entries[1].parts.at(0).pattern = "something else entirely";
  const auto repairs = enforce();
  EXPECT_EQ(next_.overlay.entries[0].parts.at(0).pattern, "alpha");
  EXPECT_EQ(next_.overlay.entries[1].parts.at(0).pattern, "something-else-entirely");
  ASSERT_NE(find("something-else-entirely"), nullptr);
  EXPECT_EQ(find("something-else-entirely")->failed_in, std::vector<int>{3});
  EXPECT_EQ(repairs.size(), 2u);
}

TEST_F(MomentumRules, NewBecomesAPatternMadeOfTheEntry) {
  next_.overlay.entries[3] = entry("t4", "new");
  next_.overlay.entries[3].signal = "Wrote dates as text, not as dates";
  EXPECT_EQ(enforce(), std::vector<std::string>{});
  EXPECT_EQ(next_.overlay.entries[3].parts.at(0).pattern, "wrote-dates-as-text-not-as-dates");
  const Pattern* made = find("wrote-dates-as-text-not-as-dates");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->anchor, "anchor");
  EXPECT_EQ(made->description, "gap");
  EXPECT_EQ(made->action, "change");
  EXPECT_NEAR(made->velocity, 0.3 * 0.25, 1e-12);
}

TEST_F(MomentumRules, NewMeansTheSubmittedPatternThatNoEntryNames) {
  next_.memory.patterns.push_back(pattern("gamma"));
  next_.overlay.entries[1] = entry("t2", "new");
  next_.overlay.entries[3] = entry("t4", "new");
  enforce();
  EXPECT_EQ(next_.overlay.entries[1].parts.at(0).pattern, "gamma");
  EXPECT_EQ(next_.overlay.entries[3].parts.at(0).pattern, "gamma");
  EXPECT_EQ(next_.memory.patterns.size(), 3u);
}

TEST_F(MomentumRules, EqualSignalsOfNewMakeOnePattern) {
  next_.overlay.entries[1] = entry("t2", "new");
  next_.overlay.entries[3] = entry("t4", "new");
  next_.overlay.entries[1].signal = next_.overlay.entries[3].signal = "The same thing";
  enforce();
  EXPECT_EQ(next_.overlay.entries[1].parts.at(0).pattern,
            next_.overlay.entries[3].parts.at(0).pattern);
  EXPECT_EQ(next_.memory.patterns.size(), 3u);
}

TEST_F(MomentumRules, AppearancesFollowFromTheOverlaysAlone) {
  next_.memory.patterns[0].failed_in = {2, 7};  // lost one, claims the future
  next_.memory.patterns[1].failed_in = {};
  const auto repairs = enforce();
  EXPECT_EQ(find("alpha")->failed_in, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(find("beta")->failed_in, std::vector<int>{1});
  EXPECT_EQ(find("beta")->succeeded_in, std::vector<int>{3}) << "a success is no failure";
  EXPECT_EQ(repairs.size(), 1u);
}

TEST_F(MomentumRules, RemedyLogIsNeverChangedByTheModel) {
  next_.memory.patterns[0].remedies.clear();
  RemedyEntry guessed;
  guessed.iteration = 3;
  next_.memory.patterns[1].remedies = {guessed};
  EXPECT_EQ(enforce().size(), 2u);
  EXPECT_EQ(find("alpha")->remedies, previous_.patterns[0].remedies);
  EXPECT_TRUE(find("beta")->remedies.empty());
}

TEST_F(MomentumRules, LostPatternIsRestoredWithItsLog) {
  next_.memory.patterns.erase(next_.memory.patterns.begin());
  EXPECT_EQ(enforce().size(), 1u);
  ASSERT_NE(find("alpha"), nullptr);
  EXPECT_EQ(find("alpha")->remedies.size(), 1u);
  EXPECT_EQ(find("alpha")->line, "line of alpha");
}

TEST_F(MomentumRules, NewPatternThatNoTaskNamesYetIsKeptWithoutWeight) {
  next_.memory.patterns.push_back(pattern("gamma"));
  EXPECT_EQ(enforce(), std::vector<std::string>{});
  ASSERT_NE(find("gamma"), nullptr);
  EXPECT_TRUE(find("gamma")->failed_in.empty());
  EXPECT_DOUBLE_EQ(find("gamma")->velocity, 0);
  EXPECT_EQ(next_.memory.patterns.back().slug, "gamma");
}

TEST_F(MomentumRules, VelocityIsNeverTakenFromTheModel) {
  next_.memory.patterns[0].velocity = 0.9;
  ASSERT_EQ(enforce().size(), 1u);
  EXPECT_DOUBLE_EQ(find("alpha")->velocity, 0.7 * 0.5 + 0.3 * (1.5 / 4));
}

TEST_F(MomentumRules, TaskThatATwiceSupportedThemeLosesIsNamed) {
  gradients_.push_back(gradient("t5", 0, EvidenceKind::contrastive));
  next_.overlay.entries.push_back(entry("t5", kNoSignal));
  next_.overlay.themes = {{"look first", {"t3", "t5", "t99"}}};
  const auto repairs = enforce();
  ASSERT_EQ(repairs.size(), 1u);
  EXPECT_NE(repairs[0].find("t99"), std::string::npos);
  EXPECT_EQ(next_.overlay.themes[0].tasks, (std::vector<std::string>{"t3", "t5"}));
}

TEST_F(MomentumRules, SlugsAndKindsAreMendedAndFollowedInTheOverlay) {
  Pattern odd = pattern("Odd Slug!");
  odd.set_kind("magic");
  next_.memory.patterns.push_back(odd);
  next_.memory.patterns.push_back(pattern("alpha"));
  next_.memory.patterns.push_back(pattern("new"));
  next_.overlay.entries[3].parts.at(0).pattern = "Odd Slug!";
  enforce();
  EXPECT_EQ(next_.overlay.entries[3].parts.at(0).pattern, "odd-slug");
  ASSERT_NE(find("odd-slug"), nullptr);
  EXPECT_EQ(find("odd-slug")->kind, PatternKind::mixed);
  EXPECT_NE(find("new-pattern"), nullptr) << "a reserved word is no slug";
  EXPECT_EQ(next_.memory.patterns.size(), 4u) << "the second alpha is gone";
}

TEST_F(MomentumRules, AnInventedTaskIsNoSecondSuccess) {
  previous_.succeeded = next_.memory.succeeded = {"t0"};
  next_.overlay.themes = {{"invented", {"t3", "t99"}}, {"earlier", {"t3", "t0"}}};
  next_.overlay.entries[2].parts.at(0).pattern = kNoSignal;
  enforce();
  ASSERT_EQ(next_.overlay.themes.size(), 1u);
  EXPECT_EQ(next_.overlay.themes[0].theme, "earlier");
  EXPECT_EQ(next_.memory.succeeded, (std::vector<std::string>{"t0", "t3"}));
}

TEST_F(MomentumRules, ThemesNeedTwoSuccessesOneOfThemNow) {
  previous_.succeeded = {"t0", "t00"};
  gradients_.push_back(gradient("t5", 0, EvidenceKind::contrastive));
  next_.overlay.entries.push_back(entry("t5", kNoSignal));
  next_.overlay.themes = {
      {"two now", {"t3", "t5", "t3"}},
      {"one now, one earlier", {"t5", "t0"}},
      {"one now, pattern seen earlier", {"t3"}},
      {"failures only", {"t1", "t2"}},
      {"one success and a failure", {"t5", "t1"}},
      {"earlier only", {"t0", "t00"}},
      {"a fourth good one", {"t3", "t5"}},
      {"", {"t3", "t5"}},
  };
  const auto repairs = enforce();
  ASSERT_EQ(next_.overlay.themes.size(), 3u);
  EXPECT_EQ(next_.overlay.themes[0].theme, "two now");
  EXPECT_EQ(next_.overlay.themes[0].tasks, (std::vector<std::string>{"t3", "t5"}));
  EXPECT_EQ(next_.overlay.themes[1].theme, "one now, one earlier");
  EXPECT_EQ(next_.overlay.themes[2].theme, "one now, pattern seen earlier");
  EXPECT_EQ(repairs.size(), 5u);
}

TEST_F(MomentumRules, EmptyAnswerStillGivesAWholeState) {
  next_ = MomentumOutput{};
  enforce();
  EXPECT_EQ(overlay_tasks(), (std::vector<std::string>{"t1", "t2", "t3", "t4"}));
  EXPECT_EQ(next_.memory.patterns.size(), 2u);
  EXPECT_DOUBLE_EQ(find("alpha")->velocity, 0.35);
}

TEST_F(MomentumRules, EqualInputsGiveEqualBytes) {
  next_.overlay.entries[1].parts.at(0).pattern = "new";
  MomentumOutput copy = next_;
  enforce();
  const auto repairs = enforce_momentum_invariants(previous_, gradients_, 3, copy);
  EXPECT_TRUE(repairs.empty());
  EXPECT_EQ(dump_json(to_json(next_.memory)), dump_json(to_json(copy.memory)));
  EXPECT_EQ(dump_json(to_json(next_.overlay)), dump_json(to_json(copy.overlay)));
}

TEST_F(MomentumRules, LongSignalGivesAShortSlug) {
  next_.overlay.entries[3] = entry("t4", "new");
  next_.overlay.entries[3].signal = std::string(30, 'a') + " " + std::string(200, 'b');
  enforce();
  EXPECT_EQ(next_.overlay.entries[3].parts.at(0).pattern, std::string(30, 'a'));
}

}  // namespace
}  // namespace skillgrad::optim
