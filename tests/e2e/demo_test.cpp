// SPDX-License-Identifier: MIT
// The whole loop on the bundled demo, and what it reports against a later evaluation.
#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

enum class Type { text, number, number_or_null, object, array, boolean };

bool is_of(const Json& value, Type type) {
  switch (type) {
    case Type::text:
      return value.is_string();
    case Type::number:
      return value.is_number();
    case Type::number_or_null:
      return value.is_number() || value.is_null();
    case Type::object:
      return value.is_object();
    case Type::array:
      return value.is_array();
    case Type::boolean:
      return value.is_boolean();
  }
  return false;
}

struct Field {
  const char* pointer;
  Type type;
};

void expect_fields(const Json& json, const std::vector<Field>& fields) {
  for (const auto& field : fields) {
    const Json::json_pointer pointer(field.pointer);
    ASSERT_TRUE(json.contains(pointer)) << field.pointer << " is missing in " << json.dump(1);
    EXPECT_TRUE(is_of(json.at(pointer), field.type)) << field.pointer << ": " << json.at(pointer);
  }
}

const std::vector<Field> kOptimizeFields = {
    {"/command", Type::text},
    {"/run", Type::text},
    {"/model", Type::text},
    {"/simulation", Type::boolean},
    {"/iterations", Type::array},
    {"/iterations/0/iteration", Type::number},
    {"/iterations/0/decision", Type::text},
    {"/iterations/0/train_score", Type::number},
    {"/iterations/0/gate/mode", Type::text},
    {"/iterations/0/gate/before", Type::number},
    {"/iterations/0/gate/after", Type::number},
    {"/iterations/0/gate/n", Type::number},
    {"/iterations/0/gate/p", Type::number_or_null},
    {"/iterations/0/size/l1", Type::number},
    {"/iterations/0/size/l2", Type::number},
    {"/iterations/0/size/l3", Type::number},
    {"/iterations/0/cost_usd", Type::number_or_null},
    {"/baseline", Type::object},
    {"/best/iteration", Type::number},
    {"/best/path", Type::text},
    {"/test/before", Type::number},
    {"/test/after", Type::number},
    {"/stop_reason", Type::text},
    {"/usage/input_tokens", Type::number},
    {"/usage/cached_tokens", Type::number},
    {"/usage/output_tokens", Type::number},
    {"/usage/calls", Type::number},
    {"/cost_usd", Type::number_or_null},
};

const std::vector<Field> kEvalFields = {
    {"/command", Type::text},
    {"/skill", Type::text},
    {"/benchmark", Type::text},
    {"/split", Type::text},
    {"/model", Type::text},
    {"/score", Type::number},
    {"/score_ci95/0", Type::number},
    {"/score_ci95/1", Type::number},
    {"/hard", Type::number},
    {"/n_planned", Type::number},
    {"/n_graded", Type::number},
    {"/by_status", Type::object},
    {"/by_category", Type::object},
    {"/trials", Type::number},
    {"/usage/input_tokens", Type::number},
    {"/usage/cached_tokens", Type::number},
    {"/usage/output_tokens", Type::number},
    {"/usage/calls", Type::number},
    {"/cost_usd", Type::number_or_null},
    {"/seconds", Type::number},
    {"/verdict", Type::text},
    {"/tasks/0/task_id", Type::text},
    {"/tasks/0/trial", Type::number},
    {"/tasks/0/status", Type::text},
    {"/tasks/0/score", Type::number},
    {"/tasks/0/hard", Type::number},
};

/// One run of the demo serves all that is asked of it: it is the longest run of these tests.
TEST(Demo, LearnsAndReportsWhatALaterEvaluationFinds) {
  const Scratch scratch;
  Options patient;
  patient.timeout = std::chrono::seconds(150);
  // A gate whose release test takes all test tasks, as the evaluation does.
  const auto demo = run(scratch, {"demo", "--json", "--dir", "d", "--gate", "paired"}, patient);
  ASSERT_EQ(demo.exit_code, 0) << demo;
  EXPECT_LT(demo.seconds, 120);
  EXPECT_TRUE(holds(demo.err, {"simulated endpoint", "no model"}));
  const Json json = demo.json();
  expect_fields(json, kOptimizeFields);
  EXPECT_EQ(json["command"], "optimize");
  EXPECT_EQ(json["simulation"], true);
  EXPECT_EQ(json["model"], "sim:demo");
  EXPECT_GE(json["test"]["after"].get<double>() - json["test"]["before"].get<double>(), 0.30);
  EXPECT_EQ(json, scratch.read_json_file("d/run/run.json"));
  EXPECT_EQ(json["best"]["path"], scratch / "d/run/best");

  const auto valid = run(scratch, {"validate", "d/run/best", "--json"});
  EXPECT_EQ(valid.exit_code, 0) << valid;
  EXPECT_EQ(valid.json()["valid"], true);

  const std::vector<std::pair<std::string, std::string>> sides = {{"d/run/initial/skill", "before"},
                                                                  {"d/run/best", "after"}};
  for (const auto& [skill, side] : sides) {
    const auto eval =
        run(scratch, {"eval", skill, "--benchmark", "d/table-reports/evals", "--split", "test",
                      "-m", "sim:demo", "--run", "eval-" + side, "--json"});
    ASSERT_EQ(eval.exit_code, 0) << eval;
    const Json scored = eval.json();
    expect_fields(scored, kEvalFields);
    EXPECT_EQ(scored["score"], json["test"][side]) << side;
    EXPECT_EQ(scored["hard"], json["test"]["detail"][side]["hard"]) << side;
    EXPECT_EQ(scored["by_status"], json["test"]["detail"][side]["by_status"]) << side;
    EXPECT_EQ(scored["verdict"], "none");
    EXPECT_EQ(scored["simulation"], true);
  }
}

