// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include <skillgrad/llm/client.hpp>

namespace skillgrad::store {

/// The attempts that a run's ledger has as ended, in its order, and behind them those of its parts
/// (parts.hpp), without opening the run: it may be at work. A torn last line is left out. Errors:
/// input (no ledger there, a damaged line), io.
[[nodiscard]] Result<std::vector<llm::LedgerRow>> read_ledger(const std::filesystem::path& run_dir);

}  // namespace skillgrad::store
