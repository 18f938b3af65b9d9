// SPDX-License-Identifier: MIT
#include <fstream>

#include <gtest/gtest.h>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

#include "agent/executor_tools.hpp"
#include "fakes/fake_chat_model.hpp"
#include "fakes/fake_sandbox.hpp"
#include "fakes/golden_prompt.hpp"

namespace skillgrad::agent {
namespace {

using fakes::command_result;
using fakes::FakeChatModel;
using fakes::FakeSandbox;
using fakes::text_reply;
using fakes::tool_reply;

/// Writes one input file; or fails.
class OneFileBenchmark final : public bench::Benchmark {
 public:
  std::optional<Error> set_up_error;
  mutable int set_ups = 0;
  bool needs_folder = true;
  [[nodiscard]] bool needs_work_dir(const bench::Task&) const override { return needs_folder; }
  [[nodiscard]] std::string name() const override { return "one-file"; }
  [[nodiscard]] std::string source() const override { return ""; }
  [[nodiscard]] std::string grading() const override { return ""; }
  [[nodiscard]] const std::vector<bench::Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<bench::Splits> own_splits() const override { return std::nullopt; }
  [[nodiscard]] Result<> set_up(const bench::Task&, const std::filesystem::path& dir,
                                const bench::GradeContext&) const override {
    ++set_ups;
    if (set_up_error) return tl::unexpected(*set_up_error);
    return write_file_atomic(dir / "input.txt", "data");
  }
  [[nodiscard]] bench::Grade grade(const bench::Task&, const bench::AgentAnswer&,
                                   const bench::GradeContext&) const override {
    return {};
  }
  [[nodiscard]] Result<bench::AgentAnswer> golden_answer(
      const bench::Task&, const std::filesystem::path&) const override {
    return fail(ErrorCode::dataset, "none");
  }
  [[nodiscard]] Result<bench::AgentAnswer> prediction(const bench::Task&, const Json&,
                                                      const std::filesystem::path&,
                                                      const std::filesystem::path&) const override {
    return fail(ErrorCode::dataset, "none");
  }

