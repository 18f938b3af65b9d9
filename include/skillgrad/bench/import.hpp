// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// The records of a CSV, TSV, evals.json or JSON Lines file in the JSON Lines form, every one with
/// an id.
struct ImportedRecords {
  std::vector<std::string> lines;    ///< one JSON object each, without the line end
  std::vector<std::string> notices;  ///< for the user
  std::filesystem::path
      files_folder;  ///< paths in the lines are relative to it; "": there are none
};

/// `spec` is a path or records:PATH. Errors: config (another benchmark), and those of loading.
[[nodiscard]] Result<ImportedRecords> import_records(const std::string& spec,
                                                     const BenchmarkOptions& options);

}  // namespace skillgrad::bench
