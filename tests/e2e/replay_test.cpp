// SPDX-License-Identifier: MIT
// Caches, recordings and faulty endpoints through the program: what a run finds does not depend on
// where its replies come from (R4.2, R4.3, R4.7).
#include <memory>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

/// A run's result without what says how its replies were come by.
std::string findings(const Scratch& scratch, const std::string& run) {
  Json json = scratch.read_json_file(run + "/run.json");
  for (const char* key : {"attempts", "retries", "cached_calls", "cost_usd", "unsettled_usd"})
    json.erase(key);
  // Replies that were kept cost nothing, so packages are not compared by it.
  if (json.contains("tradeoffs")) {
    json["tradeoffs"]["left_out"].erase("cost");
    for (Json& package : json["tradeoffs"]["packages"]) package.erase("cost_usd");
  }
  return comparable(json);
}

void expect_replayed_run(const Scratch& scratch, const std::string& a, const std::string& b) {
  EXPECT_EQ(tree(scratch / (a + "/best")), tree(scratch / (b + "/best")));
  EXPECT_EQ(findings(scratch, a), findings(scratch, b));
}

/// Of two evaluations: what the tasks came to.
void expect_same_scores(const Scratch& scratch, const std::string& a, const std::string& b) {
  const Json one = scratch.read_json_file(a + "/run.json");
  const Json other = scratch.read_json_file(b + "/run.json");
  for (const char* key : {"tasks", "by_status", "usage", "score"})
    EXPECT_EQ(one.at(key), other.at(key)) << key;
}

