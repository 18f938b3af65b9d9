// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/sheet/workbook.hpp>

#include "sheet/workbook_reader.hpp"

namespace skillgrad::sheet {

const CellValue& Worksheet::at(std::uint32_t row, std::uint32_t column) const {
  static const CellValue kNothing;
  if (cells_.empty() || row == 0 || column == 0 || row > last_row_ || column > last_column_) {
    return kNothing;
  }
  const std::uint64_t wanted = key(row, column);
  // In a table without gaps from A1 on a cell's place is known; with gaps it is not behind that.
  const std::uint64_t dense = std::uint64_t{row - 1} * last_column_ + column - 1;
  const auto behind = std::min<std::uint64_t>(dense, cells_.size() - 1);
  auto found = cells_.begin() + static_cast<std::ptrdiff_t>(behind);
  if (found->key != wanted) {
    found = std::lower_bound(cells_.begin(), found, wanted,
                             [](const Stored& cell, std::uint64_t k) { return cell.key < k; });
  }
  return found->key == wanted ? found->value : kNothing;
}

std::vector<CellRef> Worksheet::stored() const {
  std::vector<CellRef> out;
  out.reserve(cells_.size());
  for (const Stored& cell : cells_) {
    out.push_back({static_cast<std::uint32_t>(cell.key >> 16),
                   static_cast<std::uint32_t>(cell.key & 0xFFFF)});
  }
  return out;
}

namespace {

Result<Workbook> read_file(const std::filesystem::path& path, const ReadLimits& limits,
                           Reading reading) {
  auto archive = ZipArchive::open(path, limits);
  auto workbook = archive ? WorkbookReader(std::move(*archive), limits, reading).read()
                          : Result<Workbook>(unexpected(std::move(archive).error()));
  if (workbook) return workbook;
  Error error = std::move(workbook).error();
  error.where = path.string();
  error.mend = "write the file as a plain .xlsx workbook";
  return unexpected(std::move(error));
}

}  // namespace

Result<Workbook> Workbook::read(const std::filesystem::path& path, const ReadLimits& limits) {
  return read_file(path, limits, Reading::plain);
}

Result<Workbook> Workbook::read_as_openpyxl(const std::filesystem::path& path,
                                            const ReadLimits& limits) {
  return read_file(path, limits, Reading::openpyxl);
}

Result<std::vector<std::string>> read_sheet_names(const std::filesystem::path& path) {
  SKILLGRAD_TRY(ZipArchive archive, ZipArchive::open(path, {}));
  SKILLGRAD_TRY(const PackageIndex index, read_package_index(archive));
  SKILLGRAD_TRY(const WorkbookPart part, read_workbook_part(archive, index.workbook));
  std::vector<std::string> names;
  for (const auto& sheet : part.sheets) names.push_back(sheet.name);
  return names;
}

const Worksheet* Workbook::find(const std::string& name) const {
  for (const Worksheet& sheet : sheets_) {
    if (sheet.name() == name) return &sheet;
  }
  return nullptr;
}

bool Workbook::has_uncached_formula() const {
  return std::any_of(sheets_.begin(), sheets_.end(),
                     [](const Worksheet& sheet) { return sheet.has_uncached_formula(); });
}

std::string column_name(std::uint32_t column) {
  std::string out;
  for (; column > 0; column = (column - 1) / 26) {
    out.insert(out.begin(), static_cast<char>('A' + (column - 1) % 26));
  }
  return out;
}

std::string cell_name(std::uint32_t row, std::uint32_t column) {
  return column_name(column) + std::to_string(row);
}

}  // namespace skillgrad::sheet
