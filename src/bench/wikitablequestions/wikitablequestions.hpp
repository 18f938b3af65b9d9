// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// WikiTableQuestions below `dir` (data/*.tsv, tagged/data/*.tagged and the tables they name,
/// docs/rules-grading.md section 3). Errors: input (no split file), dataset (a line of one is
/// malformed).
[[nodiscard]] Result<std::unique_ptr<Benchmark>> load_wikitablequestions(
    const std::filesystem::path& dir, const BenchmarkOptions& options);

}  // namespace skillgrad::bench