 private:
  std::vector<bench::Task> tasks_;
  std::vector<std::string> notices_;
};

skill::SkillPackage demo_skill() {
  std::map<std::string, skill::BundledFile> files;
  files["references/dates.md"].bytes = "# Dates\nUse ISO.\n";
  files["references/huge.md"].bytes = std::string(49'999, 'h') + "\xC3\xA4" + "tail";
  files["assets/logo.bin"].bytes = std::string("\xFF\xFE\x00", 3);
  files["evals/evals.json"].bytes = "{\"golden\":42}";
  auto package = skill::SkillPackage::from_files(
      "demo", "---\nname: demo\ndescription: Demo work.\n---\n# Demo\nDo it well.\n",
      std::move(files));
  EXPECT_TRUE(package) << package.error().to_text();
  return std::move(*package);
}

class ToolExecutorTest : public ::testing::Test {
 protected:
  ToolExecutorTest() : temp_(std::move(*TempDir::create("executor-test"))), skill_(demo_skill()) {
    task_.id = "t1";
    task_.prompt = "Write output.txt </task> please";
    request_.task = &task_;
    request_.skill = &skill_;
    request_.skill_dir = temp_.path() / "pkg" / "skill";
    request_.scope = "iter_001/rollouts/t1.0";
  }
  Rollout run(std::vector<Result<llm::ChatReply>> replies) {
    model_ = std::make_unique<FakeChatModel>(FakeChatModel::replies(std::move(replies)));
    sandbox_ = std::make_unique<FakeSandbox>(script_, remaps_);
    ExecutorDependencies dependencies;
    dependencies.model = model_.get();
    dependencies.benchmark = &benchmark_;
    dependencies.sandbox = sandbox_.get();
    dependencies.clock = &clock_;
    dependencies.prompt = prompt_;
    dependencies.neighbours = neighbours_;
    if (!facts_.empty())
      dependencies.shell_facts = [this] {
        ++measured_;
        return facts_;
      };
    return make_executor(dependencies)->run(request_, {});
  }
  /// Result of the last tool call as shown to the model.
  [[nodiscard]] std::string last_result() const {
    return model_->requests().back().messages.back().content;
  }

  TempDir temp_;
  skill::SkillPackage skill_;
  std::vector<Neighbour> neighbours_;
  bench::Task task_;
  RolloutRequest request_;
  OneFileBenchmark benchmark_;
  ManualClock clock_;
  FakeSandbox::Script script_;
  bool remaps_ = true;
  std::string prompt_ = "You work.\n", facts_;
  int measured_ = 0;
  std::unique_ptr<FakeChatModel> model_;
  std::unique_ptr<FakeSandbox> sandbox_;
};

TEST_F(ToolExecutorTest, ConversationIsPromptCatalogAndTask) {
  const Rollout rollout = run({text_reply("done")});
  EXPECT_EQ(rollout.end, EndState::finished);
  EXPECT_EQ(rollout.final_message, "done");
  EXPECT_FALSE(rollout.activated);
  EXPECT_EQ(rollout.skill_text, "");
  const llm::ChatRequest sent = model_->requests()[0];
  ASSERT_EQ(sent.messages.size(), 2u);
  const std::string system = sent.messages[0].content;
  EXPECT_EQ(system.find("You work.\n\n<available_skills>"), 0u) << system;
  EXPECT_NE(system.find("Demo work."), std::string::npos);
  EXPECT_NE(system.find("/skills/demo/SKILL.md"), std::string::npos);
  EXPECT_EQ(system.find(temp_.path().string()), std::string::npos);
  EXPECT_EQ(sent.messages[1].content, "<task>\nWrite output.txt <\\/task> please\n</task>\n");
  EXPECT_EQ(sent.stage, "executor");
  EXPECT_EQ(sent.scope, request_.scope);
}

class ExecutorPrompt : public ToolExecutorTest {};

TEST_F(ExecutorPrompt, IsWholeInItsRendering) {
  prompt_ = fakes::shipped_prompt("executor");
  facts_ = "python3 is 3.11.2, with the packages openpyxl 3.1.2; nothing can be installed.";
  run({text_reply("done")});
  fakes::expect_golden_prompt("executor", fakes::rendered(model_->requests()[0]));
}

TEST_F(ExecutorPrompt, NamesTheSkillsThatCanBeActivatedAndWhatTheShellOffers) {
  facts_ = "python3 is 3.11.2, with its standard library only; nothing can be installed.";
  request_.limits.command_time = std::chrono::seconds(90);
  run({text_reply("done")});
  EXPECT_EQ(measured_, 1);
  const auto tools = model_->requests()[0].tools;
  for (const std::size_t tool : {0U, 1U}) {
    const auto parameters = parse_json(tools.at(tool).parameters, "test");
    ASSERT_TRUE(parameters);
    EXPECT_EQ((*parameters)["properties"]["skill"]["enum"], Json::array({"demo"}));
  }
  EXPECT_NE(tools.at(2).description.find("A command may take 90 s and 4 GiB of memory; the work "
                                         "directory may hold 2 GiB. " +
                                         facts_),
            std::string::npos)
      << tools[2].description;
  request_.skill = nullptr;
  run({text_reply("done")});
  EXPECT_EQ(model_->requests()[0].tools.at(0).parameters.find("enum"), std::string::npos);
}

TEST_F(ExecutorPrompt, ShellIsMeasuredByACommandInTheSandbox) {
  FakeSandbox sandbox([](const exec::CommandSpec& spec, std::size_t) {
    EXPECT_NE(spec.stdin_text.find("importlib"), std::string::npos);
    return command_result("3.11.2\nopenpyxl 3.1.2\npandas 2.1.0\n");
  });
  EXPECT_EQ(measure_shell(sandbox, {}),
            "python3 is 3.11.2, with the packages openpyxl 3.1.2, pandas 2.1.0; nothing can be "
            "installed.");
  FakeSandbox bare([](const exec::CommandSpec&, std::size_t) { return command_result("", 127); });
  EXPECT_EQ(measure_shell(bare, {}), "There is no python3.");
  FakeSandbox broken([](const exec::CommandSpec&, std::size_t) -> Result<exec::CommandResult> {
    return fail(ErrorCode::sandbox, "no user namespaces");
  });
  EXPECT_EQ(measure_shell(broken, {}), "") << "nothing is invented";
}

TEST_F(ToolExecutorTest, AnAnswerInWordsNeedsNoFolder) {
  benchmark_.needs_folder = false;
  Rollout rollout = run({text_reply("done")});
  EXPECT_EQ(rollout.folder, nullptr);
  EXPECT_EQ(rollout.work_dir(), "");
  EXPECT_EQ(benchmark_.set_ups, 0);

  script_ = [](const exec::CommandSpec& spec, std::size_t) -> Result<exec::CommandResult> {
    return command_result(*read_file(spec.work_dir / "input.txt"));
  };
  rollout = run({tool_reply("shell", R"({"command":"cat input.txt"})"),
                 tool_reply("shell", R"({"command":"cat input.txt"})"), text_reply("done")});
  EXPECT_EQ(benchmark_.set_ups, 1) << "both commands work in one folder";
  EXPECT_EQ(last_result(), "exit code: 0\nstdout:\ndata\n");
  EXPECT_EQ(*read_file(rollout.work_dir() / "input.txt"), "data") << "it outlives the run";
}

TEST_F(ToolExecutorTest, AGradingThatLooksIntoTheFolderFindsItSetUp) {
  const Rollout rollout = run({text_reply("done")});
  EXPECT_EQ(*read_file(rollout.work_dir() / "input.txt"), "data");
}

TEST_F(ToolExecutorTest, CatalogIsEmptyWithoutASkill) {
  request_.skill = nullptr;
  request_.skill_dir.clear();
  run({tool_reply("activate_skill", R"({"skill":"demo"})"), text_reply("done")});
  const std::string system = model_->requests()[0].messages[0].content;
  EXPECT_NE(system.find("<available_skills>\n</available_skills>"), std::string::npos);
  EXPECT_NE(last_result().find("no skill is available"), std::string::npos);
}

TEST_F(ToolExecutorTest, NeighboursStandInTheCatalogueByNameAndCanBeActivated) {
  auto other = skill::SkillPackage::from_files(
      "art", "---\nname: art\ndescription: Draws.\n---\n# Art\nDraw it.\n", {});
  ASSERT_TRUE(other);
  neighbours_.push_back({*other, {}});
  const Rollout rollout =
      run({tool_reply("activate_skill", R"({"skill":"art"})"), text_reply("done")});
  const std::string system = model_->requests()[0].messages[0].content;
  const std::size_t art = system.find("<name>\nart\n"), demo = system.find("<name>\ndemo\n");
  EXPECT_LT(art, demo);
  EXPECT_NE(demo, std::string::npos);
  EXPECT_EQ(system.find("<available_skills>"), system.rfind("<available_skills>"));
  EXPECT_NE(model_->requests()[0].tools[0].parameters.find(R"(["art","demo"])"), std::string::npos);
  EXPECT_NE(last_result().find("Draw it."), std::string::npos);
  EXPECT_FALSE(rollout.activated) << "that of the request is another one";
  EXPECT_EQ(rollout.skill_text, "");
  EXPECT_EQ(rollout.activated_skills, std::vector<std::string>{"art"});
}

TEST_F(ToolExecutorTest, OfASetAllSkillsAreOfferedAndWhatWasLoadedOfEachIsTold) {
  auto set = skill::SkillPackage::from_files(
      "office", "",
      {{"art/SKILL.md", {"---\nname: art\ndescription: Draws.\n---\n# Art\nDraw it.\n"}},
       {"demo/SKILL.md", {"---\nname: demo\ndescription: Demo work.\n---\n# Demo\nDo it well.\n"}},
       {"demo/references/x.md", {"# X\nMore of it.\n"}},
       {"demo/evals/tasks.jsonl", {"{}\n"}}});
  ASSERT_TRUE(set);
  skill_ = *set;
  ASSERT_TRUE(skill_.save(request_.skill_dir));
  const Rollout rollout =
      run({tool_reply("activate_skill", R"({"skill":"demo"})"),
           tool_reply("read_reference", R"({"skill":"demo","path":"references/x.md"})"),
           tool_reply("activate_skill", R"({"skill":"art"})"), text_reply("done")});
  const std::string system = model_->requests()[0].messages[0].content;
  EXPECT_NE(system.find("/skills/art/SKILL.md"), std::string::npos);
  EXPECT_NE(system.find("/skills/demo/SKILL.md"), std::string::npos);
  EXPECT_NE(model_->requests()[0].tools[0].parameters.find(R"(["art","demo"])"), std::string::npos);
  EXPECT_TRUE(rollout.activated);
  EXPECT_EQ(rollout.activated_skills, (std::vector<std::string>{"demo", "art"}));
  EXPECT_EQ(rollout.skill_text,
            "## art/SKILL.md\n# Art\nDraw it.\n\n## demo/SKILL.md\n# Demo\nDo it well.\n\n"
            "## demo/references/x.md\n# X\nMore of it.\n");
}

TEST_F(ToolExecutorTest, OfASetEachSkillIsMountedByItself) {
  skill_ = *skill::SkillPackage::from_files(
      "office", "",
      {{"a/SKILL.md", {"---\nname: a\ndescription: d\n---\nA.\n"}},
       {"b/SKILL.md", {"---\nname: other\ndescription: d\n---\nB.\n"}}});
  const auto mounts = mounts_of(&skill_, "/run/skill");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0], std::pair(std::filesystem::path("/run/skill/a"), std::string("/skills/a")));
  EXPECT_EQ(mounts[1],
            std::pair(std::filesystem::path("/run/skill/b"), std::string("/skills/other")));
  const auto one = demo_skill();
  EXPECT_EQ(mounts_of(&one, "/run/skill").at(0).first, "/run/skill");
  EXPECT_TRUE(mounts_of(nullptr, "").empty());
}

TEST_F(ToolExecutorTest, ARunThatActivationDecidesEndsWithThatOfItsSkillAlone) {
  auto other = skill::SkillPackage::from_files(
      "art", "---\nname: art\ndescription: Draws.\n---\n# Art\nDraw it.\n", {});
  ASSERT_TRUE(other);
  neighbours_.push_back({*other, {}});
  task_.activation_decides = true;
  const Rollout rollout =
      run({tool_reply("activate_skill", R"({"skill":"art"})"),
           tool_reply("activate_skill", R"({"skill":"demo"})"), text_reply("never asked for")});
  EXPECT_EQ(model_->requests().size(), 2U);
  EXPECT_EQ(rollout.end, EndState::finished);
  EXPECT_TRUE(rollout.activated);
  EXPECT_EQ(rollout.activated_skills, (std::vector<std::string>{"art", "demo"}));
}

TEST_F(ToolExecutorTest, ActivationShowsBodyFolderAndFilesButNoContentAndNoEvals) {
  const Rollout rollout =
      run({tool_reply("activate_skill", R"({"skill":"demo"})"), text_reply("done")});
  EXPECT_NE(last_result().find("Do it well."), std::string::npos);
  EXPECT_NE(last_result().find("/skills/demo"), std::string::npos);
  EXPECT_NE(last_result().find("references/dates.md\n"), std::string::npos);
  EXPECT_EQ(last_result().find("Use ISO"), std::string::npos);
  EXPECT_EQ(last_result().find("evals"), std::string::npos);
  EXPECT_TRUE(rollout.activated);
  EXPECT_EQ(rollout.skill_text, "## SKILL.md\n# Demo\nDo it well.\n");
}

TEST_F(ToolExecutorTest, SecondActivationIsANoticeAndAnUnknownNameListsTheNames) {
  run({tool_reply("activate_skill", R"({"skill":"demo"})"),
       tool_reply("activate_skill", R"({"skill":"Demo"})"), text_reply("done")});
  EXPECT_NE(last_result().find("already active"), std::string::npos);
  EXPECT_EQ(last_result().find("Do it well."), std::string::npos);
  run({tool_reply("activate_skill", R"({"skill":"other"})"), text_reply("done")});
  EXPECT_NE(last_result().find("available: demo"), std::string::npos);
}

TEST_F(ToolExecutorTest, ReferenceIsReadAndCountsAsLoaded) {
  const Rollout rollout =
      run({tool_reply("activate_skill", R"({"skill":"demo"})"),
           tool_reply("read_reference", R"({"skill":"demo","path":"./references/dates.md"})"),
           text_reply("done")});
  EXPECT_EQ(last_result(), "# Dates\nUse ISO.\n");
  EXPECT_EQ(rollout.skill_text,
            "## SKILL.md\n# Demo\nDo it well.\n\n## references/dates.md\n# Dates\nUse ISO.\n");
}

TEST_F(ToolExecutorTest, ReferencePathsOutsideThePackageListTheFiles) {
  std::ofstream(temp_.path() / "secret.txt") << "secret";
  for (const char* path : {"../../secret.txt", "/etc/passwd", "evals/evals.json",
                           "references/../../../secret.txt", "", "references"}) {
    run({tool_reply("read_reference", std::string(R"({"skill":"demo","path":")") + path + "\"}"),
         text_reply("done")});
    EXPECT_NE(last_result().find("has no file"), std::string::npos) << path;
    EXPECT_NE(last_result().find("references/dates.md"), std::string::npos) << path;
    EXPECT_EQ(last_result().find("golden"), std::string::npos) << path;
    EXPECT_EQ(last_result().find("evals/evals.json\n"), std::string::npos) << path;
  }
}

TEST_F(ToolExecutorTest, ReferenceIsCappedOnACodePointBorderAndBinaryIsRefused) {
  run({tool_reply("read_reference", R"({"skill":"demo","path":"references/huge.md"})"),
       text_reply("done")});
  EXPECT_EQ(last_result().find("\n[only the first 49999 of 50005 bytes are shown]"), 49'999u);
  run({tool_reply("read_reference", R"({"skill":"demo","path":"assets/logo.bin"})"),
       text_reply("done")});
  EXPECT_NE(last_result().find("not a text file"), std::string::npos);
}

TEST_F(ToolExecutorTest, ShellRunsBashInTheWorkDirectoryWithoutTheEnvironment) {
  script_ = [](const exec::CommandSpec&, std::size_t) -> Result<exec::CommandResult> {
    exec::CommandResult result = command_result("out\n", 3);
    result.err = "warn";
    return result;
  };
  const Rollout rollout =
      run({tool_reply("shell", R"({"command":"cat /task/input.txt"})"), text_reply("done")});
  EXPECT_EQ(last_result(), "exit code: 3\nstdout:\nout\nstderr:\nwarn");
  ASSERT_EQ(sandbox_->commands().size(), 1u);
  const exec::CommandSpec spec = sandbox_->commands()[0];
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"/bin/bash", "-c", "cat /task/input.txt"}));
  EXPECT_EQ(spec.work_dir, rollout.work_dir());
  ASSERT_EQ(spec.mounts.size(), 1u);
  EXPECT_EQ(spec.mounts[0].inside, "/skills/demo");
  EXPECT_EQ(spec.mounts[0].host, request_.skill_dir);
  EXPECT_EQ(spec.env, exec::scrubbed_environment());
  EXPECT_EQ(spec.limits.wall, request_.limits.command_time);
}

