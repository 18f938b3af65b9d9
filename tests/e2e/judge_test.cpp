// SPDX-License-Identifier: MIT
// Evals of a skill that a model judges: against the simulated endpoint, and against a scripted
// judge beside it.
#include <atomic>
#include <set>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

/// The mini skill with an evals.json: of the notes, those that need no lesson come out right.
class JudgedSkill {
 public:
  explicit JudgedSkill(const Scratch& scratch,
                       std::vector<std::string> ids = {"train-03", "train-00", "val-03"})
      : scratch_(scratch), mini_(scratch), ids_(std::move(ids)) {
    Json evals = Json::array();
    for (const auto& id : ids_)
      evals.push_back({{"id", id},
                       {"prompt", "Write the note <" + id + "> that the work is done."},
                       {"expectations",
                        {"The note holds \"" + id + "\".",
                         {{"text", "It begins with \"NOTE: " + id + "\"."}}}}});
    scratch.put("judged/SKILL.md", scratch.read("mini/note-taker/SKILL.md"));
    scratch.put("judged/evals/evals.json",
                dump_json({{"skill_name", "note-taker"}, {"evals", evals}}, 1));
  }
  [[nodiscard]] const Mini& mini() const { return mini_; }
  [[nodiscard]] std::string skill() const { return scratch_ / "judged"; }
  [[nodiscard]] Words eval(const std::string& url, const std::string& run,
                           const Words& more = {}) const {
    return join_words({"eval", skill(), "--split", "all", "--model", "sim:mini", "--base-url", url,
                       "--run", run, "--json"},
                      more);
  }
  /// One prediction a task, as an executor without the lesson would have written it.
  std::string predictions() const {
    std::string lines;
    for (const auto& id : ids_)
      lines += dump_json({{"task_id", id}, {"answer", "NOTE: " + id + " DONE."}}) + "\n";
    return scratch_.put("answers.jsonl", lines);
  }

 private:
  const Scratch& scratch_;
  Mini mini_;
  std::vector<std::string> ids_;
};

std::size_t count_stage(const Endpoint& endpoint, const std::string& stage) {
  std::size_t out = 0;
  for (const auto& request : endpoint.requests()) out += request.value("stage", "") == stage;
  return out;
}

Json task_of(const Json& result, const std::string& id) {
  for (const auto& task : result["tasks"])
    if (task["task_id"] == id) return task;
  return {};
}

TEST(Judge, ScoresTheEvalsOfASkillAndIsBilledApart) {
  const Scratch scratch;
  const JudgedSkill judged(scratch);
  const Endpoint endpoint(scratch, judged.mini().scenario());
  const auto first = run(scratch, judged.eval(endpoint.url(), "r"));
  ASSERT_EQ(first.exit_code, 0) << first;
  const Json result = first.json();
  EXPECT_EQ(task_of(result, "train-03")["score"], 1.0);
  EXPECT_EQ(task_of(result, "val-03")["status"], "pass");
  EXPECT_EQ(task_of(result, "train-00")["score"], 0.5) << "named in the note, not begun right";
  EXPECT_EQ(count_stage(endpoint, "judge"), 3U);
  // The whole is the sum of the stages, of which the judge is one.
  EXPECT_EQ(result["usage_by_stage"]["judge"]["calls"], 3);
  for (const char* key : {"input_tokens", "output_tokens", "calls"})
    EXPECT_EQ(result["usage"][key].get<int>(),
              result["usage_by_stage"]["executor"][key].get<int>() +
                  result["usage_by_stage"]["judge"][key].get<int>())
        << key;
  EXPECT_TRUE(holds(result["grading"].get<std::string>(),
                    {"judge sim:mini", "temperature not sent", "prompt "}));
  std::set<std::string> scopes;
  for (const auto& row : Scratch::lines(scratch.read("r/calls/ledger.jsonl")))
    if (row["stage"] == "judge") scopes.insert(row["scope"].get<std::string>());
  EXPECT_EQ(scopes, (std::set<std::string>{"eval/judge/train-00", "eval/judge/train-03",
                                           "eval/judge/val-03"}));
  const auto before = endpoint.request_count();
  const auto again = run(scratch, judged.eval(endpoint.url(), "r"));
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(endpoint.request_count(), before) << "finished work was paid for twice";
}

