// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>
#include <string>

#include "exec/process/launch.hpp"

namespace skillgrad::exec {

/// A finished run, before a backend makes a CommandResult or an Error of it.
struct Finished {
  CommandResult result;
  Outcome outcome;
  std::string report;  ///< what the command wrote to kReport
};

/// Starts the plan, feeds it, captures its output, ends it on timeout or stop.
/// Errors: sandbox (the process could not be started).
[[nodiscard]] Result<Finished> run_plan(LaunchPlan plan, const std::string& stdin_text,
                                        std::stop_token stop);

}  // namespace skillgrad::exec
