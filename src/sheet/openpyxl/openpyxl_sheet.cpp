// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/openpyxl_sheet.hpp"

#include <algorithm>
#include <map>

#include <skillgrad/core/text.hpp>

#include "sheet/openpyxl/package_parts.hpp"
#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

using Path = std::vector<std::string>;
using Refusal = std::optional<OpenpyxlRefusal>;

constexpr std::string_view kOffice =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";

// Elements of a worksheet that openpyxl makes an object of, and its class.
constexpr std::pair<std::string_view, std::string_view> kElements[] = {
    {"printOptions", "PrintOptions"},
    {"pageMargins", "PageMargins"},
    {"pageSetup", "PrintPageSetup"},
    {"headerFooter", "HeaderFooter"},
    {"autoFilter", "AutoFilter"},
    {"dataValidations", "DataValidationList"},
    {"sheetPr", "WorksheetProperties"},
    {"sheetViews", "SheetViewList"},
    {"sheetFormatPr", "SheetFormatProperties"},
    {"scenarios", "ScenarioList"},
    {"tableParts", "TablePartList"},
    {"hyperlinks", "HyperlinkList"},
    {"sheetProtection", "SheetProtection"},
    {"extLst", "ExtensionList"},
    {"legacyDrawing", "Related"},
    {"rowBreaks", "RowBreak"},
    {"colBreaks", "ColBreak"}};

/// What a constructor with keywords takes of the attributes of a row or column.
struct Attribute {
  std::string_view name, rule;
};
constexpr Attribute kOfRows[] = {{"r", "i"},     {"ht", "n?"},           {"height", "n?"},
                                 {"index", "i"}, {"outlineLevel", "i?"}, {"outline_level", "i?"}};
constexpr Attribute kOfColumns[] = {
    {"width", "n"},   {"min", "i?"},      {"max", "i?"},           {"outlineLevel", "i?"},
    {"hidden", "x"},  {"collapsed", "x"}, {"bestFit", "x"},        {"customWidth", "x"},
    {"visible", "x"}, {"auto_size", "x"}, {"outline_level", "i?"}, {"style", "x"},
    {"index", "x"}};

const Attribute* find(const Attribute* begin, const Attribute* end, std::string_view name) {
  const auto* found = std::find_if(begin, end, [&](const Attribute& a) { return a.name == name; });
  return found == end ? nullptr : found;
}

bool is_xmlns(std::string_view name) { return name == "xmlns" || name.starts_with("xmlns:"); }

bool is_one_cell(std::string_view ref) {
  const auto range = openpyxl_range(ref);
  return range && range->first_row.value_or(0) > 0 && range->first_column.value_or(0) > 0;
}

}  // namespace

Result<> OpenpyxlSheet::style_exists(std::string_view text) const {
  const auto number = parse_python_int(text);
  if (number && python_index(*number, context_.cell_styles)) return {};
  return openpyxl_refuses(part_, "style \"" + std::string(text) + "\" is not there");
}

Result<bool> OpenpyxlSheet::take(XmlReader& reader) {
  if (reader.space() != XmlReader::Space::main) return false;
  if (reader.is("col")) {
    SKILLGRAD_CHECK(check_column(reader));
    return false;
  }
  if (reader.is("conditionalFormatting")) {
    SKILLGRAD_CHECK(check_formatting(reader));
    return true;
  }
  const std::string_view name = reader.name();
  const auto* known = std::find_if(std::begin(kElements), std::end(kElements),
                                   [&](const auto& element) { return element.first == name; });
  if (known == std::end(kElements)) return false;
  OpenpyxlElements elements([this](const Path& path, const OpenpyxlValues& values) {
    if (path.size() != 1) return;
    if (path[0] == "hyperlink")
      links_.push_back({values.text_or_empty("ref"), values.text_or_empty("id"),
                        values.text_or_empty("target"), values.text_or_empty("location")});
    else if (path[0] == "tablePart")
      table_ids_.push_back(values.text_or_empty("id"));
  });
  SKILLGRAD_TRY(const Refusal refusal, elements.check(reader, openpyxl_class(known->second)));
  if (refusal) return openpyxl_refuses(part_, refusal->what);
  return true;
}

