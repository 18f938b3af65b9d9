// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/llm/client.hpp>

namespace skillgrad::store {

/// Folders below a run in which other processes keep what they did for it, one for each: shards
/// (`eval --shard`) and workers (`skillgrad work`). Each is written by its own process alone.
inline constexpr const char* kShards = "shards";
inline constexpr const char* kWorkers = "workers";

/// Those that hold a ledger, absolute where `run_dir` is, shards first, sorted by name.
[[nodiscard]] std::vector<std::filesystem::path> part_folders(const std::filesystem::path& run_dir);

/// What a ledger says without opening it for writing: its process may be at work.
struct LedgerView {
  std::vector<llm::LedgerRow> ended;
  /// Begun and not ended: under way, or lost with their process. Each has what was reserved for it.
  std::vector<llm::LedgerRow> open;
};
/// Of one folder alone, a run or a part of one. A torn last line is left out. Errors: input (a
/// damaged line), io.
[[nodiscard]] Result<LedgerView> view_ledger(const std::filesystem::path& dir);

}  // namespace skillgrad::store
