// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <set>

#include "bench/spreadsheetbench/cells.hpp"
#include "bench/spreadsheetbench/compare.hpp"
#include "bench/spreadsheetbench/position.hpp"

namespace skillgrad::bench {
namespace {

using sheet::Workbook;
using sheet::Worksheet;

const Worksheet* sheet_of(const Workbook* workbook, const std::optional<std::string>& name) {
  if (workbook == nullptr) return nullptr;
  if (name) return workbook->find(*name);
  return workbook->sheets().empty() ? nullptr : &workbook->sheets().front();
}

// Reading a range creates its cells in that evaluator, so a sheet grows while it is graded.
struct Extent {
  std::int64_t row = 1, column = 1;
};

Rect rect_of(const RangeText& range, Extent& extent) {
  const Rect rect{range.row1.value_or(1), range.column1.value_or(1),
                  range.row2.value_or(extent.row), range.column2.value_or(extent.column)};
  if (!rect.empty()) {
    extent.row = std::max(extent.row, rect.row2);
    extent.column = std::max(extent.column, rect.column2);
  }
  return rect;
}

// S4: an unknown sheet or unusable range is one pseudo-cell with the value empty. It meets a real
// cell only where the output has the sheet and the text is a cell's own name.
void compare_pseudo_cell(const PositionPart& part, const Workbook* output, Comparison& out) {
  SheetPair pair;
  pair.label = part.sheet ? *part.sheet + "!" : "";
  const Worksheet* sheet = sheet_of(output, part.sheet);
  const auto range = skillgrad_range(part.range);
  const bool cell = range && range->single_cell && range->column1 && range->row1 &&
                    sheet::cell_name(static_cast<std::uint32_t>(*range->row1),
                                     static_cast<std::uint32_t>(*range->column1)) == part.range;
  if (sheet != nullptr && cell) {
    pair.output = sheet;
    compare_cells(pair, {*range->row1, *range->column1, *range->row1, *range->column1}, out);
    return;
  }
  ++out.total;
  ++out.matched;
  out.notes.push_back("\"" + pair.label + part.range +
                      "\" names nothing and counts as an empty cell");
}

}  // namespace

Comparison compare_skillgrad(const Workbook& golden, const Workbook* output,
                             const std::string& position) {
  Comparison out;
  std::map<std::string, std::vector<Rect>> taken;  // S5: by the sheet as written
  std::map<const Worksheet*, Extent> extents;
  std::set<std::string> pseudo;
  for (const PositionPart& part : parse_skillgrad(position)) {
    SheetPair pair;
    pair.golden = sheet_of(&golden, part.sheet);
    pair.output = sheet_of(output, part.sheet);
    pair.label = part.sheet ? *part.sheet + "!" : "";
    const auto range = skillgrad_range(part.range);
    if (pair.golden == nullptr || !range) {
      if (pseudo.insert(pair.label + part.range).second) compare_pseudo_cell(part, output, out);
      continue;
    }
    const auto found = extents.try_emplace(
        pair.golden, Extent{std::max<std::int64_t>(1, pair.golden->last_row()),
                            std::max<std::int64_t>(1, pair.golden->last_column())});
    const Rect whole = rect_of(*range, found.first->second);
    for (const Rect& rect : subtract(whole, taken[pair.label], out.steps, kMaxSteps)) {
      compare_cells(pair, rect, out);
      if (!out.dataset_error.empty()) return out;
    }
    taken[pair.label].push_back(whole);
  }
  out.pass = out.matched == out.total;
  return out;
}

}  // namespace skillgrad::bench
