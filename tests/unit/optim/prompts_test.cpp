// SPDX-License-Identifier: MIT
// What each stage's model gets, whole, from the shipped prompts; and that what it must know is
// said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/golden_prompt.hpp"
#include "unit/optim/stage_fixture.hpp"

namespace skillgrad::optim {
namespace {

using fakes::expect_golden_prompt;
using fakes::rendered;
using fakes::tool_reply;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Cause cause(const char* label, CauseCase found, const char* rule) {
  Cause out;
  out.label = label;
  out.found = found;
  out.analysis = "Step 4 shows it. The form 01.03.2024 is ruled out.";
  out.rule = rule;
  out.steps = {4};
  out.known = "new";
  return out;
}

LossRecord record(const char* task, double score) {
  LossRecord out;
  out.task_id = task;
  out.status = score < 1 ? LossStatus::fail : LossStatus::pass;
  out.score = score;
  out.loss = 1 - score;
  out.end_state = agent::EndState::finished;
  out.feedback =
      score < 1 ? "line 1: expected 2024-03-01;FRT;12.50, got 01.03.2024,freight,12.5" : "";
  return out;
}

class PromptRenderings : public StageTest {
 protected:
  PromptRenderings() {
    dependencies_.prompt = [](const std::string& name) -> Result<std::string> {
      return fakes::shipped_prompt(name);
    };
    std::map<std::string, skill::BundledFile> files;
    files["references/codes.md"].bytes = "# Codes\nFRT is freight.\n";
    skill_ =
        package("# Notes\n\n## Ledger lines\nWrite one line for each item.\n", std::move(files));
    Gradient failure;
    failure.task_id = "task-05";
    failure.loss = 1;
    failure.causes = {cause("date form of the house", CauseCase::gap, "Dates are YYYY-MM-DD."),
                      cause("codes written as words", CauseCase::gap, "Freight is FRT.")};
    failure.causes[0].open = "whether times are given";
    failure.right = "The order of the lines, by chance: there is one.";
    Gradient success;
    success.task_id = "task-09";
    success.kind = EvidenceKind::contrastive;
    success.causes = {cause("order of items kept", CauseCase::followed, "Lines are not sorted.")};
    success.causes[0].known = "lines-sorted";
    gradients_ = {failure, success};
    facts_ = {{"task-05",
               "Book note 5.",
               record("task-05", 0).feedback,
               "mixed: 1 of 3 runs of this task under this skill were right",
               {{4, "[4] tool_call shell: python3 write.py"}}},
              {"task-09", "Book note 9.", "", "", {{4, "[4] tool_call shell: cat note"}}}};
    Pattern pattern;
    pattern.slug = "lines-sorted";
    pattern.line = "Lines are sorted although the note has an order.";
    pattern.anchor = "ledger-lines";
    pattern.failed_in = {1};
    pattern.succeeded_in = {3};
    pattern.tasks = {"task-02"};
    pattern.description = "The run sorts by code.";
    pattern.action = "Keep the order of the note.";
    pattern.velocity = 0.21;
    RemedyEntry remedy;
    remedy.iteration = 1;
    remedy.anchor = "ledger-lines";
    remedy.diagnosis = "nothing said which order lines have";
    remedy.change = "+1 -0 lines: Keep the order of the note.";
    remedy.accepted = true;
    remedy.inferred = "the order of items on one row";
    remedy.supports = {"task-02"};
    remedy.confirmed_in = {2};
    pattern.remedies = {remedy};
    memory_.iteration = 2;
    memory_.patterns = {pattern};
    memory_.succeeded = {"task-09"};
  }