Result<> OpenpyxlSheet::check_row(const XmlReader& reader) {
  std::size_t relevant = 0;
  for (std::size_t i = 0; i < reader.attribute_count(); ++i) {
    const std::string_view name = reader.attribute_name(i);
    if (name != "r" && name != "spans" && name.find(':') == std::string_view::npos &&
        !is_xmlns(name))
      ++relevant;
  }
  if (relevant == 0) return {};
  for (std::size_t i = 0; i < reader.attribute_count(); ++i) {
    const std::string_view name = reader.attribute_name(i), value = reader.attribute_value(i);
    if (name == "s") SKILLGRAD_CHECK(style_exists(value));
    const Attribute* known = find(std::begin(kOfRows), std::end(kOfRows), name);
    const Refusal refusal =
        known == nullptr ? std::nullopt : check_openpyxl_value(known->rule, value);
    if (refusal)
      return openpyxl_refuses(part_, "a row's " + std::string(name) + ": " + refusal->what);
  }
  return {};
}

Result<> OpenpyxlSheet::check_column(const XmlReader& reader) {
  const auto first = parse_python_int(reader.attribute("min").value_or(""));
  constexpr double kLast = 18'278;
  if (!first || *first < 1 || *first > kLast)
    return openpyxl_refuses(part_, "a column definition without a column");
  for (std::size_t i = 0; i < reader.attribute_count(); ++i) {
    const std::string_view name = reader.attribute_name(i), value = reader.attribute_value(i);
    if (is_xmlns(name)) continue;
    const Attribute* known = find(std::begin(kOfColumns), std::end(kOfColumns), name);
    if (known == nullptr)
      return openpyxl_refuses(part_, "a column definition takes no \"" + std::string(name) + "\"");
    if (name == "style") SKILLGRAD_CHECK(style_exists(value));
    const Refusal refusal = check_openpyxl_value(known->rule, value);
    if (refusal)
      return openpyxl_refuses(part_, "a column's " + std::string(name) + ": " + refusal->what);
  }
  return {};
}

// A rule of which openpyxl cannot make an object is left out; one that is of no known kind is not.
Result<> OpenpyxlSheet::check_formatting(XmlReader& reader) {
  std::vector<double> styles;
  OpenpyxlElements elements([&](const Path& path, const OpenpyxlValues& values) {
    if (path.size() == 1 && path[0] == "cfRule" && values.text("dxfId"))
      styles.push_back(values.number("dxfId", 0));
  });
  SKILLGRAD_TRY(const Refusal refusal,
                elements.check(reader, openpyxl_class("ConditionalFormatting")));
  if (refusal && refusal->type_error) return {};
  if (refusal) return openpyxl_refuses(part_, refusal->what);
  for (const double style : styles) {
    if (!python_index(style, context_.differential_styles))
      return openpyxl_refuses(part_, "a conditional format names a style that is not there");
  }
  return {};
}

Result<> OpenpyxlSheet::finish() {
  OpenpyxlRelations relations;
  if (context_.archive.has(relationships_of(part_))) {
    SKILLGRAD_TRY(relations, OpenpyxlRelations::read(context_.archive, part_));
  }
  SKILLGRAD_CHECK(check_links(relations));
  SKILLGRAD_CHECK(check_tables(relations));
  SKILLGRAD_CHECK(check_comments(relations));
  SKILLGRAD_CHECK(check_openpyxl_drawings(context_.archive, relations));
  return check_pivots(relations);
}

Result<> OpenpyxlSheet::check_links(const OpenpyxlRelations& relations) {
  for (Link& link : links_) {
    if (!link.relation.empty()) {
      const auto* relation = relations.first(link.relation);
      if (relation == nullptr)
        return openpyxl_refuses(part_, "a hyperlink names a relation that is not there");
      link.value = relation->target;
    }
    if (link.value.empty()) link.value = link.location;
    const auto range = openpyxl_range(link.ref);
    const bool several = link.ref.find(':') != std::string::npos;
    const bool whole = range && (!range->first_row || !range->first_column);
    if (!range || (!several && !is_one_cell(link.ref)) ||
        (whole && range->first_row == range->last_row && range->first_column == range->last_column))
      return openpyxl_refuses(part_, "\"" + link.ref + "\" of a hyperlink is no range");
  }
  return {};
}

