// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "optim/stages/patch_tools.hpp"
#include "unit/optim/stage_fixture.hpp"

namespace skillgrad::optim {
namespace {

using fakes::text_reply;
using fakes::tool_reply;

constexpr const char* kBody =
    "# Demo\n\n"
    "## Workflow\n1. Look at the input.\n2. Write the result.\n\n"
    "## Fill a column\nWrite each value.\n\n"
    "## Pitfalls\n- Mind the types.\n\n"
    "## Check\n1. Open the saved file.\n";
constexpr const char* kFinish =
    R"({"summary":"Types first.","addressed":[{"pattern":"types were lost","anchor":"fill-a-column","reason":"because"}]})";

/// A pointer to a file that is not there breaks a hard rule (L3-02).
constexpr const char* kBreak =
    R"({"heading":"Fill a column","text":"## Fill a column\nRead `references/none.md` when the header has two rows; skip it otherwise.\n"})";
constexpr const char* kMend =
    R"({"heading":"Fill a column","text":"## Fill a column\nPrint the types first.\n"})";

class PatchTest : public StageTest {
 protected:
  PatchTest() {
    skill_ = package(kBody);
    input_.skill = &skill_;
    input_.lint.previous = &skill_;
    input_.lint.initial = &skill_;
    Gradient gradient;
    gradient.task_id = "t1";
    gradient.kind = EvidenceKind::failure;
    gradient.causes.resize(1);
    gradient.causes[0].label = "types were lost";
    gradient.causes[0].analysis = "It wrote text.";
    input_.gradients = {gradient};
  }
  Result<PatchOutput> patch(std::vector<Result<llm::ChatReply>> in_order) {
    replies(std::move(in_order));
    auto stage = patcher_registry().make("llm", Json::object(), dependencies_);
    EXPECT_TRUE(stage) << stage.error().to_text();
    return (*stage)->patch(input_, context_);
  }
  static llm::ToolCall call(std::string name, std::string arguments, std::string id) {
    llm::ToolCall out;
    out.name = std::move(name);
    out.arguments = std::move(arguments);
    out.id = std::move(id);
    return out;
  }

  skill::SkillPackage skill_;
  PatchInput input_;
};

TEST_F(PatchTest, FirstPatchIsToldThatThereIsNoMemoryYet) {
  ASSERT_TRUE(patch({tool_reply("finish_patch", kFinish)}));
  const std::string text = user();
  EXPECT_EQ(text.find("<skill>\n---\nname: demo\n"), 0u) << text;
  EXPECT_NE(
      text.find("</skill>\n<files>\nnone\n</files>\n<skill_version>\nthe version that "
                "ran: the initial skill\n</skill_version>\n<memory>\nnone\n</memory>\n<overlay>\n"
                "none\n</overlay>\n<rejected>\nnone\n</rejected>\n<diagnoses>\n["),
      std::string::npos)
      << text;
  const llm::ChatRequest sent = model_->requests()[0];
  EXPECT_EQ(sent.messages[0].content, "prompt patcher\n");
  EXPECT_EQ(sent.scope, "iter_003/patch");
  std::vector<std::string> names;
  for (const auto& tool : sent.tools) names.push_back(tool.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"read_file", "replace_section", "insert_section",
                                      "delete_section", "move_section", "edit_text", "write_file",
                                      "delete_file", "set_description", "finish_patch"}));
}

TEST_F(PatchTest, ToolsCoverExactlyTheEditOperations) {
  CandidateEditor editor(skill_);
  std::vector<std::string> names;
  for (const auto& tool : make_edit_tools(editor)) names.push_back(tool->spec().name);
  EXPECT_EQ(names, skill::edit_ops());
}

TEST_F(PatchTest, MemoryOverlayAndRejectedPatchesAreShown) {
  MomentumMemory memory;
  memory.patterns.resize(1);
  memory.patterns[0].slug = "types-lost";
  Overlay overlay;
  overlay.entries = {{"t1", "signal", {{"types-lost", "fill-a-column", "gap", "change"}}}};
  overlay.themes = {{"look first", {"t1", "t2"}}};
  input_.memory = &memory;
  input_.overlay = &overlay;
  input_.rejected = {{2, "Reworded it.", "--- a/SKILL.md\n+++ b/SKILL.md\n", "no gain"}};
  ASSERT_TRUE(patch({tool_reply("finish_patch", kFinish)}));
  const std::string text = user();
  EXPECT_NE(text.find("## types-lost"), std::string::npos);
  EXPECT_NE(text.find("Iteration 2: Reworded it.\nWhy it was not kept: no gain\n--- a/SKILL.md"),
            std::string::npos)
      << text;
  const std::size_t from = text.find("<overlay>\n") + 10;
  const auto items = parse_json(text.substr(from, text.find("</overlay>") - from), "test");
  ASSERT_TRUE(items);
  ASSERT_EQ(items->size(), 2u);
  EXPECT_EQ((*items)[0]["patterns"][0]["pattern"], "types-lost");
  EXPECT_EQ((*items)[1]["theme"], "look first");
}

