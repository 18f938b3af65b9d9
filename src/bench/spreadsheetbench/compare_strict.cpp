// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include "bench/spreadsheetbench/cells.hpp"
#include "bench/spreadsheetbench/compare.hpp"
#include "bench/spreadsheetbench/position.hpp"

namespace skillgrad::bench {
namespace {

using sheet::Workbook;
using sheet::Worksheet;

std::int64_t last_row(const Worksheet* sheet) { return sheet == nullptr ? 0 : sheet->last_row(); }
std::int64_t last_column(const Worksheet* sheet) {
  return sheet == nullptr ? 0 : sheet->last_column();
}

// Section 2.6: the field counts where it names exactly one sheet of the golden workbook.
const Worksheet* told_sheet(const Workbook& golden, std::string name) {
  while (name.starts_with('\'')) name.erase(0, 1);
  while (name.ends_with('\'')) name.pop_back();
  return golden.find(name);
}

const Worksheet* golden_sheet(const Workbook& golden, const StrictPart& part,
                              const Worksheet* told) {
  if (!part.sheet) {
    if (told != nullptr) return told;
    return golden.sheets().empty() ? nullptr : &golden.sheets().front();
  }
  for (const std::string& name : sheet_candidates(*part.sheet)) {
    if (const Worksheet* found = golden.find(name)) return found;
  }
  return nullptr;
}

// P5: whole columns and rows run to the last one stored on either side.
Rect rect_of(const RangeText& range, const SheetPair& pair) {
  return {range.row1.value_or(1), range.column1.value_or(1),
          range.row2.value_or(std::max(last_row(pair.golden), last_row(pair.output))),
          range.column2.value_or(std::max(last_column(pair.golden), last_column(pair.output)))};
}

Comparison dataset_error(std::string what) {
  Comparison out;
  out.dataset_error = std::move(what);
  return out;
}

}  // namespace

Comparison compare_strict(const Workbook& golden, const Workbook* output,
                          const std::string& position, const std::string& answer_sheet) {
  const auto parts = parse_strict(position);
  if (!parts) return dataset_error("the position \"" + position + "\" is no list of cell ranges");
  Comparison out;
  std::map<std::string, std::vector<Rect>> taken;  // by sheet: cells are counted once
  const Worksheet* const told = told_sheet(golden, answer_sheet);
  for (const StrictPart& part : *parts) {
    SheetPair pair;
    pair.golden = golden_sheet(golden, part, told);
    pair.rules = sheet::ValueRules::plain;
    if (pair.golden == nullptr) {
      return dataset_error(part.sheet ? "the golden workbook has no sheet \"" + *part.sheet + "\""
                                      : "the golden workbook has no sheet of cells at all");
    }
    const std::string& name = pair.golden->name();
    if (!part.sheet && told == nullptr && !answer_sheet.empty() && out.notes.empty()) {
      out.notes.push_back("the golden workbook has no sheet \"" + answer_sheet +
                          "\" (answer_sheet); its first, \"" + name + "\", is compared");
    }
    pair.label = name + "!";
    pair.output = output == nullptr ? nullptr : output->find(name);
    const bool sheet_missing = output != nullptr && pair.output == nullptr;
    if (sheet_missing && !taken.contains(name)) {
      out.notes.push_back("the output has no sheet \"" + name + "\"");
    }
    const Rect whole = rect_of(part.range, pair);
    for (const Rect& rect : subtract(whole, taken[name], out.steps, kMaxSteps)) {
      if (const std::string cell = first_uncached(pair, rect); !cell.empty()) {
        return dataset_error("golden cell " + cell +
                             " is a formula without a cached value; compute it with "
                             "--recalc-golden, or save the workbook with a program that computes");
      }
      sheet_missing ? count_as_wrong(pair, rect, out) : compare_cells(pair, rect, out);
      if (!out.dataset_error.empty()) return out;
    }
    taken[name].push_back(whole);
  }
  if (out.total == 0) return dataset_error("the position \"" + position + "\" names no cell");
  out.pass = out.matched == out.total;
  return out;
}

}  // namespace skillgrad::bench
