// SPDX-License-Identifier: MIT
// Equal runs give equal bytes; an interrupted run goes on without paying twice.
#include <csignal>
#include <random>

#include <unistd.h>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

constexpr int kJobs = 4;

struct Served {
  std::map<std::string, int> by_key;
  std::size_t requests = 0;
};

Served served(const Endpoint& endpoint) {
  Served out;
  for (const auto& line : endpoint.requests()) {
    if (line.value("stage", "") == "models") continue;
    const int status = line.value("status", 0);
    if (status != 200 || line.value("key", "").empty()) continue;
    ++out.by_key[line["key"].get<std::string>()];
    ++out.requests;
  }
  return out;
}

/// What a run came to, for comparison: the result, the package and the ledger's totals.
void expect_same_run(const Scratch& scratch, const std::string& one, const std::string& other) {
  EXPECT_EQ(comparable(scratch.read_json_file(one + "/run.json")),
            comparable(scratch.read_json_file(other + "/run.json")));
  EXPECT_EQ(scratch.read(one + "/state.json"), scratch.read(other + "/state.json"));
  EXPECT_EQ(tree(scratch / (one + "/best")), tree(scratch / (other + "/best")));
}

TEST(Determinism, EqualCommandsGiveEqualBytesWhateverTheNumberOfJobs) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Words noise = {"--sim-slip",  "0.1", "--sim-luck", "0.1",
                       "--sim-vague", "0.2", "--sim-weak", "0.3"};
  for (const auto& [name, jobs] : {std::pair{"a", "8"}, std::pair{"b", "8"}, std::pair{"c", "1"}}) {
    const auto done = run(scratch, mini.optimize(name, join_words(noise, {"-j", jobs, "--json"})));
    ASSERT_EQ(done.exit_code, 0) << done;
  }
  expect_same_run(scratch, "a", "b");
  expect_same_run(scratch, "a", "c");
  const Json result = scratch.read_json_file("a/run.json");
  EXPECT_GE(result["iterations"].size(), 3U);
  EXPECT_GT(result["best"]["iteration"].get<int>(), 0) << "the run must have changed something";
}

TEST(Resume, AFinishedRunIsReportedWithoutAskingTheEndpoint) {
  const Scratch scratch;
  const Mini mini(scratch);
  {
    const Endpoint endpoint(scratch, mini.scenario());
    const auto done =
        run(scratch, mini.optimize_at(endpoint, "run", {"--max-iters", "1", "--json"}));
    ASSERT_EQ(done.exit_code, 0) << done;
  }
  const Json before = scratch.read_json_file("run/run.json");
  const auto again = run(scratch, {"resume", "run", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(again.json()["nothing_run"], true);
  EXPECT_EQ(again.json()["verdict"], before["verdict"]);
  EXPECT_EQ(again.json()["finished_at"], before["finished_at"]);
  const auto more = run(scratch, {"resume", "run", "--max-iters", "2"});
  EXPECT_EQ(more.exit_code, 3) << "what is to go on needs the endpoint" << more;
}

TEST(Determinism, AnotherSeedIsAnotherRun) {
  const Scratch scratch;
  const Mini mini(scratch);
  for (const auto& seed : {"0", "1"}) {
    const auto done = run(scratch, mini.optimize(seed, {"--seed", seed, "--max-iters", "1"}));
    ASSERT_EQ(done.exit_code, 0) << done;
  }
  EXPECT_NE(scratch.read_json_file("0/plan.json")["batches"],
            scratch.read_json_file("1/plan.json")["batches"]);
}

TEST(Resume, TwentyKillsLeaveTheSameResultAndNoFinishedCallIsMadeAgain) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "20"});
  const Words jobs = {"-j", std::to_string(kJobs)};
  const auto calm = run(scratch, mini.optimize_at(endpoint, "calm", jobs));
  ASSERT_EQ(calm.exit_code, 0) << calm;
  const Served before = served(endpoint);
  for (const auto& [key, times] : before.by_key) EXPECT_GE(times, 1);

  std::mt19937 random(20);  // NOLINT(cert-msc51-cpp): the moments are to be the same each time
  // Moments are counted in requests, so that they fall alike on a fast and a slow machine.
  std::uniform_int_distribution<std::size_t> calls(2, 9);
  std::uniform_int_distribution<useconds_t> pause(0, 30'000);
  Words command = mini.optimize_at(endpoint, "killed", jobs);
  int kills = 0;
  for (int round = 0; round < 60 && kills < 20; ++round) {
    Program program(scratch, command);
    const std::size_t until = endpoint.request_count() + calls(random);
    ASSERT_TRUE(wait_until([&] { return program.ended() || endpoint.request_count() >= until; }));
    usleep(pause(random));
    const bool ended = program.ended();
    if (ended) {
      const auto outcome = program.wait();
      ASSERT_EQ(outcome.exit_code, 0) << outcome;
      break;
    }
    program.signal(SIGKILL);
    program.wait();
    ++kills;
    if (scratch.has("killed/config.json")) command = join_words({"resume", "killed"}, jobs);
  }
  const auto end = run(scratch, {"resume", "killed"});
  ASSERT_EQ(end.exit_code, 0) << end;
  EXPECT_EQ(kills, 20) << "the run ended before all kills: make it longer";
  expect_same_run(scratch, "calm", "killed");

  // The calm run asked each question as often as its number of equal requests; the killed one may
  // have asked again only what was in flight at a kill.
  const Served all = served(endpoint);
  int extra = 0;
  for (const auto& [key, times] : all.by_key) {
    const auto found = before.by_key.find(key);
    ASSERT_NE(found, before.by_key.end()) << "a request that the calm run never made";
    const int again = times - 2 * found->second;
    EXPECT_GE(again, 0) << "a call that was never made";
    EXPECT_LE(again, kills);
    extra += again;
  }
  EXPECT_LE(extra, kills * kJobs) << "more calls were repeated than can have been in flight";

  // Every recorded reply is there once: none was bought twice.
  std::map<std::string, int> replies;
  for (const auto& line : Scratch::lines(scratch.read("killed/calls/replies.jsonl")))
    ++replies[line["key"].get<std::string>()];
  for (const auto& [key, times] : replies) EXPECT_EQ(times, 1) << key;
  EXPECT_EQ(replies.size(), Scratch::lines(scratch.read("calm/calls/replies.jsonl")).size());
}

