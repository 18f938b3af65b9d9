// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/sheet/workbook.hpp>

namespace skillgrad::bench {

/// Bounds that only a hostile position or workbook meets.
inline constexpr std::size_t kMaxPositionBytes = 10'000;
inline constexpr std::size_t kMaxDifferences = 200'000;
inline constexpr std::size_t kMaxSteps = 50'000'000;

/// Outcome of comparing the cells that a position names.
struct Comparison {
  bool pass = false;
  std::size_t matched = 0, total = 0;   ///< cells
  std::vector<Difference> differences;  ///< in the order of the position
  std::vector<std::string> notes;       ///< what else is wrong: a missing sheet, a bad part
  std::string dataset_error;            ///< non-empty: nobody can be graded on this task
  std::size_t formulas = 0;             ///< graded output cells that hold a formula
  std::size_t uncached = 0;             ///< ... of which the value was never computed
  std::size_t golden_uncached = 0;      ///< graded golden cells of that kind
  std::size_t unlisted = 0;             ///< differences beyond kMaxDifferences
  std::size_t steps = 0;                ///< work done so far, against kMaxSteps
};

/// One comparison per mode (docs/rules-grading.md 2.3-2.5). `official` and `skillgrad` are of
/// workbooks read as openpyxl reads them. `output` null: there is none that can be read; the result
/// then says how many cells would have been checked.
[[nodiscard]] Comparison compare_strict(const sheet::Workbook& golden,
                                        const sheet::Workbook* output, const std::string& position,
                                        const std::string& answer_sheet);
[[nodiscard]] Comparison compare_official(const sheet::Workbook& golden,
                                          const sheet::Workbook* output,
                                          const std::string& position);
[[nodiscard]] Comparison compare_skillgrad(const sheet::Workbook& golden,
                                           const sheet::Workbook* output,
                                           const std::string& position);

}  // namespace skillgrad::bench
