// SPDX-License-Identifier: MIT
#include "cli/triggers/trigger_plan.hpp"

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/ci/measure.hpp"
#include "cli/estimate/first_requests.hpp"
#include "cli/run/given_skill.hpp"
#include "cli/run/open_run.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {
namespace {

/// A query is decided once the skill is activated, and an agent that works on without it need not
/// come to its end.
constexpr const char* kQueryTurns = "6";

Result<fs::path> query_file(const Invocation& invocation, const std::string& skill) {
  if (invocation.has("queries")) return fs::path(invocation.value("queries"));
  fs::path found = bench::find_trigger_queries(skill);
  if (!found.empty()) return found;
  return fail(ErrorCode::input, "there are no queries: no evals/triggers.json in the skill", skill,
              R"(write there [{"query":"a request","should_trigger":true}], or name a file with )"
              "--queries");
}

/// Requests that leave nothing to choose: an agent that sees its catalogue activates the skill.
Result<std::string> write_control(const TriggerPlan& plan) {
  const std::string name = plan.skill.name();
  Json list = Json::array();
  list.push_back(
      {{"id", "control-1"}, {"query", "Use the skill " + name + "."}, {"should_trigger", true}});
  list.push_back(
      {{"id", "control-2"},
       {"query", "Activate the skill " + name +
                     " and follow its instructions for this: " + plan.queries.items.front().query},
       {"should_trigger", true}});
  const std::string text = dump_json(list, 1) + "\n";
  const fs::path file = plan.cache / "triggers" / (sha256_hex(text).substr(0, 16) + ".json");
  SKILLGRAD_CHECK(write_file_atomic(file, text));
  return file.string();
}

/// The same command as an evaluation, whose options are those of a run.
Invocation as_evaluation(const Invocation& invocation) {
  Invocation out = invocation;
  out.command = "eval";
  out.local.erase("dry-run");
  return out;
}

}  // namespace

Result<TriggerPlan> plan_triggers(const Invocation& invocation, const Settings& settings) {
  TriggerPlan out;
  out.skill_path = invocation.arguments.at(0);
  if (out.skill_path == "none")
    return fail(ErrorCode::usage, "no skill at all cannot be activated", "none",
                "name the folder of a skill");
  SKILLGRAD_TRY(out.skill, load_skill(out.skill_path));
  SKILLGRAD_TRY(const fs::path file, query_file(invocation, out.skill_path));
  SKILLGRAD_TRY(out.queries, bench::read_trigger_queries(file));
  SKILLGRAD_TRY(out.trials, count_of(invocation, {"trials", 1, "4"}));
  for (const std::string& notice : out.queries.notices) notes().say(notice);
  out.evaluation = as_evaluation(invocation);
  if (!settings.given<"task_turns">()) out.options["task_turns"] = kQueryTurns;
  // Equal requests of a simulation would come out alike.
  if (settings.get<"model">().starts_with("sim:")) out.options["request_seeds"] = "true";
  out.cache = fs::absolute(invocation.value("cache", kEvaluationCache)).lexically_normal();
  SKILLGRAD_CHECK(hide_from_git(out.cache));
  SKILLGRAD_TRY(out.control, write_control(out));
  return out;
}

Result<> check_catalogue(const TriggerPlan& plan) {
  Invocation invocation = plan.evaluation;
  for (const auto& [key, text] : plan.options) invocation.given.flags[key] = text;
  invocation.given.flags["benchmark"] = "triggers:" + plan.control;
  SKILLGRAD_TRY(const auto setup,
                open_dry_run(invocation, {RunCommand::eval, plan.skill_path, Json::object()}));
  if (setup->settings.get<"executor">() != agent::kToolsExecutor) return {};
  SKILLGRAD_TRY(const auto ids, split_ids(setup->bench.splits, "all"));
  SKILLGRAD_TRY(const auto first, first_requests(*setup, ids, false, invocation.stop));
  const auto request = first.by_role.find("executor");
  const bool listed =
      request != first.by_role.end() &&
      request->second.body.find("<available_skills>") != std::string::npos &&
      request->second.body.find("<name>\\n" + plan.skill.name()) != std::string::npos;
  if (listed) return {};
  return fail(ErrorCode::infra,
              "the measurement is broken: the first request holds no catalogue with the skill " +
                  plan.skill.name(),
              plan.skill_path,
              "`skillgrad eval " + shell_word(plan.skill_path) + " --dry-run` shows the request");
}

}  // namespace skillgrad::cli
