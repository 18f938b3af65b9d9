// SPDX-License-Identifier: MIT
// What a run will cost, said before its first call, against what it did cost.
#include <set>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

/// A price table in LiteLLM's shape and one in our own; the simulated endpoint costs nothing but in
/// a table of one's own.
constexpr const char* kOwn = R"({"schema":"skillgrad.prices/1","date":"2026-01-02","models":[
  {"id":"sim:","prefix":true,"input":2,"cached":1,"output":8,"context_tokens":90000}]})";
constexpr const char* kLiteLlm = R"({"sample_spec":{"litellm_provider":"x"},
  "house-model":{"input_cost_per_token":"3e-06","output_cost_per_token":9e-06,
  "litellm_provider":"house","max_input_tokens":12345}})";

std::map<std::string, Json> by_stage(const Json& estimate) {
  std::map<std::string, Json> out;
  for (const auto& stage : estimate["stages"]) out[stage["stage"]] = stage;
  return out;
}

/// Conversations of each stage and step as the ledger has them: "base" -> 11, "patcher" -> 3.
std::map<std::string, std::set<std::string>> ledger_scopes(const Scratch& scratch,
                                                           const std::string& run) {
  std::map<std::string, std::set<std::string>> out;
  for (const auto& row : Scratch::lines(scratch.read(run + "/calls/ledger.jsonl"))) {
    if (row["event"] == "begin") continue;
    const std::string stage = row["stage"], scope = row["scope"];
    const std::string step = scope.substr(0, scope.find('/'));
    out[stage == "executor" && !step.starts_with("iter_") ? step : stage].insert(scope);
    if (step == "test") out[scope.substr(0, scope.find("/rollouts"))].insert(scope);
  }
  return out;
}

void expect_within(const Json& expected, const Json& really, double factor, const char* what) {
  ASSERT_TRUE(expected.is_number() && really.is_number()) << what;
  const double ratio = expected.get<double>() / really.get<double>();
  EXPECT_GT(ratio, 1 / factor) << what << ": " << expected << " against " << really;
  EXPECT_LT(ratio, factor) << what << ": " << expected << " against " << really;
}

TEST(Estimate, CountsWhatTheRunThenDoes) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string prices = scratch.put("prices.json", kOwn);
  const auto ran = run(scratch, mini.optimize("r", {"--json", "--prices", prices}));
  ASSERT_EQ(ran.exit_code, 0) << ran;
  const Json really = ran.json();
  ASSERT_GT(really["cost_usd"].get<double>(), 0);
  const Words command = {"estimate", mini.skill(), "--model", mini.model(), "--batch",
                         "3",        "--prices",   prices,    "--json"};
  const auto scopes = ledger_scopes(scratch, "r");
  const auto before = tree(scratch.path() / "r"), skill = tree(scratch.path() / "mini");

  struct Case {
    Words more;
    double factor;
  };
  // Measured on the run itself, or guessed: 3 calls a task, 2 a stage, as this simulation plays.
  const std::vector<Case> cases = {
      {{"--from", "r"}, 1.5},
      {{"--assume-turns", "3", "--assume-stage-turns", "2", "--assume-output-tokens", "25",
        "--assume-tool-tokens", "100", "--assume-failures", "0.73"},
       3}};
  for (const auto& item : cases) {
    SCOPED_TRACE(item.more.front());
    const auto said = run(scratch, join_words(command, item.more));
    ASSERT_EQ(said.exit_code, 0) << said;
    const Json estimate = said.json();
    EXPECT_EQ(estimate["schema"], "skillgrad.estimate/1");
    const auto stages = by_stage(estimate);
    // The plan is exact here: each rollout of it is one of the run's.
    const std::vector<std::pair<const char*, const char*>> exact = {{"base run", "base"},
                                                                    {"calibration", "base_val"}};
    for (const auto& [stage, step] : exact) {
      ASSERT_TRUE(stages.contains(stage)) << said.out;
      const Json& planned = stages.at(stage)["conversations"];
      for (const char* bound : {"low", "expected", "high"})
        EXPECT_EQ(planned[bound].get<std::size_t>(), scopes.at(step).size()) << stage;
      EXPECT_EQ(stages.at(stage)["exact"], true);
    }
    // A batch that comes out right asks for no patch.
    const Json& patches = stages.at("patch")["conversations"];
    EXPECT_LE(patches["low"].get<std::size_t>(), scopes.at("patcher").size());
    EXPECT_GE(patches["expected"].get<std::size_t>(), scopes.at("patcher").size());
    EXPECT_EQ(estimate["iterations"]["expected"].get<std::size_t>(), really["iterations"].size());
    expect_within(estimate["calls"]["expected"], really["usage"]["calls"], item.factor, "calls");
    expect_within(estimate["input_tokens"]["expected"], really["usage"]["input_tokens"],
                  item.factor, "input");
    expect_within(estimate["output_tokens"]["expected"], really["usage"]["output_tokens"],
                  item.factor, "output");
    expect_within(estimate["usd"]["expected"], really["cost_usd"], item.factor, "USD");
    const double spent = really["cost_usd"].get<double>();
    EXPECT_LE(estimate["usd"]["low"].get<double>(), spent);
    EXPECT_GE(estimate["usd"]["high"].get<double>(), spent);
    const auto calls = really["usage"]["calls"].get<std::int64_t>();
    EXPECT_LE(estimate["calls"]["low"].get<std::int64_t>(), calls);
    EXPECT_GE(estimate["calls"]["high"].get<std::int64_t>(), calls);
  }
  EXPECT_TRUE(tree(scratch.path() / "r") == before) << "the measured run is left as it was";
  EXPECT_TRUE(tree(scratch.path() / "mini") == skill);
  EXPECT_FALSE(scratch.has("skillgrad-runs"));
}

