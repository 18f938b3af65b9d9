// SPDX-License-Identifier: MIT
#include "optim/stages/command_stage.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include <skillgrad/exec/process.hpp>
#include <skillgrad/optim/momentum.hpp>

#include "unit/optim/stage_fixture.hpp"

namespace skillgrad::optim {
namespace {

/// A whole diagnoser in ten lines, as a user would write it.
constexpr const char* kTenLines = R"py(import json, sys
evidence = json.load(sys.stdin)
feedback = evidence["current"]["feedback"]
known = [p["slug"] for p in evidence["known_patterns"]]
print("read", len(feedback), "bytes", file=sys.stderr)
json.dump({"schema": "skillgrad.gradient/1",
           "task_id": evidence["task_id"],
           "label": "values differ",
           "gradient": "The check says: " + feedback,
           "known": known[0] if known else "new"}, sys.stdout)
)py";

class CommandStageTest : public StageTest {
 protected:
  CommandStageTest() {
    evidence_.task_id = "t1";
    evidence_.kind = EvidenceKind::failure;
    evidence_.current.task_id = "t1";
    evidence_.current.status = LossStatus::fail;
    evidence_.current.loss = 0.5;
    evidence_.current.feedback = "B2: expected 3, got 4";
    evidence_.known_patterns = {{"types-lost", "Types are lost.", "Look.", ""}};
  }
  void SetUp() override {
    if (exec::find_program("python3").empty()) GTEST_SKIP() << "python3 is not in PATH";
  }
  void program(const std::string& text) { write("config/stage.py", text); }
  static Json options() { return {{"run", {"python3", "stage.py"}}, {"timeout_s", 20}}; }
  Result<Gradient> diagnose(const Json& with = options()) {
    auto stage = diagnoser_registry().make("command", with, dependencies_);
    if (!stage) return tl::unexpected(stage.error());
    return (*stage)->diagnose(evidence_, context_);
  }

