// SPDX-License-Identifier: MIT
// What a run says it cost, and what it leaves when a limit, a signal or the endpoint stops it
// (R3.5, R3.14).
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using fault::chat_body;
using fault::Hit;
using fault::json_step;
using fault::Step;

/// An evaluation of tasks "t1".."tN" against a scripted server, at 1 USD per 1000 tokens.
class Accounting : public testing::Test {
 protected:
  Accounting() { server_.route("GET /v1/models", {json_step(200, R"({"data":[{"id":"m"}]})")}); }
  void serve(fault::Server::Handler handler) {
    server_.route("POST /v1/chat/completions", std::move(handler));
  }
  Words eval(const std::string& run, int tasks, const Words& more = {}) {
    std::string lines;
    for (int i = 1; i <= tasks; ++i)
      lines += fmt::format(R"({{"id":"t{0}","input":"Question {0}.","target":"4"}})", i) + "\n";
    const std::string file = scratch_.put(fmt::format("tasks{}.jsonl", tasks), lines);
    return join_words({"eval", mini_.skill(), "-b", file, "--split", "all", "-m", "m", "--base-url",
                       server_.base_url(), "--run", run, "--price",
                       R"({"input":1000,"output":1000})", "--sandbox", "off"},
                      more);
  }
  /// USD of the attempts that a ledger has as billed.
  [[nodiscard]] double billed(const std::string& run, const std::string& how = "yes") const {
    double out = 0;
    for (const auto& line : Scratch::lines(scratch_.read(run + "/calls/ledger.jsonl")))
      if (line["event"] != "begin" && line["billed"] == how && line["cost_usd"].is_number())
        out += line["cost_usd"].get<double>();
    return out;
  }
  [[nodiscard]] std::size_t asked() const { return server_.hit_count("POST"); }

  Scratch scratch_;
  Mini mini_{scratch_};
  fault::Server server_;
};

double sum_of(const Json& parts) {
  double out = 0;
  for (const auto& [name, part] : parts.items()) out += part["cost_usd"].get<double>();
  return out;
}

