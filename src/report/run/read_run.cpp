// SPDX-License-Identifier: MIT
#include <skillgrad/report/run_report.hpp>
#include <skillgrad/store/at_work.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

Result<> check_run(const fs::path& dir) {
  std::error_code ignored;
  if (!fs::exists(dir, ignored))
    return fail(ErrorCode::input, "no such folder", dir.string(),
                "give the folder of a run, which its first and last lines name");
  if (!fs::is_directory(dir, ignored))
    return fail(ErrorCode::input, "is a file, expected the folder of a run", dir.string(),
                "give the folder that holds it");
  for (const char* name : {"run.json", "config.json", "events.jsonl", "state.json"})
    if (fs::exists(dir / name, ignored)) return {};
  return fail(ErrorCode::input, "the folder holds no run: no run.json, config.json or events.jsonl",
              dir.string(), "give the folder of a run of optimize, eval or calibrate");
}

RunCondition condition_of(const RunFiles& files, const Json& result) {
  if (store::is_at_work(files.dir())) return RunCondition::working;
  if (!result.is_object()) return RunCondition::interrupted;
  return member(result, "error").is_null() ? RunCondition::finished : RunCondition::stopped;
}

}  // namespace

Result<RunReport> read_run(const std::filesystem::path& dir, const ReadOptions& options) {
  SKILLGRAD_CHECK(check_run(dir));
  RunReport report;
  const RunFiles files(dir, report.missing);
  const Json result = files.json("run.json");
  const std::vector<Json> events = files.lines("events.jsonl");
  report.facts.condition = condition_of(files, result);
  for (const char* name : {"config.json", "events.jsonl"})
    if (!files.has(name)) files.miss(std::string(name) + " is not there");
  read_result(files, result, events, report);
  read_steps(files, result, events, options.waiting, report);
  if (!report.steps.empty() && !files.has("plan.json")) files.miss("plan.json is not there");
  read_patterns(files, report);
  read_changes(files, options, report);
  read_tasks(files, result, report);
  add_screen_scores(report);
  read_traces(files, options.trace_bytes, report);
  return report;
}

}  // namespace skillgrad::report
