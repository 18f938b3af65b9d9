// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/openpyxl/openpyxl_element.hpp"
#include "sheet/values/date_time.hpp"
#include "sheet/values/text_store.hpp"
#include "sheet/xml/xml_reader.hpp"
#include "sheet/xml/zip_archive.hpp"

namespace skillgrad::sheet {

/// Where the parts of a workbook are, by `[Content_Types].xml`.
struct PackageIndex {
  std::string workbook;        ///< "xl/workbook.xml"
  std::string shared_strings;  ///< "" if none
};
[[nodiscard]] Result<PackageIndex> read_package_index(ZipArchive& archive);

struct Relationship {
  std::string type, target;  ///< target: part name without a leading '/'
};
/// Relationships of a part, by id. External ones are left out: nothing outside is ever opened.
[[nodiscard]] Result<std::map<std::string, Relationship>> read_relationships(
    ZipArchive& archive, const std::string& part);

/// The part that a target of `part` names.
[[nodiscard]] std::string resolve_target(const std::string& part, const std::string& target);

/// Name of the part with the relationships of `part`.
[[nodiscard]] std::string relationships_of(const std::string& part);

struct WorkbookPart {
  struct Sheet {
    std::string name, relationship;
  };
  std::vector<Sheet> sheets;
  bool epoch_1904 = false;
  bool recalculates_on_load = false;
};
[[nodiscard]] Result<WorkbookPart> read_workbook_part(ZipArchive& archive, const std::string& part);

/// How numbers of each cell style are read; one plain style when the workbook has no styles.
[[nodiscard]] Result<std::vector<NumberKind>> read_cell_styles(ZipArchive& archive);

/// Bytes of text and cells that may still be kept.
struct TextBudget {
  /// A spreadsheet program stops at 32,767 characters.
  static constexpr std::size_t kLongestText = std::size_t{16} << 20;
  /// Charged for a cell, for a text that is long for one, and for a shared string, besides the
  /// text. More than they take, and no sizes of types: which workbooks can be read must not depend
  /// on how their cells are kept.
  static constexpr std::size_t kCell = 72, kLongText = 24, kSharedString = 32;
  std::uint64_t left;
  /// For `bytes` more of a text that has `so_far`.
  [[nodiscard]] bool take_text(std::size_t bytes, std::size_t so_far) {
    return so_far + bytes <= kLongestText && take(bytes);
  }
  [[nodiscard]] bool take(std::size_t bytes) {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }
};
/// The strings lie in `texts`. `elements`: read as openpyxl does, or null.
[[nodiscard]] Result<std::vector<std::string_view>> read_shared_strings(
    ZipArchive& archive, const std::string& part, std::size_t max_strings, TextBudget& budget,
    TextStore& texts, OpenpyxlElements* elements);
/// After the start of <si> or <is>: puts into `out` its text with runs joined and phonetic runs
/// left out. Reads through the end of the element. `nested`, or null: called after the start of an
/// <si> inside of it, which it reads through.
[[nodiscard]] Result<> read_rich_text(XmlReader& reader, TextBudget& budget, std::string& out,
                                      OpenpyxlElements* elements,
                                      const std::function<Result<>()>* nested = nullptr);

}  // namespace skillgrad::sheet
