// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/openpyxl_parts.hpp"

#include <algorithm>
#include <set>

#include "sheet/openpyxl/package_parts.hpp"

namespace skillgrad::sheet {
namespace {

using Token = XmlReader::Token;
using Path = std::vector<std::string>;
using Refusal = std::optional<OpenpyxlRefusal>;

constexpr const char* kStyles = "xl/styles.xml";

bool is(const Path& path, std::initializer_list<std::string_view> names) {
  return std::equal(path.begin(), path.end(), names.begin(), names.end());
}

/// The named styles look up what they name by index.
struct StyleIndex {
  struct Xf {
    double font, fill, border, format;
  };
  struct Named {
    double xf;
    std::string name;
  };
  std::size_t fonts = 0, fills = 0, borders = 0, differential = 0;
  std::vector<Xf> xfs;
  std::vector<Named> named;
  bool overflow = false;

  void take(const Path& path, const OpenpyxlValues& values) {
    if (is(path, {"fonts"})) fonts = 0;
    if (is(path, {"fills"})) fills = 0;
    if (is(path, {"borders"})) borders = 0;
    if (is(path, {"dxfs"})) differential = 0;
    fonts += is(path, {"fonts", "font"}) ? 1U : 0U;
    borders += is(path, {"borders", "border"}) ? 1U : 0U;
    differential += path.size() == 2 && path[0] == "dxfs" ? 1U : 0U;
    fills += path.size() == 2 && path[0] == "fills" ? 1U : 0U;
    if (is(path, {"cellStyleXfs", "xf"})) xfs.push_back(xf_of(values));
    if (is(path, {"cellXfs", "xf"})) overflow = overflow || too_large(values);
    if (is(path, {"cellStyles", "cellStyle"}))
      named.push_back({values.number("xfId", 0), values.text_or_empty("name")});
  }

  // Of equal names or styles the first counts, in the order of the styles.
  [[nodiscard]] std::string problem() {
    if (overflow) return "a number of a cell's style is too large";
    std::stable_sort(named.begin(), named.end(),
                     [](const Named& a, const Named& b) { return a.xf < b.xf; });
    std::set<double> ids;
    std::set<std::string> names;
    for (const Named& style : named) {
      if (ids.contains(style.xf) || names.contains(style.name)) continue;
      ids.insert(style.xf);
      names.insert(style.name);
      const auto at = python_index(style.xf, xfs.size());
      if (!at) return "the named style \"" + style.name + "\" names no format";
      const Xf& xf = xfs[*at];
      if (!python_index(xf.font, fonts) || !python_index(xf.fill, fills) ||
          !python_index(xf.border, borders))
        return "the format of \"" + style.name +
               "\" names a font, fill or border that is not there";
    }
    return {};
  }

 private:
  static Xf xf_of(const OpenpyxlValues& values) {
    return {values.number("fontId", 0), values.number("fillId", 0), values.number("borderId", 0),
            values.number("numFmtId", 0)};
  }
  static bool too_large(const OpenpyxlValues& values) {
    constexpr double kMax = 2'147'483'647;
    constexpr std::string_view kNames[] = {"fontId", "fillId", "borderId", "numFmtId", "xfId"};
    return std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view name) {
      const double number = values.number(name, 0);
      return number > kMax || number < -kMax - 1;
    });
  }
};

Result<> check_external(ZipArchive& archive, const std::string& part) {
  SKILLGRAD_CHECK(require_part(archive, part, "ExternalLink"));
  SKILLGRAD_TRY(const auto relations, OpenpyxlRelations::read(archive, part));
  if (relations.empty()) return openpyxl_refuses(part, "it names no file");
  return {};
}

Result<> check_properties(ZipArchive& archive) {
  if (archive.has("docProps/core.xml"))
    SKILLGRAD_CHECK(require_part(archive, "docProps/core.xml", "DocumentProperties"));
  if (!archive.has("docProps/custom.xml")) return {};
  bool named = true;
  SKILLGRAD_CHECK(require_part(archive, "docProps/custom.xml", "_CustomDocumentPropertyList",
                               [&](const Path& path, const OpenpyxlValues& values) {
                                 if (is(path, {"property"})) named = named && values.text("name");
                               }));
  if (!named) return openpyxl_refuses("docProps/custom.xml", "a property has no name");
  return {};
}

// "'A sheet'!$1:$2,..." : at least one name or range in front of or behind a '!'.
bool is_print_title(std::string_view value) {
  const std::size_t mark = value.find('!');
  return mark != std::string_view::npos && mark > 0 && value.substr(0, mark) != "''";
}

}  // namespace

