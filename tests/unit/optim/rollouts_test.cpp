// SPDX-License-Identifier: MIT
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop_fixture.hpp"
#include "optim/rollouts/outputs.hpp"

namespace skillgrad::optim {
namespace {

class RolloutsTest : public LoopTest {
 protected:
  RolloutRunner::Batch batch(std::vector<std::string> ids, std::string dir = "base") {
    RolloutRunner::Batch out;
    out.skill = &parts_.initial;
    out.task_ids = std::move(ids);
    out.dir = std::move(dir);
    return out;
  }
  std::vector<LossRecord> run(const RolloutRunner::Batch& batch, unsigned jobs = 1) {
    auto rollouts = runner(jobs);
    auto records = rollouts.run(batch, {});
    EXPECT_TRUE(records) << records.error().to_text();
    return records ? *records : std::vector<LossRecord>{};
  }
};

TEST_F(RolloutsTest, AFinishedRolloutIsFoundAgainForTheSameSkillOnly) {
  tasks({"a"}, {});
  executor_.score = [](const agent::RolloutRequest& request) {
    return rule(request, 1) ? "1" : "0";
  };
  EXPECT_EQ(run(batch({"a"})).at(0).score, 0);
  EXPECT_EQ(run(batch({"a"})).at(0).score, 0);
  EXPECT_EQ(executor_.runs(), 1U) << "the same skill is not run again";

  skill::SkillPackage other = parts_.initial;
  ASSERT_TRUE(other.set_body(other.body() + "Rule of iteration 1.\n"));
  auto changed = batch({"a"});
  changed.skill = &other;
  EXPECT_EQ(run(changed).at(0).score, 1) << "the score of another skill was reported";
  auto none = batch({"a"});
  none.skill = nullptr;
  executor_.score = [](const agent::RolloutRequest&) { return "0.5"; };
  EXPECT_EQ(run(none).at(0).score, 0.5);
  EXPECT_EQ(run(none).at(0).score, 0.5);
  EXPECT_EQ(executor_.runs(), 3U);
}

TEST_F(RolloutsTest, OneThatLostAFileInAPowerCutIsDoneAgainAndSaysSo) {
  tasks({"a"}, {});
  executor_.work = [](const std::filesystem::path& work) {
    ASSERT_TRUE(write_file_atomic(work / "answer.txt", "42"));
  };
  run(batch({"a"}));
  std::size_t runs = executor_.runs();
  const std::filesystem::path dir = temp_.path() / "run/base/rollouts/a.0";
  for (const char* name : {"loss.json", "skill_text.md", "outputs/answer.txt"}) {
    SCOPED_TRACE(name);
    const auto whole = read_file(dir / name);
    ASSERT_TRUE(whole && !whole->empty());
    for (const std::string& left : {whole->substr(0, whole->size() / 2), std::string()}) {
      ASSERT_TRUE(write_file_atomic(dir / name, left));
      run(batch({"a"}));
      EXPECT_EQ(executor_.runs(), ++runs);
      EXPECT_TRUE(observer_.said(std::string(name) + " is cut off"));
      EXPECT_EQ(*read_file(dir / "outputs/answer.txt"), "42");
    }
    std::filesystem::remove(dir / name);
    run(batch({"a"}));
    EXPECT_EQ(executor_.runs(), ++runs);
  }
  run(batch({"a"}));
  EXPECT_EQ(executor_.runs(), runs) << "a whole one is found again";
}

TEST_F(RolloutsTest, OfAnEarlierVersionIsFoundAgain) {
  tasks({"a"}, {});
  run(batch({"a"}));
  const std::filesystem::path file = temp_.path() / "run/base/rollouts/a.0/loss.json";
  Json json = Json::parse(*read_file(file));
  json.erase("files");
  ASSERT_TRUE(write_file_atomic(file, dump_json(json)));
  run(batch({"a"}));
  EXPECT_EQ(executor_.runs(), 1U);
}

Error error_of(ErrorCode code) { return Error{code, "no", "model m", "", {}}; }

TEST_F(RolloutsTest, OnlyAnErrorThatMayNotComeAgainIsTriedOnceMore) {
  tasks({"a", "b"}, {});
  const std::pair<ErrorCode, std::size_t> cases[] = {
      {ErrorCode::bad_request, 2},       {ErrorCode::context_overflow, 2},
      {ErrorCode::request_too_large, 2}, {ErrorCode::content_filter, 2},
      {ErrorCode::internal, 2},          {ErrorCode::transient, 4},
      {ErrorCode::rate_limit, 4},        {ErrorCode::malformed_reply, 4},
      {ErrorCode::sandbox, 4},           {ErrorCode::infra, 4}};
  for (const auto& [code, runs] : cases) {
    const std::string dir = name_of(code);
    executor_.failure = [code = code](const agent::RolloutRequest&) { return error_of(code); };
    executor_.calls_before_failure = 4;
    auto records = runner().run(batch({"a", "b"}, dir), {});
    // With two tasks no endpoint is called dead.
    ASSERT_TRUE(records) << dir << ": " << records.error().to_text();
    EXPECT_EQ(executor_.runs(dir), runs) << dir;
    EXPECT_EQ(records->at(0).status, LossStatus::error);
    EXPECT_TRUE(has(dir + "/rollouts/a.0/loss.json")) << dir;
  }
}

TEST_F(RolloutsTest, RefusedTasksAmongServedOnesDoNotEndTheRun) {
  tasks({"a", "b", "c", "d", "e", "f"}, {});
  for (const ErrorCode code : {ErrorCode::bad_request, ErrorCode::malformed_reply}) {
    const std::string dir = name_of(code);
    executor_.failure = [code](const agent::RolloutRequest& request) {
      return request.task->id == "a" ? std::optional<Error>() : error_of(code);
    };
    const auto records = run(batch({"a", "b", "c", "d", "e", "f"}, dir));
    ASSERT_EQ(records.size(), 6U);
    EXPECT_EQ(records[0].status, LossStatus::fail);
    EXPECT_EQ(records[5].status, LossStatus::error);
  }
}

TEST_F(RolloutsTest, AnEndpointThatRefusesEveryoneFromTheStartEndsTheRun) {
  tasks({"a", "b", "c", "d"}, {});
  executor_.failure = [](const agent::RolloutRequest&) { return error_of(ErrorCode::bad_request); };
  auto rollouts = runner();
  const auto records = rollouts.run(batch({"a", "b", "c", "d"}), {});
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::bad_request);
  EXPECT_EQ(executor_.runs(), 3U);
  EXPECT_FALSE(has("base/rollouts/a.0/loss.json")) << "a resume asks again";
}

TEST_F(RolloutsTest, TasksThatFailWhileTheEndpointAnswersOthersAreErrorsAndNotTheEnd) {
  tasks({"a", "b", "c", "d", "e"}, {});
  llm::LedgerRow reply;
  reply.stage = "executor";
  reply.outcome = llm::AttemptOutcome::ok;
  bool answers = true;
  executor_.failure = [&](const agent::RolloutRequest&) {
    if (answers) accountant_.settle(0, 0, reply);
    auto lost = reply;
    lost.outcome = ErrorCode::transient;
    lost.billed = llm::Billed::no;
    for (int i = 0; i < 6; ++i) accountant_.settle(0, 0, lost);
    return error_of(ErrorCode::transient);
  };
  RolloutRunner heard(
      {&benchmark_, &executor_, loss_.get(), store_.get(), &observer_, {}, 1, &accountant_});
  const std::vector<std::string> all = {"a", "b", "c", "d", "e"};
  const auto served = heard.run(batch(all), {});
  ASSERT_TRUE(served) << served.error().to_text();
  answers = false;
  const auto dead = heard.run(batch(all, "later"), {});
  ASSERT_FALSE(dead);
  // The last task of the first batch, two tries of "a" and one of "b": three tasks without an
  // answer.
  EXPECT_EQ(executor_.runs("later"), 3U) << "two tries of a task are one task";
}

TEST_F(RolloutsTest, ThreeTasksInARowWithoutAnyAnswerEndTheRun) {
  tasks({"a", "b", "c", "d", "e"}, {});
  llm::LedgerRow lost;
  lost.stage = "executor";
  lost.outcome = llm::AttemptOutcome::unanswered;
  lost.billed = llm::Billed::unknown;
  executor_.failure = [&](const agent::RolloutRequest&) {
    accountant_.settle(0, 0, lost);  // cut by the task's limit
    return error_of(ErrorCode::transient);
  };
  RolloutRunner heard(
      {&benchmark_, &executor_, loss_.get(), store_.get(), &observer_, {}, 1, &accountant_});
  const auto dead = heard.run(batch({"a", "b", "c", "d", "e"}), {});
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().code, ErrorCode::transient);
  EXPECT_EQ(executor_.runs(), 5U) << "two tries of a and b, one of c";
  EXPECT_FALSE(has("base/rollouts/a.0/loss.json")) << "a resume asks again";
}

