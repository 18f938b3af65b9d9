// SPDX-License-Identifier: MIT
// ATIF, the Agent Trajectory Interchange Format of Harbor (RFC 0001), one file for each rollout.
#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "report/interchange/rollout_files.hpp"

namespace skillgrad::report {
namespace {

/// The newest version that has all fields that are used here; later ones add kinds of content.
constexpr const char* kAtifVersion = "ATIF-v1.7";
constexpr const char* kHiddenSystem = "system";

Json metrics_of(const llm::LedgerRow& row) {
  Json out = {{"prompt_tokens", row.usage.input_tokens},
              {"completion_tokens", row.usage.output_tokens},
              {"cached_tokens", row.usage.cached_tokens}};
  if (row.cost_usd) out["cost_usd"] = *row.cost_usd;
  Json extra = {{"seconds", row.seconds}};
  if (row.usage.estimated) extra["estimated"] = true;
  if (row.cache_write_tokens > 0) extra["cache_write_tokens"] = row.cache_write_tokens;
  out["extra"] = std::move(extra);
  return out;
}

void add_calls(const Utterance& said, Json& step) {
  if (said.calls.empty()) return;
  Json calls = Json::array(), results = Json::array();
  for (const ToolUse& use : said.calls) {
    calls.push_back({{"tool_call_id", use.id},
                     {"function_name", use.name},
                     {"arguments", arguments_object(use)}});
    if (!use.output) continue;
    Json result = {{"source_call_id", use.id}, {"content", *use.output}};
    if (use.is_error) result["extra"] = {{"is_error", true}};
    results.push_back(std::move(result));
  }
  step["tool_calls"] = std::move(calls);
  if (!results.empty()) step["observation"] = {{"results", std::move(results)}};
}

Json steps_of(const RolloutRecord& record) {
  Json out = Json::array();
  std::size_t turn = 0;
  for (const Utterance& said : record.conversation) {
    Json step = {{"step_id", out.size() + 1}};
    switch (said.by) {
      case Speaker::agent:
        step["source"] = "agent";
        break;
      case Speaker::user:
        step["source"] = "user";
        break;
      default:
        step["source"] = kHiddenSystem;
    }
    step["message"] = said.text;
    if (said.by == Speaker::agent) {
      if (!said.reasoning.empty()) step["reasoning_content"] = said.reasoning;
      add_calls(said, step);
      if (turn < record.calls.size()) {
        const llm::LedgerRow& call = record.calls[turn];
        if (!call.response_model.empty()) step["model_name"] = call.response_model;
        step["metrics"] = metrics_of(call);
        step["llm_call_count"] = 1;
      }
      ++turn;
    }
    out.push_back(std::move(step));
  }
  return out;
}

Json trajectory_of(const RunReport& report, const RolloutPlace& place, const RolloutRecord& record,
                   const std::string& session) {
  const RunFacts& facts = report.facts;
  const optim::LossRecord& loss = record.loss;
  Json agent = {{"name", "skillgrad"}, {"version", facts.version.empty() ? "0" : facts.version}};
  if (!facts.model.empty()) agent["model_name"] = facts.model;
  agent["extra"] = {{"skill", facts.skill.empty() ? Json() : Json(facts.skill)},
                    {"package", place.rollout->package}};
  Json steps = steps_of(record);
  Json final_metrics = {{"total_prompt_tokens", loss.usage.input_tokens},
                        {"total_completion_tokens", loss.usage.output_tokens},
                        {"total_cached_tokens", loss.usage.cached_tokens}};
  if (loss.cost_usd) final_metrics["total_cost_usd"] = *loss.cost_usd;
  final_metrics["total_steps"] = steps.size();
  Json extra = {{"run", facts.run},
                {"command", facts.command},
                {"benchmark", facts.benchmark},
                {"stage", report.columns[place.rollout->column].key},
                {"arm", name_of(place.rollout->arm)},
                {"task_id", loss.task_id},
                {"trial", loss.sample},
                {"status", name_of(loss.status)},
                {"score", loss.graded() ? Json(loss.score) : Json()},
                {"end_state", name_of(loss.end_state)},
                {"seconds", loss.seconds}};
  if (!loss.error.empty()) extra["error"] = loss.error;
  if (!record.started_at.empty()) extra["started_at"] = record.started_at;
  if (!record.ended_at.empty()) extra["ended_at"] = record.ended_at;
  return {{"schema_version", kAtifVersion},
          {"session_id", session},
          {"trajectory_id", place.rollout->path},
          {"agent", std::move(agent)},
          {"steps", std::move(steps)},
          {"final_metrics", std::move(final_metrics)},
          {"extra", std::move(extra)}};
}

/// "iter_003/gate/0123/rollouts/t1.0" -> "iter_003/gate/0123/t1.0.json": no folder of that name, by
/// which a run is known.
std::string file_of(const std::string& path) {
  return replace_all(path, "/rollouts/", "/") + ".json";
}

}  // namespace

Result<> write_atif(const fs::path& dir, const RunReport& report, const fs::path& out,
                    ExportNotes& notes) {
  SKILLGRAD_TRY(auto folder, NewFolder::create(out));
  const RolloutFiles files(dir, report, notes);
  const std::string session = sha256_hex(dump_json(files.config()) + "\n" + report.facts.run);
  std::size_t written = 0, empty = 0;
  for (const RolloutPlace& place : files.all()) {
    const auto record = files.read(place);
    if (!record) continue;
    if (record->conversation.empty()) {
      ++empty;
      continue;
    }
    const Json trajectory = trajectory_of(report, place, *record, session.substr(0, 32));
    SKILLGRAD_CHECK(folder.write(file_of(place.rollout->path), dump_json(trajectory, 1) + "\n"));
    ++written;
  }
  if (empty > 0)
    notes.push_back(fmt::format("{} rollout{} left no trajectory and {} no file", empty,
                                empty == 1 ? "" : "s", empty == 1 ? "has" : "have"));
  if (written == 0)
    return fail(ErrorCode::input, "no rollout of this run left a trajectory", dir.string(),
                "give the folder of a run that has made rollouts");
  return folder.publish();
}

}  // namespace skillgrad::report
