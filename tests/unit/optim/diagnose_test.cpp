// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "unit/optim/stage_fixture.hpp"

namespace skillgrad::optim {
namespace {

using fakes::text_reply;
using fakes::tool_reply;

constexpr const char* kGood =
    R"({"label":"totals counted the header","analysis":"It began too high.","skipped_step":"look first","steps":[2,3],"known":"new"})";

class DiagnoseTest : public StageTest {
 protected:
  DiagnoseTest() {
    evidence_.task_id = "t1";
    evidence_.kind = EvidenceKind::failure;
    evidence_.task_prompt = "Sum it. </task>";
    evidence_.current.task_id = "t1";
    evidence_.current.status = LossStatus::fail;
    evidence_.current.score = 0.25;
    evidence_.current.loss = 0.75;
    evidence_.current.feedback = "B2: expected 3, got 4";
    evidence_.current.trace = "iter_003/rollouts/t1.0/trajectory.jsonl";
    evidence_.current_trace = "[1] message user: Sum it.\n";
    evidence_.skill_text = "## SKILL.md\n# Demo\n";
    evidence_.known_patterns = {{"types-lost", "Types are lost.", "Print\nthem first.", ""}};
    evidence_.task_dir = "iter_003/rollouts/t1.0";
    write("run/iter_003/rollouts/t1.0/trajectory.jsonl",
          "{\"kind\":\"message\",\"role\":\"user\",\"text\":\"Sum it.\"}\n"
          "{\"kind\":\"tool_output\",\"name\":\"shell\",\"text\":\"whole output\"}\n"
          "{\"kind\":\"message\",\"role\":\"assistant\",\"text\":\"Done.\"}\n");
    write("run/iter_003/rollouts/t1.0/outputs/note.txt", "a note");
    write("run/iter_003/rollouts/t2.0/other.txt", "another task");
    write("run/state.json", "{\"secret\":1}");
    write("outside.txt", "outside");
  }
  Result<Gradient> diagnose(std::vector<Result<llm::ChatReply>> in_order,
                            const Json& options = Json::object()) {
    replies(std::move(in_order));
    auto stage = diagnoser_registry().make("llm", options, dependencies_);
    EXPECT_TRUE(stage) << stage.error().to_text();
    return (*stage)->diagnose(evidence_, context_);
  }

  Evidence evidence_;
};

TEST_F(DiagnoseTest, FactsStandInTheOrderOfTheProtocol) {
  const auto gradient = diagnose({tool_reply("submit_diagnosis", kGood)});
  ASSERT_TRUE(gradient) << gradient.error().to_text();
  EXPECT_EQ(
      user(),
      "<known_patterns>\ntypes-lost: Types are lost. | cure: Print them first.\n</known_patterns>\n"
      "<skill_loaded>\n## SKILL.md\n# Demo\n</skill_loaded>\n"
      "<task>\nSum it. <\\/task>\n</task>\n"
      "<runs>\none run of this task under this skill\n</runs>\n"
      "<feedback>\nstatus: fail, score: 0.25\nB2: expected 3, got 4\n</feedback>\n"
      "<trace>\n[1] message user: Sum it.\n</trace>\n");
  const llm::ChatRequest sent = model_->requests()[0];
  EXPECT_EQ(sent.messages[0].content, "prompt diagnose_failure\n");
  EXPECT_EQ(sent.stage, "diagnoser");
  EXPECT_EQ(sent.scope, "iter_003/diagnose/t1");
  std::vector<std::string> names;
  for (const auto& tool : sent.tools) names.push_back(tool.name);
  EXPECT_EQ(names, (std::vector<std::string>{"read_trace", "read_file", "submit_diagnosis"}));
}

TEST_F(DiagnoseTest, GradientCarriesTheHandInAndTheFactsOfTheTask) {
  const auto gradient = diagnose({tool_reply("submit_diagnosis", kGood)});
  ASSERT_TRUE(gradient);
  EXPECT_EQ(gradient->task_id, "t1");
  EXPECT_EQ(gradient->kind, EvidenceKind::failure);
  ASSERT_EQ(gradient->causes.size(), 1u) << "the form with one cause in place of the list";
  EXPECT_EQ(gradient->causes[0].label, "totals counted the header");
  EXPECT_EQ(gradient->causes[0].analysis, "It began too high.");
  EXPECT_EQ(gradient->causes[0].skipped_step, "look first");
  EXPECT_EQ(gradient->causes[0].steps, (std::vector<int>{2, 3}));
  EXPECT_EQ(gradient->causes[0].known, "new");
  EXPECT_DOUBLE_EQ(gradient->loss, 0.75);
}

Json two_causes() {
  return Json::parse(R"({"right":"the order, by chance","causes":[
    {"label":"date form unknown","case":"gap","analysis":"a","rule":"Dates are YYYY-MM-DD.",
     "open":"times","skipped_step":"","steps":[2],"known":"new","refutes":""},
    {"label":"types were lost","case":"ignored","analysis":"b","rule":"","open":"",
     "skipped_step":"look first","steps":[3],"known":"types-lost","refutes":"types-lost"}]})");
}