TEST_F(RolloutsTest, AFewSingleAttemptsAreNoDeadEndpoint) {
  tasks({"a", "b", "c", "d", "e"}, {});
  llm::LedgerRow lost;
  lost.stage = "executor";
  lost.outcome = ErrorCode::transient;
  lost.billed = llm::Billed::no;
  executor_.failure = [&](const agent::RolloutRequest&) {
    accountant_.settle(0, 0, lost);  // no retry is allowed any more
    return error_of(ErrorCode::transient);
  };
  RolloutRunner heard(
      {&benchmark_, &executor_, loss_.get(), store_.get(), &observer_, {}, 1, &accountant_});
  ASSERT_FALSE(heard.run(batch({"a", "b", "c", "d", "e"}), {}));
  EXPECT_EQ(executor_.runs(), 8U);
}

TEST_F(RolloutsTest, AStopOutranksACallThatFailsOnTheWayOut) {
  tasks({"a"}, {});
  std::stop_source stop;
  llm::CallContext call;
  call.stop = stop.get_token();
  const SteadyTime now = clock_.now();
  const auto end = [&](ErrorCode code, const std::string& failure = "") {
    return end_of_run(error_of(code), {call, now, failure});
  };
  EXPECT_EQ(end(ErrorCode::transient).code, ErrorCode::transient);
  stop.request_stop();
  for (const ErrorCode code :
       {ErrorCode::transient, ErrorCode::budget, ErrorCode::bad_request, ErrorCode::cancelled}) {
    EXPECT_EQ(end(code).code, ErrorCode::cancelled);
    EXPECT_NE(end(code, "HTTP 500: kaboom").message.find("HTTP 500: kaboom"), std::string::npos);
  }
  EXPECT_EQ(end(ErrorCode::disk_full).code, ErrorCode::disk_full);
  // What a hard limit of time stopped met a limit, and ends with exit code 4.
  call.hard_limit = now + std::chrono::seconds(1);
  EXPECT_EQ(end(ErrorCode::cancelled).code, ErrorCode::cancelled) << "a signal before the limit";
  call.hard_limit = now;
  EXPECT_EQ(end(ErrorCode::cancelled).code, ErrorCode::deadline);
  EXPECT_EQ(end(ErrorCode::disk_full).code, ErrorCode::disk_full);
}

