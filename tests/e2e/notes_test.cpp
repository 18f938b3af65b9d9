// SPDX-License-Identifier: MIT
// What was read and not used, and what the client warned of, is in every place a user looks at.
#include <gmock/gmock.h>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using testing::HasSubstr;

/// The texts of `notes` in a result.
std::vector<std::string> noted(const Json& result) {
  std::vector<std::string> out;
  for (const auto& note : result.at("notes")) out.push_back(note.at("text"));
  return out;
}

TEST(Notes, OfADataSetReachResultLogAndEvents) {
  const Scratch scratch;
  const Mini mini(scratch);
  std::string lines = read_file(mini.tasks()).value();
  const auto first = lines.find("\"input\"");
  lines.insert(first, "\"expected_outptu\":\"x\",");
  const auto tasks = scratch.put("tasks.jsonl", lines);
  const auto outcome =
      run(scratch, mini.eval(mini.skill(), "r", {"--benchmark", tasks, "--json", "--events", "e"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  const auto about = HasSubstr("expected_outptu");
  EXPECT_THAT(outcome.err, about);
  EXPECT_THAT(noted(outcome.json()), testing::Contains(about));
  EXPECT_THAT(noted(scratch.read_json_file("r/run.json")), testing::Contains(about));
  for (const char* file : {"r/run.log", "r/events.jsonl", "e"})
    EXPECT_THAT(scratch.read(file), about) << file;

  const auto again = run(scratch, mini.eval(mini.skill(), "r", {"--benchmark", tasks}));
  EXPECT_THAT(again.out, HasSubstr("\nnotes\n- ")) << again;
  EXPECT_THAT(again.out, about);
  EXPECT_EQ(again.out.find("times)"), std::string::npos) << "the same input counts once: " << again;
}

TEST(Notes, OfTheClientReachTheResultOfARun) {
  const Scratch scratch;
  fault::Server server;
  server.handler([](const fault::Hit& hit, std::size_t) {
    if (hit.method == "GET") return fault::json_step(200, R"({"data":[]})");
    return fault::json_step(200, R"({"choices":[{"index":0,"finish_reason":"stop","message":)"
                                 R"({"role":"assistant","content":"ok"}}]})");
  });
  const auto tasks =
      scratch.put("t.jsonl", R"({"id":"t1","split":"test","input":"Say ok.","target":"ok"})"
                             "\n");
  const auto outcome = run(scratch, {"eval", "none", "-b", tasks, "--split", "all", "-m", "m",
                                     "--base-url", server.base_url(), "--json", "--run", "r"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  const auto about = HasSubstr("sends no usage");
  EXPECT_THAT(noted(outcome.json()), testing::Contains(about));
  EXPECT_THAT(scratch.read("r/run.log"), about);
  EXPECT_THAT(scratch.read("r/events.jsonl"), about);
}

}  // namespace
}  // namespace skillgrad::e2e
