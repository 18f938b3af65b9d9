// SPDX-License-Identifier: MIT
// Programs of the user in the place of a stage, and faults of the endpoint.
#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

constexpr const char* kDiagnoser = R"(import json, sys
evidence = json.load(sys.stdin)
assert evidence["schema"] == "skillgrad.evidence/1"
json.dump({"schema": "skillgrad.gradient/1",
           "task_id": evidence["task_id"],
           "kind": evidence["kind"],
           "label": "said by a plug-in",
           "gradient": "The score was %s." % evidence["current"]["score"],
           "steps": [1]}, sys.stdout)
)";

constexpr const char* kLoss = R"(import json, sys
request = json.load(sys.stdin)
grade = request["grade"]
grade.update(score=grade["score"] / 2, loss=1 - grade["score"] / 2, hard=False,
             feedback="halved by a plug-in")
json.dump(grade, sys.stdout)
)";

constexpr const char* kGate = R"(import json, sys
request = json.load(sys.stdin)
json.dump({"decision": "accepted", "reason": "a plug-in likes all %d" % request["planned"]},
          sys.stdout)
)";

constexpr const char* kPatcher = R"(import json, sys
request = json.load(sys.stdin)
json.dump({"schema": "skillgrad.patch/1", "summary": "a plug-in's rule",
           "edits": [{"op": "insert_section", "before": "Pitfalls",
                      "text": "## Choose the letters\n\nWrite every letter as a capital letter.\n"}]},
          sys.stdout)
)";

/// A config file that puts `python3 FILE` in the place of a stage.
std::string config_with(const Scratch& scratch, const std::string& stage, const std::string& code,
                        int timeout_s = 30) {
  scratch.put("plug/" + stage + ".py", code);
  const Json config = {
      {"stages",
       {{stage,
         {{"name", "command"}, {"run", {"python3", stage + ".py"}}, {"timeout_s", timeout_s}}}}}};
  return scratch.put("plug/" + stage + ".json", dump_json(config, 1));
}

TEST(Plugin, ATenLineDiagnoserTakesThePlaceOfTheModel) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Endpoint endpoint(scratch, mini.scenario());
  const auto done =
      run(scratch, mini.optimize_at(endpoint, "r",
                                    {"--config", config_with(scratch, "diagnoser", kDiagnoser),
                                     "--max-iters", "1", "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  const auto gradients = Scratch::lines(scratch.read("r/iter_001/gradients.jsonl"));
  ASSERT_EQ(gradients.size(), 3U);
  for (const auto& gradient : gradients) {
    EXPECT_EQ(gradient["schema"], "skillgrad.gradient/2") << "kept in the newest form";
    EXPECT_EQ(gradient["causes"][0]["label"], "said by a plug-in");
    EXPECT_EQ(gradient["causes"][0]["analysis"], "The score was 0.0.");
    EXPECT_EQ(gradient["kind"], "failure");
  }
  for (const auto& request : endpoint.requests())
    EXPECT_NE(request.value("stage", ""), "diagnoser") << "the model was asked all the same";
}

TEST(Plugin, LossPatcherAndGateCanBeProgramsToo) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto loss =
      run(scratch, mini.optimize("loss", {"--config", config_with(scratch, "loss", kLoss),
                                          "--max-iters", "1", "--json"}));
  ASSERT_EQ(loss.exit_code, 0) << loss;
  EXPECT_EQ(loss.json()["baseline"]["train"]["score"].get<double>(), 2.0 / 11 / 2);
  const auto records = Scratch::lines(scratch.read("loss/iter_001/losses.jsonl"));
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(records[0]["feedback"], "halved by a plug-in");

  const auto gate =
      run(scratch, mini.optimize("gate", {"--config", config_with(scratch, "gate", kGate),
                                          "--max-iters", "1", "--json"}));
  ASSERT_EQ(gate.exit_code, 0) << gate;
  EXPECT_EQ(gate.json()["iterations"][0]["decision"], "accepted");
  EXPECT_EQ(gate.json()["iterations"][0]["gate"]["mode"], "command");
  EXPECT_EQ(gate.json()["iterations"][0]["reason"], "a plug-in likes all 6");

  const auto patcher =
      run(scratch, mini.optimize("patcher", {"--config", config_with(scratch, "patcher", kPatcher),
                                             "--max-iters", "1", "--json"}));
  ASSERT_EQ(patcher.exit_code, 0) << patcher;
  EXPECT_EQ(patcher.json()["iterations"][0]["summary"], "a plug-in's rule");
  EXPECT_TRUE(holds(scratch.read("patcher/best/SKILL.md"), {"Write every letter as a capital"}));
}

TEST(Plugin, AProgramThatFailsIsAnInfrastructureErrorAndTheRunGoesOnWhenItIsMended) {
  struct Case {
    const char *stage, *code, *says;
    int timeout_s;
  };
  const std::vector<Case> cases = {
      {"diagnoser", "import sys; sys.exit('no idea')", "exit code 1", 30},
      {"diagnoser", "print('I think it was the header.')", "not one JSON object", 30},
      {"diagnoser", "import time; time.sleep(30)", "did not end within", 4},
      {"diagnoser", "print('{\"gradient\":\"x\"}')", "task_id", 30},
      {"patcher", "print('[]')", "expected an object", 30},
      {"gate", "print('{\"decision\":\"maybe\"}')", "maybe", 30},
      {"gate", "print('{\"decision\":\"\"}')", "decision", 30},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.code);
    const Scratch scratch;
    const Mini mini(scratch);
    const auto config = config_with(scratch, item.stage, item.code, item.timeout_s);
    const auto failed =
        run(scratch, mini.optimize("r", {"--config", config, "--max-iters", "1", "--json"}));
    EXPECT_EQ(failed.exit_code, 3) << failed;
    EXPECT_TRUE(holds(failed.err, {item.says, std::string(item.stage) + ".py", "fix:"}));
    EXPECT_EQ(failed.json()["iterations"].size(), 0U);
    EXPECT_EQ(failed.json()["error"]["code"], "infra");
    EXPECT_EQ(scratch.has("r/iter_001/gradients.jsonl"), item.stage != std::string("diagnoser"))
        << "it was read as a diagnosis";
    scratch.put("plug/" + std::string(item.stage) + ".py",
                item.stage == std::string("diagnoser") ? kDiagnoser
                : item.stage == std::string("gate")    ? kGate
                                                       : kPatcher);
    const auto mended = run(scratch, {"resume", "r", "--json"});
    EXPECT_EQ(mended.exit_code, 0) << mended;
    EXPECT_EQ(mended.json()["iterations"].size(), 1U);
  }
}