TEST_F(RolloutsTest, WhatAStoppedBatchHasFinishedIsFoundAndTheRestIsSkipped) {
  tasks({"a", "b", "c"}, {});
  executor_.score = [](const agent::RolloutRequest&) { return "1"; };
  executor_.failure = [](const agent::RolloutRequest& request) {
    return request.task->id == "a" ? std::optional<Error>() : error_of(ErrorCode::budget);
  };
  auto rollouts = runner();
  ASSERT_FALSE(rollouts.run(batch({"a", "b", "c"}), {}));
  const auto records = rollouts.finished(batch({"a", "b", "c"}));
  ASSERT_TRUE(records);
  const auto summary = summarize(*records, 1);
  EXPECT_EQ(summary.by_status,
            (decltype(summary.by_status){{LossStatus::pass, 1}, {LossStatus::skipped, 2}}));
  EXPECT_EQ(summary.graded, 1U);
  EXPECT_EQ(summary.errors(), 0U);
  EXPECT_EQ(summary.error_rate(), 0);
  EXPECT_EQ(summary.score_errors_fail, 1);
}

TEST_F(RolloutsTest, WhatCouldNotBeUsedIsAskedAnewAndWhatWasNotAnsweredGoesOn) {
  tasks({"a"}, {});
  const std::pair<ErrorCode, std::vector<std::string>> cases[] = {
      {ErrorCode::malformed_reply, {"", "~retry", "~again1", "~again1~retry", "~again2"}},
      {ErrorCode::transient, {"", "~retry", "", "~retry", ""}}};
  for (const auto& [code, scopes] : cases) {
    const std::string dir = name_of(code);
    std::vector<std::string> seen;
    executor_.failure = [&, code = code](const agent::RolloutRequest& request) {
      seen.push_back(request.scope.substr((dir + "/rollouts/a.0").size()));
      return seen.size() < 5 ? std::optional<Error>(error_of(code)) : std::optional<Error>();
    };
    executor_.calls_before_failure = 4;
    // Two processes in which it fails, and one in which it does not.
    for (int process = 0; process < 3; ++process) run(batch({"a"}, dir));
    EXPECT_EQ(seen, scopes) << dir;
    EXPECT_NE(run(batch({"a"}, dir)).at(0).status, LossStatus::error);
    EXPECT_EQ(seen.size(), 5U) << "what is graded stays";
  }
}

TEST_F(RolloutsTest, ATaskNamedTwiceIsRunOnce) {
  tasks({"a", "b"}, {});
  auto twice = batch({"a", "b", "a"});
  twice.samples = 2;
  const auto records = run(twice, 4);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(executor_.runs(), 4U);
  EXPECT_EQ(records[0].task_id + records[1].task_id + records[2].task_id, "aab");
  EXPECT_EQ(records[1].sample, 1);
}

