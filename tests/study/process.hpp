// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "optim/decisions/effect_model.hpp"
#include "optim/decisions/finalists.hpp"
#include "optim/decisions/gate.hpp"
#include "optim/decisions/prune.hpp"
#include "optim/decisions/release.hpp"
#include "optim/decisions/screen.hpp"
#include "study/world.hpp"

namespace skillgrad::study {

namespace decisions = optim::decisions;

/// How a run decides. Rules with a screen are the program's own; the others are what it did before.
struct Rule {
  enum class Kind { staged, stored, fresh, none };
  std::string name;
  Kind kind = Kind::staged;
  decisions::EffectPrior prior;
  decisions::GateOptions gate;
  decisions::ScreenOptions screen;
  decisions::FinalistOptions finals;
  decisions::PruneOptions prune;
  std::size_t candidates = 2;  ///< a step
  std::size_t most_finalists = 3;
  bool finalists = true, pruned = true;
  /// Iterates until it has made as many rollouts as `default` in the same run.
  bool equal_rollouts = false;
};
[[nodiscard]] Result<Rule> rule_named(const std::string& name);
/// For messages.
[[nodiscard]] const std::vector<std::string>& rule_names();

/// What became of one run.
struct Outcome {
  /// Of each gated candidate: the chance of being better that the gate believed in at its end, and
  /// whether it is.
  std::vector<std::pair<double, bool>> beliefs;
  double gain = 0;  ///< of the true pass rate on the test tasks, at the end of the run
  std::size_t good = 0, good_kept = 0;    ///< candidates that truly gain
  std::size_t other = 0, other_kept = 0;  ///< the rest
  std::size_t rollouts = 0;               ///< all but those of the release test
  std::size_t release_rollouts = 0;
  std::optional<double> optimism;  ///< validation score of the result minus its true one
  decisions::ReleaseVerdict verdict = decisions::ReleaseVerdict::not_tested;
};

/// A whole decision process: base run, calibration, iterations, finalists, pruning, release test.
/// `most_rollouts`: of an equal_rollouts rule.
[[nodiscard]] Outcome run_process(const Population& population, const Rule& rule,
                                  std::uint64_t seed, std::size_t most_rollouts = 0);

}  // namespace skillgrad::study