TEST(Replay, ARecordedRunReplaysWithoutAnyEndpoint) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string cassette = scratch / "cassette";
  Words offline;
  {
    const Endpoint endpoint(scratch, mini.scenario());
    const Words command =
        mini.optimize_at(endpoint, "live", {"--price", R"({"input":1,"output":4})"});
    ASSERT_EQ(run(scratch, join_words(command, {"--record", cassette})).exit_code, 0);
    ASSERT_GT(endpoint.request_count(), 10U);
    offline = mini.optimize_at(endpoint, "offline", {"--price", R"({"input":1,"output":4})"});
  }
  const auto recorded = tree(cassette);
  const auto outcome = run(scratch, join_words(offline, {"--replay", cassette}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(tree(scratch / "live/best"), tree(scratch / "offline/best"));
  EXPECT_EQ(tree(cassette), recorded) << "a replay changes nothing";
  const Json live = scratch.read_json_file("live/run.json");
  const Json json = scratch.read_json_file("offline/run.json");
  EXPECT_EQ(json.at("test").at("after"), live.at("test").at("after"));
  EXPECT_EQ(json.at("iterations").size(), live.at("iterations").size());
  EXPECT_EQ(json.at("usage"), live.at("usage"));
  EXPECT_EQ(json.at("cached_calls"), live.at("usage").at("calls"));
  EXPECT_EQ(json.at("cost_usd"), 0.0);
  EXPECT_GT(live.at("cost_usd").get<double>(), 0);
}

TEST(Replay, TheSimulationInsideTheProgramIsNotStartedForAReplay) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string cassette = scratch / "cassette";
  ASSERT_EQ(run(scratch, mini.optimize("live", {"--record", cassette})).exit_code, 0);
  const std::string log = scratch / "requests.jsonl";
  const auto outcome =
      run(scratch,
          mini.optimize("offline", {"--replay", cassette, "--sim-request-log", log, "-j", "1"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  expect_replayed_run(scratch, "live", "offline");
  EXPECT_FALSE(scratch.has("requests.jsonl")) << "no server was there";
}

TEST(Replay, AChangedSkillIsAMissThatNamesTheDifference) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string cassette = scratch / "cassette";
  ASSERT_EQ(run(scratch, mini.eval(mini.skill(), "live", {"--record", cassette})).exit_code, 0);
  const std::string file = mini.skill() + "/SKILL.md";
  const std::string text = *read_file(file);
  ASSERT_TRUE(write_file_atomic(file, text + "\nAlways write in capitals.\n").has_value());
  const auto outcome = run(scratch, mini.eval(mini.skill(), "offline", {"--replay", cassette}));
  EXPECT_EQ(outcome.exit_code, 2) << outcome;
  EXPECT_TRUE(holds(outcome.err, {"is not recorded", "/messages/", "capitals", "--record"}));
  const auto nothing =
      run(scratch, mini.eval(mini.skill(), "none", {"--replay", scratch / "missing"}));
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_TRUE(holds(nothing.err, {"no folder of recorded calls", "missing", "--record"}));
}

TEST(Replay, TwoFoldersAtOnceAreRefused) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto outcome =
      run(scratch, mini.optimize("run", {"--record", scratch / "a", "--replay", scratch / "b"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(holds(outcome.err, {"--record", "--replay", "different folders"}));
  const auto useless = run(scratch, mini.optimize("run", {"--refresh"}));
  EXPECT_EQ(useless.exit_code, 2);
  EXPECT_TRUE(holds(useless.err, {"refresh", "--cache"}));
}

TEST(Replay, ContradictionsAreFoundBeforeAnyFolderIsMade) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto refused = run(scratch, mini.optimize("run", {"--refresh", "--record", "x"}));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_FALSE(scratch.has("x"));
  const auto age = run(scratch, mini.optimize("run", {"--cache", "c", "--cache-ttl", "2w"}));
  EXPECT_EQ(age.exit_code, 2);
  EXPECT_TRUE(holds(age.err, {"2w", "--cache-ttl", "2d"}));
  EXPECT_EQ(age.err.find("--max-time"), std::string::npos);
  EXPECT_FALSE(scratch.has("c"));
}

TEST(Replay, AnEmptyPathIsAMistakeAndNoRunThatIsPaidFor) {
  const Scratch scratch;
  const Mini mini(scratch);
  for (const char* flag : {"--replay", "--record", "--cache", "--events", "--prices", "--run",
                           "--ca-file", "--prompts", "--split-file", "--config"}) {
    const auto outcome = run(scratch, mini.eval(mini.skill(), "run", {flag, ""}));
    EXPECT_EQ(outcome.exit_code, 2) << flag;
    EXPECT_TRUE(holds(outcome.err, {flag, "expected a path"})) << outcome;
  }
  Options options;
  options.env["SKILLGRAD_REPLAY"] = "";
  const auto outcome = run(scratch, mini.eval(mini.skill(), "run"), options);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(holds(outcome.err, {"SKILLGRAD_REPLAY"}));
  EXPECT_FALSE(scratch.has("run"));
}

TEST(Replay, OneFolderInTwoSpellingsIsReplayedAndCompleted) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto outcome = run(
      scratch, mini.eval(mini.skill(), "run", {"--record", "cas", "--replay", "./more/../cas/"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_TRUE(scratch.has("cas"));
}

TEST(Replay, ASecretThatIsNotSetIsNotNeeded) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  const auto command = [&](const std::string& name, const Words& more) {
    return join_words({"eval", mini.skill(), "--benchmark", mini.tasks(), "--model", "sim:mini",
                       "--base-url", endpoint.url(), "--run", name, "--headers",
                       R"({"X-Team":{"env":"X_TEAM"}})", "--api-key-env", "MY_KEY"},
                      more);
  };
  Options options;
  options.env = {{"X_TEAM", "team-secret-1"}, {"MY_KEY", "key-secret-12345"}};
  ASSERT_EQ(run(scratch, command("live", {"--record", "cas"}), options).exit_code, 0);
  const auto needed = run(scratch, command("needed", {}));
  EXPECT_EQ(needed.exit_code, 2);
  EXPECT_TRUE(holds(needed.err, {"X_TEAM"}));
  const auto offline = run(scratch, command("offline", {"--replay", "cas"}));
  EXPECT_EQ(offline.exit_code, 0) << offline;
  expect_same_scores(scratch, "live", "offline");
}

TEST(Replay, ATaskThatRanOutOfTimeDoesSoAgainWithoutWaiting) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Words limit = {"--task-timeout", "1", "--limit", "2", "-j", "2"};
  const auto live =
      run(scratch, mini.eval(mini.skill(), "live",
                             join_words(limit, {"--record", "cas", "--sim-latency", "700"})));
  ASSERT_EQ(live.exit_code, 0) << live;
  const auto offline =
      run(scratch, mini.eval(mini.skill(), "offline", join_words(limit, {"--replay", "cas"})));
  ASSERT_EQ(offline.exit_code, 0) << offline;
  EXPECT_TRUE(holds(live.out, {"timeout"})) << live;
  expect_same_scores(scratch, "live", "offline");
}

TEST(Replay, ARunThatEndedAtALimitEndsThereAgain) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Words limit = {"--max-calls", "5"};
  for (const Words& more : {Words{"--record", "cas"}, Words{"--replay", "cas"}}) {
    const auto outcome =
        run(scratch, mini.eval(mini.skill(), more[0].substr(2), join_words(limit, more)));
    EXPECT_EQ(outcome.exit_code, 4) << outcome;
    EXPECT_TRUE(holds(outcome.err, {"5 calls"}));
  }
}

TEST(Replay, AResumedRecordingIsWholeAndNotWarnedOf) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Words record = {"--record", "cas", "--max-calls", "20", "-j", "1", "--force"};
  ASSERT_EQ(run(scratch, mini.optimize("live", record)).exit_code, 4);
  const auto resumed = run(scratch, {"resume", "live", "--max-calls", "0"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_EQ(resumed.err.find("are not recorded"), std::string::npos) << resumed;
  const auto offline = run(scratch, mini.optimize("offline", {"--replay", "cas"}));
  ASSERT_EQ(offline.exit_code, 0) << offline;
  expect_replayed_run(scratch, "live", "offline");
}

TEST(Replay, ACertificateFileThatIsMissingIsNamedBeforeAnyCall) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto outcome = run(scratch, mini.eval(mini.skill(), "run", {"--ca-file", "nope.pem"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(holds(outcome.err, {"nope.pem", "--ca-file"}));
  EXPECT_EQ(outcome.err.find("ca-certificates"), std::string::npos);
}

TEST(Cache, ASecondRunAsksForNothingAndCostsNothing) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  const Words more = {"--cache", scratch / "cache", "--price", R"({"input":1,"output":4})"};
  ASSERT_EQ(run(scratch, mini.optimize_at(endpoint, "first", more)).exit_code, 0);
  const std::size_t asked = endpoint.request_count();
  const auto outcome = run(scratch, mini.optimize_at(endpoint, "second", more));
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(endpoint.request_count(), asked);
  EXPECT_EQ(scratch.read_json_file("second/run.json").at("cost_usd"), 0.0);
  EXPECT_TRUE(holds(outcome.out, {"without asking the endpoint"}));
  EXPECT_EQ(tree(scratch / "first/best"), tree(scratch / "second/best"));
  EXPECT_EQ(scratch.read_json_file("first/run.json").at("usage"),
            scratch.read_json_file("second/run.json").at("usage"));
}

TEST(Faults, AnEndpointThatFailsATenthOfItsRequestsChangesNothing) {
  const Scratch scratch;
  const Mini mini(scratch);
  ASSERT_EQ(run(scratch, mini.optimize("calm")).exit_code, 0);
  for (const std::string& stream : {std::string("off"), std::string("on")}) {
    const std::string name = "rough-" + stream;
    const Endpoint endpoint(
        scratch, mini.scenario(),
        {"--sim-fault-429", "0.04", "--sim-fault-500", "0.03", "--sim-fault-cut", "0.03"});
    const auto outcome = run(scratch, mini.optimize_at(endpoint, name, {"--stream", stream}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome;
    EXPECT_EQ(tree(scratch / "calm/best"), tree(scratch / (name + "/best")));
    const Json calm = scratch.read_json_file("calm/run.json");
    const Json rough = scratch.read_json_file(name + "/run.json");
    EXPECT_EQ(rough.at("test"), calm.at("test"));
    EXPECT_EQ(rough.at("iterations").size(), calm.at("iterations").size());
    std::size_t begun = 0, ended = 0;
    for (const Json& line : Scratch::lines(scratch.read(name + "/calls/ledger.jsonl")))
      ++(line.at("event") == "begin" ? begun : ended);
    std::size_t chats = 0;
    for (const Json& request : endpoint.requests())
      if (request.at("stage") != "models") ++chats;
    EXPECT_EQ(begun, chats) << "each request is one attempt of the ledger";
    EXPECT_EQ(ended, begun);
    EXPECT_GT(rough.at("retries").get<int>(), 0);
  }
}

}  // namespace
}  // namespace skillgrad::e2e
