// SPDX-License-Identifier: MIT
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/evidence.hpp>
#include <skillgrad/traces/labels.hpp>

namespace skillgrad::traces {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kChat =
    R"([{"role":"user","content":"Add."},{"role":"assistant","content":"12"}])";
constexpr const char* kTrajectory =
    R"({"kind":"message","turn":0,"role":"user","text":"<task>\nCount.\n</task>"}
{"kind":"message","turn":1,"role":"assistant","text":"4"}
)";

class TracesFolder : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& bytes) const {
    ASSERT_TRUE(write_file_atomic(dir_.path() / name, bytes));
  }
  [[nodiscard]] Reading read(const std::string& below = "") const {
    return read_sessions(dir_.path() / below, Redactor()).value();
  }
  [[nodiscard]] static std::vector<std::string> ids(const Reading& reading) {
    std::vector<std::string> out;
    for (const auto& session : reading.sessions) out.push_back(session.id);
    return out;
  }
  TempDir dir_ = TempDir::create("traces-test").value();
};

TEST_F(TracesFolder, FormatsAreToldByWhatFilesHold) {
  for (const char* name :
       {"claude_code.jsonl", "codex.jsonl", "opencode.json", "messages.json", "atif.json"})
    put(std::string("deep/er/") + name + ".txt",
        read_file(fs::path(SKILLGRAD_SOURCE_DIR) / "tests/data/traces" / name).value());
  put("notes.md", "# no session\n");
  put("settings.json", "{\"a\":1}");
  const Reading reading = read();
  EXPECT_THAT(ids(reading), ElementsAre("deep/er/atif.json.txt", "deep/er/claude_code.jsonl.txt",
                                        "deep/er/codex.jsonl.txt", "deep/er/messages.json.txt",
                                        "deep/er/opencode.json.txt"));
  EXPECT_THAT(reading.notes,
              Contains(HasSubstr("2 files hold no session in a format that is known: notes.md")));
  EXPECT_EQ(reading.files, 7U);
}

TEST_F(TracesFolder, ADatabaseIsNamedWithWhatPrintsItsSessions) {
  put("a.json", kChat);
  put("opencode.db", std::string("SQLite format 3\0rest", 20));
  EXPECT_THAT(read().notes, ElementsAre(HasSubstr("opencode export SESSION")));
}

TEST_F(TracesFolder, ACopyOfASessionCountsOnce) {
  put("a.json", kChat);
  put("b.json", kChat);
  const Reading reading = read();
  EXPECT_THAT(ids(reading), ElementsAre("a.json"));
  EXPECT_THAT(reading.notes, Contains("b.json: not used: the same as a.json"));
}

TEST_F(TracesFolder, LinksAreNotFollowed) {
  put("a.json", kChat);
  fs::create_symlink("/etc", dir_.path() / "link");
  const Reading reading = read();
  EXPECT_THAT(reading.sessions, SizeIs(1));
  EXPECT_THAT(reading.notes, Contains("link: not followed: it is a link"));
}

TEST_F(TracesFolder, ThatIsNotThereIsAnErrorWithAMend) {
  const auto reading = read_sessions(dir_.path() / "none", Redactor());
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, ErrorCode::input);
  EXPECT_FALSE(reading.error().mend.empty());
}

TEST_F(TracesFolder, RolloutsOfARunHaveTheirGrades) {
  put("run/config.json", R"({"schema":"skillgrad.config/1"})");
  put("run/plan.json", R"({"splits":{"train":["a"],"val":["v"],"test":["t"]}})");
  const auto rollout = [&](const std::string& place, const std::string& task, double score) {
    put("run/" + place + "/trajectory.jsonl", kTrajectory + std::string("\n\n"));
    put("run/" + place + "/loss.json", dump_json({{"task_id", task},
                                                  {"status", score < 1 ? "fail" : "pass"},
                                                  {"score", score},
                                                  {"feedback", "expected 5"}}));
  };
  rollout("base/rollouts/a.0", "a", 0.25);
  rollout("test/initial/rollouts/t.0", "t", 1);
  rollout("iter_001/gate/rollouts/v.0", "v", 0);
  put("run/base/rollouts/a.0/outputs/chat.json", kChat);
  put("run/events.jsonl", "{\"role\":\"user\",\"content\":\"x\"}\n");
  const Reading reading = read();
  ASSERT_THAT(ids(reading), ElementsAre("run/base/rollouts/a.0/trajectory.jsonl"));
  const Session& session = reading.sessions.front();
  EXPECT_EQ(session.outcome->score, 0.25);
  EXPECT_EQ(session.outcome->by, Witness::record);
  EXPECT_EQ(session.outcome->text, "expected 5");
  EXPECT_THAT(reading.notes, Contains(HasSubstr("2 rollouts of tasks that judged patches")));
}

