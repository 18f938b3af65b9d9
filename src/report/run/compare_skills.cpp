// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/report/comparison.hpp>

#include "report/run/json_parts.hpp"

namespace skillgrad::report {
namespace {

constexpr double kLevel = 0.05;

struct NamedPart {
  fs::path dir;
  std::string part;  ///< "" where the name does not say
};

/// A path may hold a colon: what follows the last one is a part only if the rest is a folder.
NamedPart split_name(const std::string& name) {
  std::error_code ignored;
  const std::size_t colon = name.rfind(':');
  if (fs::exists(name, ignored) || colon == std::string::npos) return {name, ""};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

Result<Json> read_result_of(const NamedPart& of) {
  std::error_code ignored;
  if (fs::exists(of.dir / "run.json", ignored)) return read_json(of.dir / "run.json");
  const std::string where = of.dir.string();
  if (!fs::exists(of.dir, ignored))
    return fail(ErrorCode::input, "no such folder", where,
                "give the folder of a run of eval or optimize");
  if (fs::exists(of.dir / "SKILL.md", ignored) || of.dir.filename() == "SKILL.md")
    return fail(ErrorCode::input, "is a skill, which has no scores by itself", where,
                "give the folder of a run of eval or optimize");
  return fail(ErrorCode::input, "has no run.json: the run has not come to a result", where,
              "let it end first: `skillgrad resume RUN`");
}

/// The summary that holds the tasks of a part; null where the run has none.
Json summary_of(const Json& result, const std::string& command, std::string& part) {
  if (command == "eval") {
    if (part.empty()) part = "eval";
    if (part == "eval") return result;
    return part == "baseline" ? member(result, "baseline") : Json();
  }
  if (part.empty()) part = "best";
  const Json& detail = member(member(result, "test"), "detail");
  return part == "best"      ? member(detail, "after")
         : part == "initial" ? member(detail, "before")
                             : Json();
}

optim::LossRecord record_of(const Json& row) {
  optim::LossRecord out;
  out.task_id = text_of(row, "task_id");
  out.sample = integer_of(row, "trial");
  out.status = named<optim::LossStatus>(text_of(row, "status")).value_or(optim::LossStatus::error);
  const auto score = number_of(row, "score");
  if (out.graded() && !score) out.status = optim::LossStatus::error;
  out.score = score.value_or(0);
  out.hard = number_of(row, "hard").value_or(0) > 0;
  return out;
}

/// The task of a cell "TASK@MODEL"; the whole id where it is none of these models'.
std::string task_of_cell(const std::string& cell, const std::vector<std::string>& models) {
  std::string out = cell;
  for (const std::string& model : models)
    if (const std::string end = "@" + model; cell.ends_with(end))
      out = std::min(out, cell.substr(0, cell.size() - end.size()),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return out;
}

/// Of a run over several models each task once, as the run counts it: the mean over them, missing
/// where any of them lacks a grade (docs/across.md).
std::vector<optim::LossRecord> records_of_tasks(const std::vector<optim::LossRecord>& cells,
                                                const std::vector<std::string>& models) {
  std::vector<optim::LossRecord> out;
  std::vector<std::size_t> graded;
  std::map<std::pair<std::string, int>, std::size_t> places;
  for (const optim::LossRecord& cell : cells) {
    const std::string task = task_of_cell(cell.task_id, models);
    const auto [place, fresh] = places.try_emplace({task, cell.sample}, out.size());
    if (fresh) {
      out.push_back(cell);
      out.back().task_id = task;
      out.back().score = 0;
      graded.push_back(0);
    }
    optim::LossRecord& record = out[place->second];
    if (!cell.graded()) continue;
    ++graded[place->second];
    record.score += cell.score;
    record.hard = record.hard && cell.hard;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].score /= static_cast<double>(models.size());
    out[i].status = graded[i] < models.size() ? optim::LossStatus::error
                    : out[i].score >= 1       ? optim::LossStatus::pass
                                              : optim::LossStatus::fail;
  }
  return out;
}

void note_difference(SkillComparison& out, const char* what, const std::string& before,
                     const std::string& after) {
  if (before != after)
    out.notes.push_back(fmt::format("the {} differs: {} and {}", what,
                                    before.empty() ? "none" : before,
                                    after.empty() ? "none" : after));
}

void list_tasks(SkillComparison& out, const std::vector<std::string>& shared,
                const std::map<std::string, double>& before,
                const std::map<std::string, double>& after) {
  for (const std::string& id : shared) {
    const TaskPair pair{id, before.at(id), after.at(id)};
    if (pair.before == pair.after) continue;
    if (pair.after == 1)
      out.fixed.push_back(pair);
    else if (pair.before == 1)
      out.broken.push_back(pair);
    else
      (pair.after > pair.before ? out.higher : out.lower).push_back(pair);
  }
}

/// Task ids in the order of the records, each once.
std::vector<std::string> ids_of(const optim::EvalSummary& summary) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& record : summary.records)
    if (seen.insert(record.task_id).second) out.push_back(record.task_id);
  return out;
}

}  // namespace

