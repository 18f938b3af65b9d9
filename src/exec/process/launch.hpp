// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/exec/sandbox.hpp>

#include "exec/process/child_plan.hpp"

namespace skillgrad::exec {

/// A running command below a supervisor process, which ends the whole tree (also children that
/// called setsid) when the command ends, when `control` is closed or when this process dies.
struct Launched {
  pid_t supervisor = -1;
  Descriptor in, out, err;  ///< our ends of the standard streams, non-blocking
  Descriptor control;
  Descriptor outcome;  ///< yields one Outcome, then end of file
  Descriptor report;
};

[[nodiscard]] Result<Launched> launch(const LaunchPlan& plan);

}  // namespace skillgrad::exec
