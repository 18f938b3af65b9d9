// SPDX-License-Identifier: MIT
// The wire APIs: what a run finds does not depend on how the endpoint is spoken to.
#include "e2e/support.hpp"

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

}  // namespace
}  // namespace skillgrad::e2e