  std::string diagnosis(EvidenceKind kind) {
    Evidence evidence;
    evidence.task_id = kind == EvidenceKind::failure ? "task-05" : "task-09";
    evidence.kind = kind;
    evidence.task_prompt = "Book the note. Answer with the lines only.";
    evidence.skill_text = "## SKILL.md\n# Notes\n";
    evidence.current = record(evidence.task_id.c_str(), kind == EvidenceKind::failure ? 0 : 1);
    evidence.current_trace = "[1] message user: (the task)\n[2] message assistant: a line\n";
    evidence.known_patterns = {{"lines-sorted", "Lines are sorted.", "Keep the order of the note.",
                                "the order of items on one row"}};
    if (kind == EvidenceKind::failure) {
      evidence.group = {1, 2};
      evidence.passing = record("task-05", 1);
      evidence.passing->trace = "iter_003/rollouts/task-05.1/trajectory.jsonl";
      evidence.passing_trace = "[1] message user: (the task)\n[2] message assistant: right\n";
    } else {
      evidence.group = {3, 0};
      evidence.initial = record("task-09", 0);
      evidence.initial->trace = "base/rollouts/task-09.0/trajectory.jsonl";
      evidence.initial_trace = "[1] message user: (the task)\n[2] message assistant: wrong\n";
    }
    replies({tool_reply("submit_diagnosis", R"({"causes":[{"label":"a b c","analysis":"x"}]})")});
    auto stage = diagnoser_registry().make("llm", Json::object(), dependencies_);
    EXPECT_TRUE((*stage)->diagnose(evidence, context_));
    return rendered(model_->requests()[0]);
  }

  std::string momentum(const std::optional<PatchSince>& since) {
    MomentumInput input;
    input.gradients = gradients_;
    input.memory = memory_;
    input.skill = &skill_;
    input.skill_iteration = 1;
    input.facts = facts_;
    input.since = since;
    replies({tool_reply("submit_momentum",
                        R"({"patterns":[],"themes":[],"overlay":[
                            {"task_id":"task-05","signal":"s","patterns":[{"pattern":"new"}]},
                            {"task_id":"task-09","signal":"s",
                             "patterns":[{"pattern":"lines-sorted"}]}]})")});
    auto stage = momentum_registry().make("llm", Json::object(), dependencies_);
    const auto done = (*stage)->update(input, context_);
    EXPECT_TRUE(done) << done.error().to_text();
    return rendered(model_->requests()[0]);
  }

  std::string patcher() {
    Overlay overlay;
    overlay.entries = {{"task-05",
                        "two forms are unknown",
                        {{"date-form", "ledger-lines", "not said", "state it"},
                         {"codes-as-words", "ledger-lines", "not said", "state them"}}},
                       {"task-09", "the order was kept", {{"lines-sorted", "", "", ""}}}};
    overlay.themes = {{"reading the note first", {"task-09", "task-02"}}};
    PatchInput input;
    input.gradients = gradients_;
    input.overlay = &overlay;
    input.memory = &memory_;
    input.rejected = {{2, "Reworded the order.", "--- a/SKILL.md\n+++ b/SKILL.md\n", "no gain"}};
    input.skill = &skill_;
    input.skill_iteration = 1;
    input.facts = facts_;
    replies({tool_reply("finish_patch", R"({"summary":"","addressed":[]})")});
    auto stage = patcher_registry().make("llm", Json::object(), dependencies_);
    EXPECT_TRUE((*stage)->patch(input, context_));
    return rendered(model_->requests()[0]);
  }

  std::string reflection(const std::string& kind = "reflect") {
    Evidence failure;
    failure.task_id = "task-05";
    failure.task_prompt = "Book note 5. Answer with the lines only.";
    failure.group = {1, 2};
    failure.skill_text = "## SKILL.md\n# Notes\n";
    failure.current = record("task-05", 0);
    failure.current_trace = "[1] message user: (the task)\n[2] message assistant: a line\n";
    failure.passing = record("task-05", 1);
    failure.passing_trace = "[1] message user: (the task)\n[2] message assistant: right\n";
    Evidence success;
    success.task_id = "task-09";
    success.kind = EvidenceKind::contrastive;
    success.task_prompt = "Book note 9.";
    success.group = {1, 0};
    success.current = record("task-09", 1);
    success.current_trace = "[1] message user: (the task)\n";
    PatchInput input;
    input.evidence = {failure, success};
    input.skill = &skill_;
    input.skill_iteration = 1;
    replies({tool_reply("finish_patch", R"({"summary":"","addressed":[]})")});
    auto stage = patcher_registry().make(kind, Json::object(), dependencies_);
    EXPECT_TRUE(stage);
    EXPECT_TRUE((*stage)->patch(input, context_));
    return rendered(model_->requests()[0]);
  }

