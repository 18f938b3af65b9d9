// SPDX-License-Identifier: MIT
// What a start loads, and what is kept from one run to the next beside calls.
#include <atomic>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

TEST(Start, OfACommandThatAsksNobodyLoadsNoLibraryForRequests) {
  const Scratch scratch;
  const Mini mini(scratch);
  Options options;
  options.env["LD_DEBUG"] = "libs";
  for (const Words& words :
       {Words{"--version"}, Words{"--help"}, Words{"eval", "--help"},
        Words{"validate", mini.skill()}, Words{"benchmark", "check", "-b", mini.tasks()}}) {
    SCOPED_TRACE(words.front());
    const auto outcome = run(scratch, words, options);
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_NE(outcome.err.find("find library=libc.so"), std::string::npos) << "nothing is traced";
    EXPECT_EQ(outcome.err.find("find library=libcurl"), std::string::npos);
  }
  const auto asking = run(scratch, mini.eval(mini.skill(), "r", {"--limit", "1"}), options);
  EXPECT_NE(asking.err.find("find library=libcurl"), std::string::npos);
}

TEST(Start, WithoutTheLibraryForRequestsSaysWhatToInstall) {
  const Scratch scratch;
  const Mini mini(scratch);
  scratch.put("lib/libcurl.so.4", "no library");
  Options options;
  options.env["LD_LIBRARY_PATH"] = scratch / "lib";
  const auto outcome = run(scratch, mini.eval(mini.skill(), "r", {"--limit", "1"}), options);
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_TRUE(holds(outcome.err, {"cannot be loaded", "libcurl.so.4", "fix:", "libcurl4"}));
  EXPECT_EQ(run(scratch, {"validate", mini.skill()}, options).exit_code, 0);
}

TEST(Start, EachCommandKnowsItsOwnOptionsWhereverItStands) {
  const Scratch scratch;
  for (const std::string command : {"optimize", "eval", "grade", "doctor", "config"}) {
    const auto help = run(scratch, {command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << help;
    EXPECT_TRUE(holds(help.out, {"Examples:", "--config"})) << command;
  }
  EXPECT_TRUE(holds(run(scratch, {"evla"}).err, {"did you mean \"eval\"?"}));
  EXPECT_TRUE(holds(run(scratch, {"eval", "none", "--trails", "2"}).err, {"--trials"}));
  EXPECT_EQ(run(scratch, {"--json", "eval", "none"}).exit_code, 2);
}

/// One task whose agent writes what no two runs of a command write alike.
class CommandCacheRun : public testing::Test {
 protected:
  CommandCacheRun() {
    scratch_.put("tasks.jsonl",
                 R"({"id":"a","split":"test","input":"Write the time.","output":"time.txt",)"
                 R"("target":"[0-9]+","grader":{"type":"regex"}})"
                 "\n");
    server_.handler([this](const fault::Hit& hit, std::size_t) {
      if (hit.method == "GET") return fault::json_step(200, R"({"data":[{"id":"m"}]})");
      ++calls_;
      if (hit.body.find("\"tool_call_id\"") != std::string::npos)
        return fault::json_step(200, fault::chat_body("done"));
      return fault::json_step(
          200, fault::tool_body(R"([{"id":"c1","type":"function","function":{"name":"shell",)"
                                R"("arguments":"{\"command\":\"date +%s%N | tee time.txt\"}"}}])"));
    });
  }
  Outcome eval(const std::string& name, const Words& more) {
    return run(scratch_, join_words({"eval", "none", "-b", "tasks.jsonl", "-m", "m", "--base-url",
                                     server_.base_url(), "--run", name, "--json"},
                                    more));
  }
  [[nodiscard]] std::string time_of(const std::string& name) const {
    return scratch_.read(name + "/eval/rollouts/a.0/outputs/time.txt");
  }

  Scratch scratch_;
  fault::Server server_;
  std::atomic<int> calls_ = 0;
};

TEST_F(CommandCacheRun, TakesTheResultOfAnEqualCommandAndItsFilesOnlyWhereTheUserSaysSo) {
  const Words cache = {"--cache", "cache"}, both = {"--cache", "cache", "--cache-commands"};
  const auto first = eval("first", both);
  if (first.err.find("commands cannot be cached") != std::string::npos) GTEST_SKIP() << first.err;
  ASSERT_EQ(first.exit_code, 0) << first;
  ASSERT_EQ(first.json()["score"], 1.0) << first;
  EXPECT_EQ(calls_, 2);
  const auto again = eval("again", both);
  ASSERT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(time_of("again"), time_of("first"));
  EXPECT_EQ(calls_, 2) << "equal commands lead to equal calls";
  ASSERT_EQ(eval("calls", cache).exit_code, 0);
  EXPECT_NE(time_of("calls"), time_of("first"));
  ASSERT_EQ(eval("fresh", join_words(both, {"--refresh"})).exit_code, 0);
  EXPECT_NE(time_of("fresh"), time_of("first"));
}

TEST_F(CommandCacheRun, NeedsACacheAndASandboxOfEqualPaths) {
  const auto alone = eval("r", {"--cache-commands"});
  EXPECT_EQ(alone.exit_code, 2) << alone;
  EXPECT_TRUE(holds(alone.err, {"cache_commands is set without a cache", "--cache"}));
  const auto bare = eval("r", {"--cache", "cache", "--cache-commands", "--sandbox", "off"});
  EXPECT_EQ(bare.exit_code, 2) << bare;
  EXPECT_TRUE(holds(bare.err, {"commands cannot be cached", "leave --cache-commands out"}));
  const auto dry =
      eval("r", {"--cache", "cache", "--cache-ttl", "2d", "--cache-commands", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry;
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace skillgrad::e2e