TEST_F(Accounting, OfAnEvaluationHoldsRepeatedTasksFailedAttemptsAndTheBaseline) {
  // The first reply of each task, although paid for, is of no use: the call is made again.
  std::mutex mutex;
  std::set<std::string> seen;
  serve([&](const Hit& hit, std::size_t) {
    const std::lock_guard lock(mutex);
    if (!seen.insert(hit.body).second) return json_step(200, chat_body("4"));
    return json_step(200, R"({"choices":[],"usage":{"prompt_tokens":70,"completion_tokens":0}})");
  });
  const auto outcome = run(scratch_, eval("r", 3, {"--baseline", "none", "--json"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  const Json json = outcome.json();
  EXPECT_NEAR(json["cost_usd"].get<double>(), billed("r"), 1e-9) << json;
  EXPECT_NEAR(sum_of(json["cost_by_part"]), billed("r"), 1e-9);
  EXPECT_NEAR(sum_of(json["usage_by_stage"]), billed("r"), 1e-9);
  EXPECT_NEAR(json["baseline"]["cost_usd"].get<double>(), billed("r") / 2, 1e-9);
  EXPECT_EQ(json["usage"]["calls"], 6);
  EXPECT_EQ(json["attempts"], 12);
  EXPECT_EQ(json["usage"]["input_tokens"], json["usage_by_stage"]["executor"]["input_tokens"]);
}

TEST_F(Accounting, AnErrorThatComesAgainIsNotPaidForTwice) {
  serve([](const Hit& hit, std::size_t) {
    if (hit.body.find("\"tool\"") != std::string::npos)
      return json_step(400, R"({"error":{"message":"bad request: invalid role sequence"}})");
    return json_step(200, fault::tool_body(R"([{"id":"c1","type":"function","function":{"name":)"
                                           R"("shell","arguments":"{\"command\":\"true\"}"}}])"));
  });
  const auto outcome = run(scratch_, eval("r", 4, {"--json"}));
  EXPECT_EQ(outcome.json()["by_status"]["error"], 4) << outcome;
  EXPECT_EQ(asked(), 8U) << "a task that was refused was run again";
}

TEST_F(Accounting, ALimitOfCallsStaysTheSameOverResumes) {
  serve([](const Hit&, std::size_t number) {
    return number % 2 == 0 ? json_step(503, "{}") : json_step(200, chat_body("4"));
  });
  const auto stopped = run(scratch_, eval("r", 20, {"--max-calls", "10", "--json", "-j", "1"}));
  EXPECT_EQ(stopped.exit_code, 4) << stopped;
  EXPECT_EQ(asked(), 10U);
  for (int i = 0; i < 2; ++i) {
    const auto again = run(scratch_, {"resume", "r", "--json"});
    EXPECT_EQ(again.exit_code, 4) << again;
    EXPECT_EQ(again.json()["attempts"], 10);
  }
  EXPECT_EQ(asked(), 10U) << "a resume loosened the limit";
}

TEST_F(Accounting, AnEvaluationThatALimitStopsHasItsResult) {
  serve([](const Hit&, std::size_t) { return json_step(200, chat_body("4")); });
  const auto stopped =
      run(scratch_,
          eval("r", 6, {"--max-calls", "2", "--json", "-q", "-j", "1", "--min-score", "0.1"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  const Json json = stopped.json();
  EXPECT_EQ(json["by_status"], (Json{{"pass", 2}, {"skipped", 4}}));
  EXPECT_EQ(json["n_planned"], 6);
  EXPECT_EQ(json["n_graded"], 2);
  EXPECT_EQ(json["verdict"], "none") << "a run that did not end has not passed";
  EXPECT_EQ(json["error"]["code"], "budget");
  EXPECT_EQ(scratch_.read_json_file("r/run.json"), json);
  EXPECT_TRUE(holds(stopped.err, {"--max-calls", "skillgrad resume " + (scratch_ / "r")}));

  const auto text = run(scratch_, {"resume", "r", "--no-json"});
  EXPECT_EQ(text.exit_code, 4) << text;
  EXPECT_TRUE(holds(text.out, {"4 of 6 rollouts were not run", "stage", "executor", "run        ",
                               "stopped    the limit of 2 calls is reached",
                               "next       skillgrad resume " + (scratch_ / "r")}));
  const auto end = run(scratch_, {"resume", "r", "--max-calls", "100", "--json"});
  ASSERT_EQ(end.exit_code, 0) << end;
  EXPECT_EQ(end.json()["by_status"], (Json{{"pass", 6}}));
  EXPECT_EQ(end.json()["verdict"], "pass");
  EXPECT_EQ(asked(), 6U);
}

TEST_F(Accounting, AnEvaluationThatTheEndpointOrASignalStopsHasItsResult) {
  std::atomic<bool> refuse{true};
  serve([&](const Hit&, std::size_t number) {
    if (number < 2) return json_step(200, chat_body("4"));
    if (refuse) return json_step(401, R"({"error":{"message":"bad key"}})");
    Step slow = json_step(200, chat_body("4"));
    slow.end = fault::End::hang;
    slow.chunks.front().delay = std::chrono::minutes(5);
    return slow;
  });
  const auto refused = run(scratch_, eval("r", 6, {"--json", "-j", "1"}));
  EXPECT_EQ(refused.exit_code, 3) << refused;
  EXPECT_EQ(refused.json()["by_status"], (Json{{"pass", 2}, {"skipped", 4}}));
  EXPECT_EQ(refused.json()["error"]["code"], "auth");
  refuse = false;
  for (const auto& [number, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const std::size_t before = asked();
    Program program(scratch_, {"resume", "r", "--json"});
    ASSERT_TRUE(wait_until([&] { return asked() > before; }));
    program.signal(number);
    const auto stopped = program.wait();
    EXPECT_EQ(stopped.exit_code, code) << stopped;
    EXPECT_EQ(stopped.json()["by_status"], (Json{{"pass", 2}, {"skipped", 4}}));
    EXPECT_EQ(stopped.json()["error"]["code"], "cancelled");
  }
}

TEST_F(Accounting, EveryTaskEndsWithAThirdOfTheRequestsFailingAndNoRetryLeft) {
  serve([](const Hit&, std::size_t number) {
    return number % 10 < 3 ? json_step(503, "{}") : json_step(200, chat_body("4"));
  });
  const auto spent = run(scratch_, eval("r", 30, {"--json", "--retry-budget", "0", "-j", "1"}), {});
  EXPECT_EQ(spent.exit_code, 0) << spent;
  const Json json = spent.json();
  EXPECT_EQ(json["by_status"].value("skipped", 0), 0);
  EXPECT_EQ(json["by_status"].value("pass", 0) + json["by_status"].value("error", 0), 30);
  EXPECT_LE(json["retries"].get<int>(), 10);
  const auto enough = run(scratch_, eval("r2", 20, {"--json", "--retry-budget", "2"}));
  EXPECT_EQ(enough.json()["by_status"], (Json{{"pass", 20}})) << enough;
}

TEST_F(Accounting, OfAnOptimizerRunAddsUp) {
  const Endpoint endpoint(scratch_, mini_.scenario(), {"--sim-fault-cut", "0.1"});
  const auto outcome =
      run(scratch_, mini_.optimize_at(endpoint, "o",
                                      {"--json", "--max-iters", "2", "--retry-budget", "5",
                                       "--price", R"({"input":1,"output":4})"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  const Json json = outcome.json();
  const double whole = json["cost_usd"].get<double>();
  EXPECT_GT(whole, 0);
  EXPECT_NEAR(whole, billed("o"), 1e-9);
  EXPECT_NEAR(sum_of(json["cost_by_part"]), whole, 1e-9);
  EXPECT_NEAR(sum_of(json["usage_by_stage"]), whole, 1e-9);
  EXPECT_NEAR(json["unsettled_usd"].get<double>(), billed("o", "unknown"), 1e-9);
  double unsettled = 0;
  for (const auto& [name, part] : json["cost_by_part"].items())
    unsettled += part["unsettled_usd"].get<double>();
  EXPECT_NEAR(unsettled, billed("o", "unknown"), 1e-9);
  for (const auto& row : json["iterations"]) {
    const auto name = fmt::format("iter_{:03d}", row["iteration"].get<int>());
    EXPECT_EQ(row["cost_usd"], json["cost_by_part"][name]["cost_usd"]) << name;
    EXPECT_EQ(row["unsettled_usd"], json["cost_by_part"][name]["unsettled_usd"]) << name;
  }
}

TEST_F(Accounting, AnotherModelThatAnswersAllRolesIsNamedOnce) {  // R2.21
  serve([](const Hit&, std::size_t) { return json_step(200, chat_body("4")); });
  const auto outcome =
      run(scratch_, {"optimize", mini_.skill(), "-m", "other", "--base-url", server_.base_url(),
                     "--run", "o", "--batch", "3", "--max-iters", "1", "--no-test", "--force"});
  std::size_t times = 0;
  for (std::size_t at = 0; (at = outcome.err.find("asked for model", at)) != std::string::npos;
       ++at)
    ++times;
  EXPECT_EQ(times, 1U) << outcome;
}

}  // namespace
}  // namespace skillgrad::e2e