  Evidence evidence_;
};

TEST_F(CommandStageTest, TenLinePythonProgramIsADiagnoser) {
  program(kTenLines);
  const auto gradient = diagnose();
  ASSERT_TRUE(gradient) << gradient.error().to_text();
  EXPECT_EQ(gradient->task_id, "t1");
  EXPECT_EQ(gradient->causes.at(0).analysis, "The check says: B2: expected 3, got 4");
  EXPECT_EQ(gradient->known(), "types-lost");
  EXPECT_EQ(gradient->kind, EvidenceKind::failure);
  EXPECT_DOUBLE_EQ(gradient->loss, 0.5);
}

TEST_F(CommandStageTest, WhateverGoesWrongIsAnInfraErrorWithTheEndOfStderr) {
  struct Case {
    const char* program;
    const char* says;
  };
  const std::vector<Case> cases = {
      {"import sys; print('{}'); print('boom', file=sys.stderr); sys.exit(3)", "exit code 3"},
      {"import sys; sys.stderr.write('x' * 9000 + 'last words'); sys.exit(1)", "last words"},
      {"print('not json')", "not one JSON object"},
      {"print('{}'); print('{}')", "not one JSON object"},
      {"print('[]')", "expected an object"},
      {"pass", "not one JSON object"},
      {"print('{\"task_id\":\"t1\"}')", "gradient"},
      {"print('{\"task_id\":\"t1\",\"gradient\":\"  \"}')", "empty"},
      {"print('{\"schema\":\"skillgrad.loss/1\",\"task_id\":\"t1\",\"gradient\":\"x\"}')",
       "skillgrad.loss/1"},
      {"print('{\"task_id\":\"t2\",\"gradient\":\"x\"}')", "t2"}};
  for (const Case& item : cases) {
    program(item.program);
    const auto gradient = diagnose();
    ASSERT_FALSE(gradient) << item.program;
    EXPECT_EQ(gradient.error().code, ErrorCode::infra) << item.program;
    EXPECT_NE(gradient.error().to_text().find(item.says), std::string::npos)
        << gradient.error().to_text();
  }
}

TEST_F(CommandStageTest, WhatAnAnswerHoldsAndNobodyUsesIsToldOnce) {
  std::vector<std::string> notices;
  context_.notice = [&](const std::string& sentence) { notices.push_back(sentence); };
  program(
      "print('{\"task_id\":\"t1\",\"gradient\":\"x\",\"lable\":\"typo\",\"loss\":0.9,'\n"
      "      '\"kind\":\"contrastive\",\"known\":\"no-such\"}')");
  auto stage = diagnoser_registry().make("command", options(), dependencies_);
  ASSERT_TRUE(stage);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE((*stage)->diagnose(evidence_, context_));
  ASSERT_EQ(notices.size(), 4u) << "each thing once, however often the program runs";
  EXPECT_NE(notices[0].find("/lable is not used"), std::string::npos) << notices[0];
  EXPECT_NE(notices[1].find("/loss is 0.9, used is 0.5"), std::string::npos) << notices[1];
  EXPECT_NE(notices[2].find("/kind"), std::string::npos) << notices[2];
  EXPECT_NE(notices[3].find("no known pattern \"no-such\""), std::string::npos) << notices[3];
}

TEST_F(CommandStageTest, ListOfCausesIsReadAndTheOlderFormIsNoLoss) {
  std::vector<std::string> notices;
  context_.notice = [&](const std::string& sentence) { notices.push_back(sentence); };
  program(
      "print('{\"schema\":\"skillgrad.gradient/2\",\"task_id\":\"t1\",\"right\":\"order\",'\n"
      "      '\"causes\":[{\"label\":\"a\",\"case\":\"gap\",\"analysis\":\"x\"},'\n"
      "      '{\"label\":\"b\",\"analysis\":\"y\",\"steps\":[2],\"why\":\"?\"}]}')");
  auto gradient = diagnose();
  ASSERT_TRUE(gradient) << gradient.error().to_text();
  ASSERT_EQ(gradient->causes.size(), 2u);
  EXPECT_EQ(gradient->causes[0].found, CauseCase::gap);
  EXPECT_EQ(gradient->causes[1].steps, std::vector<int>{2});
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("/causes/1/why is not used"), std::string::npos) << notices[0];
  notices.clear();
  program(
      "print('{\"schema\":\"skillgrad.gradient/1\",\"task_id\":\"t1\",\"label\":\"a\",'\n"
      "      '\"gradient\":\"x\",\"steps\":[1],\"skipped_step\":\"s\",\"known\":\"new\"}')");
  gradient = diagnose();
  ASSERT_TRUE(gradient) << gradient.error().to_text();
  ASSERT_EQ(gradient->causes.size(), 1u);
  EXPECT_EQ(gradient->causes[0].analysis, "x");
  EXPECT_EQ(gradient->causes[0].skipped_step, "s");
  EXPECT_TRUE(notices.empty()) << notices[0];
  program("print('{\"schema\":\"skillgrad.gradient/2\",\"task_id\":\"t1\",\"causes\":[]}')");
  gradient = diagnose();
  ASSERT_FALSE(gradient);
  EXPECT_NE(gradient.error().to_text().find("at least one cause"), std::string::npos);
}