Result<ScoredSkill> read_scored_skill(const std::string& name) {
  const NamedPart of = split_name(name);
  SKILLGRAD_TRY(const Json result, read_result_of(of));
  ScoredSkill out;
  out.run = fs::absolute(of.dir).lexically_normal().string();
  out.part = of.part;
  out.command = text_of(result, "command");
  const Json summary = summary_of(result, out.command, out.part);
  if (!summary.is_object() || items(summary, "tasks").empty())
    return fail(ErrorCode::input,
                "the run of " + (out.command.empty() ? "?" : out.command) +
                    " has no scored tasks as \"" + out.part + "\"",
                name,
                out.command == "eval"
                    ? "name RUN, or RUN:baseline where --baseline was given"
                    : "name RUN or RUN:initial of an optimization that scored its "
                      "test split, or the run of an eval");
  out.skill = text_of(result, "skill");
  if (out.part == "baseline") out.skill = "baseline of " + out.run;
  if (out.part == "best" || out.part == "initial") out.skill += " (" + out.part + ")";
  for (auto [key, value] :
       {std::pair{"model", &out.model}, {"benchmark", &out.benchmark}, {"grading", &out.grading}})
    *value = text_of(result, key);
  out.split = out.command == "eval" ? text_of(result, "split") : "test";
  out.simulation = flag_of(result, "simulation");
  if (out.part == "eval")
    out.cost_usd = number_of(member(member(result, "cost_by_part"), "eval"), "cost_usd");
  if (out.part == "baseline") out.cost_usd = number_of(summary, "cost_usd");
  std::vector<optim::LossRecord> records;
  for (const Json& row : items(summary, "tasks")) records.push_back(record_of(row));
  std::vector<std::string> models;
  for (const Json& row : items(member(result, "across"), "models"))
    models.push_back(text_of(row, "model"));
  if (!models.empty()) records = records_of_tasks(records, models);
  out.summary = optim::summarize(std::move(records), std::max(1, integer_of(summary, "trials")));
  return out;
}

SkillComparison compare_skills(ScoredSkill before, ScoredSkill after) {
  SkillComparison out;
  const auto old_scores = optim::task_scores(before.summary.records);
  const auto new_scores = optim::task_scores(after.summary.records);
  std::vector<std::string> shared;
  for (const std::string& id : ids_of(before.summary)) {
    if (!old_scores.contains(id)) continue;
    (new_scores.contains(id) ? shared : out.only_before).push_back(id);
  }
  for (const std::string& id : ids_of(after.summary))
    if (new_scores.contains(id) && !old_scores.contains(id)) out.only_after.push_back(id);
  out.paired = optim::compare_tasks(shared, before.summary, after.summary);
  list_tasks(out, shared, old_scores, new_scores);
  if (out.paired.n > 0)
    out.verdict = out.paired.p > kLevel       ? ComparisonVerdict::not_shown
                  : out.paired.difference > 0 ? ComparisonVerdict::better
                                              : ComparisonVerdict::worse;
  note_difference(out, "benchmark", before.benchmark, after.benchmark);
  note_difference(out, "way of grading", before.grading, after.grading);
  note_difference(out, "model", before.model, after.model);
  if (before.summary.trials != after.summary.trials)
    out.notes.push_back(fmt::format("the tasks were run {} and {} times", before.summary.trials,
                                    after.summary.trials));
  if (before.simulation || after.simulation)
    out.notes.emplace_back("replies came from a simulation and say nothing about any model");
  out.before = std::move(before);
  out.after = std::move(after);
  return out;
}

}  // namespace skillgrad::report
