// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/openpyxl/openpyxl_parts.hpp"
#include "sheet/xml/xml_reader.hpp"

namespace skillgrad::sheet {

/// What openpyxl needs of the workbook for its sheets, and what they leave for each other.
struct OpenpyxlContext {
  ZipArchive& archive;
  const OpenpyxlWorkbook& workbook;
  std::string workbook_part;
  std::size_t cell_styles = 0, differential_styles = 0;
  std::set<std::string> tables;  ///< names so far, in lower case
};

/// The parts of a worksheet besides its cells, and the parts that it brings along: what openpyxl
/// refuses in them.
class OpenpyxlSheet {
 public:
  /// Its value goes to a cell that has none.
  struct Link {
    std::string ref, relation, value, location;
  };

  OpenpyxlSheet(OpenpyxlContext& context, std::string part)
      : context_(context), part_(std::move(part)) {}
  /// After a start tag outside of rows. True: the element was read through its end.
  [[nodiscard]] Result<bool> take(XmlReader& reader);
  /// After the start tag of a row.
  [[nodiscard]] Result<> check_row(const XmlReader& reader);
  /// After the last element: what is looked up elsewhere.
  [[nodiscard]] Result<> finish();
  /// With the values that their cells get; after finish().
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }

 private:
  [[nodiscard]] Result<> check_column(const XmlReader& reader);
  [[nodiscard]] Result<> check_formatting(XmlReader& reader);
  [[nodiscard]] Result<> check_links(const OpenpyxlRelations& relations);
  [[nodiscard]] Result<> check_tables(const OpenpyxlRelations& relations);
  [[nodiscard]] Result<> check_comments(const OpenpyxlRelations& relations);
  [[nodiscard]] Result<> check_pivots(const OpenpyxlRelations& relations);
  [[nodiscard]] Result<> style_exists(std::string_view text) const;

  OpenpyxlContext& context_;
  std::string part_;
  std::vector<Link> links_;
  std::vector<std::string> table_ids_;
};

/// A sheet of charts: it has no cells, and openpyxl reads it all the same.
[[nodiscard]] Result<> check_openpyxl_chartsheet(ZipArchive& archive, const std::string& part);
/// The drawings among `relations`, with their charts and pictures.
[[nodiscard]] Result<> check_openpyxl_drawings(ZipArchive& archive,
                                               const OpenpyxlRelations& relations);

}  // namespace skillgrad::sheet