OpenpyxlElements::Outcome check_part(ZipArchive& archive, const std::string& part,
                                     std::string_view type, OpenpyxlElements::Seen seen) {
  SKILLGRAD_TRY(ZipPart source, archive.part(part));
  XmlReader reader(std::move(source));
  OpenpyxlElements elements(std::move(seen));
  Refusal found;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) return found;
    if (token != Token::start) continue;
    SKILLGRAD_TRY(found, elements.check(reader, openpyxl_class(type)));
  }
}

Result<> require_part(ZipArchive& archive, const std::string& part, std::string_view type,
                      OpenpyxlElements::Seen seen) {
  SKILLGRAD_TRY(const Refusal refusal, check_part(archive, part, type, std::move(seen)));
  if (refusal) return openpyxl_refuses(part, refusal->what);
  return {};
}

Result<OpenpyxlRelations> OpenpyxlRelations::read(ZipArchive& archive, const std::string& part) {
  OpenpyxlRelations out;
  SKILLGRAD_TRY(const Refusal refusal,
                check_part(archive, relationships_of(part), "RelationshipList",
                           [&](const Path& path, const OpenpyxlValues& values) {
                             if (path.empty()) return;  // the list itself
                             Relation made{values.text_or_empty("Id"), values.text_or_empty("Type"),
                                           values.text_or_empty("Target")};
                             out.relations_.push_back(std::move(made));
                             if (values.text("TargetMode") == "External") return;
                             std::string& target = out.relations_.back().target;
                             target = resolve_target(part, target);
                           }));
  if (refusal && !refusal->type_error)
    return openpyxl_refuses(relationships_of(part), refusal->what);
  if (refusal) out.relations_.clear();
  return out;
}

const OpenpyxlRelations::Relation* OpenpyxlRelations::first(std::string_view id) const {
  for (const Relation& one : relations_) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

const OpenpyxlRelations::Relation* OpenpyxlRelations::last(std::string_view id) const {
  for (std::size_t i = relations_.size(); i-- > 0;) {
    if (relations_[i].id == id) return &relations_[i];
  }
  return nullptr;
}

std::vector<const OpenpyxlRelations::Relation*> OpenpyxlRelations::of_type(
    std::string_view type) const {
  std::vector<const Relation*> out;
  for (const Relation& one : relations_) {
    if (one.type == type) out.push_back(&one);
  }
  return out;
}

Result<OpenpyxlWorkbook> check_openpyxl_workbook(ZipArchive& archive, const std::string& part) {
  SKILLGRAD_CHECK(require_part(archive, "[Content_Types].xml", "Manifest"));
  OpenpyxlWorkbook out;
  std::vector<std::string> external;
  SKILLGRAD_CHECK(require_part(
      archive, part, "WorkbookPackage", [&](const Path& path, const OpenpyxlValues& values) {
        if (is(path, {"sheets"})) out.sheets.clear();
        if (path.size() != 2) return;
        if (path[0] == "sheets")
          out.sheets.push_back({values.text_or_empty("name"), values.text_or_empty("id")});
        else if (path[0] == "externalReferences")
          external.push_back(values.text_or_empty("id"));
        else if (path[0] == "pivotCaches")
          out.pivot_caches.push_back({values.number("cacheId", 0), values.text_or_empty("id")});
        else if (path[1] == "definedName")
          out.names.push_back({values.text_or_empty("name"), values.text_or_empty("attr_text"),
                               values.text("localSheetId")
                                   ? std::optional(values.number("localSheetId", 0))
                                   : std::nullopt});
      }));
  if (!external.empty()) {
    SKILLGRAD_TRY(const auto relations, OpenpyxlRelations::read(archive, part));
    for (const std::string& id : external) {
      const auto* relation = relations.last(id);
      if (relation == nullptr) return openpyxl_refuses(part, "an external link without a part");
      SKILLGRAD_CHECK(check_external(archive, relation->target));
    }
  }
  SKILLGRAD_CHECK(check_properties(archive));
  return out;
}

Result<> check_openpyxl_names(const OpenpyxlWorkbook& workbook, std::size_t sheets) {
  for (const OpenpyxlWorkbook::Name& name : workbook.names) {
    if (!name.sheet || !python_index(*name.sheet, sheets)) continue;
    if (name.name.starts_with("_xlnm.Print_Titles") && !is_print_title(name.value))
      return openpyxl_refuses("the name " + name.name,
                              "\"" + name.value.substr(0, 60) + "\" is no print title");
  }
  return {};
}

Result<std::size_t> check_openpyxl_styles(ZipArchive& archive) {
  if (!archive.has(kStyles)) return 0;
  StyleIndex index;
  SKILLGRAD_CHECK(require_part(
      archive, kStyles, "Stylesheet",
      [&](const Path& path, const OpenpyxlValues& values) { index.take(path, values); }));
  if (const std::string problem = index.problem(); !problem.empty())
    return openpyxl_refuses(kStyles, problem);
  return index.differential;
}

}  // namespace skillgrad::sheet