TEST(Judge, EqualAnswersAreJudgedOnce) {
  const Scratch scratch;
  const JudgedSkill judged(scratch);
  const Endpoint endpoint(scratch, judged.mini().scenario());
  const auto done = run(scratch, judged.eval(endpoint.url(), "r", {"--trials", "4", "-j", "8"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_EQ(done.json()["n_graded"], 12);
  EXPECT_EQ(count_stage(endpoint, "judge"), 3U);
}

TEST(Judge, OptimizesASkillByItsEvals) {
  const Scratch scratch;
  const JudgedSkill judged(scratch, {"train-00", "train-01", "train-02", "train-03", "train-04",
                                     "train-05", "val-00", "val-01", "test-00", "test-03"});
  const auto done = run(scratch, {"optimize", judged.skill(), "--model", judged.mini().model(),
                                  "--run", "r", "--max-iters", "1", "--batch", "3", "--json"});
  ASSERT_EQ(done.exit_code, 0) << done;
  const Json result = done.json();
  EXPECT_EQ(result["iterations"].size(), 1U);
  EXPECT_GT(result["usage_by_stage"]["judge"]["calls"].get<int>(), 0);
  EXPECT_EQ(result["baseline"]["train"]["n_graded"], result["baseline"]["train"]["n_planned"]);
}

TEST(Judge, GradeAndCheckAskForAModelOnlyWhereOneIsNeeded) {
  const Scratch scratch;
  const JudgedSkill judged(scratch);
  const std::string predictions = judged.predictions();
  const Words grade = {"grade", "-b", judged.skill(), "--predictions", predictions};
  const auto without = run(scratch, grade);
  EXPECT_EQ(without.exit_code, 2) << without;
  EXPECT_TRUE(holds(without.err, {"3 of 3 tasks are judged by a model", "--model"}));
  EXPECT_EQ(without.out, "");

  const auto with = run(scratch, join_words(grade, {"--model", judged.mini().model()}));
  ASSERT_EQ(with.exit_code, 0) << with;
  for (const auto& line : with.json_lines()) EXPECT_EQ(line["score"], 1.0) << line;
  EXPECT_TRUE(holds(with.err, {"judge", "3 passed"}));

  // No golden answers: nothing to ask, and the empty answer is known to fail.
  const auto check = run(scratch, {"benchmark", "check", "-b", judged.skill(), "--json"});
  EXPECT_EQ(check.exit_code, 0) << check;
  EXPECT_EQ(check.json()["notices"].size(), 1U) << "equal notes are one: " << check;

  scratch.put("golden.jsonl", R"({"id":"g","input":"Say 42.","golden":"It is 42.",)"
                              R"("grader":{"type":"llm-judge","criteria":["says \"42\""]}})"
                              "\n");
  const Words golden = {"benchmark", "check", "-b", scratch / "golden.jsonl"};
  const auto unjudged = run(scratch, golden);
  EXPECT_EQ(unjudged.exit_code, 2) << unjudged;
  EXPECT_TRUE(holds(unjudged.err, {"golden answers of g", "--model"}));
  const auto asked = run(scratch, join_words(golden, {"--model", judged.mini().model()}));
  EXPECT_EQ(asked.exit_code, 0) << asked;
  EXPECT_TRUE(holds(asked.err, {"judge", "2"}));
}

/// A judge of its own beside the simulated executor.
class ScriptedJudge {
 public:
  explicit ScriptedJudge(fault::Server::Handler handler) {
    server_.route("GET /v1/models",
                  {fault::json_step(200, R"({"object":"list","data":[{"id":"strict"}]})")});
    server_.route("POST /v1/chat/completions", std::move(handler));
  }
  [[nodiscard]] Words flags() const {
    return {
        "--roles",
        dump_json({{"judge",
                    {{"model", "strict"}, {"base_url", server_.base_url()}, {"temperature", 0}}}})};
  }
  [[nodiscard]] std::vector<Json> bodies() const {
    std::vector<Json> out;
    for (const auto& hit : server_.hits())
      if (hit.method == "POST") out.push_back(Json::parse(hit.body, nullptr, false));
    return out;
  }

 private:
  fault::Server server_;
};

std::string verdicts(bool passed, const std::string& evidence) {
  return dump_json({{"verdicts",
                     {{{"criterion", 1}, {"passed", passed}, {"evidence", evidence}},
                      {{"criterion", 2}, {"passed", passed}, {"evidence", evidence}}}}});
}

