// SPDX-License-Identifier: MIT
#include "cli/ci/ci_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"

namespace skillgrad::cli {
namespace {

constexpr double kLevel = 0.05;

Json known(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json measured_json(const MeasuredSkill& value) {
  Json out = {{"run", value.run}, {"kept", value.kept}};
  out.update(optim::to_json(value.summary));
  out["error_rate"] = value.summary.error_rate();
  out["turns_per_rollout"] = known(value.turns());
  out["usd_per_rollout"] = known(value.usd());
  out["calls"] = value.paid.calls;
  out["cost_usd"] = known(value.paid.usd);
  return out;
}

Json compared_json(const Compared& value) {
  const auto& paired = value.paired;
  const bool any = paired.n > 0;
  return {
      {"n", paired.n},
      {"difference", any ? Json(paired.difference) : Json()},
      {"difference_ci95", any ? Json({paired.difference95.low, paired.difference95.high}) : Json()},
      {"p", any ? Json(paired.p) : Json()},
      {"verdict", value.verdict()},
      {"fixed", value.fixed},
      {"broken", value.broken}};
}

Json tasks_json(const bench::CheckReport& value) {
  Json problems = Json::array();
  for (const auto& problem : value.problems)
    problems.push_back(
        {{"task_id", problem.task_id}, {"what", problem.what}, {"mend", problem.mend}});
  return {{"tasks", value.tasks}, {"problems", problems}};
}

Json skill_json(const SkillReport& value) {
  const auto& skill = value.skill;
  return {{"skill", skill.folder},
          {"change", name_of(skill.change)},
          {"was", skill.before.empty() ? Json() : Json(skill.before)},
          {"status", value.status()},
          {"valid", value.validated ? Json(value.validated->valid()) : Json()},
          {"findings", value.validated ? findings_json(*value.validated) : Json::array()},
          {"tasks", value.tasks ? tasks_json(*value.tasks) : Json()},
          {"before", value.before ? measured_json(*value.before) : Json()},
          {"after", value.after ? measured_json(*value.after) : Json()},
          {"compared", value.compared ? compared_json(*value.compared) : Json()},
          {"unmeasured", value.unmeasured.empty() ? Json() : Json(value.unmeasured)},
          {"failures", value.failures},
          {"error", optim::error_json(value.error)}};
}

}  // namespace

void Paid::add(const Paid& other) {
  calls += other.calls;
  tokens += other.tokens;
  usd = usd && other.usd ? std::optional(*usd + *other.usd) : std::nullopt;
}

std::optional<double> MeasuredSkill::turns() const {
  double calls = 0, rollouts = 0;
  for (const auto& record : summary.records) {
    if (record.status == optim::LossStatus::skipped || record.usage.calls == 0) continue;
    calls += static_cast<double>(record.usage.calls);
    ++rollouts;
  }
  return rollouts > 0 ? std::optional(calls / rollouts) : std::nullopt;
}

std::optional<double> MeasuredSkill::usd() const {
  double sum = 0, rollouts = 0;
  for (const auto& record : summary.records) {
    if (record.status == optim::LossStatus::skipped || record.usage.calls == 0) continue;
    if (!record.cost_usd) return std::nullopt;
    sum += *record.cost_usd;
    ++rollouts;
  }
  return rollouts > 0 ? std::optional(sum / rollouts) : std::nullopt;
}

const char* Compared::verdict() const {
  if (paired.n == 0 || paired.p > kLevel || paired.difference == 0) return "not shown";
  return paired.difference > 0 ? "better" : "worse";
}

const char* SkillReport::status() const {
  if (skill.change == SkillChange::removed) return "removed";
  if (error) return "error";
  return failures.empty() ? "pass" : "fail";
}

std::size_t CiReport::count(const std::string& status) const {
  return static_cast<std::size_t>(
      std::count_if(skills.begin(), skills.end(),
                    [&](const SkillReport& skill) { return skill.status() == status; }));
}

std::string CiReport::verdict() const {
  if (skills.empty()) return "no skill changed";
  const std::string of = counted(skills.size(), "changed skill");
  const std::size_t failed = count("fail"), errors = count("error");
  std::string out;
  if (failed > 0) out = fmt::format("{} of {} fail{}", failed, of, failed == 1 ? "s" : "");
  if (errors > 0)
    out += fmt::format("{}{} of {} could not be judged", failed > 0 ? ", " : "", errors, of);
  return out.empty() ? of + (skills.size() == 1 ? " passes" : " pass") : out;
}

Json ci_json(const CiReport& report) {
  Json skills = Json::array();
  for (const auto& skill : report.skills) skills.push_back(skill_json(skill));
  return {{"schema", "skillgrad.ci/1"},
          {"command", "ci"},
          {"root", report.top.string()},
          {"since", report.since},
          {"base", report.base},
          {"tier", name_of(report.tier)},
          {"replayed", report.replayed},
          {"model", report.model.empty() ? Json() : Json(report.model)},
          {"simulation", report.simulated},
          {"split", report.split},
          {"trials", report.trials},
          {"verdict", report.count("fail") > 0    ? "fail"
                      : report.count("error") > 0 ? "none"
                                                  : "pass"},
          {"skills", skills},
          {"unchanged", report.unchanged},
          {"calls", report.paid.calls},
          {"cost_usd", known(report.paid.usd)},
          {"notes", notes_json(notes().all())},
          {"seconds", report.seconds},
          {"exit_code", report.exit_code}};
}

std::string ci_text(const CiReport& report) {
  std::string out = "verdict    " + report.verdict() + "\n";
  for (const auto& skill : report.skills) {
    out += fmt::format("{:<10} {} ({})", skill.status(), strip_control(skill.skill.folder),
                       name_of(skill.skill.change));
    if (skill.after && skill.after->summary.graded > 0) {
      const auto& after = skill.after->summary;
      if (skill.before && skill.before->summary.graded > 0)
        out += " " + report::percent(skill.before->summary.score) + " ->";
      out += " " + report::percent(after.score);
    }
    if (skill.compared && skill.compared->paired.n > 0)
      out += fmt::format(", {}", skill.compared->verdict());
    out += "\n";
    for (const auto& failure : skill.failures) out += "           " + one_line(failure) + "\n";
    if (skill.error) out += "           " + one_line(skill.error->to_line()) + "\n";
  }
  out += fmt::format("paid now   {}, {}\n",
                     counted(static_cast<std::size_t>(report.paid.calls), "call"),
                     report::money(report.paid.usd));
  return out;
}

std::string ci_github_lines(const CiReport& report) {
  std::string out;
  for (const auto& skill : report.skills) {
    std::vector<std::string> lines = skill.failures;
    if (skill.error) lines.push_back(skill.error->to_line());
    const std::string file =
        skill.skill.folder == "." ? "SKILL.md" : skill.skill.folder + "/SKILL.md";
    for (const auto& line : lines)
      out += fmt::format("::error file={},line=1::{}\n", github_property(file), github_text(line));
  }
  return out;
}

}  // namespace skillgrad::cli
