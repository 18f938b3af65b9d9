// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// SpreadsheetBench below `dir` (dataset.json and its workbooks, docs/rules-grading.md section 2).
/// Reads no workbook. Errors: input (no or malformed dataset.json), dataset (none of the workbooks
/// there).
[[nodiscard]] Result<std::unique_ptr<Benchmark>> load_spreadsheetbench(
    const std::filesystem::path& dir, const BenchmarkOptions& options);

/// One comparison of an agent's workbook with a golden one, for SpreadsheetBench and for the
/// `xlsx-cells` grader.
struct CellGradeRequest {
  std::string task_id;
  std::filesystem::path golden;
  std::filesystem::path output;  ///< may be absent: a fail, with the total that was to be checked
  std::string position;          ///< "Sheet1!A1:B2,Sheet2!C3" (answer_position)
  std::string answer_sheet;      ///< sheet for parts that name none (strict mode only), or ""
  GradingMode mode = GradingMode::strict;
  RecalcMode recalc = RecalcMode::automatic;
  bool recalc_golden = false;
  bool answer_is_golden = false;  ///< what is computed of the output is computed of the golden, too
  std::string missing = {};       ///< why there is no output, where that is known
};
/// Never throws, never changes a file. `grader` is left to the caller.
[[nodiscard]] Grade grade_cells(const CellGradeRequest& request, const GradeContext& context);

}  // namespace skillgrad::bench
