// SPDX-License-Identifier: MIT
// What openpyxl reads of drawings: charts and pictures. Of what it cannot make an object it says so
// and goes on; other errors end the reading.
#include <algorithm>
#include <set>

#include "sheet/openpyxl/openpyxl_sheet.hpp"
#include "sheet/openpyxl/package_parts.hpp"

namespace skillgrad::sheet {
namespace {

using Path = std::vector<std::string>;
using Refusal = std::optional<OpenpyxlRefusal>;

constexpr std::string_view kDrawing =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/drawing";
constexpr std::string_view kImage =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image";

bool ends_with(const Path& path, std::initializer_list<std::string_view> names) {
  return path.size() >= names.size() &&
         std::equal(names.begin(), names.end(),
                    path.end() - static_cast<std::ptrdiff_t>(names.size()));
}

/// The relations that a drawing names. Anchors are the first level of a drawing.
struct DrawingRelations {
  std::vector<std::string> charts, pictures;
  void take(const Path& path, const OpenpyxlValues& values) {
    if (ends_with(path, {"graphicData", "chart"}) && path.size() == 5)
      charts.emplace_back(values.text("id").value_or(""));
    const bool picture = (path.size() == 4 || (path.size() == 5 && path[1] == "grpSp")) &&
                         ends_with(path, {"pic", "blipFill", "blip"});
    const auto embedded = values.text("embed");
    if (picture && embedded && !embedded->empty()) pictures.emplace_back(*embedded);
  }
};

/// Charts look up their axes by id.
struct Axes {
  struct Chart {
    std::string kind;
    std::vector<std::string> axes;
  };
  std::set<double> ids;
  std::vector<Chart> charts;

  void take(const Path& path, const OpenpyxlValues& values) {
    if (path.size() != 3 || path[1] != "plotArea") return;
    if (path[2].ends_with("Ax")) {
      ids.insert(values.number("axId", id_of(path[2])));
    } else if (path[2].ends_with("Chart")) {
      Chart chart{path[2], {}};
      for (const auto& given : values.given) {
        if (given.field != nullptr && given.field->name == "axId") chart.axes.push_back(given.text);
      }
      charts.push_back(std::move(chart));
    }
  }
  [[nodiscard]] std::string problem() const {
    if (charts.empty()) return "it has no chart";
    for (const Chart& chart : charts) {
      const bool pairs = chart.kind == "scatterChart" || chart.kind == "bubbleChart";
      if (pairs && chart.axes.size() != 2) return "a " + chart.kind + " needs two axes";
      const bool optional = chart.kind.find("3D") != std::string::npos;
      for (const std::string& axis : chart.axes) {
        if (!optional && !ids.contains(number_of(axis))) return "an axis of a chart is not there";
      }
    }
    return {};
  }
  /// Of an axis that names none.
  static double id_of(std::string_view kind) {
    return kind == "catAx" ? 10 : kind == "valAx" ? 100 : kind == "serAx" ? 1000 : 500;
  }
  static double number_of(const std::string& text) {
    return text.empty() ? 0 : std::strtod(text.c_str(), nullptr);
  }
};

Result<> check_chart(ZipArchive& archive, const std::string& part) {
  Axes axes;
  SKILLGRAD_TRY(
      const Refusal refusal,
      check_part(archive, part, "ChartSpace",
                 [&](const Path& path, const OpenpyxlValues& values) { axes.take(path, values); }));
  if (refusal && refusal->type_error) return {};
  if (refusal) return openpyxl_refuses(part, refusal->what);
  if (const std::string problem = axes.problem(); !problem.empty())
    return openpyxl_refuses(part, problem);
  return {};
}

Result<> check_drawing(ZipArchive& archive, const std::string& part) {
  DrawingRelations names;
  SKILLGRAD_TRY(const Refusal refusal,
                check_part(archive, part, "SpreadsheetDrawing",
                           [&](const Path& path, const OpenpyxlValues& values) {
                             names.take(path, values);
                           }));
  if (refusal && refusal->type_error) return {};
  if (refusal) return openpyxl_refuses(part, refusal->what);
  OpenpyxlRelations relations;
  if (archive.has(relationships_of(part))) {
    SKILLGRAD_TRY(relations, OpenpyxlRelations::read(archive, part));
  }
  for (const std::string& id : names.charts) {
    const auto* chart = relations.first(id);
    if (chart == nullptr) return openpyxl_refuses(part, "a chart is not there");
    SKILLGRAD_CHECK(check_chart(archive, chart->target));
  }
  for (const std::string& id : names.pictures) {
    const auto* picture = relations.first(id);
    if (picture == nullptr || (picture->type == kImage && !archive.has(picture->target)))
      return openpyxl_refuses(part, "a picture is not there");
  }
  return {};
}

}  // namespace

Result<> check_openpyxl_drawings(ZipArchive& archive, const OpenpyxlRelations& relations) {
  for (const auto* relation : relations.of_type(kDrawing))
    SKILLGRAD_CHECK(check_drawing(archive, relation->target));
  return {};
}

Result<> check_openpyxl_chartsheet(ZipArchive& archive, const std::string& part) {
  SKILLGRAD_CHECK(require_part(archive, part, "Chartsheet"));
  if (!archive.has(relationships_of(part)))
    return openpyxl_refuses(part, "a sheet of charts that has none");
  SKILLGRAD_TRY(const auto relations, OpenpyxlRelations::read(archive, part));
  return check_openpyxl_drawings(archive, relations);
}

}  // namespace skillgrad::sheet
