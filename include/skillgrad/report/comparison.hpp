// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/evaluate.hpp>
#include <skillgrad/stats/paired.hpp>

namespace skillgrad::report {

/// Scored tasks of one skill in a run that was saved.
struct ScoredSkill {
  std::string run, part;  ///< "eval", "baseline", "best" or "initial"
  std::string command, skill, model, benchmark, grading;
  std::string split;  ///< "" where the run does not say
  bool simulation = false;
  optim::EvalSummary summary;
  std::optional<double> cost_usd;  ///< of an eval; nullopt also where a price is not known
};
/// What the tasks that both have say, two-sided at 5 %.
enum class ComparisonVerdict { better, not_shown, worse, not_compared };

struct TaskPair {
  std::string id;
  double before = 0, after = 0;
};
struct SkillComparison {
  ScoredSkill before, after;
  ComparisonVerdict verdict = ComparisonVerdict::not_compared;
  stats::PairedResult paired;
  std::vector<TaskPair> fixed, broken;               ///< came to score 1, or fell from it
  std::vector<TaskPair> higher, lower;               ///< other changes
  std::vector<std::string> only_before, only_after;  ///< scored in one of them alone
  std::vector<std::string> notes;                    ///< why the two may not be comparable
};

/// `name`: the folder of a run of eval (its skill) or optimize (the best package on the test
/// split), or RUN:baseline, RUN:initial. Errors: input with the mend.
[[nodiscard]] Result<ScoredSkill> read_scored_skill(const std::string& name);
/// By task: trials of a task are averaged first; tasks without a grade in either are left out.
[[nodiscard]] SkillComparison compare_skills(ScoredSkill before, ScoredSkill after);

/// "better: +16.7 points [+4.2, +29.2] on 24 tasks, p = 0.012"
[[nodiscard]] std::string comparison_line(const SkillComparison& comparison);
[[nodiscard]] std::string comparison_text(const SkillComparison& comparison);
/// `skillgrad.compare/1`
[[nodiscard]] Json to_json(const SkillComparison& comparison);

}  // namespace skillgrad::report

namespace skillgrad {

template <>
struct EnumText<report::ComparisonVerdict> {
  using enum report::ComparisonVerdict;
  static constexpr EnumName<report::ComparisonVerdict> kTable[] = {{better, "better"},
                                                                   {not_shown, "not shown"},
                                                                   {worse, "worse"},
                                                                   {not_compared, "not compared"}};
};

}  // namespace skillgrad