TEST(Resume, TheSameCommandAgainGoesOnAndAnotherConfigurationIsRefused) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "20"});
  const Words command = mini.optimize_at(endpoint, "r");
  {
    Program program(scratch, command);
    ASSERT_TRUE(wait_until([&] { return endpoint.request_count() > 40; }));
    program.signal(SIGKILL);
    program.wait();
  }
  const auto other = run(scratch, join_words(command, {"--seed", "5", "--no-momentum"}));
  EXPECT_EQ(other.exit_code, 2) << other;
  EXPECT_TRUE(holds(other.err, {"seed: 0 -> 5", "momentum: true -> false", "fix:", "--run"}));

  const auto again = run(scratch, join_words(command, {"--json"}));
  ASSERT_EQ(again.exit_code, 0) << again;
  const auto requests = endpoint.requests().size();
  // A finished run is only reported: not one more completion.
  const auto finished = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished;
  EXPECT_EQ(comparable(finished.json()), comparable(again.json()));
  EXPECT_LE(endpoint.requests().size(), requests + 1) << "the list of models may be asked for";

  // A skill that was edited meanwhile is another configuration, too.
  scratch.put("mini/note-taker/SKILL.md", scratch.read("mini/note-taker/SKILL.md") + "\nMore.\n");
  const auto edited = run(scratch, command);
  EXPECT_EQ(edited.exit_code, 2) << edited;
  EXPECT_TRUE(holds(edited.err, {"skill: "}));
  const auto resumed = run(scratch, {"resume", "r"});
  EXPECT_EQ(resumed.exit_code, 0) << "resume works from the run's own copy: " << resumed;
}

TEST(Resume, SignalsSaveTheStateAndGiveTheirExitCode) {
  for (const auto& [number, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const Scratch scratch;
    const Mini mini(scratch);
    const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "20"});
    Program program(scratch, mini.optimize_at(endpoint, "r"));
    ASSERT_TRUE(wait_until([&] { return endpoint.request_count() > 60; }));
    program.signal(number);
    const auto stopped = program.wait();
    EXPECT_EQ(stopped.exit_code, code) << stopped;
    EXPECT_TRUE(holds(stopped.out + stopped.err, {"resume"}));
    EXPECT_TRUE(scratch.has("r/best/SKILL.md"));
    const Json saved = scratch.read_json_file("r/run.json");
    EXPECT_EQ(saved["error"]["code"], "cancelled");
    const auto end = run(scratch, {"resume", "r", "--json"});
    ASSERT_EQ(end.exit_code, 0) << end;
    EXPECT_GT(end.json()["test"]["after"].get<double>(),
              end.json()["test"]["before"].get<double>());
    // A reply that is nearly there is paid for and therefore kept; only a slow one is cut.
    for (const auto& line : Scratch::lines(scratch.read("r/calls/ledger.jsonl"))) {
      if (line["event"] != "failed") continue;
      EXPECT_EQ(line["outcome"], "cancelled") << line;
      EXPECT_GE(line["seconds"].get<double>(), 0.4) << "was not waited for: " << line;
    }
  }
}

