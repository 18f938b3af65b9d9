// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/optim/evaluate.hpp>

#include "cli/run/eval_result.hpp"
#include "cli/run/run_setup.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

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
