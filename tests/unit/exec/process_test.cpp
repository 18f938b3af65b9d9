// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "exec/process/capture.hpp"
#include "exec/process/tree_cap.hpp"

namespace skillgrad::exec {
namespace {

using namespace std::chrono_literals;

CommandSpec shell(const std::string& script) {
  CommandSpec out;
  out.argv = {"sh", "-c", script};
  out.work_dir = "/";
  out.env = {{"PATH", "/usr/bin:/bin"}};
  out.limits.wall = 20s;
  out.limits.memory_bytes = 0;
  return out;
}

TEST(RunProcess, RunsInTheGivenFolderWithTheGivenEnvironment) {
  auto command = shell("pwd; env | grep -c .; echo $A");
  command.work_dir = "/usr";
  command.env["A"] = "b c";
  const auto result = run_process(command, {});
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_EQ(result->out, "/usr\n3\nb c\n");
  EXPECT_GT(result->seconds, 0);
}

TEST(RunProcess, IsTheLeaderOfAGroupOfItsOwn) {
  const auto result = run_process(shell("ps -o pid=,pgid= -p $$ | awk '{ print $1 == $2 }'"), {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "1\n") << result->err;
}

TEST(RunProcess, MissingProgramIsAnErrorWithAMend) {
  auto command = shell("");
  command.argv = {"no-such-program-here"};
  const auto result = run_process(command, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::infra);
  EXPECT_FALSE(result.error().mend.empty());
  command.argv = {"/etc/passwd"};
  EXPECT_EQ(run_process(command, {}).error().code, ErrorCode::infra);
  command.argv = {};
  EXPECT_FALSE(run_process(command, {}));
}

TEST(RunProcess, DefaultSignalsAreRestoredForTheCommand) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto result =
      run_process(shell("yes | head -1; grep -E 'SigIgn|SigBlk' /proc/self/status"), {});
  ::signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "y\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(RunProcess, DeathOfTheOwnerEndsTheTree) {
  const auto dir = TempDir::create("sg-owner-").value();
  const pid_t owner = ::fork();
  if (owner == 0) {
    auto command = shell("setsid sh -c 'echo $$ > pid; exec sleep 74.5' & sleep 74.5");
    command.work_dir = dir.path();
    static_cast<void>(run_process(command, {}));
    ::_exit(0);
  }
  std::string pid;
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (pid.empty() && std::chrono::steady_clock::now() < give_up) {
    pid = read_file(dir.path() / "pid").value_or("");
    if (!pid.empty() && pid.back() != '\n') pid.clear();
  }
  ASSERT_FALSE(pid.empty());
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  const pid_t child = std::stoi(pid);
  bool alive = true;
  const auto until = std::chrono::steady_clock::now() + 2s;
  while (alive && std::chrono::steady_clock::now() < until) {
    const std::string status =
        read_file("/proc/" + std::to_string(child) + "/cmdline").value_or("");
    alive = status.find("74.5") != std::string::npos;
  }
  EXPECT_FALSE(alive);
}

TEST(RunProcess, DeathOfTheSupervisorEndsTheCommand) {
  // The parent of the command is its supervisor.
  const auto result = run_process(shell("kill -KILL $PPID; sleep 77.5; echo outlived"), {});
  ASSERT_TRUE(result) << result.error().to_text();
  EXPECT_EQ(result->out, "");
  EXPECT_NE(result->exit_code, 0);
  EXPECT_LT(result->seconds, 10);
}

TEST(RunProcess, DeathOfTheSupervisorEndsTheTreeWhereItIsCapped) {
  if (!can_cap_processes()) GTEST_SKIP() << "no writable pids controller here";
  const auto dir = TempDir::create("sg-orphan-").value();
  auto command = shell(
      "setsid sh -c 'echo $$ > pid; exec sleep 78.5' & while [ ! -s pid ]; do :; done; "
      "kill -KILL $PPID; sleep 78.5");
  command.work_dir = dir.path();
  ASSERT_TRUE(run_process(command, {}));
  const std::string pid(trim(read_file(dir.path() / "pid").value()));
  const std::string line = read_file("/proc/" + pid + "/cmdline").value_or("");
  EXPECT_EQ(line.find("78.5"), std::string::npos);
}

TEST(FindProgram, SearchesPathOnly) {
  EXPECT_TRUE(find_program("sh").is_absolute());
  EXPECT_TRUE(find_program("no-such-program-here").empty());
  EXPECT_TRUE(find_program("/usr").empty());
}

TEST(Capture, AgreesWithTheWholeStreamAtEveryLength) {
  for (std::size_t length = 0; length < 400; length += 7) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + i % 26);
    for (const std::size_t chunk : {1U, 13U, 500U}) {
      Capture capture(100);
      for (std::size_t at = 0; at < length; at += chunk) {
        capture.add(std::string_view(text).substr(at, chunk));
      }
      EXPECT_EQ(capture.truncated(), length > 100);
      const std::string kept = capture.take();
      ASSERT_LE(kept.size(), 100U);
      if (length <= 100) {
        EXPECT_EQ(kept, text);
        continue;
      }
      const std::size_t marker = kept.find("\n[... ");
      ASSERT_NE(marker, std::string::npos);
      const std::size_t tail = kept.find("...]\n") + 5;
      EXPECT_EQ(kept.substr(0, marker), text.substr(0, marker));
      EXPECT_EQ(kept.substr(tail), text.substr(text.size() - (kept.size() - tail)));
      EXPECT_EQ(std::stoul(kept.substr(marker + 6)), length - marker - (kept.size() - tail));
    }
  }
}

TEST(Capture, TinyLimitKeepsTheHead) {
  Capture capture(3);
  capture.add("abcdef");
  EXPECT_EQ(capture.take(), "abc");
}

}  // namespace
}  // namespace skillgrad::exec
