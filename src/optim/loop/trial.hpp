// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optim/loop/bookkeeper.hpp"

namespace skillgrad::optim {

/// The candidates of one iteration, for screen and gate (docs/deciding.md).
struct TrialPlan {
  int iteration = 0;
  const skill::SkillPackage* current = nullptr;
  std::vector<const skill::SkillPackage*> candidates;  ///< distinct, none equal to `current`
  std::vector<std::string> source_tasks;               ///< the batch
  std::vector<std::string> lineage;  ///< hashes: the current package, and what it came from
};

struct TrialResult {
  std::size_t told = 0;  ///< the candidate that the decision is about
  GateDecision decision;
  Json screen = Json::array();  ///< what was found of each candidate, for gate.json
};

/// Makes the rollouts that the decision needs. Errors: those that end a run, io.
[[nodiscard]] Result<TrialResult> try_candidates(const LoopContext& loop, const TrialPlan& plan);

}  // namespace skillgrad::optim