TEST_F(TracesFolder, AnErrorOfARunIsNoGrade) {
  put("trajectory.jsonl", kTrajectory);
  put("loss.json", R"({"task_id":"a","status":"error","score":0,"error":"no endpoint"})");
  const Reading reading = read();
  ASSERT_THAT(reading.sessions, SizeIs(1));
  EXPECT_FALSE(reading.sessions.front().outcome);
  EXPECT_THAT(reading.notes, Contains(HasSubstr("its grade is an error")));
}

TEST_F(TracesFolder, AVerifiersRewardGradesTheTrajectoryBesideIt) {
  const std::string atif =
      replace_all(read_file(fs::path(SKILLGRAD_SOURCE_DIR) / "tests/data/traces/atif.json").value(),
                  "\"extra\":{\"reward\":1.0}", "\"extra\":{}");
  put("one/agent/trajectory.json", atif);
  put("one/verifier/reward.txt", "0.0\n");
  const Reading reading = read();
  ASSERT_THAT(reading.sessions, SizeIs(1));
  ASSERT_TRUE(reading.sessions.front().outcome);
  EXPECT_EQ(reading.sessions.front().outcome->score, 0);
}

TEST_F(TracesFolder, LabelsAreKeptBesideAndOutrankTheRecord) {
  put("a.json", replace_all(std::string("{\"score\":1,\"messages\":") + kChat + "}", "Add", "Mul"));
  put("b.json", kChat);
  const Reading before = read();
  const fs::path file = labels_file(dir_.path());
  ASSERT_TRUE(write_labels(file, {{"a.json", before.sessions[0].sha256, 0.0, "wrong unit"}}));
  ASSERT_TRUE(write_labels(file, {{"b.json", "", std::nullopt, "no decimals"}}));
  const Reading after = read();
  ASSERT_THAT(after.sessions, SizeIs(2));
  EXPECT_EQ(after.sessions[0].outcome->by, Witness::label);
  EXPECT_EQ(after.sessions[0].outcome->score, 0);
  EXPECT_EQ(after.sessions[0].outcome->text, "wrong unit");
  EXPECT_EQ(after.sessions[1].outcome->by, Witness::note);
  EXPECT_EQ(after.sessions[1].outcome->score, 0);
  EXPECT_EQ(read_file(dir_.path() / "b.json").value(), kChat);
}

TEST_F(TracesFolder, ALabelOfWhatHasChangedIsNotUsed) {
  put("a.json", kChat);
  ASSERT_TRUE(
      write_labels(labels_file(dir_.path()), {{"a.json", read().sessions[0].sha256, 1.0, ""}}));
  put("a.json", replace_all(kChat, "12", "13"));
  const Reading reading = read();
  EXPECT_FALSE(reading.sessions[0].outcome);
  EXPECT_THAT(reading.notes, Contains(HasSubstr("changed since it was labelled")));
}

TEST_F(TracesFolder, ALabelFollowsItsSessionToAnotherName) {
  put("a.json", kChat);
  ASSERT_TRUE(
      write_labels(labels_file(dir_.path()), {{"a.json", read().sessions[0].sha256, 1.0, ""}}));
  fs::rename(dir_.path() / "a.json", dir_.path() / "z.json");
  EXPECT_EQ(read().sessions[0].outcome->score, 1);
}

TEST_F(TracesFolder, ADamagedLabelIsAnErrorThatNamesItsLine) {
  put("a.json", kChat);
  for (const char* line :
       {"{\"session\":\"a.json\"}", "{\"session\":\"a.json\",\"score\":2}", "{\"score\":1}",
        "nonsense", "{\"session\":\"a.json\",\"score\":1,\"scroe\":1}"}) {
    put("labels.jsonl", std::string("\n") + line + "\n");
    const auto reading = read_sessions(dir_.path(), Redactor());
    ASSERT_FALSE(reading) << line;
    EXPECT_THAT(reading.error().where, HasSubstr("labels.jsonl:2")) << line;
  }
}