TEST(Estimate, SendsNothingAndShowsTheFirstRequest) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  Options options;
  options.env = {{"OPENAI_API_KEY", "sk-secret-0123456789"}};
  const Words where = {"--base-url", endpoint.url(), "--headers", R"({"X-Team":"team-secret-42"})"};
  const Words commands[] = {
      join_words({"estimate", mini.skill(), "-m", "sim:mini"}, where),
      join_words({"optimize", mini.skill(), "-m", "sim:mini", "--dry-run", "--run", "r"}, where),
      join_words({"eval", mini.skill(), "-m", "sim:mini", "--dry-run", "--run", "r", "--trials",
                  "2", "-b", mini.tasks()},
                 where)};
  for (const auto& command : commands) {
    const auto said = run(scratch, command, options);
    ASSERT_EQ(said.exit_code, 0) << said;
    EXPECT_TRUE(holds(said.out,
                      {"POST " + endpoint.url() + "/chat/completions", "Authorization: Bearer ***",
                       "X-Team: ***", "\"messages\"", "note-taker", "activate_skill", "price"}));
    for (const char* secret : {"sk-secret", "team-secret"})
      EXPECT_EQ((said.out + said.err).find(secret), std::string::npos) << said;
  }
  EXPECT_FALSE(scratch.has("r"));
  EXPECT_FALSE(scratch.has("skillgrad-runs"));
  // The request that the run then sends first is the one that was shown.
  const auto said = run(scratch, join_words(commands[0], {"--json"}), options);
  const Json shown = said.json();
  const auto body = Json::parse(shown["request"]["body"].get<std::string>());
  EXPECT_EQ(body["model"], "sim:mini");
  EXPECT_TRUE(holds(body.dump(), {"<train-00>"}));
  EXPECT_EQ(endpoint.request_count(), 0U);
}

TEST(Estimate, EvaluationsCountTrialsAndTheBaseline) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto said = run(scratch, mini.eval(mini.skill(), "r",
                                           {"--trials", "2", "--baseline", "none", "--dry-run",
                                            "--assume-turns", "5", "--json"}));
  ASSERT_EQ(said.exit_code, 0) << said;
  const auto stages = by_stage(said.json());
  EXPECT_EQ(stages.at("evaluate")["conversations"]["expected"], 12);
  EXPECT_EQ(stages.at("evaluate the baseline")["conversations"]["expected"], 12);
  EXPECT_EQ(said.json()["calls"]["expected"], 24 * 5);
  EXPECT_EQ(said.json()["calls"]["low"], 24 * 2);
  EXPECT_EQ(said.json()["calls"]["high"], 24 * 30);
  EXPECT_TRUE(said.json()["detectable_difference"].is_number());
}

