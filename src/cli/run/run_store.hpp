// SPDX-License-Identifier: MIT
#pragma once

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// Opens the run's folder, or that of a shard or a worker of it, and says whether it goes on with
/// an earlier part. Errors: config where that was another run, input, locked, io.
[[nodiscard]] Result<> open_store(RunSetup& setup, const RunRequest& request, const Json& identity);
/// Rows paid for by earlier processes of this run count as spent.
[[nodiscard]] Result<> restore_ledger(RunSetup& setup);
/// What earlier processes spent, on top of the limits of this one.
[[nodiscard]] Result<> raise_limits(RunSetup& setup);
/// A shard that was never begun begins with the configuration of another one of its run, so that
/// `resume` can name any of them.
[[nodiscard]] Result<> begin_like_sibling(const fs::path& dir);

}  // namespace skillgrad::cli
