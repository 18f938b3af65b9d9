// SPDX-License-Identifier: MIT
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop_fixture.hpp"
#include "optim/outputs.hpp"

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

TEST_F(RolloutsTest, ATaskWhoseRequestWasRefusedIsNotTriedAgain) {  // endpoints.md R3.2, T107
  tasks({"a", "b"}, {});
  executor_.score = [](const agent::RolloutRequest&) { return "1"; };
  const std::vector<std::pair<ErrorCode, std::size_t>> cases = {
      {ErrorCode::bad_request, 1},       {ErrorCode::context_overflow, 1},
      {ErrorCode::request_too_large, 1}, {ErrorCode::content_filter, 1},
      {ErrorCode::malformed_reply, 2},   {ErrorCode::transient, 2}};
  for (const auto& [code, runs] : cases) {
    executor_.failure = [code = code](const agent::RolloutRequest& request) {
      return request.task->id == "a" ? std::optional(code) : std::nullopt;
    };
    const std::string dir = to_string(code);
    const auto records = run(batch({"a", "b"}, dir));
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].status, "error") << dir;
    EXPECT_EQ(records[1].status, "pass") << dir;
    EXPECT_EQ(executor_.runs(dir + "/rollouts/a"), runs) << dir;
    EXPECT_TRUE(has(dir + "/rollouts/a.0/loss.json")) << dir;
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
  EXPECT_EQ(run(batch({"a"})).at(0).status, "fail");
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
    EXPECT_TRUE(all && !*all);
    const auto files = list_files(temp->path() / name);
    return files ? *files : std::vector<std::string>{};
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(kept("few", {.files = 3}), (Names{"big", "f0", "f1"}));
  EXPECT_EQ(kept("small", {.bytes_of_file = 20, .files = 2}), (Names{"f0", "f1"}));
  EXPECT_EQ(kept("total", {.bytes = 65}), (Names{"big", "f0", "f1"}));
  const auto all = keep_outputs(work, bench::Task{}, temp->path() / "all");
  EXPECT_TRUE(all && *all);
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