TEST(Labels, ScoresAreWordsOrNumbers) {
  EXPECT_EQ(read_score("pass").value(), 1);
  EXPECT_EQ(read_score("fail").value(), 0);
  EXPECT_EQ(read_score("0.7").value(), 0.7);
  EXPECT_EQ(read_score("note").value(), std::nullopt);
  for (const char* wrong : {"", "good", "2", "-1", "nan", "[1]"})
    EXPECT_FALSE(read_score(wrong)) << wrong;
}

Session graded(const std::string& id, double score) {
  Session out;
  out.id = id;
  out.sha256 = std::string(64, 'a') + id;
  out.request = "Add.";
  out.corrections = {"With a unit."};
  out.final_message = "12";
  out.skills = {"tables"};
  out.skill_texts["tables"] = "## SKILL.md\nRead.\n";
  out.trajectory.events.push_back(
      {agent::TraceEvent::Kind::message, 1, "assistant", "", "", "12", false});
  out.outcome = Outcome{Witness::label, score, "no unit"};
  return out;
}

TEST(TraceBenchmark, ASessionIsATaskThatHasBeenRun) {
  const TraceBenchmark benchmark(nullptr, "sessions", {graded("a", 0), graded("b", 1)});
  ASSERT_THAT(benchmark.tasks(), SizeIs(2));
  const bench::Task& task = *benchmark.find("a");
  EXPECT_TRUE(task.recorded);
  EXPECT_EQ(task.prompt, "Add.");
  EXPECT_FALSE(benchmark.needs_work_dir(task));
  EXPECT_EQ(benchmark.find("c"), nullptr);
  const auto grade = benchmark.grade(task, {}, {});
  EXPECT_EQ(grade.status, bench::GradeStatus::fail);
  EXPECT_THAT(grade.message, HasSubstr("no unit\n(recorded session; graded by a person's label)"));
  EXPECT_THAT(grade.message, HasSubstr("1. With a unit."));
  EXPECT_EQ(benchmark.grade(*benchmark.find("b"), {}, {}).status, bench::GradeStatus::pass);
  EXPECT_FALSE(benchmark.golden_answer(task, {}));
}

TEST(TraceBenchmark, AnotherGradeIsAnotherTask) {
  const TraceBenchmark one(nullptr, "s", {graded("a", 0)}), other(nullptr, "s", {graded("a", 1)});
  EXPECT_NE(one.find("a")->hash, other.find("a")->hash);
  EXPECT_EQ(one.find("a")->content_hash, other.find("a")->content_hash);
}

class NobodyRuns final : public agent::Executor {
 public:
  agent::Rollout run(const agent::RolloutRequest& request, const llm::CallContext&) override {
    ++runs;
    agent::Rollout out;
    out.task_id = request.task->id;
    return out;
  }
  [[nodiscard]] std::string system_prompt(const skill::SkillPackage*) const override { return "p"; }
  int runs = 0;
};

TEST(TraceExecutor, AnswersWithWhatWasRecordedAndRunsNothing) {
  const TraceBenchmark benchmark(nullptr, "s", {graded("a", 0)});
  NobodyRuns next;
  const auto executor = make_trace_executor(benchmark, next);
  const auto skill =
      skill::SkillPackage::from_files("tables", "---\nname: tables\ndescription: d\n---\n# T\n", {})
          .value();
  agent::RolloutRequest request;
  request.task = benchmark.find("a");
  request.skill = &skill;
  const auto rollout = executor->run(request, {});
  EXPECT_EQ(next.runs, 0);
  EXPECT_EQ(rollout.end, agent::EndState::finished);
  EXPECT_EQ(rollout.final_message, "12");
  EXPECT_EQ(rollout.skill_text, "## SKILL.md\nRead.\n");
  EXPECT_TRUE(rollout.activated);
  bench::Task task;
  task.id = "other";
  request.task = &task;
  EXPECT_EQ(executor->run(request, {}).task_id, "other");
  EXPECT_EQ(next.runs, 1);
}

}  // namespace
}  // namespace skillgrad::traces
