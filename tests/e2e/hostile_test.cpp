// SPDX-License-Identifier: MIT
// What a careless user, a damaged run directory and a hostile agent do to the program.
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

TEST(Output, ThatCannotBeWrittenIsNeverCalledASuccess) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const Scratch scratch;
  const Mini mini(scratch);
  Options full;
  full.out = "/dev/full";
  const std::vector<Words> commands = {mini.eval(mini.skill(), "r", {"--limit", "1", "--json"}),
                                       {"validate", mini.skill(), "--json"},
                                       {"config", "show"},
                                       {"--help"}};
  for (const auto& words : commands) {
    SCOPED_TRACE(words.front());
    const auto outcome = run(scratch, words, full);
    EXPECT_EQ(outcome.exit_code, 3) << outcome;
    EXPECT_TRUE(holds(outcome.err, {"cannot write the result", "stdout", "No space left"}));
  }
  EXPECT_EQ(scratch.read_json_file("r/run.json")["command"], "eval") << "the run itself is kept";
}

TEST(WrongInput, OfAKeyPathIsAnErrorOfTheCommandLine) {
  const Scratch scratch;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"roles.~x=1", "unknown role"},
      {"roles..model=x", "empty name"},
      {"stages.loss.name.x=1", "\"stages.loss.name.x\" lies below"},
      {"roles.a.b=1", "unknown role"}};
  for (const auto& [set, says] : cases) {
    SCOPED_TRACE(set);
    const auto outcome = run(scratch, {"config", "show", "--set", set});
    EXPECT_EQ(outcome.exit_code, 2) << outcome;
    EXPECT_TRUE(holds(outcome.err, {says}));
    EXPECT_EQ(outcome.err.find("fault of the program"), std::string::npos) << outcome;
  }
  const auto action = run(scratch, {"config", "shwo"});
  EXPECT_EQ(action.exit_code, 2) << action;
  EXPECT_TRUE(holds(action.err, {"shwo", "config show"}));
}

TEST(Validate, TakesItsValuesFromEveryPlaceThatOtherCommandsDo) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto text = run(scratch, {"validate", mini.skill(), "--no-json", "-q"});
  EXPECT_EQ(text.exit_code, 0) << text;
  EXPECT_TRUE(holds(text.out, {"Valid skill"}));
  EXPECT_EQ(text.err, "");
  Options options;
  options.env["SKILLGRAD_JSON"] = "1";
  EXPECT_EQ(run(scratch, {"validate", mini.skill()}, options).json()["valid"], true);
  EXPECT_EQ(run(scratch, {"validate", mini.skill(), "--set", "json=true"}).json()["valid"], true);
  for (const Words& wrong : {Words{"--config", "gone.json"}, Words{"--set", "jsn=1"}})
    EXPECT_EQ(run(scratch, join_words({"validate", mini.skill()}, wrong)).exit_code, 2);
}

TEST(MissingFolder, ForTemporaryFilesIsNotCalledAMissingSandbox) {
  const Scratch scratch;
  const Mini mini(scratch);
  Options options;
  options.env["TMPDIR"] = scratch / "gone";
  const auto outcome = run(scratch, mini.eval(mini.skill(), "r", {"--limit", "1"}), options);
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_TRUE(holds(outcome.err, {"temporary", "set TMPDIR"}));
  EXPECT_EQ(outcome.err.find("bubblewrap"), std::string::npos) << outcome;
}

TEST(BenchmarkList, IsJsonWhereThatIsAsked) {
  const Scratch scratch;
  EXPECT_TRUE(run(scratch, {"benchmark", "list", "--json"}).json()["benchmarks"].is_array());
}

TEST(Eval, OfWhichNothingCouldBeGradedHasOneVerdict) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto outcome = run(
      scratch, mini.eval(mini.skill(), "r", {"--limit", "1", "--sim-fault-429", "1", "--json"}));
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_EQ(outcome.json()["verdict"], "fail");
  EXPECT_TRUE(outcome.json()["score"].is_null());
}

TEST(Grade, WithoutAnyGradePrintsNoScore) {
  const Scratch scratch;
  scratch.put("tasks.jsonl", R"({"id":"a","input":"x","target":"4","grader":"regex"})");
  scratch.put("answers.jsonl", R"({"task_id":"a","answer":")" + std::string(70'000, 'b') + "\"}");
  const auto graded =
      run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"});
  EXPECT_EQ(graded.exit_code, 3) << graded;
  EXPECT_TRUE(holds(graded.err, {"0 graded", "1 error "}));
  EXPECT_EQ(graded.err.find("mean score"), std::string::npos) << graded;
}