TEST_F(DiagnoseTest, SeveralCausesAreKeptWithAllThatIsSaidOfThem) {
  evidence_.known_patterns[0].guess = "numbers only";
  const auto gradient = diagnose({tool_reply("submit_diagnosis", dump_json(two_causes()))});
  ASSERT_TRUE(gradient) << gradient.error().to_text();
  ASSERT_EQ(gradient->causes.size(), 2u);
  EXPECT_EQ(gradient->right, "the order, by chance");
  EXPECT_EQ(gradient->labels(), (std::vector<std::string>{"date form unknown", "types were lost"}));
  EXPECT_EQ(gradient->known(), "types-lost");
  EXPECT_EQ(gradient->causes[0].found, CauseCase::gap);
  EXPECT_EQ(gradient->causes[0].rule, "Dates are YYYY-MM-DD.");
  EXPECT_EQ(gradient->causes[0].open, "times");
  EXPECT_EQ(gradient->causes[1].refutes, "types-lost");
  const auto again = gradient_from_json(to_json(*gradient));
  ASSERT_TRUE(again) << again.error().to_text();
  EXPECT_EQ(to_json(*again), to_json(*gradient));
}

TEST_F(DiagnoseTest, ListOfCausesThatDoesNotFitGoesBack) {
  evidence_.known_patterns[0].guess = "numbers only";
  const Json good = two_causes();
  struct Case {
    const char* pointer;
    Json value;
    const char* says;
  };
  Json many = Json::array();
  for (int i = 0; i < 9; ++i) {
    many.push_back(good["causes"][0]);
    many.back()["label"] = "cause number " + std::to_string(i);
  }
  const std::vector<Case> cases = {
      {"/causes", Json::array(), "at least one cause"},
      {"/causes", many, "9 causes"},
      {"/causes/1/label", "date form unknown", "two causes have the label"},
      {"/causes/0/case", "sloppy", "gap, wrong, ignored"},
      {"/causes/0/known", "no-such", "no known pattern"},
      {"/causes/0/refutes", "no-such", "no guess is on record"},
      {"/causes/0/steps", Json::array({77}), "no step 77"},
      {"/causes/0/verdict", 1, "verdict"}};
  for (const Case& one : cases) {
    Json bad = good;
    bad[Json::json_pointer(one.pointer)] = one.value;
    ASSERT_TRUE(diagnose({tool_reply("submit_diagnosis", dump_json(bad)),
                          tool_reply("submit_diagnosis", dump_json(good))}))
        << one.pointer;
    EXPECT_NE(told().find(one.says), std::string::npos) << one.pointer << ": " << told();
  }
  Json bad = good;
  bad["causes"] = many;
  const auto reply = tool_reply("submit_diagnosis", dump_json(bad));
  std::vector<std::string> notices;
  context_.notice = [&](const std::string& sentence) { notices.push_back(sentence); };
  const auto cut = diagnose({reply, reply, reply});
  ASSERT_TRUE(cut) << "the third time the first eight are taken";
  EXPECT_EQ(cut->causes.size(), 8u);
  EXPECT_EQ(notices.size(), 1u) << "and that is said";
}