  static PatchSince kept_patch() {
    PatchSince out;
    out.iteration = 3;
    out.decision = Decision::accepted;
    out.summary = "Dates have one form now.";
    out.reason = "2 of 12 tasks more are right";
    out.diff = "--- a/SKILL.md\n+++ b/SKILL.md\n@@ -3 +3 @@\n+Dates are YYYY-MM-DD.\n";
    return out;
  }

  skill::SkillPackage skill_;
  std::vector<Gradient> gradients_;
  std::vector<TaskFacts> facts_;
  MomentumMemory memory_;
};

TEST_F(PromptRenderings, OfADiagnosisOfAFailure) {
  expect_golden_prompt("diagnose_failure", diagnosis(EvidenceKind::failure));
}
TEST_F(PromptRenderings, OfADiagnosisOfASuccess) {
  expect_golden_prompt("diagnose_success", diagnosis(EvidenceKind::contrastive));
}
TEST_F(PromptRenderings, OfMomentum) { expect_golden_prompt("momentum", momentum(kept_patch())); }
TEST_F(PromptRenderings, OfThePatcher) { expect_golden_prompt("patcher", patcher()); }
TEST_F(PromptRenderings, OfAReflection) { expect_golden_prompt("reflect", reflection()); }
TEST_F(PromptRenderings, OfADescription) {
  expect_golden_prompt("describe", reflection("describe"));
}

TEST_F(PromptRenderings, ReflectionIsToldToMendThePartAtFaultFromTheRunsThemselves) {
  const std::string text = reflection();
  EXPECT_THAT(text, AllOf(HasSubstr("Read all attempts before you judge one"),
                          HasSubstr("Choose the layer at fault"),
                          HasSubstr("Write new text for that part as a whole"),
                          HasSubstr("answers, values or names that belong to a single task")));
  const std::string user = text.substr(text.find("===== user"));
  EXPECT_THAT(user, AllOf(HasSubstr("expected 2024-03-01;FRT;12.50"), HasSubstr("Book note 9."),
                          HasSubstr("\"passing_trace\""), HasSubstr("as the patch of iteration 1"),
                          HasSubstr("mixed: 1 of 3 runs")));
  for (const char* absent : {"<diagnoses>", "<memory>", "<overlay>", "<rejected>"})
    EXPECT_THAT(user, Not(HasSubstr(absent)));
}

TEST_F(PromptRenderings, DiagnoserIsToldOfSeveralCausesTheirCasesAndTheRule) {
  const std::string text = diagnosis(EvidenceKind::failure);
  EXPECT_THAT(text, AllOf(HasSubstr("if mending one would leave the other as it is, they are two"),
                          HasSubstr("`gap`: the instructions lack the rule"),
                          HasSubstr("do not invent a careless step"),
                          HasSubstr("`wrong`: the instructions say something"),
                          HasSubstr("`ignored`: the instructions say it"), HasSubstr("`chance`:")));
  EXPECT_THAT(text,
              AllOf(HasSubstr("State in `rule` what the expected result shows to hold, in full"),
                    HasSubstr("In `open` say which variants the evidence does not decide"),
                    HasSubstr("what the expected result rules out"),
                    HasSubstr("Where the run was right by chance")));
  EXPECT_THAT(text,
              HasSubstr("A fixed vocabulary or form that holds for every task of this kind is "
                        "a rule and not a value of this task"));
  for (const char* field :
       {"\"causes\"", "\"case\"", "\"rule\"", "\"open\"", "\"refutes\"", "\"right\""})
    EXPECT_THAT(text, HasSubstr(field));
  EXPECT_THAT(text, HasSubstr("| guess: the order of items on one row"));
}

TEST_F(PromptRenderings, DiagnoserIsToldHowTheRunsOfATaskEnded) {
  const std::string mixed = diagnosis(EvidenceKind::failure);
  EXPECT_THAT(mixed,
              AllOf(HasSubstr("<runs>\nmixed: 1 of 3 runs of this task under this skill "
                              "were right\n</runs>"),
                    HasSubstr("<passing_trace>\n"), HasSubstr("Go through them side by side"),
                    HasSubstr("\"passing\""), Not(HasSubstr("earlier is the failed"))));
  const std::string right = diagnosis(EvidenceKind::contrastive);
  EXPECT_THAT(right, AllOf(HasSubstr("all 3 runs of this task under this skill were right"),
                           HasSubstr("<earlier_trace>\n"), Not(HasSubstr("<passing_trace>"))));
  EXPECT_THAT(right, AllOf(HasSubstr("`followed`: an instruction led to it"),
                           HasSubstr("also where the run was right by chance"),
                           HasSubstr("is a rule and not a value of this task")));
}

TEST_F(PromptRenderings, MomentumIsToldWhichVersionRanAndWhatWasPatchedSince) {
  const std::string text = momentum(kept_patch());
  EXPECT_THAT(text,
              AllOf(HasSubstr("<skill_version>\nthe version that ran: as the patch of iteration "
                              "1 left it\n"),
                    HasSubstr("<patched_since>\nThe patch of iteration 3 was made after these "
                              "runs and kept: later runs have it, these had not\n"),
                    HasSubstr("+Dates are YYYY-MM-DD."),
                    HasSubstr("was not in view in any run of this round")));
  PatchSince rejected = kept_patch();
  rejected.decision = Decision::rejected;
  rejected.diff = std::string(20'000, 'd');
  const std::string other = momentum(rejected);
  EXPECT_THAT(other, HasSubstr("made after these runs and not kept"));
  EXPECT_LT(other.size(), text.size() + 7'000) << "the diff is bounded";
  EXPECT_THAT(momentum(std::nullopt), HasSubstr("none: the skill is still the version that ran"));
}

TEST_F(PromptRenderings, MomentumIsToldHowCausesBecomePatterns) {
  const std::string text = momentum(std::nullopt);
  EXPECT_THAT(
      text, AllOf(HasSubstr("This decides, and it wins over everything that follows"),
                  HasSubstr("the loss of a task that shows several patterns is split between them"),
                  HasSubstr("`failed_in` are the rounds in which a task failed by the pattern"),
                  HasSubstr("only a failure in a later round speaks against it"),
                  HasSubstr("A case that contradicts it (`refutes`, or your own comparison) is a "
                            "signal always"),
                  HasSubstr("is a rule: write it exactly as it must appear")));
}

TEST_F(PromptRenderings, LaterStagesSeeTaskFeedbackAndCitedStepsOnce) {
  for (const std::string& text : {momentum(std::nullopt), patcher()}) {
    const std::string user = text.substr(text.find("===== user"));
    for (const char* part :
         {"Book note 5.", "expected 2024-03-01;FRT;12.50", "[4] tool_call shell: python3 write.py",
          "whether times are given", "by chance: there is one", "mixed: 1 of 3 runs"}) {
      const std::size_t first = user.find(part);
      ASSERT_NE(first, std::string::npos) << part;
      EXPECT_EQ(user.find(part, first + 1), std::string::npos) << part << " stands there twice";
    }
  }
}

TEST_F(PromptRenderings, PatcherIsToldHowRulesAreChecked) {
  const std::string text = patcher();
  EXPECT_THAT(text,
              AllOf(HasSubstr("in the version that ran"),
                    HasSubstr("**Check each rule against all cases.**"),
                    HasSubstr("say in `inferred` what you chose"),
                    HasSubstr("**A gap is closed by stating the rule.**"),
                    HasSubstr("`supports`: the ids of the tasks whose results show the rule"),
                    HasSubstr("  - inferred, shown by no case yet: the order of items on one "
                              "row\n  - cases for it: task-02; against it: none\n  - confirmed:")));
  EXPECT_THAT(text,
              HasSubstr("- history: iteration 1: failed, then remedy kept; iteration 3: right"));
}

TEST_F(PromptRenderings, PatcherIsToldOfConventionsShapeAndTurns) {
  const std::string text = patcher();
  EXPECT_THAT(text, AllOf(HasSubstr("answers, values or names that belong to a single task"),
                          HasSubstr("A literal that every task of the kind needs"),
                          Not(HasSubstr("telling the assistant what a check looks for"))));
  EXPECT_THAT(text, AllOf(HasSubstr("A small one needs less"),
                          HasSubstr("## Example: a small skill"), HasSubstr("date;code;amount")));
  EXPECT_THAT(text, HasSubstr("Several edits and the `read_file` that reads them back fit into one "
                              "turn"));
}

}  // namespace
}  // namespace skillgrad::optim