class DamagedRun : public testing::Test {
 protected:
  void SetUp() override {
    const auto calm =
        run(scratch_, mini_.optimize("calm", {"--json", "--max-iters", "2", "--no-test"}));
    ASSERT_EQ(calm.exit_code, 0) << calm;
    calm_ = comparable(calm.json());
    // The second iteration as a kill before its gate's end leaves it: without the state of its end.
    ASSERT_EQ(run(scratch_, mini_.optimize("r", {"--max-iters", "1", "--no-test"})).exit_code, 0);
    state_ = scratch_.read("r/state.json");
    ASSERT_EQ(run(scratch_, {"resume", "r", "--max-iters", "2"}).exit_code, 0);
  }
  Outcome resume() {
    scratch_.put("r/state.json", state_);
    return run(scratch_, {"resume", "r", "--json", "--max-iters", "2"});
  }

  Scratch scratch_;
  Mini mini_{scratch_};
  std::string calm_, state_;
};

TEST_F(DamagedRun, NamesTheFileAndGoesOnWithoutIt) {
  struct Case {
    std::string file, bytes;
  };
  const std::string dir = "iter_002/";
  std::vector<Case> cases;
  for (const char* bytes : {"", "[]", "null", "{\"x\":", "\"text\"", "{\"gradient\":7}"})
    cases.push_back({dir + "gradients.jsonl", bytes});
  cases[0].bytes = "{";  // no line at all is a batch without a diagnosis
  for (const char* bytes :
       {"", "[]", "null", "7", "{\"failed\":7}", "{\"blocking\":3,\"edits\":[]}",
        "{\"blocking\":[7],\"edits\":[]}", "{\"blocking\":[{\"rule\":1}],\"edits\":[]}",
        "{\"edits\":[{\"op\":7}]}", "{\"edits\":[],\"summary\":[]}"})
    cases.push_back({dir + "candidate_1/patch.json", bytes});
  for (const char* bytes : {"", "[]", "{\"overlay\":7}", "{\"overlay\":[],\"memory\":[]}"})
    cases.push_back({dir + "overlay.json", bytes});
  const auto rollouts = tree(scratch_.path() / "r/iter_002/rollouts");
  for (const auto& [name, bytes] : rollouts)
    if (name.ends_with("/loss.json") && cases.size() < 25)
      for (const char* damaged : {"[]", "{\"task_id\":7}", "{\"task_id\":\"a\",\"loss\":-1}"})
        cases.push_back({dir + "rollouts/" + name, damaged});
  for (const auto& item : cases) {
    SCOPED_TRACE(item.file + " holds " + item.bytes);
    const std::string whole = scratch_.read("r/" + item.file);
    scratch_.put("r/" + item.file, item.bytes);
    const auto refused = resume();
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_TRUE(holds(refused.err, {"r/" + item.file, "delete it and resume"}));
    EXPECT_EQ(refused.err.find("fault of the program"), std::string::npos) << refused;
    scratch_.put("r/" + item.file, whole);
  }
  for (const char* file : {"gradients.jsonl", "patch.json", "candidate_1/patch.json",
                           "overlay.json", "gate.json", "book.jsonl"}) {
    SCOPED_TRACE(file);
    fs::remove(scratch_.path() / "r/iter_002" / file);
    const auto mended = resume();
    ASSERT_EQ(mended.exit_code, 0) << mended;
    EXPECT_EQ(comparable(mended.json()), calm_);
  }
}

TEST_F(DamagedRun, ARolloutWhoseFilesWereCutOffIsDoneAgainFromItsCalls) {
  const std::string folder = "r/iter_002/rollouts/";
  const std::string rollout =
      fs::directory_iterator(scratch_.path() / folder)->path().filename().string();
  for (const char* name : {"/loss.json", "/trajectory.jsonl"}) {
    SCOPED_TRACE(name);
    const std::string file = folder + rollout + name;
    const std::string whole = scratch_.read(file);
    for (const std::string& left : {std::string(), whole.substr(0, whole.size() / 2)}) {
      scratch_.put(file, left);
      const auto mended = resume();
      ASSERT_EQ(mended.exit_code, 0) << mended;
      EXPECT_TRUE(holds(mended.err, {"done again", std::string(name + 1) + " is cut off"}));
      EXPECT_EQ(comparable(mended.json()), calm_);
    }
  }
}

TEST_F(DamagedRun, WithoutItsStateIsPlayedAgainFromItsCalls) {
  const Json whole = scratch_.read_json_file("r/state.json");
  const auto with = [&](const char* key, Json value) {
    Json out = whole;
    out[key] = std::move(value);
    return dump_json(out);
  };
  // Beyond the range of an int, a position would come back as a negative one.
  for (const std::string& bytes :
       {std::string(), std::string("[]"), with("iteration", "x"), with("iteration", 1),
        with("iteration", 4294967294), with("current_iteration", 4294967295),
        with("best_iteration", 3), with("rows", Json::array()), with("best_iteration", -1)}) {
    SCOPED_TRACE(bytes.substr(0, 120));
    state_ = bytes;
    const auto refused = resume();
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_TRUE(holds(refused.err, {"r/state.json", "delete it and resume"}));
  }
  fs::remove(scratch_.path() / "r/state.json");
  const auto again = run(scratch_, {"resume", "r", "--json", "--max-iters", "2"});
  ASSERT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(comparable(again.json()), calm_);
}

