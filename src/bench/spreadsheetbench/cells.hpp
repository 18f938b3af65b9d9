// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/sheet/values.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "bench/spreadsheetbench/compare.hpp"
#include "bench/spreadsheetbench/position.hpp"

namespace skillgrad::bench {

/// The two sides of one range. Null: the sheet is absent, its cells read as empty.
struct SheetPair {
  const sheet::Worksheet* golden = nullptr;
  const sheet::Worksheet* output = nullptr;
  std::string label;  ///< "Sheet1!" in front of cell names, or ""
  sheet::ValueRules rules = sheet::ValueRules::published;
};

/// Adds the cells of `rect` to `out`. Cells stored on neither side match without being visited, so
/// that whole columns cost no more than what is in them.
void compare_cells(const SheetPair& pair, const Rect& rect, Comparison& out);

/// Adds the cells of `rect` as wrong, whatever the golden holds there.
void count_as_wrong(const SheetPair& pair, const Rect& rect, Comparison& out);

/// Name of the first golden cell in `rect` that is a formula without a cached value, or "".
[[nodiscard]] std::string first_uncached(const SheetPair& pair, const Rect& rect);

}  // namespace skillgrad::bench
