// SPDX-License-Identifier: MIT
#include "cli/selfcheck/scripted_patcher.hpp"

namespace skillgrad::cli {

Result<optim::PatchOutput> ScriptedPatcher::patch(const optim::PatchInput& input,
                                                  const optim::StageContext& /*context*/) {
  optim::PatchOutput out;
  out.candidate = *input.skill;
  out.patch.summary = "a scripted patch";
  out.patch.edits = edits_(input);
  for (const skill::EditOp& edit : out.patch.edits)
    SKILLGRAD_CHECK(skill::apply_edit(out.candidate, edit));
  auto report = skill::lint(out.candidate, input.lint);
  out.findings = std::move(report.findings);
  out.blocking = std::move(report.blocking);
  return out;
}

}  // namespace skillgrad::cli
