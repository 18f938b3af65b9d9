// SPDX-License-Identifier: MIT
// --preset paper is the published loop: the order and the kind of every request, the tasks that
// each is about, and the version of the skill that it shows (tests/data/requests/README.md).
#include <cstdlib>

#include <fmt/format.h>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

std::string listed(const Json& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ",") + name.get<std::string>();
  return out.empty() ? "-" : out;
}

/// One conversation.
struct Talk {
  std::string stage, tasks, teaches;
  int requests = 0;
};

/// Requests of one conversation follow each other where one task is run at a time.
std::vector<Talk> talks(const std::vector<Json>& log) {
  std::vector<Talk> out;
  for (const auto& line : log) {
    const auto stage = line.at("stage").get<std::string>();
    if (stage == "models" || stage == "other") continue;
    EXPECT_EQ(line.at("status"), 200) << line.dump();
    const std::string tasks = listed(line.at("tasks")), teaches = listed(line.at("teaches"));
    if (out.empty() || line.at("turn") == 0) out.push_back({stage, tasks, teaches, 0});
    EXPECT_EQ(out.back().stage, stage) << line.dump();
    out.back().teaches = teaches;
    ++out.back().requests;
  }
  return out;
}

std::string text_of(const std::vector<Talk>& talks) {
  std::string out;
  for (const auto& talk : talks)
    out += fmt::format("{:<9} {} tasks={} teaches={}\n", talk.stage, talk.requests, talk.tasks,
                       talk.teaches);
  return out;
}

TEST(PublishedLoop, AsksWhatItAlwaysAsked) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string log = scratch / "requests.jsonl";
  const auto done = run(scratch, mini.optimize("run", {"--preset", "paper", "-j", "1",
                                                       "--sim-request-log", log, "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  const auto asked = talks(Scratch::lines(scratch.read("requests.jsonl")));
  const std::string text = text_of(asked);
  const fs::path golden = fs::path(SKILLGRAD_SOURCE_DIR) / "tests/data/requests/paper.txt";
  if (std::getenv("SKILLGRAD_RENEW_REQUESTS") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    ASSERT_TRUE(write_file_atomic(golden, text));
    return;
  }
  const auto known = read_file(golden);
  ASSERT_TRUE(known) << golden << " is missing; the README beside it says how to make it";
  EXPECT_EQ(text, *known);
}

/// What makes it the published loop, whatever the golden file says.
TEST(PublishedLoop, HasNoGateAndLearnsFromTheVersionThatRan) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string log = scratch / "requests.jsonl";
  const auto done = run(scratch, mini.optimize("run", {"--preset", "paper", "-j", "1",
                                                       "--sim-request-log", log, "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  const Json result = done.json();
  const Json plan = scratch.read_json_file("run/plan.json");
  const auto asked = talks(Scratch::lines(scratch.read("requests.jsonl")));
  std::vector<std::string> stages;
  std::vector<std::vector<std::string>> patched;
  for (const auto& talk : asked) {
    EXPECT_FALSE(talk.stage == "executor" && talk.tasks.starts_with("val-"))
        << "no validation without a gate";
    if (stages.empty() || stages.back() != talk.stage) stages.push_back(talk.stage);
    if (talk.stage == "patcher") patched.push_back({talk.tasks, talk.teaches});
  }
  // Base run and first batch are executions; momentum follows the first patch and comes before each
  // later one.
  ASSERT_GE(stages.size(), 8U);
  EXPECT_EQ(std::vector<std::string>(stages.begin(), stages.begin() + 8),
            (std::vector<std::string>{"executor", "diagnoser", "patcher", "momentum", "executor",
                                      "diagnoser", "momentum", "patcher"}));
  EXPECT_EQ(stages.back(), "executor") << "the test split";
  ASSERT_EQ(patched.size(), plan["batches"].size());
  EXPECT_EQ(patched[0][1], "-") << "the first patch is of the initial skill";
  for (const auto& row : result["iterations"]) {
    EXPECT_TRUE(row["gate"].is_null() || row["gate"]["mode"] == "none") << row.dump();
    EXPECT_FALSE(row.contains("returned"));
  }
  int last = 0;
  for (const auto& row : result["iterations"])
    if (row["decision"] == "accepted") last = row["iteration"];
  EXPECT_EQ(result["best"]["iteration"], last) << "the last skill";
  EXPECT_GT(last, 1);
}

}  // namespace
}  // namespace skillgrad::e2e