TEST_F(PatchTest, CasesOfARuleAreTasksAndAContradictionIsNotPassedOver) {
  const auto finish = [](const char* more) {
    return tool_reply("finish_patch", R"({"summary":"s","addressed":[{"pattern":"types were lost",)"
                                      R"("anchor":"fill-a-column","reason":"because",)" +
                                          std::string(more) + "}]}");
  };
  const auto good = finish(R"("inferred":"","supports":["t1"],"against":[])");
  const auto invented = patch({tool_reply("replace_section", kMend),
                               finish(R"("inferred":"","supports":["t9"],"against":[])"), good});
  ASSERT_TRUE(invented) << invented.error().to_text();
  EXPECT_NE(told().find("there is no task \"t9\""), std::string::npos) << told();
  EXPECT_EQ(invented->patch.addressed.at(0).supports, std::vector<std::string>{"t1"});
  const auto against = patch({tool_reply("replace_section", kMend),
                              finish(R"("inferred":"","supports":[],"against":["t1"])"), good});
  ASSERT_TRUE(against);
  EXPECT_NE(told().find("t1 contradicts the rule"), std::string::npos) << told();
  const auto unsettled =
      patch({tool_reply("replace_section", kMend),
             finish(R"("inferred":"which of two orders","supports":[],"against":["t1"])")});
  ASSERT_TRUE(unsettled);
  EXPECT_EQ(unsettled->patch.addressed.at(0).inferred, "which of two orders");
  EXPECT_TRUE(unsettled->refused.empty());
}

