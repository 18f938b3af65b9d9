// SPDX-License-Identifier: MIT
// Benchmarks of single records: JSON Lines, CSV/TSV and a skill's evals.json.
#pragma once

#include <filesystem>
#include <memory>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// By name: *.csv and *.tsv are tables, *.json is an evals.json, a folder holds tasks.jsonl or
/// evals.json, anything else is JSON Lines. Errors: input, dataset (both with file:line).
[[nodiscard]] Result<std::unique_ptr<Benchmark>> load_records(const std::filesystem::path& path,
                                                              const BenchmarkOptions& options);

}  // namespace skillgrad::bench