TEST(Plugin, ALossProgramThatFailsIsNeverAScore) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto config = config_with(scratch, "loss", "print('score: 1.0')");
  const auto failed = run(scratch, mini.optimize("r", {"--config", config, "--max-iters", "1"}));
  EXPECT_EQ(failed.exit_code, 2) << failed;
  EXPECT_TRUE(holds(failed.err,
                    {"11 of 11 rollouts of the base run ended as errors", "not one JSON object"}));
  scratch.put("plug/loss.py", kLoss);
  const auto mended = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(mended.exit_code, 0) << mended;
  EXPECT_EQ(mended.json()["baseline"]["train"]["n_graded"], 11);
}

TEST(Fault, BusyAndBrokenEndpointsLeadToTheSameResult) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto calm = run(scratch, mini.optimize("calm", {"--json"}));
  ASSERT_EQ(calm.exit_code, 0) << calm;
  for (const auto& fault : {"--sim-fault-429", "--sim-fault-500", "--sim-fault-cut"}) {
    SCOPED_TRACE(fault);
    const std::string dir = std::string("r") + fault;
    const auto rough = run(scratch, mini.optimize(dir, {fault, "0.1", "--json"}));
    ASSERT_EQ(rough.exit_code, 0) << rough;
    const Json one = calm.json(), other = rough.json();
    EXPECT_GT(other["retries"].get<int>(), 0) << "no fault was met";
    for (const char* key : {"iterations", "baseline", "test", "stop_reason"})
      EXPECT_EQ(comparable(one[key]), comparable(other[key])) << key;
    EXPECT_EQ(tree(scratch / "calm/best"), tree(scratch / (dir + "/best")));
  }
}

TEST(Fault, MalformedToolCallsAreAnsweredAndTheRunEndsWell) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto rough = run(scratch, mini.optimize("r", {"--sim-fault-tool-call", "0.1", "--json"}));
  ASSERT_EQ(rough.exit_code, 0) << rough;
  const Json json = rough.json();
  EXPECT_GT(json["test"]["after"].get<double>(), json["test"]["before"].get<double>());
  EXPECT_EQ(json["test"]["detail"]["after"]["n_graded"], 6);
}

}  // namespace
}  // namespace skillgrad::e2e