TEST(Demo, SaysInItsTextThatItIsASimulationAndWhatToDoNext) {
  const Scratch scratch;
  const auto demo = run(scratch, {"demo", "--dir", "d", "--limit", "6", "--max-iters", "1"});
  ASSERT_EQ(demo.exit_code, 0) << demo;
  EXPECT_TRUE(holds(demo.out, {"SIMULATION", "say nothing about any model", "best iteration:",
                               "package:", "stopped:", "next:", scratch / "d/run/best"}));
  EXPECT_EQ(demo.out.find('\x1b'), std::string::npos) << "no colours when not on a terminal";
  EXPECT_EQ(demo.err.find('\x1b'), std::string::npos);

  // Again: the demo may replace its own folder, but nobody else's.
  const auto again = run(scratch, {"demo", "--dir", "d", "--limit", "6", "--max-iters", "1"});
  EXPECT_EQ(again.exit_code, 0) << again;
  scratch.put("mine/run/thesis.txt", "precious");
  scratch.put("mine2/table-reports/own.txt", "precious");
  const auto refused = run(scratch, {"demo", "--dir", "mine"});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_EQ(scratch.read("mine/run/thesis.txt"), "precious");
  const auto foreign = run(scratch, {"demo", "--dir", "mine2", "--limit", "6"});
  EXPECT_EQ(foreign.exit_code, 2) << foreign;
  EXPECT_EQ(scratch.read("mine2/table-reports/own.txt"), "precious");
}

TEST(Eval, GatesDecideTheExitCodeOnce) {
  const Scratch scratch;
  const Mini mini(scratch);
  struct Case {
    Words more;
    int code;
    const char* verdict;
  };
  // The seed skill gets one of six right on the test split.
  const std::vector<Case> cases = {
      {{}, 0, "none"},
      {{"--min-score", "0.1"}, 0, "pass"},
      {{"--min-score", "0.9"}, 1, "fail"},
      {{"--min-score", "0.9", "--exit-zero"}, 0, "fail"},
      {{"--max-error-rate", "0"}, 0, "pass"},
  };
  int number = 0;
  for (const auto& item : cases) {
    const auto eval = run(scratch, mini.eval(mini.skill(), "r" + std::to_string(++number),
                                             join_words({"--json"}, item.more)));
    EXPECT_EQ(eval.exit_code, item.code) << eval;
    EXPECT_EQ(eval.json()["verdict"], item.verdict);
    EXPECT_NEAR(eval.json()["score"].get<double>(), 1.0 / 6, 1e-9);
  }
}

TEST(Eval, TrialsAndABaselineWithoutSkillAreScoredOnTheSameTasks) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto eval =
      run(scratch, mini.eval(mini.skill(), "r", {"--trials", "3", "--baseline", "none", "--json"}));
  ASSERT_EQ(eval.exit_code, 0) << eval;
  const Json json = eval.json();
  EXPECT_EQ(json["trials"], 3);
  EXPECT_EQ(json["n_planned"], 18);
  EXPECT_EQ(json["n_graded"], 18);
  ASSERT_EQ(json["tasks"].size(), 18U);
  EXPECT_EQ(json["tasks"][2]["trial"], 2);
  EXPECT_EQ(json["baseline"]["n_planned"], 18);
  EXPECT_EQ(json["baseline"]["difference"], 0.0);

  const auto none = run(scratch, mini.eval("none", "r2", {"--json"}));
  ASSERT_EQ(none.exit_code, 0) << none;
  EXPECT_TRUE(none.json()["skill"].is_null());
}

TEST(Eval, FindsTheGainOfARunAgainstItsInitialSkill) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto optimized = run(scratch, mini.optimize("r", {"--json"}));
  ASSERT_EQ(optimized.exit_code, 0) << optimized;
  const auto eval = run(scratch, mini.eval("r/best", "e", {"--baseline", mini.skill(), "--json"}));
  ASSERT_EQ(eval.exit_code, 0) << eval;
  const Json json = eval.json(), test = optimized.json()["test"];
  EXPECT_EQ(json["score"], test["after"]);
  EXPECT_EQ(json["baseline"]["score"], test["before"]);
  EXPECT_EQ(json["baseline"]["difference"], test["difference"]);
  EXPECT_EQ(json["baseline"]["fixed"], test["fixed"]);
  EXPECT_GT(json["baseline"]["difference"].get<double>(), 0.3);
  // A run may stand for its best package.
  const auto named = run(scratch, mini.eval(mini.skill(), "e2", {"--baseline", "r", "--json"}));
  ASSERT_EQ(named.exit_code, 0) << named;
  EXPECT_EQ(named.json()["baseline"]["score"], test["after"]);
}

}  // namespace
}  // namespace skillgrad::e2e
