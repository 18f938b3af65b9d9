// SPDX-License-Identifier: MIT
#pragma once

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// True in a program that a run has started as its optimizer: `eval` asks that run then, which
/// makes the rollouts and counts them.
[[nodiscard]] bool is_in_run();
/// Errors: usage (an option that the run decides), infra (the run is gone), and what it answers.
[[nodiscard]] Result<int> eval_in_run(const Invocation& invocation);

}  // namespace skillgrad::cli
