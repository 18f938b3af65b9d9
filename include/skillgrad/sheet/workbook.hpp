// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::exec {
enum class SandboxMode;  // skillgrad/exec/sandbox.hpp
}

namespace skillgrad::sheet {

enum class CellType : std::uint8_t {
  empty,
  number,
  boolean,
  text,
  error,
  date,
  datetime,
  time,
  duration
};

/// What openpyxl's `data_only=True` would return for a cell (docs/rules-grading.md 2.8).
/// date, datetime: `number` = days since 1899-12-30 with fraction, rounded to ms.
/// time: days in [0,1). duration: days. boolean: 0 or 1. text, error: `text`.
/// A workbook has a hundred thousand of them and more, so they are small and own nothing.
struct CellValue {
  double number = 0;
  std::string_view text;  ///< of a cell of a worksheet: valid as long as that
  CellType type = CellType::empty;
  bool integer = false;           ///< number written without '.', 'e' or 'E'
  bool formula = false;           ///< the cell holds a formula
  bool formula_uncached = false;  ///< ... without a cached value; type is then empty
};

struct CellRef {
  std::uint32_t row = 1, column = 1;  ///< 1-based
};

class Worksheet {
 public:
  Worksheet() = default;
  Worksheet(const Worksheet&) = default;
  Worksheet& operator=(const Worksheet&) = default;
  // A deque's own move may throw, for which a growing vector would copy all cells.
  Worksheet(Worksheet&&) noexcept = default;
  Worksheet& operator=(Worksheet&&) noexcept = default;
  ~Worksheet() = default;
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Empty for cells not stored.
  [[nodiscard]] const CellValue& at(std::uint32_t row, std::uint32_t column) const;
  [[nodiscard]] std::uint32_t last_row() const { return last_row_; }        ///< stored, 0 if none
  [[nodiscard]] std::uint32_t last_column() const { return last_column_; }  ///< stored, 0 if none
  [[nodiscard]] std::size_t stored_cells() const { return cells_.size(); }
  [[nodiscard]] bool has_uncached_formula() const { return has_uncached_formula_; }
  /// (row, column) of every stored cell, sorted.
  [[nodiscard]] std::vector<CellRef> stored() const;

 private:
  friend class WorkbookReader;
  static std::uint64_t key(std::uint32_t row, std::uint32_t column) {
    return (static_cast<std::uint64_t>(row) << 16) | column;
  }
  std::string name_;
  struct Stored {
    std::uint64_t key;
    CellValue value;
  };
  std::shared_ptr<const void> texts_;  ///< what the cells' texts point into
  std::deque<Stored> cells_;  ///< sorted by key; a deque needs no double memory while it grows
  std::uint32_t last_row_ = 0, last_column_ = 0;
  bool has_uncached_formula_ = false;
};

struct ReadLimits {
  std::uint64_t file_bytes = std::uint64_t{64} << 20;
  std::uint64_t inflated_bytes = std::uint64_t{512} << 20;
  std::size_t entries = 10'000;
  std::size_t cells = 5'000'000;  ///< of all sheets; shared strings too
  /// Of all cells and shared strings. What each of these takes besides its text counts as well, so
  /// that this bounds the memory of a workbook.
  std::uint64_t text_bytes = std::uint64_t{384} << 20;
};

class Workbook {
 public:
  /// Errors: input ("unreadable: ..."), also over a limit. Never executes or follows anything.
  [[nodiscard]] static Result<Workbook> read(const std::filesystem::path& path,
                                             const ReadLimits& limits = {});
  /// What openpyxl (3.1.3) gives for it: no workbook where that refuses one, sheets under the names
  /// that it gives them, values that it takes from hyperlinks. Errors as above.
  [[nodiscard]] static Result<Workbook> read_as_openpyxl(const std::filesystem::path& path,
                                                         const ReadLimits& limits = {});
  [[nodiscard]] const std::vector<Worksheet>& sheets() const { return sheets_; }
  [[nodiscard]] const Worksheet* find(const std::string& name) const;  ///< exact, case-sensitive
  /// The first sheet is one of charts; sheets() leaves these out.
  [[nodiscard]] bool starts_with_chart() const { return starts_with_chart_; }
  /// The file says that its cached formula values are stale (fullCalcOnLoad), as programs that
  /// write formulas without computing them do.
  [[nodiscard]] bool recalculates_on_load() const { return recalculates_on_load_; }
  [[nodiscard]] bool has_uncached_formula() const;

 private:
  friend class WorkbookReader;
  std::vector<Worksheet> sheets_;
  bool recalculates_on_load_ = false, starts_with_chart_ = false;
};

/// Names of the sheets in order, without reading them; chart sheets are included.
[[nodiscard]] Result<std::vector<std::string>> read_sheet_names(const std::filesystem::path& path);

/// "B12" of a cell, "AA" of a column.
[[nodiscard]] std::string cell_name(std::uint32_t row, std::uint32_t column);
[[nodiscard]] std::string column_name(std::uint32_t column);

/// Recalculates formulas. Thread-safe.
class Recalculator {
 public:
  virtual ~Recalculator() = default;
  /// Writes a recalculated copy of `input` to `output` (another path). Errors: infra (program
  /// missing, timeout, no output), cancelled.
  [[nodiscard]] virtual Result<> recalculate(const std::filesystem::path& input,
                                             const std::filesystem::path& output,
                                             std::stop_token stop) = 0;
  /// "LibreOffice 7.4.7.2", or "" when the program is missing.
  [[nodiscard]] virtual std::string version() const = 0;
  /// Why it is not kept in by a sandbox; "": it is, or there is nothing to keep in.
  [[nodiscard]] virtual std::string outside() const { return {}; }
};

/// LibreOffice found in PATH, in a sandbox as `sandbox` says (`automatic`: where that works here).
/// Construction never fails, a missing program is an error of each use.
[[nodiscard]] std::unique_ptr<Recalculator> make_libreoffice_recalculator(
    unsigned workers, exec::SandboxMode sandbox);

}  // namespace skillgrad::sheet