TEST_F(CommandStageTest, MomentumProgramMayWriteOnePatternOrSeveral) {
  std::vector<std::string> notices;
  context_.notice = [&](const std::string& sentence) { notices.push_back(sentence); };
  program(
      "import json, sys\n"
      "r = json.load(sys.stdin)\n"
      "assert r['facts'][0]['feedback'] == 'f' and r['patched_since']['decision'] == 'accepted'\n"
      "assert r['gradients'][0]['causes'][0]['label'] == 'a'\n"
      "parts = [{'pattern': 'p', 'gap': 'g'}, {'pattern': 'q'}]\n"
      "overlay = [{'task_id': 't1', 'signal': 's', 'pattern': 'p', 'gap': 'g'},\n"
      "           {'task_id': 't2', 'signal': 's', 'patterns': parts}]\n"
      "memory = {'schema': 'skillgrad.memory/1', 'patterns': [\n"
      "    {'slug': 'p', 'line': 'x', 'appeared_in': []}, {'slug': 'q', 'line': 'y'}]}\n"
      "print(json.dumps({'schema': 'skillgrad.momentum/1', 'overlay': overlay, 'memory': "
      "memory}))");
  const skill::SkillPackage skill = package("# Demo\n");
  MomentumInput input;
  input.skill = &skill;
  input.gradients.resize(2);
  input.gradients[0].task_id = "t1";
  input.gradients[0].causes.resize(1);
  input.gradients[0].causes[0].label = "a";
  input.gradients[1].task_id = "t2";
  input.facts = {{"t1", "task", "f", "", {}}};
  input.since.emplace();
  input.since->decision = Decision::accepted;
  const auto stage = momentum_registry().make("command", options(), dependencies_);
  ASSERT_TRUE(stage);
  const auto out = (*stage)->update(input, context_);
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_TRUE(out->overlay.entries[0].names("p"));
  EXPECT_EQ(out->overlay.entries[1].parts.size(), 2u);
  EXPECT_TRUE(out->repairs.empty()) << out->repairs[0];
  EXPECT_TRUE(notices.empty()) << notices[0];
}

TEST_F(CommandStageTest, ProgramThatDoesNotExistIsRefusedBeforeARunIsPaidFor) {
  for (const char* name : {"no-such-program-here", "./no-such-program-here"}) {
    const auto refused = diagnose({{"run", {name, "x"}}});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::config) << name;
    EXPECT_NE(refused.error().message.find(name), std::string::npos);
  }
}

TEST_F(CommandStageTest, ProgramThatDoesNotEndIsEnded) {
  program("import time; time.sleep(60)");
  const auto gradient = diagnose({{"run", {"python3", "stage.py"}}, {"timeout_s", 1}});
  ASSERT_FALSE(gradient);
  EXPECT_EQ(gradient.error().code, ErrorCode::infra);
  EXPECT_NE(gradient.error().to_text().find("within 1 s"), std::string::npos);
}

TEST_F(CommandStageTest, StopRequestIsCancellation) {
  program("import time; time.sleep(60)");
  std::stop_source stop;
  stop.request_stop();
  context_.call.stop = stop.get_token();
  EXPECT_EQ(diagnose().error().code, ErrorCode::cancelled);
}

TEST_F(CommandStageTest, ProgramSeesNoKeyAndRunsInTheConfigFolder) {
  ASSERT_EQ(setenv("SKILLGRAD_TEST_CANARY", "sk-canary", 1), 0);  // NOLINT(concurrency-mt-unsafe)
  program(
      "import json, os, sys\n"
      "task = json.load(sys.stdin)['task_id']\n"
      "print(json.dumps({'task_id': task, 'gradient': os.getcwd() + ' ' + ' '.join(os.environ)}))");
  const auto gradient = diagnose();
  unsetenv("SKILLGRAD_TEST_CANARY");  // NOLINT(concurrency-mt-unsafe)
  ASSERT_TRUE(gradient) << gradient.error().to_text();
  EXPECT_EQ(gradient->causes.at(0).analysis.find("CANARY"), std::string::npos);
  EXPECT_NE(gradient->causes.at(0).analysis.find("PATH"), std::string::npos);
  const auto folder = std::filesystem::canonical(dependencies_.config_dir).string();
  EXPECT_EQ(gradient->causes.at(0).analysis.find(folder), 0u) << gradient->causes.at(0).analysis;
}

TEST_F(CommandStageTest, OptionsAreRead) {
  for (const Json& bad :
       {Json::object(), Json{{"run", Json::array()}}, Json{{"run", "python3"}},
        Json{{"run", {"python3"}}, {"timeout", 3}}, Json{{"run", {"x", "y"}}, {"timeout_s", 0}}}) {
    const auto gradient = diagnose(bad);
    ASSERT_FALSE(gradient) << bad.dump();
    EXPECT_EQ(gradient.error().code, ErrorCode::config) << bad.dump();
  }
}

