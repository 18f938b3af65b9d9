// SPDX-License-Identifier: MIT
#include "report/skill_lines.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/table.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kMostConflicts = 10;

std::string tested_text(const optim::SkillOutcome& skill) {
  if (!skill.tested || skill.tested->n == 0) return "none";
  return fmt::format("{} -> {} ({} fixed, {} broken, two-sided {})", percent(skill.tested->before),
                     percent(skill.tested->after), skill.tested->fixed, skill.tested->broken,
                     p_text(skill.tested->p));
}

std::string conflict_lines(const optim::OptimizeResult& result) {
  std::string out;
  std::size_t shown = 0;
  for (const auto& [conflict, state] : result.conflicts)
    if (shown++ < kMostConflicts)
      out += fmt::format("  {:>6}  {}\n", state, strip_control(conflict.sentence()));
  if (shown > kMostConflicts) out += fmt::format("  ({} more)\n", shown - kMostConflicts);
  return out.empty() ? out : "conflicts that the texts show (words alone):\n" + out;
}

}  // namespace

std::string skill_lines(const optim::OptimizeResult& result) {
  if (result.skills.empty()) return {};
  std::vector<std::vector<std::string>> rows = {
      {"skill", "text", "own train tasks", "own test tasks", "before -> after", "verdict"}};
  for (const optim::SkillOutcome& skill : result.skills)
    rows.push_back({strip_control(skill.skill), skill.changed ? "changed" : "as it was",
                    std::to_string(skill.train), std::to_string(skill.tested ? skill.tested->n : 0),
                    tested_text(skill), skill.verdict()});
  return format_table(rows) + conflict_lines(result);
}

}  // namespace skillgrad::report
