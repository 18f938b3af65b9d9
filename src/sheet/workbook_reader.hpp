// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "sheet/openpyxl/openpyxl_sheet.hpp"
#include "sheet/openpyxl/package_parts.hpp"

namespace skillgrad::sheet {

/// `plain`: whatever can be read. `openpyxl`: what that gives, and nothing that it refuses.
enum class Reading { plain, openpyxl };

/// Reads one workbook with the semantics of openpyxl's `data_only` (docs/rules-grading.md 2.8).
/// A method for each part of the file that holds something a grader asks for.
class WorkbookReader {
 public:
  WorkbookReader(ZipArchive archive, const ReadLimits& limits, Reading reading)
      : archive_(std::move(archive)),
        limits_(limits),
        text_{limits.text_bytes},
        as_openpyxl_(reading == Reading::openpyxl) {}
  [[nodiscard]] Result<Workbook> read();

 private:
  struct Merge {
    CellRef first, last;
  };
  struct SheetState {
    Worksheet sheet;
    std::vector<Merge> merges;
    // Of the last element, for those without a position; a row of openpyxl's may be below 1.
    std::int64_t row = 0;
    std::uint32_t column = 0;
    bool sorted = true;
  };
  /// What a cell element says, before its type is applied.
  struct RawCell {
    enum class Type { number, shared_text, boolean, date, error, inline_text, formula_text, text };
    Type type = Type::number;
    bool has_formula = false, has_inline = false;
    std::size_t style = 0;
    std::string value;
  };
  static RawCell::Type type_of(const XmlReader& reader);
  [[nodiscard]] Result<OpenpyxlContext> check_package(const PackageIndex& index);
  [[nodiscard]] Result<> read_sheets(const WorkbookPart& part, const PackageIndex& index,
                                     Workbook& workbook);
  [[nodiscard]] Result<> add_sheet(const std::string& name, const Relationship& relationship,
                                   Workbook& workbook);
  [[nodiscard]] Result<> read_sheet(const std::string& part, SheetState& state);
  [[nodiscard]] Result<> read_elements(XmlReader& reader, OpenpyxlSheet* sheet, SheetState& state);
  /// Whether an element is one of a spreadsheet: names of other namespaces mean something else.
  [[nodiscard]] bool counts(const XmlReader& reader) const;
  [[nodiscard]] Result<> start_row(const XmlReader& reader, SheetState& state);
  [[nodiscard]] Result<> read_cell(XmlReader& reader, SheetState& state);
  /// Row 0: it lies above the sheet.
  [[nodiscard]] Result<> place_cell(const XmlReader& reader, SheetState& state, CellRef& cell);
  [[nodiscard]] Result<> start_cell(const XmlReader& reader);
  [[nodiscard]] Result<> read_cell_content(XmlReader& reader);
  [[nodiscard]] Result<> read_value(const RawCell& raw, CellValue& value);
  [[nodiscard]] Result<> read_typed_value(const RawCell& raw, CellValue& value);
  [[nodiscard]] Result<> read_number(const RawCell& raw, CellValue& value);
  [[nodiscard]] Result<> read_merge(const XmlReader& reader, SheetState& state);
  static void sort_cells(SheetState& state);
  [[nodiscard]] static Result<> blank_covered_cells(SheetState& state);
  [[nodiscard]] Result<> place_links(const std::vector<OpenpyxlSheet::Link>& links,
                                     SheetState& state);

  ZipArchive archive_;
  ReadLimits limits_;
  TextBudget text_;
  std::size_t cells_ = 0;
  RawCell raw_;  ///< of the cell being read; kept for the memory of its value
  std::shared_ptr<TextStore> texts_ = std::make_shared<TextStore>();
  std::vector<std::string_view> shared_;  ///< in texts_
  std::vector<NumberKind> styles_;
  bool epoch_1904_ = false;
  const bool as_openpyxl_;
  OpenpyxlElements elements_;  ///< for texts inside cells
  OpenpyxlWorkbook openpyxl_;
  std::optional<OpenpyxlContext> context_;
  std::vector<std::string> titles_;
};

/// "B12" → row 12, column 2; nullopt for anything else or out of the sheet's bounds.
[[nodiscard]] std::optional<CellRef> parse_cell_name(std::string_view name);

// A sheet of Excel ends at row 1,048,576 and column XFD; openpyxl reads on.
inline constexpr std::uint32_t kMaxRow = 999'999'999;
inline constexpr std::uint32_t kMaxColumn = 18'278;

}  // namespace skillgrad::sheet
