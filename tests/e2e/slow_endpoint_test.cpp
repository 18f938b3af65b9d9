// SPDX-License-Identifier: MIT
// Endpoints that answer late, seldom or never: what they leave undone is never a score, and the
// user is told what is waited for.
#include <csignal>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using fault::json_step;
using fault::Step;

const Step kAnswer = json_step(200, fault::chat_body("42"));
const Step kSilence = fault::raw_step("", fault::End::hang);

class SlowEndpoint : public testing::Test {
 protected:
  SlowEndpoint() {
    std::string tasks;
    for (int i = 0; i < 6; ++i)
      tasks += R"({"id":"t)" + std::to_string(i) + R"(","split":"test","input":"task )" +
               std::to_string(i) + R"(: say 42","target":"42","grader":"contains"})" + "\n";
    scratch_.put("m6.jsonl", tasks);
    list(json_step(200, R"({"data":[{"id":"m"}]})"));
  }
  void list(const Step& step) { server_.route("GET /v1/models", {step}); }
  void chat(std::vector<Step> steps) {
    server_.route("POST /v1/chat/completions", std::move(steps));
  }
  Words eval(const std::string& dir, const Words& more = {}) const {
    return join_words({"eval", "none", "-b", "m6.jsonl", "-m", "m", "--base-url",
                       server_.base_url(), "--run", dir, "--json"},
                      more);
  }

  Scratch scratch_;
  fault::Server server_;
};

TEST_F(SlowEndpoint, NoAnswerWithinTheTaskLimitIsAnErrorAndThreeInARowEndTheRun) {
  chat({kSilence});
  const Outcome outcome = run(scratch_, eval("run", {"--task-timeout", "0.3", "-j", "1"}));
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  const Json json = outcome.json();
  EXPECT_TRUE(json["score"].is_null()) << outcome;
  EXPECT_EQ(json["n_graded"], 0);
  EXPECT_EQ(json["by_status"], (Json{{"skipped", 6}})) << "a resume asks again";
  EXPECT_EQ(json["error"]["code"], "transient");
  EXPECT_TRUE(json["unsettled_usd"].is_null()) << "the price of m is not known";
  EXPECT_TRUE(holds(outcome.err, {"--task-timeout"}));
  chat({kAnswer});
  const Outcome resumed = run(scratch_, {"resume", "run", "--json"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_EQ(resumed.json()["score"], 1.0);
}

TEST_F(SlowEndpoint, ALastCallThatIsNeverAnsweredIsNoScoreEither) {
  const std::string call = R"([{"id":"c1","type":"function","function":{"name":"shell",)"
                           R"("arguments":"{\"command\":\"echo hi\"}"}}])";
  server_.route("POST /v1/chat/completions", [&](const fault::Hit& hit, std::size_t) {
    const bool first = hit.body.find(R"("role":"tool")") == std::string::npos;
    return first ? json_step(200, fault::tool_body(call)) : kSilence;
  });
  const Outcome outcome =
      run(scratch_, eval("run", {"--task-timeout", "2", "-j", "2", "--limit", "2"}));
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_EQ(outcome.json()["by_status"], (Json{{"error", 2}})) << outcome;
  EXPECT_TRUE(outcome.json()["score"].is_null());
}

TEST_F(SlowEndpoint, TheListOfModelsDecidesNothing) {
  chat({kAnswer});
  const std::pair<Step, int> lists[] = {
      {json_step(401, R"({"error":{"message":"Missing scopes: api.model.read"}})"), 1},
      {json_step(403, R"({"error":{"message":"Missing scopes: api.model.read"}})"), 1},
      {json_step(500, "{}"), 1},
      {json_step(503, R"({"error":{"message":"Loading model"}})"), 1},
      {fault::drop_step(fault::End::reset), 1},
      {kSilence, 6}};
  int n = 0;
  for (const auto& [step, seconds] : lists) {
    list(step);
    const Outcome outcome = run(scratch_, eval("run" + std::to_string(n++)));
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_EQ(outcome.json()["score"], 1.0) << outcome;
    EXPECT_LT(outcome.seconds, seconds + 10);
  }
  const auto asked = server_.hit_count("GET");
  EXPECT_EQ(run(scratch_, eval("off", {"--no-preflight"})).exit_code, 0);
  EXPECT_EQ(server_.hit_count("GET"), asked) << "--no-preflight asks for no list";
}

TEST_F(SlowEndpoint, AServerThatStillLoadsItsModelIsWaitedFor) {
  const Step loading = json_step(503, R"({"error":{"message":"Loading model","code":503}})");
  list(loading);
  chat({loading, loading, kAnswer});
  const Outcome outcome = run(scratch_, eval("run", {"--limit", "1"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(outcome.json()["score"], 1.0);
}

TEST_F(SlowEndpoint, AHardLimitCutsCallsInFlightAndTheRunCanGoOn) {
  chat({kSilence});
  const Outcome outcome =
      run(scratch_, eval("run", {"--max-time", "1s", "--hard-max-time", "3s", "-j", "1"}));
  EXPECT_EQ(outcome.exit_code, 4) << outcome;
  EXPECT_LT(outcome.seconds, 20);
  EXPECT_TRUE(holds(outcome.err, {"--max-time 1s", "1 call in flight", "--hard-max-time"}));
  const Json json = outcome.json();
  EXPECT_EQ(json["error"]["code"], "deadline") << outcome;
  EXPECT_GT(json["unsettled_tokens"], 0) << "what was cut may have been billed";
  chat({kAnswer});
  const Outcome resumed =
      run(scratch_, {"resume", "run", "--json", "--max-time", "1h", "--hard-max-time", "1h"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_EQ(resumed.json()["score"], 1.0);
}

TEST_F(SlowEndpoint, AnOutageIsNamedWhenItIsInterrupted) {
  chat({json_step(500, R"({"error":{"message":"kaboom"}})")});
  Program program(scratch_, eval("run", {"-j", "8"}));
  ASSERT_TRUE(wait_until([&] {
    return scratch_.has("run/run.log") &&
           scratch_.read("run/run.log").find("HTTP 500: kaboom") != std::string::npos;
  })) << "the log says why nothing happens";
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 130) << outcome;
  EXPECT_TRUE(holds(outcome.json()["error"]["message"].get<std::string>(), {"HTTP 500: kaboom"}))
      << outcome;
}

}  // namespace
}  // namespace skillgrad::e2e
