// SPDX-License-Identifier: MIT
#pragma once

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// For commands that make a run. Errors: usage, config, input, dataset, locked, io, ...
[[nodiscard]] Result<std::unique_ptr<RunSetup>> open_run(const Invocation& invocation,
                                                         const RunRequest& request);
/// The same without a run directory, and without asking any endpoint: for estimates. `store` and
/// `observer` stay null.
[[nodiscard]] Result<std::unique_ptr<RunSetup>> open_dry_run(const Invocation& invocation,
                                                             const RunRequest& request);
/// For `resume`: everything comes from RUN/config.json; given limits win.
[[nodiscard]] Result<std::unique_ptr<RunSetup>> reopen_run(const Invocation& invocation,
                                                           const std::string& run_dir,
                                                           RunRequest& request);
/// Writes what names a new run, once every check has passed: until then the command can be mended
/// and given again with the same --run.
[[nodiscard]] Result<> start_run(RunSetup& setup);
/// Where several processes make the run, joins them: for --workers shared and for shards.
[[nodiscard]] Result<> share_run(RunSetup& setup, const RunRequest& request,
                                 const std::stop_token& stop);
/// Deadline and stop token of all calls.
[[nodiscard]] Result<llm::CallContext> call_context(const RunSetup& setup,
                                                    const Invocation& invocation);
/// Says on stderr why a run stopped and how it goes on; stdout has its result.
void print_stop(const Error& error, const RunSetup& setup);

}  // namespace skillgrad::cli
