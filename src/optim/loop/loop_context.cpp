// SPDX-License-Identifier: MIT
#include "optim/loop/loop_context.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "optim/loop/candidates.hpp"

namespace skillgrad::optim {

std::string iteration_name(int iteration) { return fmt::format("iter_{:03d}", iteration); }

StageContext stage_context(const LoopContext& loop, const std::string& scope, int iteration) {
  StageContext out;
  out.scope = scope;
  out.iteration = iteration;
  out.call = loop.call;
  out.clock = loop.parts->clock;
  out.objective = loop.baseline;
  out.notice = [observer = loop.parts->observer, scope](const std::string& sentence) {
    observer->notice(scope + ": " + sentence);
  };
  return out;
}

ObjectiveFacts package_facts(const LoopContext& loop, const skill::SkillPackage& package) {
  const auto bytes = [](const skill::SkillPackage& of) {
    const auto sizes = of.sizes();
    return static_cast<double>(sizes.l1.bytes + sizes.l2.bytes + sizes.l3.bytes);
  };
  ObjectiveFacts out = loop.baseline;
  const double initial = bytes(loop.parts->initial);
  out.size_ratio = initial > 0 ? bytes(package) / initial : 1;
  skill::LintContext lint;
  lint.procedure_profile = loop.settings->procedure_lint;
  lint.ignored = loop.settings->lint_ignored;
  lint.initial = &loop.parts->initial;
  const auto findings = skill::lint(package, lint).findings;
  out.violations = static_cast<double>(std::count_if(
      findings.begin(), findings.end(),
      [](const skill::Finding& finding) { return finding.severity == skill::Severity::soft; }));
  return out;
}

bool waits_for_mend(ErrorCode code) {
  return code == ErrorCode::transient || code == ErrorCode::rate_limit || code == ErrorCode::infra;
}

std::string candidate_dir(const OptimizeParts& parts, int iteration) {
  const std::string name = iteration_name(iteration), approved = name + "/" + kApprovedDir;
  std::error_code ignored;
  return fs::exists(parts.store->path(approved + "/patch.json"), ignored) ? approved : name;
}

Result<skill::SkillPackage> load_candidate(const OptimizeParts& parts, int iteration) {
  if (iteration == 0) return parts.initial;
  return load_package(parts, candidate_dir(parts, iteration));
}

}  // namespace skillgrad::optim
