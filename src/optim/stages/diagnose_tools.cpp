// SPDX-License-Identifier: MIT
#include "optim/stages/diagnose_tools.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kRangeBytes = 28'000;  ///< below what the tool loop shows of one result

agent::ToolOutcome read_trace(const EvidenceFiles& files, const std::string& arguments) {
  const auto json = parse_json(arguments, "read_trace");
  if (!json) return tool_error(json.error());
  StrictReader reader(*json, "read_trace");
  const auto from = static_cast<int>(reader.integer("from", 1, -1'000'000, 1'000'000));
  const auto to = static_cast<int>(reader.integer("to", from, -1'000'000, 1'000'000));
  const std::string run = reader.string("run", "current");
  if (const auto read = reader.finish(); !read) return tool_error(read.error());
  const auto trajectory = files.trajectory(run);
  if (!trajectory) return tool_error(trajectory.error());
  std::string text = trajectory->render_range(from, to, kRangeBytes);
  if (!text.empty()) return tool_text(std::move(text));
  Error error;
  error.code = ErrorCode::input;
  error.message = "there are no steps " + std::to_string(from) + " to " + std::to_string(to);
  error.mend = "the trace has steps 1 to " + std::to_string(trajectory->events.size());
  return tool_error(error);
}

agent::ToolOutcome read_task_file(const EvidenceFiles& files, const std::string& arguments) {
  const auto json = parse_json(arguments, "read_file");
  if (!json) return tool_error(json.error());
  StrictReader reader(*json, "read_file");
  const std::string path = reader.string("path");
  if (const auto read = reader.finish(); !read) return tool_error(read.error());
  auto text = files.file(path);
  return text ? tool_text(std::move(*text)) : tool_error(text.error());
}

}  // namespace

EvidenceFiles::EvidenceFiles(std::filesystem::path run_dir, const Evidence& evidence)
    : run_dir_(std::move(run_dir)), task_dir_(evidence.task_dir) {
  traces_["current"] = evidence.current.trace;
  if (traces_["current"].empty() && !task_dir_.empty())
    traces_["current"] = task_dir_ + "/trajectory.jsonl";
  if (evidence.initial) traces_["earlier"] = evidence.initial->trace;
  if (evidence.passing) traces_["passing"] = evidence.passing->trace;
}

std::vector<std::string> EvidenceFiles::runs() const {
  std::vector<std::string> out;
  for (const auto& [run, path] : traces_)
    if (run == "current" || !path.empty()) out.push_back(run);
  return out;
}

Result<agent::Trajectory> EvidenceFiles::trajectory(const std::string& run) const {
  const auto trace = traces_.find(run);
  if (trace == traces_.end() && run != "earlier" && run != "passing") {
    return fail(ErrorCode::input, "there is no run \"" + truncate_middle(run, 80) + "\"",
                "read_trace", "use " + join_or(runs()));
  }
  if (trace == traces_.end() || trace->second.empty()) {
    return fail(ErrorCode::input, "there is no trace of the " + run + " run", "read_trace");
  }
  SKILLGRAD_TRY(const std::filesystem::path path, confine(run_dir_, trace->second));
  SKILLGRAD_TRY(const std::string text, read_file(path));
  return agent::Trajectory::from_json_lines(text);
}

Result<std::string> EvidenceFiles::file(const std::string& path) const {
  if (task_dir_.empty()) {
    return fail(ErrorCode::input, "the files of this task are not available", "read_file");
  }
  SKILLGRAD_TRY(const std::filesystem::path root, confine(run_dir_, task_dir_));
  return read_confined(root, path);
}

namespace {

Json step_number(const char* which) {
  return {{"type", "integer"}, {"description", std::string(which) + " step"}};
}

/// A choice of the run only where there is one.
std::string trace_parameters(const std::vector<std::string>& runs) {
  Json properties = {{"from", step_number("First")}, {"to", step_number("Last")}};
  Json required = {"from", "to"};
  if (runs.size() > 1) {
    const bool earlier = std::find(runs.begin(), runs.end(), "earlier") != runs.end();
    properties["run"] = {
        {"type", "string"},
        {"enum", runs},
        {"description", earlier ? "Which run; earlier is the failed run with the initial skill"
                                : "Which run; passing is one with the same skill that was right"}};
    required.push_back("run");
  }
  return dump_json({{"type", "object"}, {"properties", properties}, {"required", required}});
}

}  // namespace

std::unique_ptr<agent::Tool> make_trace_reader(const EvidenceFiles& files) {
  return agent::make_tool(
      {"read_trace", "Shows steps of a trace at greater length than the excerpt you were given.",
       trace_parameters(files.runs())},
      [&files](const std::string& arguments, const std::stop_token&) {
        return read_trace(files, arguments);
      });
}

std::unique_ptr<agent::Tool> make_task_file_reader(const EvidenceFiles& files) {
  return agent::make_tool(
      {"read_file", "Reads one text file below the folder of this task's run.",
       R"({"type":"object","properties":{"path":{"type":"string","description":"Path relative to the folder"}},"required":["path"]})"},
      [&files](const std::string& arguments, const std::stop_token&) {
        return read_task_file(files, arguments);
      });
}

}  // namespace skillgrad::optim
