// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/comparison.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/table.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kTasksShown = 40;

std::string score_text_of(const optim::EvalSummary& summary) {
  return summary.graded > 0 ? percent_ci(summary.score, summary.score_ci95) : "none";
}

std::string task_lines(const char* name, const std::vector<TaskPair>& tasks) {
  if (tasks.empty()) return {};
  std::string out = fmt::format("\n{} ({})\n", name, tasks.size());
  std::vector<std::vector<std::string>> rows;
  for (const TaskPair& task : tasks) {
    if (rows.size() == kTasksShown) break;
    rows.push_back({"  " + strip_control(truncate_middle(task.id, 80)),
                    percent(task.before) + " -> " + percent(task.after)});
  }
  out += format_table(rows);
  if (tasks.size() > kTasksShown)
    out += fmt::format("  and {} more (--json has all)\n", tasks.size() - kTasksShown);
  return out;
}

std::string only_lines(const char* name, const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  return fmt::format("{}: {}\n", name, strip_control(list_some(ids)));
}

Json pair_list(const std::vector<TaskPair>& tasks) {
  Json out = Json::array();
  for (const TaskPair& task : tasks)
    out.push_back({{"task_id", task.id}, {"before", task.before}, {"after", task.after}});
  return out;
}

Json scored_json(const ScoredSkill& scored) {
  const auto& summary = scored.summary;
  const bool any = summary.graded > 0;
  return {{"run", scored.run},
          {"part", scored.part},
          {"skill", scored.skill},
          {"model", scored.model},
          {"benchmark", scored.benchmark},
          {"grading", scored.grading},
          {"simulation", scored.simulation},
          {"score", any ? Json(summary.score) : Json()},
          {"score_ci95", any ? Json({summary.score_ci95.low, summary.score_ci95.high}) : Json()},
          {"n_planned", summary.planned},
          {"n_graded", summary.graded},
          {"errors", summary.errors()},
          {"trials", summary.trials},
          {"cost_usd", scored.cost_usd ? Json(*scored.cost_usd) : Json()}};
}

}  // namespace

std::string comparison_line(const SkillComparison& comparison) {
  const auto& paired = comparison.paired;
  if (paired.n == 0) return "not compared: no task was graded in both";
  return fmt::format("{}: {:+.1f} points [{:+.1f}, {:+.1f}] on {} task{}, {}",
                     name_of(comparison.verdict), 100 * paired.difference,
                     100 * paired.difference95.low, 100 * paired.difference95.high, paired.n,
                     paired.n == 1 ? "" : "s", p_text(paired.p));
}

std::string comparison_text(const SkillComparison& comparison) {
  std::string out = comparison_line(comparison) + "\n\n";
  std::vector<std::vector<std::string>> rows = {{"", "score", "graded", "errors", "USD", "skill"}};
  for (const auto& [name, scored] :
       {std::pair{"before", &comparison.before}, {"after", &comparison.after}})
    rows.push_back({name, score_text_of(scored->summary),
                    fmt::format("{} of {}", scored->summary.graded, scored->summary.planned),
                    std::to_string(scored->summary.errors()),
                    scored->cost_usd ? fmt::format("{:.4f}", *scored->cost_usd) : "-",
                    strip_control(truncate_middle(scored->skill, 100))});
  out += format_table(rows);
  out += task_lines("fixed", comparison.fixed) + task_lines("broken", comparison.broken) +
         task_lines("higher", comparison.higher) + task_lines("lower", comparison.lower);
  if (!comparison.only_before.empty() || !comparison.only_after.empty()) out += "\n";
  out += only_lines("scored before alone", comparison.only_before) +
         only_lines("scored after alone", comparison.only_after);
  if (!comparison.notes.empty()) out += "\nnotes\n";
  for (const std::string& note : comparison.notes) out += "  " + strip_control(note) + "\n";
  return out;
}

Json to_json(const SkillComparison& comparison) {
  const auto& paired = comparison.paired;
  const bool any = paired.n > 0;
  return {
      {"schema", "skillgrad.compare/1"},
      {"command", "compare"},
      {"verdict", name_of(comparison.verdict)},
      {"line", comparison_line(comparison)},
      {"before", scored_json(comparison.before)},
      {"after", scored_json(comparison.after)},
      {"difference", any ? Json(paired.difference) : Json()},
      {"difference_ci95", any ? Json({paired.difference95.low, paired.difference95.high}) : Json()},
      {"p", any ? Json(paired.p) : Json()},
      {"n", paired.n},
      {"fixed", pair_list(comparison.fixed)},
      {"broken", pair_list(comparison.broken)},
      {"higher", pair_list(comparison.higher)},
      {"lower", pair_list(comparison.lower)},
      {"only_before", comparison.only_before},
      {"only_after", comparison.only_after},
      {"notes", comparison.notes}};
}

}  // namespace skillgrad::report
