// SPDX-License-Identifier: MIT
// The wire APIs: what a run finds does not depend on how the endpoint is spoken to.
#include <atomic>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

TEST(Wire, BothApisStreamedOrNotGiveTheSamePackageAndScores) {
  const Scratch scratch;
  const Mini mini(scratch);
  ASSERT_EQ(run(scratch, mini.optimize("chat")).exit_code, 0);
  const auto package = tree(scratch / "chat/best");
  ASSERT_FALSE(package.empty());
  const std::string result = comparable(scratch.read_json_file("chat/run.json"));
  EXPECT_EQ(scratch.read("chat/calls/replies.jsonl").find("/responses"), std::string::npos);
  for (const std::string& stream : {std::string("off"), std::string("on")}) {
    const std::string name = "responses-" + stream;
    const auto outcome =
        run(scratch, mini.optimize(name, {"--api", "responses", "--stream", stream}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_EQ(tree(scratch / (name + "/best")), package);
    EXPECT_EQ(comparable(scratch.read_json_file(name + "/run.json")), result);
    EXPECT_NE(scratch.read(name + "/calls/replies.jsonl").find("function_call_output"),
              std::string::npos);
  }
}

TEST(Wire, AnUnknownApiIsRefusedWithTheChoices) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto outcome = run(scratch, mini.optimize("run", {"--api", "completions"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(holds(outcome.err, {"api", "completions", "chat", "responses"}));
}

TEST(Wire, ARefusalThatSoundsLikeAMissingModelEndsItsTaskAloneAndIsMetOnce) {
  const Scratch scratch;
  std::string tasks;
  for (const std::string id : {"a", "b", "c"})
    tasks += R"({"id":")" + id + R"(","input":"question )" + id +
             R"(","target":"4","grader":{"type":"exact"}})" + "\n";
  scratch.put("tasks.jsonl", tasks);
  fault::Server server;
  std::atomic<int> refusals = 0;
  server.handler([&](const fault::Hit& hit, std::size_t) {
    if (hit.body.find("question b") == std::string::npos)
      return fault::json_step(200, fault::chat_body("4"));
    ++refusals;
    return fault::json_step(400, R"({"error":{"message":"model 'x' not found in its tools"}})");
  });
  const auto outcome = run(scratch, {"eval", "none", "--benchmark", "tasks.jsonl", "--split", "all",
                                     "--run", "r", "--json", "--model", "m", "--jobs", "1",
                                     "--base-url", server.base_url(), "--max-error-rate", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(refusals.load(), 1) << "the task was tried again unchanged";
  EXPECT_EQ(server.hit_count("POST"), 3U);
}

}  // namespace
}  // namespace skillgrad::e2e
