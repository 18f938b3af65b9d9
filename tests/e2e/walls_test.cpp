// SPDX-License-Identifier: MIT
// What an agent's commands can do beyond their work directory, tried through the program: an
// endpoint whose model runs one command and is done.
#include <algorithm>
#include <csignal>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

class Agent {
 public:
  explicit Agent(const std::string& command) {
    Json arguments, call;
    arguments["command"] = command;
    call["id"] = "c1";
    call["type"] = "function";
    call["function"]["name"] = "shell";
    call["function"]["arguments"] = dump_json(arguments);
    const std::string calls = "[" + dump_json(call) + "]";
    server_.handler([calls](const fault::Hit& hit, std::size_t) {
      const bool ran = hit.body.find("\"role\":\"tool\"") != std::string::npos;
      return fault::json_step(200, ran ? fault::chat_body("done") : fault::tool_body(calls));
    });
  }
  [[nodiscard]] Words eval(const Words& more = {}) const {
    return join_words({"eval", "none", "-b", "bench/t.jsonl", "--split", "all", "--run", "r",
                       "--json", "--model", "m", "--base-url", server_.base_url(), "--force"},
                      more);
  }
  /// What the command printed, once it has been told.
  [[nodiscard]] std::string told() const {
    for (const auto& hit : server_.hits()) {
      const Json body = Json::parse(hit.body, nullptr, false);
      if (!body.is_object() || !body.contains("messages")) continue;
      for (const auto& message : body["messages"])
        if (message["role"] == "tool") return message["content"].get<std::string>();
    }
    return {};
  }

 private:
  fault::Server server_;
};

/// What the commands of these tests do is what is tested.
Options own_commands() {
  Options out;
  out.share_commands = false;
  return out;
}

/// Without bubblewrap in reach.
Options landlock() {
  Options out = own_commands();
  out.env["PATH"] = "/nonexistent";
  return out;
}

constexpr const char* kCommandTask =
    R"({"id":"a","input":"x","grader":{"type":"command","run":["/bin/sh","-c","echo '{\"score\":1}'"]}})";

TEST(Walls, WhatAnAgentDoesToItsOwnFolderIsAFailAndNoError) {
  for (const Options& options : {own_commands(), landlock()}) {
    for (const char* command :
         {"chmod 000 .", "chmod 000 /task", "mkdir -p a/b && chmod 000 a", "mkdir a && chmod 311 a",
          "echo x > f && chmod 000 f", "for i in $(seq 3000); do mkdir d && cd d; done",
          "n=$(printf %0250d 0); for i in $(seq 55); do mkdir $n && cd $n; done"}) {
      SCOPED_TRACE(command);
      const Scratch scratch;
      scratch.put("bench/t.jsonl", kCommandTask);
      const Agent agent(command);
      const auto outcome = run(scratch, agent.eval(), options);
      ASSERT_EQ(outcome.exit_code, 0) << outcome;
      const Json task = outcome.json()["tasks"][0];
      EXPECT_EQ(task["status"], "fail") << outcome;
      EXPECT_EQ(task["score"], 0) << outcome;
    }
  }
}

// Longer than a path may be, yet nothing that a grader could not read.
TEST(Walls, LongPathsOfAnAgentAreGraded) {
  for (const Options& options : {own_commands(), landlock()}) {
    const Scratch scratch;
    scratch.put("bench/t.jsonl", kCommandTask);
    const Agent agent(
        "n=$(printf %0250d 0); for i in $(seq 17); do mkdir $n && cd $n; done; echo x > f && ls");
    const auto outcome = run(scratch, agent.eval(), options);
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_EQ(outcome.json()["tasks"][0]["status"], "pass") << outcome;
    EXPECT_TRUE(holds(agent.told(), {"exit code: 0", "f"})) << agent.told();
  }
}

TEST(Walls, AHealthyFolderIsGradedByBothBackends) {
  for (const Options& options : {own_commands(), landlock()}) {
    const Scratch scratch;
    scratch.put("bench/t.jsonl", kCommandTask);
    const Agent agent("pwd; echo x > f && chmod +x f && touch -d 2001-01-01 f && ls -l f");
    const auto outcome = run(scratch, agent.eval(), options);
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_EQ(outcome.json()["tasks"][0]["status"], "pass") << outcome;
    EXPECT_TRUE(holds(agent.told(), {"exit code: 0", "/task", "-rwx", "2001"})) << agent.told();
  }
}

TEST(Walls, SparseFilesDoNotFillTheDiskOfACommandGrader) {
  const Scratch scratch;
  scratch.put("bench/t.jsonl", kCommandTask);
  const Agent agent("for i in $(seq 60); do truncate -s 250M s$i; done");
  const auto outcome = run(scratch, agent.eval(), own_commands());
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(outcome.json()["tasks"][0]["status"], "pass") << outcome;
  EXPECT_LT(outcome.seconds, 30);
}

TEST(Walls, MemoryAndDiskOfTheWholeCommandAreLimited) {
  struct Case {
    const char* command;
    const char* told;
  };
  for (const Case& wanted :
       {Case{"for i in 1 2 3 4 5; do python3 -c 'x = bytearray(100_000_000)\n"
             "for i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(20)' & done; wait",
             "more than 256 MiB of memory"},
        Case{"for i in $(seq 60); do head -c 10000000 /dev/zero > f$i; done; echo end",
             "may hold 100 MiB"}}) {
    const Scratch scratch;
    scratch.put("bench/t.jsonl", kCommandTask);
    const Agent agent(wanted.command);
    const auto outcome = run(
        scratch, agent.eval({"--command-memory", "256", "--command-disk", "100"}), own_commands());
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_TRUE(holds(agent.told(), {wanted.told})) << agent.told();
  }
}

/// Folders of processes.
std::size_t process_folders(const fs::path& folder) {
  std::size_t out = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    out += entry.path().filename().string().starts_with("skillgrad-") ? 1 : 0;
  return out;
}

TEST(Walls, TheNextStartRemovesWhatAKilledProgramLeft) {
  const Scratch scratch;
  scratch.put("bench/t.jsonl", kCommandTask);
  const Agent agent("for i in $(seq 60); do mkdir d && cd d; done; touch ../ready; sleep 60");
  const fs::path temporary = scratch / ".tmp";
  {
    Program program(scratch, agent.eval());
    ASSERT_TRUE(wait_until([&] {
      std::error_code problem;
      for (fs::recursive_directory_iterator it(temporary, problem), end; !problem && it != end;
           it.increment(problem))
        if (it->path().filename() == "ready") return true;
      return false;
    }));
    program.signal(SIGKILL);
    EXPECT_EQ(program.wait().exit_code, 128 + SIGKILL);
  }
  EXPECT_EQ(process_folders(temporary), 1U);
  const Agent quick("true");
  auto words = quick.eval();
  std::replace(words.begin(), words.end(), std::string("r"), std::string("r2"));
  const auto outcome = run(scratch, words, own_commands());
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(process_folders(temporary), 0U) << "of this program and of the one before";
}

}  // namespace
}  // namespace skillgrad::e2e