TEST_F(CommandStageTest, MomentumProgramIsHeldToTheInvariants) {
  program(
      "import json, sys\n"
      "r = json.load(sys.stdin)\n"
      "assert r['schema'] == 'skillgrad.momentum-request/2' and r['iteration'] == 3\n"
      "assert '# Demo' in r['skill']\n"
      "memory = {'patterns': [{'slug': 'Late Types', 'line': 'x', 'appeared_in': [99]}]}\n"
      "overlay = [{'task_id': g['task_id'], 'pattern': 'Late Types'} for g in r['gradients'][:1]]\n"
      "print(json.dumps({'overlay': overlay, 'memory': memory}))");
  const skill::SkillPackage skill = package("# Demo\nText.\n");
  MomentumInput input;
  input.skill = &skill;
  input.memory.patterns.resize(1);
  input.memory.patterns[0].slug = "kept";
  input.memory.patterns[0].kind = PatternKind::mixed;
  input.gradients.resize(2);
  input.gradients[0].task_id = "t1";
  input.gradients[0].loss = 1;
  input.gradients[1].task_id = "t2";
  const auto stage = momentum_registry().make("command", options(), dependencies_);
  ASSERT_TRUE(stage);
  const auto out = (*stage)->update(input, context_);
  ASSERT_TRUE(out) << out.error().to_text();
  ASSERT_EQ(out->memory.patterns.size(), 2u);
  EXPECT_EQ(out->memory.patterns[0].slug, "late-types");
  EXPECT_EQ(out->memory.patterns[0].failed_in, std::vector<int>{3});
  EXPECT_EQ(out->memory.patterns[1].slug, "kept");
  ASSERT_EQ(out->overlay.entries.size(), 2u);
  EXPECT_EQ(out->overlay.entries[0].parts.at(0).pattern, "late-types");
  EXPECT_EQ(out->overlay.entries[1].parts.at(0).pattern, kNoSignal);
  EXPECT_FALSE(out->repairs.empty());
  program("print('{\"overlay\":[{\"pattern\":\"x\"}]}')");
  EXPECT_EQ((*stage)->update(input, context_).error().code, ErrorCode::infra);
}

TEST_F(CommandStageTest, PatchProgramIsAppliedToACopyAndLinted) {
  const skill::SkillPackage skill = package("# Demo\n\n## Fill\nWrite.\n");
  PatchInput input;
  input.skill = &skill;
  input.lint.previous = &skill;
  input.lint.initial = &skill;
  program(
      "import json, sys\n"
      "r = json.load(sys.stdin)\n"
      "assert r['schema'] == 'skillgrad.patch-request/2' and 'SKILL.md' in r['files']\n"
      "assert r['memory'] is None and r['overlay'] is None and r['rejected'] == []\n"
      "edit = {'op': 'edit_text', 'path': 'SKILL.md', 'old': 'Write.', 'new': 'Write it well.'}\n"
      "print(json.dumps({'edits': [edit], 'summary': 'better'}))");
  const auto stage = patcher_registry().make("command", options(), dependencies_);
  ASSERT_TRUE(stage);
  auto out = (*stage)->patch(input, context_);
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_NE(out->candidate.body().find("Write it well."), std::string::npos);
  EXPECT_EQ(skill.body().find("well"), std::string::npos);
  EXPECT_EQ(out->patch.summary, "better");
  program(
      "import json\n"
      "edit = {'op': 'edit_text', 'path': 'SKILL.md', 'old': 'Write.',\n"
      "        'new': 'Read `references/none.md` when it is long; skip it when short.'}\n"
      "print(json.dumps({'edits': [edit]}))");
  out = (*stage)->patch(input, context_);
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_FALSE(out->blocking.empty());
  program("print('{\"edits\":[{\"op\":\"delete_section\",\"heading\":\"No such\"}]}')");
  out = (*stage)->patch(input, context_);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::infra);
}

}  // namespace
}  // namespace skillgrad::optim