TEST_F(DamagedRun, WithoutItsConfigIsNeverMixedWithAnother) {
  const Json config = scratch_.read_json_file("r/config.json");
  Json no_command = config, no_identity = config, no_settings = config;
  no_command["command"] = 7;
  no_identity["identity"] = "x";
  no_settings.erase("settings");
  for (const std::string& bytes :
       {std::string("[]"), std::string("null"), std::string("\"x\""), std::string("{}"),
        dump_json(no_command), dump_json(no_identity), dump_json(no_settings)}) {
    SCOPED_TRACE(bytes.substr(0, 40));
    scratch_.put("r/config.json", bytes);
    for (const Words& words :
         {Words{"resume", "r"}, mini_.optimize("r", {"--max-iters", "2", "--json", "--no-test"})}) {
      const auto refused = run(scratch_, words);
      EXPECT_EQ(refused.exit_code, 2) << refused;
      EXPECT_TRUE(holds(refused.err, {"r/config.json", "another --run directory"}));
    }
  }
  // Work without a name would be taken for that of whatever command comes next.
  fs::remove(scratch_.path() / "r/config.json");
  const auto other = run(scratch_, mini_.optimize("r", {"--seed", "9"}));
  EXPECT_EQ(other.exit_code, 2) << other;
  EXPECT_TRUE(holds(other.err, {"config.json is missing", "another --run directory"}));
}

TEST(Resume, WithMoreIterationsScoresTheNewBestSkillAndNotTheEarlierOne) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto calm = run(scratch, mini.optimize("calm", {"--max-iters", "2", "--json"}));
  const auto first = run(scratch, mini.optimize("r", {"--max-iters", "1", "--json"}));
  ASSERT_NE(first.json()["test"]["after"], calm.json()["test"]["after"]) << first;
  const auto more = run(scratch, {"resume", "r", "--max-iters", "2", "--json"});
  EXPECT_EQ(more.json()["test"]["after"], calm.json()["test"]["after"]) << more;
  EXPECT_EQ(tree(scratch / "r/best"), tree(scratch / "calm/best"));
}

TEST(Start, ThatWasKilledBeforeTheRunHadItsNameIsMadeAgain) {
  const Scratch scratch;
  const Mini mini(scratch);
  scratch.put("r/.lock", "1\n");
  scratch.put("r/initial/skill/SKILL.md", "half");
  const auto outcome = run(scratch, mini.eval(mini.skill(), "r", {"--limit", "1"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
}

TEST(Outage, OfTheMomentumEndpointWaitsForAResumeInsteadOfLosingTheMemory) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  auto away = std::make_unique<fault::Server>();
  away->handler([](const fault::Hit& hit, std::size_t) {
    if (hit.method == "GET") return fault::json_step(200, R"({"data":[{"id":"sim:mini"}]})");
    return fault::json_step(429, R"({"error":{"message":"slow"}})", {{"Retry-After", "86400"}});
  });
  const int port = away->port();
  const auto words = [&](const std::string& run_dir, const std::string& url) {
    return mini.optimize_at(
        endpoint, run_dir,
        {"--max-iters", "2", "--json", "--roles", R"({"momentum":{"base_url":")" + url + R"("}})"});
  };
  const auto stopped = run(scratch, words("r", away->base_url()));
  EXPECT_EQ(stopped.exit_code, 3) << stopped;
  EXPECT_FALSE(scratch.has("r/iter_001/overlay.json"));
  away.reset();
  const Endpoint back(scratch, mini.scenario(), {"--port", std::to_string(port)});
  const auto end = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(end.exit_code, 0) << end;
  const auto calm = run(scratch, words("calm", back.url()));
  EXPECT_EQ(tree(scratch / "r/best"), tree(scratch / "calm/best"));
  EXPECT_EQ(scratch.read("r/momentum_memory.md"), scratch.read("calm/momentum_memory.md"));
}

TEST(HostileAgent, ThatMakesThousandsOfFilesFillsNeitherTheRunNorItsTime) {
  const Scratch scratch;
  const Mini mini(scratch);
  fault::Server server;
  server.handler([](const fault::Hit& hit, std::size_t) {
    if (hit.method == "GET") return fault::json_step(200, R"({"data":[{"id":"m"}]})");
    if (hit.body.find("\"tool\"") != std::string::npos)
      return fault::json_step(200, fault::chat_body("done"));
    return fault::json_step(
        200, fault::tool_body(R"([{"id":"c1","type":"function","function":{"name":"shell",)"
                              R"("arguments":"{\"command\":\"for i in $(seq 1 3000);)"
                              R"( do : > f$i; done\"}"}}])"));
  });
  const auto outcome =
      run(scratch, {"eval", mini.skill(), "-b", mini.tasks(), "-m", "m", "--base-url",
                    server.base_url(), "--run", "r", "--limit", "1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_TRUE(holds(outcome.err, {"not kept", "200 files"}));
  EXPECT_LT(tree(scratch / "r").size(), 300U);
  EXPECT_LT(outcome.seconds, 30) << outcome;
}

}  // namespace
}  // namespace skillgrad::e2e
