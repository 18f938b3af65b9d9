// SPDX-License-Identifier: MIT
// A cell without a value gets the target of its hyperlink as one in openpyxl.
#include <algorithm>
#include <map>

#include "sheet/workbook_reader.hpp"

namespace skillgrad::sheet {
namespace {

constexpr std::size_t kMaxLinkedCells = 1'000'000;
constexpr std::size_t kMaxSteps = 20'000'000;  // cells with links times merged ranges
constexpr std::size_t kLongestText = 32'767;   // characters; openpyxl cuts there

std::string_view first_characters(std::string_view utf8) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(utf8[i]) & 0xC0) != 0x80;
    if (starts && ++count > kLongestText) return utf8.substr(0, i);
  }
  return utf8;
}

}  // namespace

Result<> WorkbookReader::place_links(const std::vector<OpenpyxlSheet::Link>& links,
                                     SheetState& state) {
  Worksheet& sheet = state.sheet;
  std::map<std::uint64_t, std::string_view> wanted;  // by the cell's key; the first link counts
  const auto merge_of = [&](CellRef cell) -> const Merge* {
    const auto found =
        std::find_if(state.merges.begin(), state.merges.end(), [&](const Merge& merge) {
          return cell.row >= merge.first.row && cell.row <= merge.last.row &&
                 cell.column >= merge.first.column && cell.column <= merge.last.column;
        });
    return found == state.merges.end() ? nullptr : &*found;
  };
  const auto place = [&](CellRef cell, bool alone, std::string_view text) {
    if (const Merge* merge = merge_of(cell)) {
      const bool anchor = cell.row == merge->first.row && cell.column == merge->first.column;
      if (!anchor && !alone) return;
      cell = merge->first;
    }
    wanted.emplace(Worksheet::key(cell.row, cell.column), text);
  };
  std::size_t cells = 0;
  for (const OpenpyxlSheet::Link& link : links) {
    const auto range = openpyxl_range(link.ref);
    if (!range) continue;  // refused before
    const auto last_row = static_cast<std::uint32_t>(
        range->last_row.value_or(std::max<std::uint32_t>(1, sheet.last_row_)));
    const auto last_column = static_cast<std::uint32_t>(
        range->last_column.value_or(std::max<std::uint32_t>(1, sheet.last_column_)));
    const std::string_view text = texts_->keep(first_characters(link.value));
    const bool alone = link.ref.find(':') == std::string::npos;
    for (auto row = static_cast<std::uint32_t>(range->first_row.value_or(1)); row <= last_row;
         ++row) {
      auto column = static_cast<std::uint32_t>(range->first_column.value_or(1));
      for (; column <= last_column; ++column) {
        if (++cells > kMaxLinkedCells || cells * state.merges.size() > kMaxSteps)
          return unexpected(unreadable("too many cells with hyperlinks"));
        place({row, column}, alone, text);
      }
    }
  }
  if (wanted.empty()) return {};
  for (auto& cell : sheet.cells_) {
    const auto found = wanted.find(cell.key);
    if (found == wanted.end()) continue;
    if (cell.value.type == CellType::empty && !found->second.empty()) {
      cell.value.type = CellType::text;
      cell.value.text = found->second;
      cell.value.formula_uncached = false;
    }
    wanted.erase(found);
  }
  for (const auto& [key, text] : wanted) {
    if (++cells_ > limits_.cells || !text_.take(TextBudget::kCell))
      return unexpected(unreadable("holds too many cells"));
    CellValue value;
    value.type = text.empty() ? CellType::empty : CellType::text;
    value.text = text;
    sheet.cells_.push_back({key, value});
    sheet.last_row_ = std::max(sheet.last_row_, static_cast<std::uint32_t>(key >> 16));
    sheet.last_column_ = std::max(sheet.last_column_, static_cast<std::uint32_t>(key & 0xFFFF));
  }
  std::sort(sheet.cells_.begin(), sheet.cells_.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return {};
}

}  // namespace skillgrad::sheet