TEST_F(DiagnoseTest, MixedGroupIsShownAsAPairWhoseTracesCanBothBeRead) {
  evidence_.group = {1, 2};
  evidence_.passing = evidence_.current;
  evidence_.passing->score = 1;
  evidence_.passing->trace = "iter_003/rollouts/t1.1/trajectory.jsonl";
  evidence_.passing_trace = "[1] right";
  write("run/iter_003/rollouts/t1.1/trajectory.jsonl",
        "{\"kind\":\"message\",\"role\":\"assistant\",\"text\":\"The right way.\"}\n");
  ASSERT_TRUE(diagnose({tool_reply("read_trace", R"({"from":1,"to":1,"run":"passing"})"),
                        tool_reply("submit_diagnosis", kGood)}));
  EXPECT_NE(told().find("The right way."), std::string::npos) << told();
  EXPECT_NE(user().find("<runs>\nmixed: 1 of 3 runs of this task under this skill were right\n"),
            std::string::npos);
  EXPECT_NE(user().find("<passing_trace>\n[1] right\n</passing_trace>"), std::string::npos);
  EXPECT_NE(model_->requests()[0].tools[0].parameters.find("passing"), std::string::npos);
}

TEST_F(DiagnoseTest, SuccessIsComparedWithTheEarlierRun) {
  evidence_.kind = EvidenceKind::contrastive;
  evidence_.initial = evidence_.current;
  evidence_.group = {1, 0};
  evidence_.initial->feedback = "all wrong";
  evidence_.initial_trace = "[1] earlier";
  ASSERT_TRUE(diagnose({tool_reply("submit_diagnosis", kGood)}));
  EXPECT_EQ(model_->requests()[0].messages[0].content, "prompt diagnose_success\n");
  const std::size_t trace = user().find("<trace>"), feedback = user().find("<earlier_feedback>"),
                    earlier = user().find("<earlier_trace>\n[1] earlier\n</earlier_trace>");
  ASSERT_NE(earlier, std::string::npos);
  EXPECT_LT(trace, feedback);
  EXPECT_LT(feedback, earlier);
}

TEST_F(DiagnoseTest, TraceIsReadAtFullLength) {
  ASSERT_TRUE(diagnose(
      {tool_reply("read_trace", R"({"from":2,"to":2})"), tool_reply("submit_diagnosis", kGood)}));
  EXPECT_EQ(told(), "[2] tool_output shell: whole output\n");
  ASSERT_TRUE(diagnose(
      {tool_reply("read_trace", R"({"from":7,"to":9})"), tool_reply("submit_diagnosis", kGood)}));
  EXPECT_NE(told().find("steps 1 to 3"), std::string::npos) << told();
  ASSERT_TRUE(diagnose({tool_reply("read_trace", R"({"from":1,"to":1,"run":"earlier"})"),
                        tool_reply("submit_diagnosis", kGood)}));
  EXPECT_NE(told().find("no trace of the earlier run"), std::string::npos) << told();
}

TEST_F(DiagnoseTest, EarlierRunIsOfferedWhereThereIsOne) {
  ASSERT_TRUE(diagnose({tool_reply("submit_diagnosis", kGood)}));
  EXPECT_EQ(model_->requests()[0].tools[0].parameters.find("earlier"), std::string::npos);
  evidence_.kind = EvidenceKind::contrastive;
  evidence_.initial = evidence_.current;
  ASSERT_TRUE(diagnose({tool_reply("submit_diagnosis", kGood)}));
  EXPECT_NE(model_->requests()[0].tools[0].parameters.find("earlier"), std::string::npos);
}

TEST_F(DiagnoseTest, WhatATraceDoesNotHaveGoesBack) {
  Json beyond = Json::parse(kGood);
  beyond["steps"] = {2, 9};
  const auto gradient = diagnose(
      {tool_reply("submit_diagnosis", dump_json(beyond)), tool_reply("submit_diagnosis", kGood)});
  ASSERT_TRUE(gradient);
  EXPECT_NE(told().find("no step 9"), std::string::npos) << told();
  EXPECT_EQ(gradient->causes.at(0).steps, (std::vector<int>{2, 3}));
}

TEST_F(DiagnoseTest, ArgumentThatAToolDoesNotKnowIsRefusedByName) {
  ASSERT_TRUE(diagnose({tool_reply("read_trace", R"({"from":1,"to":2,"steps":[7]})"),
                        tool_reply("submit_diagnosis", kGood)}));
  EXPECT_NE(told().find("steps"), std::string::npos) << told();
  ASSERT_TRUE(diagnose({tool_reply("read_file", R"({"path":"outputs/note.txt","lines":"1-3"})"),
                        tool_reply("submit_diagnosis", kGood)}));
  EXPECT_NE(told().find("lines"), std::string::npos) << told();
}

