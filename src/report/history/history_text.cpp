// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/history.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

/// "1:3", the first run's third iteration; "1:review", what a person wrote in its review.
std::string source_name(const LineSource& source) {
  return fmt::format("{}:{}", source.run + 1,
                     source.iteration == 0 ? "review" : std::to_string(source.iteration));
}

std::string source_text(const LineSource& source) {
  std::string out = source_name(source);
  if (!source.patterns.empty()) out += " " + visible(join(source.patterns, ", "));
  return out;
}

bool has_lines_of_runs(const HistoryFile& file) {
  return std::any_of(file.lines.begin(), file.lines.end(),
                     [](const HistoryLine& line) { return line.source.has_value(); });
}

std::size_t of_runs(const SkillHistory& history) {
  std::size_t out = 0;
  for (const HistoryRun& run : history.runs) out += run.remaining;
  return out;
}

std::string runs_text(const SkillHistory& history) {
  std::string out;
  for (std::size_t i = 0; i < history.runs.size(); ++i) {
    const HistoryRun& run = history.runs[i];
    out += fmt::format("\n{}  {}\n", i + 1, visible(run.run));
    out += fmt::format("   {} here; it produced {}{}\n", counted(run.remaining, "line"),
                       run.produced, run.written ? ", and was written over the skill" : "");
    if (!run.verdict.empty())
      out +=
          fmt::format("   {}{}\n", visible(run.verdict), run.simulation ? " (a simulation)" : "");
    if (!run.finished_at.empty()) out += "   finished at " + visible(run.finished_at) + "\n";
  }
  return out;
}

std::string file_text(const SkillHistory& history, const HistoryFile& file) {
  std::size_t width = 0;
  for (const HistoryLine& line : file.lines)
    if (line.source) width = std::max(width, source_text(history.sources[*line.source]).size());
  const std::size_t digits = std::to_string(file.lines.size()).size();
  std::string out = "\n" + visible(file.file) + "\n";
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const HistoryLine& line = file.lines[i];
    std::string row = fmt::format("{:>{}}  {:<{}}  {}", i + 1, digits,
                                  line.source ? source_text(history.sources[*line.source]) : "",
                                  width, visible(line.text));
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  return out;
}

}  // namespace

std::string history_text(const SkillHistory& history) {
  std::string out =
      fmt::format("{} of {} of {} came from {}\n", of_runs(history), counted(history.lines, "line"),
                  visible(history.skill), counted(history.runs.size(), "run"));
  out += runs_text(history);
  std::vector<std::string> others;
  for (const HistoryFile& file : history.files)
    if (has_lines_of_runs(file))
      out += file_text(history, file);
    else
      others.push_back(visible(file.file));
  if (!others.empty()) out += "\nnothing of a run is in: " + list_some(others, 20) + "\n";
  return out;
}

Json to_json(const SkillHistory& history) {
  Json runs = Json::array(), files = Json::array();
  for (const HistoryRun& run : history.runs)
    runs.push_back({{"run", run.run},
                    {"finished_at", run.finished_at.empty() ? Json() : Json(run.finished_at)},
                    {"verdict", run.verdict},
                    {"simulation", run.simulation},
                    {"written", run.written},
                    {"produced", run.produced},
                    {"remaining", run.remaining}});
  for (const HistoryFile& file : history.files) {
    Json lines = Json::array();
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const HistoryLine& line = file.lines[i];
      if (!line.source) continue;
      const LineSource& source = history.sources[*line.source];
      lines.push_back({{"line", i + 1},
                       {"text", line.text},
                       {"run", history.runs[source.run].run},
                       {"iteration", source.iteration == 0 ? Json() : Json(source.iteration)},
                       {"by", source.iteration == 0 ? "person" : "run"},
                       {"patterns", source.patterns}});
    }
    files.push_back({{"file", file.file}, {"lines", file.lines.size()}, {"of_runs", lines}});
  }
  return {{"schema", "skillgrad.history/1"},
          {"command", "history"},
          {"skill", history.skill},
          {"lines", history.lines},
          {"from_runs", of_runs(history)},
          {"runs", runs},
          {"files", files},
          {"notes", history.notes}};
}

}  // namespace skillgrad::report