TEST_F(PatchTest, EditsAndTheirReadBackFitIntoOneTurn) {
  const auto out = patch({tool_reply({call("replace_section", kMend, "c1"),
                                      call("read_file", R"({"path":"SKILL.md"})", "c2")}),
                          tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_NE(told().find("Print the types first."), std::string::npos) << told();
}

TEST_F(PatchTest, EditsGoToTheCandidateOnly) {
  const std::string before = skill_.skill_md();
  const auto out = patch({tool_reply("replace_section", kMend),
                          tool_reply("read_file", R"({"path":"SKILL.md"})"),
                          tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(skill_.skill_md(), before);
  EXPECT_NE(out->candidate.skill_md().find("Print the types first."), std::string::npos);
  EXPECT_NE(told().find("Print the types first."), std::string::npos) << "read_file sees the edit";
  ASSERT_EQ(out->patch.edits.size(), 1u);
  EXPECT_EQ(out->patch.edits[0].op, "replace_section");
  EXPECT_EQ(out->patch.summary, "Types first.");
  ASSERT_EQ(out->patch.addressed.size(), 1u);
  EXPECT_EQ(out->patch.addressed[0].pattern, "types were lost");
  EXPECT_TRUE(out->blocking.empty());
  EXPECT_EQ(out->repair_rounds, 0);
}

TEST_F(PatchTest, FinishWithoutAnyEditMeansNothingToChange) {
  const auto out = patch({tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->patch.edits.empty());
  EXPECT_TRUE(out->candidate == skill_);
  EXPECT_TRUE(out->blocking.empty());
}

TEST_F(PatchTest, EditsThatTakeEachOtherBackAreNoPatch) {
  const auto out =
      patch({tool_reply("edit_text", R"({"path":"SKILL.md","old":"Mind the","new":"Watch the"})"),
             tool_reply("edit_text", R"({"path":"SKILL.md","old":"Watch the","new":"Mind the"})"),
             tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_TRUE(out->patch.edits.empty());
}

TEST_F(PatchTest, RefusedEditsGoBackToTheModelAndChangeNothing) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"replace_section", R"({"heading":"No such","text":"## No such\nx\n"})"},
      {"replace_section", R"({"heading":"Check"})"},
      {"replace_section", R"({"heading":"Check","text":"## Check\nx\n","why":"?"})"},
      {"edit_text", R"({"path":"SKILL.md","old":"absent text","new":"x"})"},
      {"write_file", R"({"path":"../evil.md","text":"x"})"},
      {"write_file", R"({"path":"/etc/evil","text":"x"})"},
      {"write_file", R"({"path":"evals/evals.json","text":"x"})"},
      {"delete_file", R"({"path":"SKILL.md"})"},
      {"set_description", R"({"text":""})"},
      {"insert_section", R"({"text":"## X\nx\n","after":"Nowhere"})"}};
  for (const auto& [tool, arguments] : bad) {
    const auto out = patch({tool_reply(tool, arguments), tool_reply("finish_patch", kFinish)});
    ASSERT_TRUE(out) << tool << arguments;
    EXPECT_TRUE(out->patch.edits.empty()) << tool << arguments;
    EXPECT_TRUE(out->candidate == skill_) << tool << arguments;
    EXPECT_FALSE(told().empty());
  }
}

TEST_F(PatchTest, FinishInTheTurnOfAFailedEditIsHeldBack) {
  const auto out =
      patch({tool_reply({call("edit_text", R"({"path":"SKILL.md","old":"absent","new":"x"})", "1"),
                         call("finish_patch", kFinish, "2")}),
             tool_reply("replace_section", kMend), tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->patch.edits.size(), 1u);
  expect_valid_history();
}

TEST_F(PatchTest, EmptyOptionalArgumentsOfInsertCountAsAbsent) {
  const auto out = patch(
      {tool_reply("insert_section", R"({"text":"## Extra\nMore.\n","after":"","before":null})"),
       tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_NE(out->candidate.body().find("## Extra"), std::string::npos) << told();
}

TEST_F(PatchTest, HardFindingGoesBackAndTheRepairedCandidateCounts) {
  const auto out = patch({tool_reply("replace_section", kBreak),
                          tool_reply("finish_patch", kFinish), tool_reply("replace_section", kMend),
                          tool_reply("finish_patch", R"({"summary":"","addressed":[]})")});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->repair_rounds, 1);
  EXPECT_TRUE(out->blocking.empty());
  EXPECT_EQ(out->patch.edits.size(), 2u);
  EXPECT_EQ(out->patch.summary, "Types first.") << "kept from the first hand-in";
  EXPECT_EQ(out->patch.addressed.size(), 1u);
  std::string lint;
  const llm::ChatRequest last = model_->requests().back();
  for (const auto& message : last.messages) {
    if (message.role == llm::Role::user && message.content.starts_with("<lint>")) {
      lint = message.content;
    }
  }
  EXPECT_NE(lint.find("<lint>\nL3-02 SKILL.md:"), std::string::npos) << lint;
  expect_valid_history();
}

TEST_F(PatchTest, AnEditThatIsTakenBackInTheRepairSaysWhatItBroke) {
  const skill::SkillPackage before = skill_;
  const std::string heading = parse_json(kBreak, "test")->at("heading");
  std::string section;
  for (const auto& one : before.outline())
    if (one.title == heading) section = before.body().substr(one.begin, one.end - one.begin);
  ASSERT_FALSE(section.empty());
  const auto out =
      patch({tool_reply("replace_section", kBreak), tool_reply("finish_patch", kFinish),
             tool_reply("replace_section", dump_json({{"heading", heading}, {"text", section}})),
             tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->candidate, before);
  EXPECT_TRUE(out->patch.edits.empty());
  ASSERT_FALSE(out->blocking.empty());
  EXPECT_EQ(out->blocking[0].rule, "L3-02");
  EXPECT_EQ(out->repair_rounds, 1);
}

TEST_F(PatchTest, ALongDescriptionIsRefusedUnderTheProcedureProfileAlone) {
  skill::EditOp edit;
  edit.op = "set_description";
  for (int i = 0; i < 51; ++i) edit.new_text += "w ";
  CandidateEditor general(skill_);
  EXPECT_TRUE(general.apply(edit));
  CandidateEditor procedure(skill_, EditRules::procedure);
  const auto refused = procedure.apply(edit);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("51 words"), std::string::npos);
  EXPECT_FALSE(procedure.apply_all({edit}));
  EXPECT_EQ(procedure.candidate(), skill_);
}

TEST_F(PatchTest, WhereOnlyTheDescriptionMayChangeNothingElseIsOfferedOrTaken) {
  CandidateEditor editor(skill_, EditRules::description);
  const auto tools = make_edit_tools(editor);
  ASSERT_EQ(tools.size(), 1U);
  EXPECT_EQ(tools[0]->spec().name, "set_description");
  skill::EditOp edit;
  edit.op = "edit_text";
  EXPECT_FALSE(editor.apply(edit));
  edit.op = "set_description";
  edit.new_text = "Writes reports. Use it for memos.";
  EXPECT_TRUE(editor.apply(edit));
  EXPECT_EQ(editor.candidate().description(), edit.new_text);
  EXPECT_EQ(editor.candidate().body(), skill_.body());
}

TEST_F(PatchTest, CandidateThatStillBreaksARuleAfterThreeRoundsIsHandedBackAsBlocking) {
  std::vector<Result<llm::ChatReply>> script = {tool_reply("replace_section", kBreak)};
  for (int i = 0; i < 4; ++i) script.push_back(tool_reply("finish_patch", kFinish));
  const auto out = patch(std::move(script));
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->repair_rounds, 3);
  ASSERT_FALSE(out->blocking.empty());
  EXPECT_EQ(model_->calls(), 5u);
}

TEST_F(PatchTest, RepairThatIsRefusedLeavesACandidateToReject) {
  llm::ChatReply refused = text_reply("I cannot.");
  refused.refused = true;
  const auto out =
      patch({tool_reply("replace_section", kBreak), tool_reply("finish_patch", kFinish), refused});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_FALSE(out->blocking.empty());
  const auto broken =
      patch({tool_reply("replace_section", kBreak), tool_reply("finish_patch", kFinish),
             fail(ErrorCode::transient, "503")});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::transient);
}

TEST_F(PatchTest, PatchMessageAsTextIsAppliedWholeOrNotAtAll) {
  const std::string good =
      std::string(R"({"schema":"skillgrad.patch/1","edits":[{"op":"replace_section",)") +
      std::string(kMend).substr(1) + R"(],"summary":"s","addressed":[]})";
  auto out = patch({text_reply("```json\n" + good + "\n```")});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->patch.edits.size(), 1u);
  const std::string half =
      std::string(R"({"schema":"skillgrad.patch/1","edits":[{"op":"replace_section",)") +
      std::string(kMend).substr(1) +
      R"(,{"op":"delete_section","heading":"No such"}],"summary":"s","addressed":[]})";
  out = patch({text_reply(half), tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->candidate == skill_);
  EXPECT_NE(model_->requests()[1].messages.back().content.find("edit 2 of 2"), std::string::npos);
}

/// With the same limit it would be cut at the same place.
TEST_F(PatchTest, TextPatchThatWasCutIsAskedForWithAHigherLimitEachTime) {
  llm::ChatReply cut = text_reply(R"({"edits":[{"op":"delete_section","heading":"Che)");
  cut.finish = llm::Finish::length;
  cut.usage.output_tokens = 3'000;
  auto out = patch({cut, cut, tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  const auto sent = model_->requests();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_GE(sent[1].max_output_tokens.value_or(0), 6'000);
  EXPECT_GE(sent[2].max_output_tokens.value_or(0), 2 * *sent[1].max_output_tokens);
  EXPECT_NE(told().find("cut at the output limit"), std::string::npos) << told();
}

TEST_F(PatchTest, TruncatedOrRefusedPatchLeavesNoCandidate) {
  llm::ChatReply cut = text_reply(
      R"({"edits":[{"op":"delete_section","heading":"Check"}],"summary":"s","addressed":[]})");
  cut.finish = llm::Finish::length;
  auto out = patch({cut, cut, cut});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::malformed_reply);
  llm::ChatReply cut_call = tool_reply("delete_section", R"({"heading":"Check"})");
  cut_call.finish = llm::Finish::length;
  out = patch({cut_call, cut_call});
  ASSERT_FALSE(out);
  llm::ChatReply refused = cut;
  refused.finish = llm::Finish::stop;
  refused.refused = true;
  out = patch({refused});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::content_filter);
  EXPECT_NE(skill_.body().find("## Check"), std::string::npos);
}

TEST_F(PatchTest, WhatAFinishedPatchNamesMustExist) {
  struct Case {
    const char* pointer;
    const char* value;
    const char* reason;
  };
  const std::vector<Case> cases = {{"/addressed/0/pattern", "no such pattern", "types were lost"},
                                   {"/addressed/0/pattern", "", "types were lost"},
                                   {"/addressed/0/anchor", "no such heading", "fill-a-column"},
                                   {"/addressed/0/anchor", "", "fill-a-column"},
                                   {"/addressed/0/reason", " ", "reason is empty"},
                                   {"/addressed/0/why", "x", "unknown key"},
                                   {"/summary", "", "summary is empty"}};
  for (const Case& one : cases) {
    Json bad = Json::parse(kFinish);
    bad[Json::json_pointer(one.pointer)] = one.value;
    const auto finish = tool_reply("finish_patch", dump_json(bad));
    const auto out =
        patch({tool_reply("replace_section", kMend), finish, tool_reply("finish_patch", kFinish)});
    ASSERT_TRUE(out) << one.pointer << one.value;
    EXPECT_NE(told().find("not accepted"), std::string::npos) << one.pointer << one.value;
    EXPECT_NE(told().find(one.reason), std::string::npos) << one.pointer << told();
    EXPECT_EQ(out->patch.edits.size(), 1u);
    ASSERT_EQ(out->refused.size(), 1u) << one.pointer;
    EXPECT_EQ(out->refused[0].tool, "finish_patch");
  }
}

TEST_F(PatchTest, FaultThatTheModelDoesNotMendIsToldAndDoesNotCostThePatch) {
  std::vector<std::string> notices;
  context_.notice = [&](const std::string& sentence) { notices.push_back(sentence); };
  Json bad = Json::parse(kFinish);
  bad["addressed"][0]["pattern"] = "no such pattern";
  const auto finish = tool_reply("finish_patch", dump_json(bad));
  const auto out = patch({tool_reply("replace_section", kMend), finish, finish, finish});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->patch.edits.size(), 1u);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("no such pattern"), std::string::npos);
}

TEST_F(PatchTest, PatchAsTextIsAppliedOnceHoweverOftenItsFinishIsRefused) {
  Json message = Json::parse(kFinish);
  message["edits"] = Json::array({Json{{"op", "edit_text"},
                                       {"path", "SKILL.md"},
                                       {"old", "Mind the types."},
                                       {"new", "Watch the types."}}});
  Json bad = message;
  bad["addressed"][0]["anchor"] = "nowhere";
  const auto out = patch({text_reply(dump_json(bad)), text_reply(dump_json(message))});
  ASSERT_TRUE(out) << out.error().to_text();
  EXPECT_EQ(out->patch.edits.size(), 1u);
  EXPECT_NE(out->candidate.body().find("Watch the types."), std::string::npos);
}

TEST_F(PatchTest, RefusedCallsAreKeptWithThePatch) {
  const auto out = patch({tool_reply("write_file", R"({"path":"../evil.md","text":"x"})"),
                          tool_reply("no_such_tool", "{}"), tool_reply("replace_section", kMend),
                          tool_reply("finish_patch", kFinish)});
  ASSERT_TRUE(out) << out.error().to_text();
  ASSERT_EQ(out->refused.size(), 2u);
  EXPECT_EQ(out->refused[0].tool, "write_file");
  EXPECT_NE(out->refused[0].arguments.find("../evil.md"), std::string::npos);
  EXPECT_NE(out->refused[0].problem.find("leads out"), std::string::npos);
  EXPECT_EQ(out->refused[1].tool, "no_such_tool");
}

TEST_F(PatchTest, BodyOverTheBoundGoesBackAndIsNeverAccepted) {
  std::string text = "## Fill a column\nWrite each value.\n";
  for (int i = 0; i < 600; ++i) text += "Line " + std::to_string(i) + ".\n";
  std::vector<Result<llm::ChatReply>> script = {
      tool_reply("replace_section", dump_json({{"heading", "Fill a column"}, {"text", text}}))};
  for (int i = 0; i < 4; ++i) script.push_back(tool_reply("finish_patch", kFinish));
  const auto out = patch(std::move(script));
  ASSERT_TRUE(out) << out.error().to_text();
  ASSERT_EQ(out->blocking.size(), 1u);
  EXPECT_EQ(out->blocking[0].rule, "L2-08");
}

TEST_F(PatchTest, FinishThatDoesNotFitGoesBack) {
  for (const char* bad : {R"({"summary":7})", R"({"summary":"s","addressed":"all"})",
                          R"({"edits":[]})", R"({"summary":"s","done":true})"}) {
    const auto out = patch({tool_reply("finish_patch", bad), tool_reply("finish_patch", kFinish)});
    ASSERT_TRUE(out) << bad;
    EXPECT_NE(told().find("not accepted"), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace skillgrad::optim