TEST_F(DiagnoseTest, AnalysisThatWouldBeCutLaterGoesBack) {
  Json longer = Json::parse(kGood);
  longer["analysis"] = std::string(7'000, 'x');
  const auto gradient = diagnose(
      {tool_reply("submit_diagnosis", dump_json(longer)), tool_reply("submit_diagnosis", kGood)});
  ASSERT_TRUE(gradient);
  EXPECT_NE(told().find("7000 bytes"), std::string::npos) << told();
  const auto reply = tool_reply("submit_diagnosis", dump_json(longer));
  EXPECT_TRUE(diagnose({reply, reply, reply})) << "the third time it is taken as it is";
}

TEST_F(DiagnoseTest, TextThatIsShownShortenedIsTold) {
  std::vector<std::string> notices;
  context_.notice = [&](const std::string& sentence) { notices.push_back(sentence); };
  ASSERT_TRUE(diagnose({tool_reply("submit_diagnosis", kGood)}));
  EXPECT_TRUE(notices.empty());
  evidence_.task_prompt = std::string(30'000, 'x');
  ASSERT_TRUE(diagnose({tool_reply("submit_diagnosis", kGood)}));
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("task text has 30000 bytes"), std::string::npos) << notices[0];
}

TEST_F(DiagnoseTest, FilesOfTheTaskAreReadAndNothingElse) {
  ASSERT_TRUE(diagnose({tool_reply("read_file", R"({"path":"outputs/note.txt"})"),
                        tool_reply("submit_diagnosis", kGood)}));
  EXPECT_EQ(told(), "a note");
  std::filesystem::create_symlink(temp_.path() / "outside.txt",
                                  dependencies_.run_dir / "iter_003/rollouts/t1.0/link.txt");
  std::filesystem::create_directory_symlink(temp_.path(),
                                            dependencies_.run_dir / "iter_003/rollouts/t1.0/up");
  for (const std::string& path :
       {std::string("../t2.0/other.txt"), std::string("../../../state.json"),
        std::string("outputs/../../t2.0/other.txt"), (temp_.path() / "outside.txt").string(),
        std::string("link.txt"), std::string("up/outside.txt"), std::string(""),
        std::string("outputs"), std::string("no.txt"), std::string(".")}) {
    ASSERT_TRUE(diagnose({tool_reply("read_file", dump_json({{"path", path}})),
                          tool_reply("submit_diagnosis", kGood)}))
        << path;
    EXPECT_EQ(told().find("another task"), std::string::npos) << path;
    EXPECT_EQ(told().find("secret"), std::string::npos) << path;
    EXPECT_NE(told(), "outside") << path;
    EXPECT_NE(told().find("outputs/note.txt"), std::string::npos) << path << ": " << told();
  }
}

TEST_F(DiagnoseTest, HandInThatDoesNotFitGoesBackTwiceAndThenIsAnError) {
  const std::vector<std::string> bad = {
      R"({"analysis":"x","skipped_step":"","steps":[],"known":""})",
      R"({"label":"","analysis":"x","skipped_step":"","steps":[],"known":""})",
      R"({"label":"one two three four five six seven eight nine ten eleven","analysis":"x","skipped_step":"","steps":[],"known":""})",
      R"({"label":"a b c","analysis":"","skipped_step":"","steps":[],"known":""})",
      R"({"label":"a b c","analysis":"x","skipped_step":"","steps":["two"],"known":""})",
      R"({"label":"a b c","analysis":"x","skipped_step":"","steps":[],"known":"no-such"})",
      R"({"label":"a b c","analysis":"x","skipped_step":"","steps":[],"known":"","verdict":1})"};
  for (const std::string& hand_in : bad) {
    const auto reply = tool_reply("submit_diagnosis", hand_in);
    auto gradient = diagnose({reply, reply, tool_reply("submit_diagnosis", kGood)});
    EXPECT_TRUE(gradient) << hand_in;
    EXPECT_NE(told().find("not accepted"), std::string::npos);
    expect_valid_history();
    gradient = diagnose({reply, reply, reply});
    ASSERT_FALSE(gradient) << hand_in;
    EXPECT_EQ(gradient.error().code, ErrorCode::malformed_reply);
  }
}

TEST_F(DiagnoseTest, ObjectAsTextIsUnderstoodBareFencedAndInProse) {
  for (const std::string& text : {std::string(kGood), "```json\n" + std::string(kGood) + "\n```",
                                  "Here it is:\n```\n" + std::string(kGood) + "\n```\nThat is all.",
                                  "My diagnosis: " + std::string(kGood) + " Done."}) {
    const auto gradient = diagnose({text_reply(text)});
    ASSERT_TRUE(gradient) << text;
    EXPECT_EQ(gradient->causes.at(0).label, "totals counted the header");
  }
}

TEST_F(DiagnoseTest, ProseIsNotADiagnosis) {
  const auto reply = text_reply("The agent should have looked at the header.");
  auto gradient = diagnose({reply, reply, reply});
  ASSERT_FALSE(gradient);
  EXPECT_EQ(gradient.error().code, ErrorCode::malformed_reply);
  EXPECT_NE(told().find("submit_diagnosis"), std::string::npos);
  EXPECT_TRUE(diagnose({reply, tool_reply("submit_diagnosis", kGood)}));
}

TEST_F(DiagnoseTest, RefusalIsNeverParsedAsADiagnosis) {
  llm::ChatReply refused = text_reply(kGood);
  refused.refused = true;
  llm::ChatReply filtered = tool_reply("submit_diagnosis", kGood);
  filtered.finish = llm::Finish::filtered;
  for (const auto& reply : {refused, filtered}) {
    const auto gradient = diagnose({reply});
    ASSERT_FALSE(gradient);
    EXPECT_EQ(gradient.error().code, ErrorCode::content_filter);
  }
}

TEST_F(DiagnoseTest, CutTextIsNotUsedEvenIfItParses) {
  llm::ChatReply cut = text_reply(kGood);
  cut.finish = llm::Finish::length;
  const auto gradient = diagnose({cut, cut, cut});
  ASSERT_FALSE(gradient);
  EXPECT_EQ(gradient.error().code, ErrorCode::malformed_reply);
}

TEST_F(DiagnoseTest, ModelThatOnlyReadsIsRemindedOnceAndThenIsAnError) {
  const auto reading = tool_reply("read_trace", R"({"from":1,"to":1,"run":"current"})");
  const Json options = {{"turns", 2}};
  EXPECT_TRUE(diagnose({reading, reading, tool_reply("submit_diagnosis", kGood)}, options));
  EXPECT_NE(told().find("turns are used up"), std::string::npos);
  const auto gradient = diagnose({reading, reading, reading, reading}, options);
  ASSERT_FALSE(gradient);
  EXPECT_EQ(gradient.error().code, ErrorCode::malformed_reply);
  EXPECT_EQ(model_->calls(), 4u);
}

TEST_F(DiagnoseTest, ErrorsOfTheEndpointKeepTheirCode) {
  for (const ErrorCode code : {ErrorCode::transient, ErrorCode::budget, ErrorCode::auth,
                               ErrorCode::cancelled, ErrorCode::context_overflow}) {
    const auto gradient = diagnose({fail(code, "why")});
    ASSERT_FALSE(gradient);
    EXPECT_EQ(gradient.error().code, code);
  }
}

TEST_F(DiagnoseTest, OptionsAreRead) {
  replies({});
  for (const Json& bad :
       {Json{{"turns", 0}}, Json{{"turn", 3}}, Json{{"turns", "many"}}, Json::array()}) {
    const auto stage = diagnoser_registry().make("llm", bad, dependencies_);
    ASSERT_FALSE(stage) << bad.dump();
    EXPECT_EQ(stage.error().code, ErrorCode::config);
  }
  EXPECT_TRUE(diagnoser_registry().make("llm", Json{{"name", "llm"}, {"turns", 3}}, dependencies_));
  const auto unknown = diagnoser_registry().make("lm", Json::object(), dependencies_);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().to_text().find("llm"), std::string::npos);
}

}  // namespace
}  // namespace skillgrad::optim
