// SPDX-License-Identifier: MIT
#include "bench/spreadsheetbench/cells.hpp"
#include "bench/spreadsheetbench/compare.hpp"
#include "bench/spreadsheetbench/position.hpp"

namespace skillgrad::bench {
namespace {

// Apostrophes at the ends are removed from this name, too.
std::string default_sheet(std::string name) {
  while (name.starts_with('\'')) name.erase(0, 1);
  while (name.ends_with('\'')) name.pop_back();
  return name;
}

}  // namespace

// O7: every part must pass; where the upstream code raises, the verdict is a fail.
Comparison compare_official(const sheet::Workbook& golden, const sheet::Workbook* output,
                            const std::string& position) {
  Comparison out;
  bool pass = output != nullptr && !golden.sheets().empty();
  const auto fail = [&](std::string note) {
    pass = false;
    out.notes.push_back(std::move(note));
  };
  for (const auto& part : parse_official(position)) {
    if (output == nullptr || golden.sheets().empty()) break;
    if (!part) {
      fail("a part of the position has more than one \"!\"");
      continue;
    }
    if (!part->sheet && golden.starts_with_chart()) {
      fail("the golden workbook's first sheet is one of charts");
      continue;
    }
    const std::string name = part->sheet.value_or(default_sheet(golden.sheets().front().name()));
    const SheetPair pair{golden.find(name), output->find(name), name + "!"};
    const auto rect = official_rect(part->range);
    if (pair.output == nullptr) {
      fail("the output has no sheet \"" + name + "\"");
    } else if (pair.golden == nullptr) {
      fail("the golden workbook has no sheet \"" + name + "\"");
    } else if (!rect) {
      fail("the official evaluator cannot read the range \"" + part->range + "\"");
    } else {
      compare_cells(pair, *rect, out);
      if (!out.dataset_error.empty()) return out;
    }
  }
  out.pass = pass && out.matched == out.total;
  return out;
}

}  // namespace skillgrad::bench