TEST_F(ToolExecutorTest, PathsAreTranslatedBothWaysWhereTheSandboxCannotRemap) {
  remaps_ = false;
  script_ = [&](const exec::CommandSpec& spec, std::size_t) -> Result<exec::CommandResult> {
    return command_result("ran " + spec.argv[2] + "\n" + request_.skill_dir.string() + "/x");
  };
  const Rollout rollout =
      run({tool_reply("shell",
                      R"({"command":"cd /task; ls '/task/a' /tasks b/task /skills/demo/s.py"})"),
           text_reply("done")});
  const std::string work = rollout.work_dir().string();
  EXPECT_EQ(sandbox_->commands()[0].argv[2], "cd " + work + "; ls '" + work + "/a' /tasks b/task " +
                                                 request_.skill_dir.string() + "/s.py");
  EXPECT_EQ(last_result(),
            "exit code: 0\nstdout:\nran cd /task; ls '/task/a' /tasks b/task "
            "/skills/demo/s.py\n/skills/demo/x\n");
}

TEST_F(ToolExecutorTest, ACommandTooLongForAnArgumentRunsAsAnyOther) {
  std::filesystem::create_directories(request_.skill_dir);
  auto plain = exec::make_sandbox_backend("none");
  ASSERT_TRUE(plain) << plain.error().to_text();
  script_ = [&](const exec::CommandSpec& spec, std::size_t) {
    return (*plain)->run(spec, std::stop_token{});
  };
  for (const std::size_t size : {std::size_t{200'000}, std::size_t{3'000'000}}) {
    const std::string command = "text='" + std::string(size, 'a') +
                                "'\necho ${#text} \"$(cat)\"\ncat <<EOF\n$0 done\nEOF\nexit 3";
    const Rollout rollout =
        run({tool_reply("shell", dump_json(Json{{"command", command}})), text_reply("x")});
    EXPECT_EQ(rollout.end, EndState::finished) << (rollout.error ? rollout.error->to_text() : "");
    EXPECT_EQ(last_result(),
              "exit code: 3\nstdout:\n" + std::to_string(size) + " \n/bin/bash done\n");
  }
}

TEST_F(ToolExecutorTest, TimedOutCommandSaysItsLimitAndTheAgentGoesOn) {
  script_ = [](const exec::CommandSpec&, std::size_t) -> Result<exec::CommandResult> {
    exec::CommandResult result;
    result.exit_code = 137;
    result.signal = 9;
    result.timed_out = true;
    result.seconds = 120.4;
    return result;
  };
  const Rollout rollout = run({tool_reply("shell", R"({"command":"sleep 999"})"), text_reply("x")});
  EXPECT_EQ(last_result(),
            "exit code: 137\nthe command was ended after its time limit of 120 s\n(no output)\n");
  EXPECT_EQ(rollout.end, EndState::finished);
}

TEST_F(ToolExecutorTest, CommandMayNotOutliveTheTaskLimit) {
  request_.limits.loop.time = std::chrono::seconds(30);
  script_ = [this](const exec::CommandSpec&, std::size_t) -> Result<exec::CommandResult> {
    clock_.advance(std::chrono::seconds(20));
    return command_result("");
  };
  run({tool_reply("shell", R"({"command":"a"})"), tool_reply("shell", R"({"command":"b"})"),
       text_reply("done")});
  ASSERT_EQ(sandbox_->commands().size(), 2u);
  EXPECT_EQ(sandbox_->commands()[0].limits.wall, std::chrono::seconds(30));
  EXPECT_EQ(sandbox_->commands()[1].limits.wall, std::chrono::seconds(10));
}

TEST_F(ToolExecutorTest, SkillReadThroughTheShellCountsAsLoaded) {
  script_ = [](const exec::CommandSpec&, std::size_t) -> Result<exec::CommandResult> {
    return command_result("# Dates\nUse ISO.\n");
  };
  const Rollout rollout =
      run({tool_reply("shell", R"({"command":"cat /skills/demo/references/dates.md"})"),
           text_reply("done")});
  EXPECT_EQ(rollout.skill_text, "## references/dates.md\n# Dates\nUse ISO.\n");
  EXPECT_FALSE(rollout.activated);
}

TEST_F(ToolExecutorTest, BadShellArgumentsAreAnErrorResult) {
  for (const char* arguments : {"{}", R"({"command":7})", R"({"command":"  "})"}) {
    const Rollout rollout = run({tool_reply("shell", arguments), text_reply("done")});
    EXPECT_NE(last_result().find("command"), std::string::npos) << arguments;
    EXPECT_EQ(rollout.end, EndState::finished);
    EXPECT_TRUE(sandbox_->commands().empty());
  }
}

TEST_F(ToolExecutorTest, FailingSandboxOrSetUpIsAnInfraErrorAndNoAnswer) {
  script_ = [](const exec::CommandSpec&, std::size_t) -> Result<exec::CommandResult> {
    return fail(ErrorCode::sandbox, "bwrap is gone");
  };
  Rollout rollout = run({tool_reply("shell", R"({"command":"ls"})")});
  EXPECT_EQ(rollout.end, EndState::infra_error);
  EXPECT_EQ(rollout.error->code, ErrorCode::sandbox);
  benchmark_.set_up_error = fail(ErrorCode::dataset, "no input file").value();
  benchmark_.needs_folder = false;
  rollout = run({tool_reply("shell", R"({"command":"ls"})")});
  EXPECT_EQ(rollout.end, EndState::infra_error);
  EXPECT_EQ(rollout.error->code, ErrorCode::dataset);
  EXPECT_TRUE(sandbox_->commands().empty());
  // Where the grading needs the folder, this is met before anything is paid for.
  benchmark_.needs_folder = true;
  rollout = run({});
  EXPECT_EQ(rollout.end, EndState::infra_error);
  EXPECT_EQ(rollout.error->code, ErrorCode::dataset);
  EXPECT_EQ(rollout.task_id, "t1");
  EXPECT_EQ(model_->calls(), 0u);
  EXPECT_EQ(rollout.trajectory.events.size(), 1u);
}

}  // namespace
}  // namespace skillgrad::agent
