// SPDX-License-Identifier: MIT
// A step that was accepted, the other way round.
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "report/run/run_files.hpp"

namespace skillgrad::report {
namespace {

std::vector<std::string> accepted_steps(const RunReport& report) {
  std::vector<std::string> out;
  for (const Step& step : report.steps)
    if (step.decision == "accepted") out.push_back(std::to_string(step.iteration));
  return out;
}

/// The package that was the current one once `iteration` had been decided; 0: the initial one.
Result<skill::SkillPackage> current_after(const Proposal& of, int iteration) {
  if (iteration == 0) return of.initial;
  const fs::path dir = of.run / patch_folder(of.run, iteration) / "skill";
  SKILLGRAD_TRY(const auto package, skill::load_skills(dir));
  return skill::SkillPackage::from_files(of.initial.folder_name(), package.skill_md(),
                                         package.files());
}

}  // namespace

Result<Proposal> read_undo(const std::filesystem::path& run, int iteration) {
  SKILLGRAD_TRY(Proposal out, read_proposal(run, std::nullopt));
  SKILLGRAD_TRY(const RunReport report, read_run(run, {0, std::nullopt, std::nullopt}));
  int before = 0;
  bool accepted = false;
  for (const Step& step : report.steps) {
    if (step.decision != "accepted") continue;
    if (step.iteration < iteration) before = std::max(before, step.iteration);
    accepted = accepted || step.iteration == iteration;
  }
  const auto known = accepted_steps(report);
  if (!accepted)
    return fail(ErrorCode::input, fmt::format("iteration {} was not accepted", iteration),
                out.run.string(),
                known.empty() ? "no iteration of this run was; there is nothing to take back"
                              : "give one of " + join(known, ", "));
  SKILLGRAD_TRY(skill::SkillPackage then, current_after(out, before));
  SKILLGRAD_TRY(skill::SkillPackage now, current_after(out, iteration));
  out.source = "undo of " + iteration_folder(iteration);
  out.undo = iteration;
  out.initial = std::move(now);
  out.proposed = std::move(then);
  out.hunks = skill::hunks_between(out.initial, out.proposed);
  return out;
}

}  // namespace skillgrad::report
