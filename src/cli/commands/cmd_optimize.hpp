// SPDX-License-Identifier: MIT
#pragma once

#include "cli/run/run_setup.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// Runs the loop in an opened run directory; returns the exit code.
int finish_optimize(RunSetup& setup, const Invocation& invocation);

}  // namespace skillgrad::cli