TEST(Estimate, AnUnknownPriceIsNullAndNeverFree) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Words command = {"estimate",    mini.skill(), "-m",
                         "house-model", "--base-url", "http://localhost:9/v1"};
  const auto unknown = run(scratch, join_words(command, {"--json"}));
  ASSERT_EQ(unknown.exit_code, 0) << unknown;
  for (const char* bound : {"low", "expected", "high"})
    EXPECT_TRUE(unknown.json()["usd"][bound].is_null());
  EXPECT_TRUE(holds(run(scratch, command).out, {"unknown", "not known", "--prices"}));

  const Words priced = {"--prices", scratch.put("any name", kLiteLlm)};
  const auto known = run(scratch, join_words(command, join_words(priced, {"--json"})));
  ASSERT_EQ(known.exit_code, 0) << known;
  EXPECT_GT(known.json()["usd"]["low"].get<double>(), 0);
  EXPECT_EQ(known.json()["prices"]["executor"]["input"], 3.0);
  EXPECT_EQ(known.json()["prices"]["executor"]["context_tokens"], 12345);
}

TEST(Estimate, ItsFlagsAreRefusedWhereTheyHaveNoEffect) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Words cases[] = {{"--assume-turns", "3"}, {"--from", "x"}};
  for (const auto& more : cases) {
    const auto refused = run(scratch, mini.optimize("r", more));
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_TRUE(holds(refused.err, {more.front(), "--dry-run"}));
  }
  const auto missing = run(scratch, mini.eval(mini.skill(), "r", {"--dry-run", "--from", "x"}));
  EXPECT_EQ(missing.exit_code, 2) << missing;
  EXPECT_TRUE(holds(missing.err, {"ledger.jsonl"}));
}

TEST(Prices, DoctorAndConfigShowSayWhoPricesAModel) {
  const Scratch scratch;
  const std::string table = scratch.put("table", kLiteLlm);
  const auto shown = run(scratch, {"config", "show", "-m", "house-model", "--prices", table,
                                   "--roles", R"({"judge":{"model":"gpt-4o-mini"}})"});
  ASSERT_EQ(shown.exit_code, 0) << shown;
  EXPECT_TRUE(
      holds(shown.out, {"# price of executor: house-model: 3 input, 3 cached, 9 output",
                        "LiteLLM, last changed 20", "house-model at house",
                        "# price of judge: gpt-4o-mini: 0.15 input", "the built-in table of 20"}));
  const auto json = run(scratch, {"config", "show", "-m", "house-model", "--json"});
  ASSERT_EQ(json.exit_code, 0) << json;
  EXPECT_TRUE(json.json()["effective_prices"]["patcher"]["input"].is_null());

  const auto doctor = run(scratch, {"doctor", "-m", "sim:demo"});
  EXPECT_TRUE(holds(doctor.out, {"price", "sim:demo: 0 input", "the built-in table of"})) << doctor;

  const std::string other = scratch.put("other.json", R"({"menu":{"soup":3}})");
  const auto refused = run(scratch, {"config", "show", "-m", "m", "--prices", other});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(holds(refused.err, {"no price table", "\"menu\"", "LiteLLM", "models.dev"}));
}

TEST(Budget, EachLimitMustCoverTheBaseRunAndThreeIterations) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string prices = scratch.put("prices.json", kOwn);
  const Words cases[] = {{"--max-calls", "20"}, {"--max-tokens", "2000"}, {"--max-usd", "0.001"}};
  for (const auto& limit : cases) {
    const auto command = mini.optimize("r", join_words({"--prices", prices}, limit));
    const auto refused = run(scratch, command);
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_TRUE(holds(
        refused.err, {limit[0], limit[1], "base run and three iterations", "at least", "--force"}));
    EXPECT_FALSE(scratch.has("r"));
    const auto said = run(scratch, {"estimate", mini.skill(), "--model", mini.model(), "--prices",
                                    prices, limit[0], limit[1]});
    EXPECT_EQ(said.exit_code, 0) << said;
    EXPECT_TRUE(holds(said.err, {"would be refused", limit[0]}));
  }
  const auto forced =
      run(scratch, mini.optimize("r", {"--prices", prices, "--max-usd", "0.001", "--force"}));
  EXPECT_EQ(forced.exit_code, 4) << forced;
  const auto enough = run(scratch, mini.optimize("r2", {"--prices", prices, "--max-usd", "100"}));
  EXPECT_EQ(enough.exit_code, 0) << enough;
}

}  // namespace
}  // namespace skillgrad::e2e
