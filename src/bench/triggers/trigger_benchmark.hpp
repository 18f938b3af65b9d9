// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::bench {

/// Queries as tasks: one is passed by a run that activates the skill where it should, and does not
/// where it should not. Errors: those of read_trigger_queries(); config (a column map).
[[nodiscard]] Result<std::unique_ptr<Benchmark>> load_triggers(const std::filesystem::path& path,
                                                               const BenchmarkOptions& options);

}  // namespace skillgrad::bench