TEST(Resume, ALimitStopsWithExitFourAndAHigherOneGoesOn) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto refused = run(scratch, mini.optimize("r0", {"--max-calls", "30"}));
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(holds(refused.err, {"--max-calls 30", "at least", "fix:"}));

  const auto stopped =
      run(scratch, mini.optimize("r", {"--max-calls", "70", "--force", "--json", "-j", "4"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  EXPECT_LE(stopped.json()["usage"]["calls"].get<int>(), 70);
  EXPECT_EQ(stopped.json()["error"]["code"], "budget");
  EXPECT_TRUE(scratch.has("r/best/SKILL.md"));
  const auto still = run(scratch, {"resume", "r"});
  EXPECT_EQ(still.exit_code, 4) << "the limit still holds: " << still;
  const auto end = run(scratch, {"resume", "r", "--max-calls", "100000", "--json"});
  ASSERT_EQ(end.exit_code, 0) << end;
  const auto calm = run(scratch, mini.optimize("calm", {"--json"}));
  ASSERT_EQ(calm.exit_code, 0) << calm;
  expect_same_run(scratch, "calm", "r");
}

TEST(Resume, AnExtendedRunComesToWhatALongRunComesTo) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto short_run = run(scratch, mini.optimize("r", {"--max-iters", "1", "--json"}));
  ASSERT_EQ(short_run.exit_code, 0) << short_run;
  EXPECT_TRUE(holds(short_run.json()["stop_reason"].get<std::string>(), {"--max-iters allows"}));
  const auto extended = run(scratch, {"resume", "r", "--max-iters", "100", "--json"});
  ASSERT_EQ(extended.exit_code, 0) << extended;
  EXPECT_GT(extended.json()["best"]["iteration"], short_run.json()["best"]["iteration"]);
  const auto calm = run(scratch, mini.optimize("calm", {"--json"}));
  ASSERT_EQ(calm.exit_code, 0) << calm;
  EXPECT_EQ(extended.json()["test"], calm.json()["test"]) << "scores of the earlier best";
}

TEST(Resume, ATimeLimitStopsWithExitFour) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto stopped =
      run(scratch, mini.optimize("r", {"--max-time", "1s", "--sim-latency", "200", "--json"}));
  ASSERT_EQ(stopped.exit_code, 4) << stopped;
  EXPECT_EQ(stopped.json()["error"]["code"], "deadline");
  const auto end = run(scratch, {"resume", "r", "--max-time", "5m", "--json"});
  // The latency is part of the run's configuration; one second more or less does not matter here.
  EXPECT_EQ(end.exit_code, 0) << end;
}

TEST(Resume, AStopFileEndsTheRunBetweenIterations) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "10"});
  Program program(scratch, mini.optimize_at(endpoint, "r", {"--json"}));
  ASSERT_TRUE(wait_until([&] { return scratch.has("r/plan.json"); }));
  scratch.put("r/STOP", "");
  const auto stopped = program.wait();
  ASSERT_EQ(stopped.exit_code, 0) << stopped;
  const Json json = stopped.json();
  EXPECT_EQ(json["stop_reason"], "stop file found");
  EXPECT_LE(json["iterations"].size(), 2U);
  fs::remove(scratch.path() / "r/STOP");
  const auto end = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(end.exit_code, 0) << end;
  EXPECT_GT(end.json()["iterations"].size(), json["iterations"].size());
}

TEST(Resume, AnEvaluationGoesOnWhereItWasKilled) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "60"});
  const Words command = {"eval",         mini.skill(), "-m",    "sim:mini", "--base-url",
                         endpoint.url(), "--trials",   "4",     "--run",    "r",
                         "-j",           "2",          "--json"};
  {
    Program program(scratch, command);
    ASSERT_TRUE(wait_until([&] { return endpoint.request_count() > 20; }));
    program.signal(SIGKILL);
    program.wait();
  }
  const std::size_t recorded = Scratch::lines(scratch.read("r/calls/replies.jsonl")).size();
  EXPECT_GT(recorded, 10U);
  const auto before = served(endpoint).requests;
  const auto end = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(end.exit_code, 0) << end;
  EXPECT_EQ(end.json()["n_graded"], 24);
  const std::size_t all = Scratch::lines(scratch.read("r/calls/replies.jsonl")).size();
  // Two were in flight at the kill; the endpoint may have logged them a moment later.
  EXPECT_GE(served(endpoint).requests - before, all - recorded);
  EXPECT_LE(served(endpoint).requests - before, all - recorded + 2);
}

TEST(RunDirectory, TwoProcessesAreKeptApart) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario(), {"--sim-latency", "50"});
  Program first(scratch, mini.optimize_at(endpoint, "r"));
  ASSERT_TRUE(wait_until([&] { return endpoint.request_count() > 4; }));
  for (const Words& command : {mini.optimize_at(endpoint, "r"), Words{"resume", "r"}}) {
    const auto second = run(scratch, command);
    EXPECT_EQ(second.exit_code, 2) << second;
    EXPECT_TRUE(holds(second.err, {"is working on this run directory", "fix:"}));
  }
  const auto done = first.wait();
  EXPECT_EQ(done.exit_code, 0) << done;
}

}  // namespace
}  // namespace skillgrad::e2e
