// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// One function for each command: the process exit code of what came to a result; an Error where it
/// came to nothing, which the caller reports.
[[nodiscard]] Result<int> cmd_schema(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_optimize(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_estimate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_resume(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_eval(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_calibrate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_compare(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_grade(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_validate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_pack(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_synth(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_triggers(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_traces(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_demo(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_selfcheck(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_simulate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_doctor(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_benchmark(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_ci(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_init(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_config(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_help(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_completion(const Invocation& invocation);

/// The function of a command of the table.
[[nodiscard]] Result<int> run_command(const Invocation& invocation);

}  // namespace skillgrad::cli
