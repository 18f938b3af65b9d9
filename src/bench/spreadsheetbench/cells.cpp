// SPDX-License-Identifier: MIT
#include "bench/spreadsheetbench/cells.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace skillgrad::bench {
namespace {

using sheet::CellRef;
using sheet::CellValue;
using sheet::Worksheet;

bool before(const CellRef& a, const CellRef& b) {
  return a.row != b.row ? a.row < b.row : a.column < b.column;
}

std::vector<CellRef> stored_in(const Worksheet* sheet, const Rect& rect) {
  std::vector<CellRef> out;
  if (sheet == nullptr) return out;
  out = sheet->stored();
  std::erase_if(out, [&rect](const CellRef& cell) {
    return cell.row < rect.row1 || cell.row > rect.row2 || cell.column < rect.column1 ||
           cell.column > rect.column2;
  });
  return out;
}

std::size_t stored_cells(const Worksheet* sheet) {
  return sheet == nullptr ? 0 : sheet->stored_cells();
}

// Calls `visit` in row order for the cells of `rect` that one side stores; for a small range for
// all its cells, which is cheaper than looking through the sheets. Returns how many.
std::size_t visit_cells(const SheetPair& pair, const Rect& rect,
                        const std::function<void(CellRef)>& visit) {
  if (rect.area() <= stored_cells(pair.golden) + stored_cells(pair.output)) {
    for (auto row = rect.row1; row <= rect.row2; ++row) {
      for (auto column = rect.column1; column <= rect.column2; ++column) {
        visit({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(column)});
      }
    }
    return rect.area();
  }
  const auto golden = stored_in(pair.golden, rect), output = stored_in(pair.output, rect);
  std::vector<CellRef> both;
  std::set_union(golden.begin(), golden.end(), output.begin(), output.end(),
                 std::back_inserter(both), before);
  for (const CellRef& cell : both) visit(cell);
  return both.size();
}

const CellValue& value_at(const Worksheet* sheet, CellRef cell) {
  static const CellValue kNothing;
  return sheet == nullptr ? kNothing : sheet->at(cell.row, cell.column);
}

TypedText typed(const CellValue& value) {
  return {sheet::type_name(value.type), sheet::value_text(value)};
}

std::string where(const SheetPair& pair, CellRef cell) {
  return pair.label + sheet::cell_name(cell.row, cell.column);
}

void add_difference(const SheetPair& pair, CellRef cell, TypedText got, Comparison& out) {
  if (out.differences.size() == kMaxDifferences) {
    ++out.unlisted;
    return;
  }
  out.differences.push_back(
      {where(pair, cell), typed(value_at(pair.golden, cell)), std::move(got)});
}

// Counts the work on `rect`. False, and an error of the data set, when a position asks for more
// than any real one: thousands of overlapping ranges over a large sheet.
bool affords(const SheetPair& pair, const Rect& rect, Comparison& out) {
  const std::size_t stored = stored_cells(pair.golden) + stored_cells(pair.output);
  out.steps += 1 + std::min(rect.area(), stored);
  if (out.steps <= kMaxSteps) return true;
  out.dataset_error = "the position asks for more than " + std::to_string(kMaxSteps) +
                      " steps: too many ranges over too many cells";
  return false;
}

}  // namespace

void compare_cells(const SheetPair& pair, const Rect& rect, Comparison& out) {
  if (rect.empty() || !affords(pair, rect, out)) return;
  std::size_t matched = 0;
  const std::size_t visited = visit_cells(pair, rect, [&](CellRef cell) {
    const CellValue& golden = value_at(pair.golden, cell);
    const CellValue& output = value_at(pair.output, cell);
    if (output.formula) ++out.formulas;
    if (output.formula_uncached) ++out.uncached;
    if (golden.formula_uncached) ++out.golden_uncached;
    if (sheet::same_value(output, golden, pair.rules)) {
      ++matched;
    } else {
      add_difference(pair, cell, typed(output), out);
    }
  });
  out.total += rect.area();
  out.matched += matched + (rect.area() - visited);
}

void count_as_wrong(const SheetPair& pair, const Rect& rect, Comparison& out) {
  if (!affords(pair, rect, out)) return;
  out.total += rect.area();
  for (const CellRef& cell : stored_in(pair.golden, rect)) {
    add_difference(pair, cell, {"empty", ""}, out);
  }
}

std::string first_uncached(const SheetPair& pair, const Rect& rect) {
  if (pair.golden == nullptr || !pair.golden->has_uncached_formula()) return {};
  for (const CellRef& cell : stored_in(pair.golden, rect)) {
    if (value_at(pair.golden, cell).formula_uncached) return where(pair, cell);
  }
  return {};
}

}  // namespace skillgrad::bench