Result<> OpenpyxlSheet::check_tables(const OpenpyxlRelations& relations) {
  for (const std::string& id : table_ids_) {
    const auto* relation = relations.first(id);
    if (relation == nullptr)
      return openpyxl_refuses(part_, "a table names a relation that is not there");
    std::string name;
    SKILLGRAD_CHECK(require_part(context_.archive, relation->target, "Table",
                                 [&](const Path& path, const OpenpyxlValues& values) {
                                   if (path.empty())
                                     name = values.text_or_empty(
                                         values.text("name") ? "name" : "displayName");
                                 }));
    if (!context_.tables.insert(to_lower_ascii(name)).second)
      return openpyxl_refuses(relation->target, "there are two tables \"" + name + "\"");
  }
  return {};
}

Result<> OpenpyxlSheet::check_comments(const OpenpyxlRelations& relations) {
  for (const auto* relation : relations.of_type(std::string(kOffice) + "comments")) {
    std::size_t authors = 0;
    std::vector<double> by;
    bool placed = true;
    SKILLGRAD_CHECK(require_part(context_.archive, relation->target, "CommentSheet",
                                 [&](const Path& path, const OpenpyxlValues& values) {
                                   if (path.size() == 1 && path[0] == "authors") {
                                     authors = values.given.size();
                                   } else if (path.size() == 2 && path[0] == "commentList") {
                                     by.push_back(values.number("authorId", 0));
                                     const auto ref = values.text("ref");
                                     placed = placed && ref && openpyxl_range(*ref);
                                   }
                                 }));
    for (const double author : by) {
      if (!python_index(author, authors))
        return openpyxl_refuses(relation->target, "a comment's author is not there");
    }
    if (!placed) return openpyxl_refuses(relation->target, "a comment is at no cell");
  }
  return {};
}

Result<> OpenpyxlSheet::check_pivots(const OpenpyxlRelations& relations) {
  ZipArchive& archive = context_.archive;
  const auto pivots = relations.of_type(std::string(kOffice) + "pivotTable");
  if (pivots.empty()) return {};
  std::set<double> caches;
  SKILLGRAD_TRY(const auto workbook, OpenpyxlRelations::read(archive, context_.workbook_part));
  for (const auto& cache : context_.workbook.pivot_caches) {
    const auto* relation = workbook.last(cache.id);
    if (relation == nullptr)
      return openpyxl_refuses(context_.workbook_part, "a pivot cache without a part");
    std::string records;
    SKILLGRAD_CHECK(require_part(archive, relation->target, "CacheDefinition",
                                 [&](const Path& path, const OpenpyxlValues& values) {
                                   if (path.empty()) records = values.text_or_empty("id");
                                 }));
    caches.insert(cache.cache);
    if (!archive.has(relationships_of(relation->target))) continue;
    SKILLGRAD_TRY(const auto own, OpenpyxlRelations::read(archive, relation->target));
    if (own.empty()) continue;
    const auto* list = own.first(records);
    if (list == nullptr) return openpyxl_refuses(relation->target, "its records are not there");
    SKILLGRAD_CHECK(require_part(archive, list->target, "RecordList"));
  }
  for (const auto* pivot : pivots) {
    double cache = -1;
    SKILLGRAD_CHECK(require_part(archive, pivot->target, "TableDefinition",
                                 [&](const Path& path, const OpenpyxlValues& values) {
                                   if (path.empty()) cache = values.number("cacheId", -1);
                                 }));
    if (!caches.contains(cache)) return openpyxl_refuses(pivot->target, "its cache is not there");
  }
  return {};
}

}  // namespace skillgrad::sheet
