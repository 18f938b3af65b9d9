// SPDX-License-Identifier: MIT
// Of a merged range only the first cell has a value.
#include <algorithm>
#include <optional>
#include <string>

#include "sheet/workbook_reader.hpp"

namespace skillgrad::sheet {
namespace {

// Blanking covered cells walks over the stored rows of each merged range; this bounds the sum.
constexpr std::size_t kMaxMergeSteps = 20'000'000;
constexpr std::size_t kMaxMerges = 1'000'000;

/// A cell's name, absolute ("$A$1") or not.
std::optional<CellRef> parse_corner(std::string_view name) {
  if (name.starts_with('$')) name.remove_prefix(1);
  std::string plain(name);
  if (const auto sign = plain.find('$'); sign != std::string::npos) plain.erase(sign, 1);
  return parse_cell_name(plain);
}

}  // namespace

Result<> WorkbookReader::read_merge(const XmlReader& reader, SheetState& state) {
  const std::string_view ref = reader.attribute("ref").value_or("");
  const std::size_t colon = ref.find(':');
  const auto first = parse_corner(ref.substr(0, colon));
  const auto last = colon == std::string_view::npos ? first : parse_corner(ref.substr(colon + 1));
  if (!first || !last || last->row < first->row || last->column < first->column) {
    return unexpected(unreadable("\"" + std::string(ref) + "\" is no merged range"));
  }
  if (state.merges.size() == kMaxMerges) return unexpected(unreadable("too many merged ranges"));
  state.merges.push_back({*first, *last});
  state.sheet.last_row_ = std::max(state.sheet.last_row_, last->row);
  state.sheet.last_column_ = std::max(state.sheet.last_column_, last->column);
  return {};
}

Result<> WorkbookReader::blank_covered_cells(SheetState& state) {
  auto& cells = state.sheet.cells_;
  const auto seek = [&cells](std::uint64_t key) {
    return std::lower_bound(cells.begin(), cells.end(), key,
                            [](const auto& cell, std::uint64_t k) { return cell.key < k; });
  };
  std::size_t steps = 0;
  for (const Merge& merge : state.merges) {
    const std::uint64_t anchor = Worksheet::key(merge.first.row, merge.first.column);
    auto at = seek(anchor);
    while (at != cells.end() && at->key <= Worksheet::key(merge.last.row, merge.last.column)) {
      if (++steps > kMaxMergeSteps) return unexpected(unreadable("too many merged cells"));
      const auto row = static_cast<std::uint32_t>(at->key >> 16);
      const auto column = static_cast<std::uint32_t>(at->key & 0xFFFF);
      if (column < merge.first.column) {
        at = seek(Worksheet::key(row, merge.first.column));
      } else if (column > merge.last.column) {
        at = seek(Worksheet::key(row + 1, merge.first.column));
      } else {
        if (at->key != anchor) at->value = CellValue{};
        ++at;
      }
    }
  }
  return {};
}

}  // namespace skillgrad::sheet
