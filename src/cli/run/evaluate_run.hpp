// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/optim/evaluate.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "cli/run/eval_result.hpp"
#include "cli/run/run_setup.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// What an evaluation runs, the skill first, then what it is compared with; `skill` is left null.
[[nodiscard]] std::vector<optim::RolloutRunner::Batch> eval_batches(
    const RunRequest& request, const std::vector<std::string>& ids);
/// Of a batch, what a shard makes.
[[nodiscard]] optim::RolloutRunner::Orders orders_of_part(const optim::RolloutRunner::Batch& batch,
                                                          const std::optional<Shard>& shard);
/// The baseline of an evaluation as its run keeps it; nullopt: none, or no skill.
[[nodiscard]] Result<std::optional<skill::SkillPackage>> open_baseline(RunSetup& setup,
                                                                       const std::string& text);
/// Scores a split in an opened run directory and keeps the result there, without a verdict and
/// without a word on stdout.
[[nodiscard]] Result<Scored> evaluate(RunSetup& setup, const Invocation& invocation,
                                      const RunRequest& request);
/// Scores a split in an opened run directory; returns the exit code.
int finish_eval(RunSetup& setup, const Invocation& invocation, const RunRequest& request);
/// Measures the noise of the validation split in an opened run directory; returns the exit code.
int finish_calibrate(RunSetup& setup, const Invocation& invocation, const RunRequest& request);
/// 1 when --min-score or --max-error-rate is not met (said on stderr), else 0.
[[nodiscard]] int verdict_exit(const Settings& settings, const optim::EvalSummary& summary);

}  // namespace skillgrad::cli