/// Folders in folders until their path is longer than the system takes.
void make_deep_folders(const std::filesystem::path& root) {
  int at = ::open(root.c_str(), O_DIRECTORY | O_RDONLY);
  const std::string name(200, 'd');
  for (int depth = 0; depth < 30 && at >= 0; ++depth) {
    ASSERT_EQ(::mkdirat(at, name.c_str(), 0755), 0);
    const int next = ::openat(at, name.c_str(), O_DIRECTORY | O_RDONLY);
    ::close(at);
    at = next;
  }
  const int file = ::openat(at, "deep.txt", O_CREAT | O_WRONLY, 0644);
  EXPECT_GE(file, 0);
  ::close(file);
  ::close(at);
}

TEST_F(RolloutsTest, WhatTheAgentLeftBehindCannotEndTheRun) {
  tasks({"a"}, {});
  executor_.work = [](const std::filesystem::path& work) {
    ASSERT_TRUE(write_file_atomic(work / "answer.txt", "42"));
    make_deep_folders(work);
    const int file = ::open((work / std::string(255, 'n')).c_str(), O_CREAT | O_WRONLY, 0644);
    EXPECT_GE(file, 0);
    ::close(file);
    ASSERT_EQ(::mkfifo((work / "pipe").c_str(), 0644), 0);
    std::filesystem::create_symlink("/etc/passwd", work / "link");
    std::filesystem::create_symlink(work, work / "loop");
    ASSERT_TRUE(write_file_atomic(work / "locked.txt", "x"));
    ASSERT_EQ(::chmod((work / "locked.txt").c_str(), 0), 0);
    std::filesystem::create_directory(work / "shut");
    ASSERT_EQ(::chmod((work / "shut").c_str(), 0), 0);
  };
  EXPECT_EQ(run(batch({"a"})).at(0).status, LossStatus::fail);
  EXPECT_TRUE(has("base/rollouts/a.0/outputs/answer.txt"));
  EXPECT_FALSE(has("base/rollouts/a.0/outputs/link")) << "a link may lead anywhere";
  EXPECT_FALSE(has("base/rollouts/a.0/outputs/pipe"));
  EXPECT_TRUE(observer_.said("a: outputs were graded but not kept"));
}

TEST(KeptOutputs, AFloodIsCutInTheOrderOfTheNames) {
  const auto temp = TempDir::create("outputs-test");
  ASSERT_TRUE(temp);
  const auto work = temp->path() / "work";
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(write_file_atomic(work / ("f" + std::to_string(i)), std::string(10, 'x')));
  ASSERT_TRUE(write_file_atomic(work / "big", std::string(40, 'x')));
  const auto kept = [&](const std::string& name, const OutputLimits& limits) {
    const auto all = keep_outputs(work, bench::Task{}, temp->path() / name, limits);
    EXPECT_TRUE(all && !all->all);
    const auto files = list_files(temp->path() / name);
    return files ? *files : std::vector<std::string>{};
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(kept("few", {.files = 3}), (Names{"big", "f0", "f1"}));
  EXPECT_EQ(kept("small", {.bytes_of_file = 20, .files = 2}), (Names{"f0", "f1"}));
  EXPECT_EQ(kept("total", {.bytes = 65}), (Names{"big", "f0", "f1"}));
  const auto all = keep_outputs(work, bench::Task{}, temp->path() / "all");
  EXPECT_TRUE(all && all->all);
}

TEST(KeptOutputs, AnErrorOfTheRunDirectoryIsAnError) {
  const auto temp = TempDir::create("outputs-test");
  ASSERT_TRUE(temp);
  ASSERT_TRUE(write_file_atomic(temp->path() / "work/answer.txt", "42"));
  ASSERT_TRUE(write_file_atomic(temp->path() / "run", "a file in the way"));
  const auto kept =
      keep_outputs(temp->path() / "work", bench::Task{}, temp->path() / "run/outputs");
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, ErrorCode::io);
}

TEST_F(RolloutsTest, InputsStayOutOfTheRunUnlessTheyAreTheOutput) {
  tasks({"a"}, {});
  benchmark_.tasks_[0].input_files = {"data.csv", "notes.txt"};
  benchmark_.tasks_[0].output_file = "notes.txt";
  executor_.work = [](const std::filesystem::path& work) {
    ASSERT_TRUE(write_file_atomic(work / "data.csv", "1,2"));
    ASSERT_TRUE(write_file_atomic(work / "notes.txt", "changed in place"));
  };
  run(batch({"a"}));
  EXPECT_FALSE(has("base/rollouts/a.0/outputs/data.csv"));
  EXPECT_TRUE(has("base/rollouts/a.0/outputs/notes.txt"));
  EXPECT_FALSE(observer_.said("not kept"));
}

}  // namespace
}  // namespace skillgrad::optim