TEST(Judge, WhatCannotBeReadIsAskedForAgainAndThenAnErrorNeverAScore) {
  const Scratch scratch;
  const JudgedSkill judged(scratch);
  const Endpoint endpoint(scratch, judged.mini().scenario());
  // train-03 gets a verdict at the third reply, train-00 only praise, val-03 a made-up quote.
  std::atomic<int> praised = 0;
  ScriptedJudge judge([&](const fault::Hit& hit, std::size_t) {
    if (hit.body.find("<train-03>") != std::string::npos)
      return fault::json_step(
          200, fault::chat_body(++praised < 3 ? "Well done!" : verdicts(true, "NOTE:")));
    return fault::json_step(200, fault::chat_body(hit.body.find("<train-00>") != std::string::npos
                                                      ? "Well done!"
                                                      : verdicts(true, "words nobody wrote")));
  });
  const auto done = run(scratch, judged.eval(endpoint.url(), "r", judge.flags()));
  EXPECT_EQ(done.exit_code, 0) << done;
  const Json result = done.json();
  EXPECT_EQ(result["n_graded"], 1);
  EXPECT_EQ(result["score"], 1.0);
  EXPECT_EQ(result["by_status"], Json({{"error", 2}, {"pass", 1}}));
  for (const char* id : {"train-00", "val-03"}) {
    EXPECT_EQ(task_of(result, id)["status"], "error");
    EXPECT_TRUE(task_of(result, id)["score"].is_null());
  }
  EXPECT_TRUE(holds(task_of(result, "val-03")["error"], {"does not stand in the answer"}));
  EXPECT_EQ(judge.bodies().size(), 9U) << "three replies each, and the rollouts are not repeated";
  for (const auto& body : judge.bodies()) {
    EXPECT_EQ(body["model"], "strict");
    EXPECT_EQ(body["temperature"], 0);
    EXPECT_FALSE(body.contains("tools"));
  }
  EXPECT_TRUE(holds(result["grading"].get<std::string>(), {"judge strict", "temperature 0"}));
}

TEST(Judge, AnEndpointThatRefusesStopsTheRunAndItGoesOnWhereItWas) {
  const Scratch scratch;
  const JudgedSkill judged(scratch);
  const Endpoint endpoint(scratch, judged.mini().scenario());
  std::atomic<bool> paid = true;
  ScriptedJudge judge([&](const fault::Hit&, std::size_t) {
    return paid ? fault::json_step(200, fault::chat_body(verdicts(false, "no")))
                : fault::json_step(402, R"({"error":{"message":"Insufficient Balance"}})");
  });
  const auto calm = run(scratch, judged.eval(endpoint.url(), "calm", judge.flags()));
  ASSERT_EQ(calm.exit_code, 0) << calm;
  const auto needed = count_stage(endpoint, "executor");
  paid = false;
  const auto stopped = run(scratch, judged.eval(endpoint.url(), "r", judge.flags()));
  EXPECT_EQ(stopped.exit_code, 3) << stopped;
  EXPECT_TRUE(holds(stopped.err, {"Insufficient Balance", "grading"}));
  EXPECT_TRUE(stopped.json()["score"].is_null()) << "there is no score";
  EXPECT_EQ(stopped.json()["by_status"], Json({{"skipped", 3}}));
  paid = true;
  const auto resumed = run(scratch, {"resume", "r", "--json"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_EQ(resumed.json()["by_status"], Json({{"fail", 3}}));
  EXPECT_EQ(count_stage(endpoint, "executor"), 2 * needed) << "a rollout was paid for twice";
}

TEST(Judge, AResumeAsksAnewForWhatCouldNotBeRead) {
  const Scratch scratch;
  const JudgedSkill judged(scratch);
  const Endpoint endpoint(scratch, judged.mini().scenario());
  std::atomic<bool> babbles = true;
  ScriptedJudge judge([&](const fault::Hit&, std::size_t) {
    return fault::json_step(200, fault::chat_body(babbles ? "Well done!" : verdicts(false, "no")));
  });
  const auto first = run(scratch, judged.eval(endpoint.url(), "r", judge.flags()));
  EXPECT_EQ(first.json()["by_status"], Json({{"error", 3}})) << first;
  const auto asked = judge.bodies().size();
  const auto rollouts = count_stage(endpoint, "executor");
  EXPECT_EQ(run(scratch, {"resume", "r"}).exit_code, first.exit_code);
  EXPECT_EQ(judge.bodies().size(), 2 * asked) << "the same words were heard again";
  babbles = false;
  const auto resumed = run(scratch, {"resume", "r", "--json"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
  EXPECT_EQ(resumed.json()["n_graded"], 3) << resumed;
  EXPECT_EQ(count_stage(endpoint, "executor"), rollouts) << "a rollout was paid for twice";
  const auto done = judge.bodies().size();
  EXPECT_EQ(run(scratch, {"resume", "r"}).exit_code, 0);
  EXPECT_EQ(judge.bodies().size(), done) << "what was graded stays";
}

}  // namespace
}  // namespace skillgrad::e2e
