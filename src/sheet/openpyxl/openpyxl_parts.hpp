// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/openpyxl/openpyxl_element.hpp"
#include "sheet/xml/zip_archive.hpp"

namespace skillgrad::sheet {

/// Reads a whole part as one object of a class. Errors: it is missing or malformed.
[[nodiscard]] OpenpyxlElements::Outcome check_part(ZipArchive& archive, const std::string& part,
                                                   std::string_view type,
                                                   OpenpyxlElements::Seen seen = nullptr);
/// The same where openpyxl lets no error pass.
[[nodiscard]] Result<> require_part(ZipArchive& archive, const std::string& part,
                                    std::string_view type, OpenpyxlElements::Seen seen = nullptr);

/// Relationships as openpyxl sees them: none where one of them is malformed.
class OpenpyxlRelations {
 public:
  struct Relation {
    std::string id, type, target;
  };
  /// Of `part`. Errors: there is no part with them.
  [[nodiscard]] static Result<OpenpyxlRelations> read(ZipArchive& archive, const std::string& part);
  /// The first of this id, or the last, or null.
  [[nodiscard]] const Relation* first(std::string_view id) const;
  [[nodiscard]] const Relation* last(std::string_view id) const;
  [[nodiscard]] std::vector<const Relation*> of_type(std::string_view type) const;
  [[nodiscard]] bool empty() const { return relations_.empty(); }
  [[nodiscard]] const std::vector<Relation>& all() const { return relations_; }

 private:
  std::vector<Relation> relations_;
};

/// What openpyxl takes from the part of the workbook.
struct OpenpyxlWorkbook {
  struct Sheet {
    std::string name, id;
  };
  struct PivotCache {
    double cache = 0;
    std::string id;
  };
  struct Name {
    std::string name, value;
    std::optional<double> sheet;
  };
  std::vector<Sheet> sheets;
  std::vector<PivotCache> pivot_caches;
  std::vector<Name> names;
};
/// [Content_Types].xml, the workbook's part and its external links, the document's properties.
[[nodiscard]] Result<OpenpyxlWorkbook> check_openpyxl_workbook(ZipArchive& archive,
                                                               const std::string& part);
/// Names of the sheets' own ranges, once the number of sheets is known.
[[nodiscard]] Result<> check_openpyxl_names(const OpenpyxlWorkbook& workbook, std::size_t sheets);

/// xl/styles.xml, if there is one. Gives the number of differential styles.
[[nodiscard]] Result<std::size_t> check_openpyxl_styles(ZipArchive& archive);

}  // namespace skillgrad::sheet
