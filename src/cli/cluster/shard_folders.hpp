// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "cli/run/run_setup.hpp"
#include "cli/shards/shard.hpp"

namespace skillgrad::cli {

/// The folder of a shard, as its process left it.
struct ShardFolder {
  Shard shard;
  std::filesystem::path dir;
};

/// Those of a run by their number. Errors: input (there are none), config (they are of different
/// runs or counts; each setting that differs is named).
[[nodiscard]] Result<std::vector<ShardFolder>> shards_of(const std::filesystem::path& run);
/// Makes the run that the shards are of, or adds to it what they have that it has not: its
/// configuration, notes and events, and what endpoints taught. Doing it again adds nothing. Errors:
/// io, disk_full, input (a damaged file).
[[nodiscard]] Result<> join_files(const std::filesystem::path& run,
                                  const std::vector<ShardFolder>& shards);
/// Puts what the shards have finished of the run's rollouts into its folder, as links where the
/// file system has them. Errors: locked (a shard is at work), input (rollouts are missing: which
/// shards, and how to make them), io.
[[nodiscard]] Result<> adopt_rollouts(RunSetup& setup, const RunRequest& request,
                                      const std::vector<ShardFolder>& shards);

}  // namespace skillgrad::cli
