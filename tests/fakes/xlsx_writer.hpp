// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <zip.h>

namespace skillgrad::fakes {

/// Writes a zip file with these parts, compressed unless told otherwise. For packages that no
/// office program would make.
inline void write_zip(const std::filesystem::path& path,
                      const std::vector<std::pair<std::string, std::string>>& parts,
                      bool packed = true) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr) throw std::runtime_error("cannot create " + path.string());
  for (const auto& [name, bytes] : parts) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t at =
        source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE);
    if (at < 0) throw std::runtime_error("cannot add " + name);
    const zip_int32_t method = packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE;
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(at), method, 0);
  }
  if (zip_close(archive) != 0) throw std::runtime_error("cannot write " + path.string());
}

/// Builds small workbooks on the fly.
///   XlsxWriter().sheet("Data").number("A1", 1).text("B1", "x").save(path);
/// Cells go to the sheet named last. Styles: 0 plain, 1 date, 2 elapsed hours, 3 time of day.
class XlsxWriter {
 public:
  XlsxWriter& sheet(const std::string& name) {
    sheets_.push_back({name, {}, {}});
    return *this;
  }
  XlsxWriter& number(const std::string& cell, double value, int style = 0) {
    return raw(fmt::format(R"(<c r="{}" s="{}"><v>{}</v></c>)", cell, style, value));
  }
  XlsxWriter& text(const std::string& cell, const std::string& value) {
    return raw(fmt::format(R"(<c r="{}" t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>)",
                           cell, escape(value)));
  }
  XlsxWriter& boolean(const std::string& cell, bool value) {
    return raw(fmt::format(R"(<c r="{}" t="b"><v>{}</v></c>)", cell, value ? 1 : 0));
  }
  XlsxWriter& error(const std::string& cell, const std::string& value) {
    return raw(fmt::format(R"(<c r="{}" t="e"><v>{}</v></c>)", cell, value));
  }
  /// ISO 8601 in a cell of type "d".
  XlsxWriter& iso(const std::string& cell, const std::string& value) {
    return raw(fmt::format(R"(<c r="{}" t="d"><v>{}</v></c>)", cell, value));
  }
  XlsxWriter& blank(const std::string& cell) { return raw(fmt::format(R"(<c r="{}"/>)", cell)); }
  /// `cached` absent: never computed, as openpyxl writes formulas.
  XlsxWriter& formula(const std::string& cell, const std::string& text,
                      std::optional<double> cached = std::nullopt) {
    const std::string value = cached ? fmt::format("<v>{}</v>", *cached) : "<v/>";
    return raw(fmt::format(R"(<c r="{}"><f>{}</f>{}</c>)", cell, escape(text), value));
  }
  /// A cell element as it is. Each call starts a row element of its own.
  XlsxWriter& raw(const std::string& xml) {
    sheets_.back().rows += "<row>" + xml + "</row>";
    return *this;
  }
  /// Row elements as they are.
  XlsxWriter& raw_rows(const std::string& xml) {
    sheets_.back().rows += xml;
    return *this;
  }
  XlsxWriter& merge(const std::string& range) {
    sheets_.back().merges += fmt::format(R"(<mergeCell ref="{}"/>)", range);
    return *this;
  }
  /// An item of the shared strings, as XML.
  XlsxWriter& shared(const std::string& item_xml) {
    shared_ += item_xml;
    return *this;
  }
  XlsxWriter& epoch_1904() {
    workbook_properties_ = R"(<workbookPr date1904="1"/>)";
    return *this;
  }
  /// Adds a cell style with this number format code; its index is 4 + the number of earlier calls.
  XlsxWriter& format(const std::string& code) {
    formats_.push_back(code);
    return *this;
  }
  XlsxWriter& recalculate_on_load() {
    calculation_ = R"(<calcPr fullCalcOnLoad="1"/>)";
    return *this;
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> parts() const {
    std::vector<std::pair<std::string, std::string>> out{
        {"[Content_Types].xml", content_types()},
        {"_rels/.rels",
         kHead + relationships(relationship("rId1", "officeDocument", "xl/workbook.xml"))},
        {"xl/workbook.xml", workbook()},
        {"xl/_rels/workbook.xml.rels", workbook_relationships()},
        {"xl/styles.xml", styles()},
        {"xl/sharedStrings.xml",
         kHead + fmt::format(R"(<sst xmlns="{}">{}</sst>)", kMain, shared_)}};
    for (std::size_t i = 0; i < sheets_.size(); ++i) {
      out.emplace_back(fmt::format("xl/worksheets/sheet{}.xml", i + 1), worksheet(sheets_[i]));
    }
    return out;
  }
  void save(const std::filesystem::path& path) const { write_zip(path, parts()); }

 private:
  struct Sheet {
    std::string name, rows, merges;
  };
  static inline const std::string kHead = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  static constexpr const char* kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  static constexpr const char* kOffice =
      "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  static constexpr const char* kPackage = "http://schemas.openxmlformats.org/package/2006";
  static constexpr const char* kTypes =
      "application/vnd.openxmlformats-officedocument.spreadsheetml";

  static std::string escape(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '&') {
        out += "&amp;";
      } else if (c == '<') {
        out += "&lt;";
      } else if (c == '"') {
        out += "&quot;";
      } else if (c == '\r') {
        out += "&#13;";
      } else {
        out += c;
      }
    }
    return out;
  }
  static std::string relationship(const std::string& id, const char* type, const std::string& to) {
    return fmt::format(R"(<Relationship Id="{}" Type="{}/{}" Target="{}"/>)", id, kOffice, type,
                       to);
  }
  static std::string relationships(const std::string& items) {
    return fmt::format(R"(<Relationships xmlns="{}/relationships">{}</Relationships>)", kPackage,
                       items);
  }
  static std::string override_type(const std::string& part, const char* type) {
    return fmt::format(R"(<Override PartName="/{}" ContentType="{}.{}+xml"/>)", part, kTypes, type);
  }
  [[nodiscard]] std::string content_types() const {
    std::string items =
        R"(<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>)"
        R"(<Default Extension="xml" ContentType="application/xml"/>)" +
        override_type("xl/workbook.xml", "sheet.main") + override_type("xl/styles.xml", "styles") +
        override_type("xl/sharedStrings.xml", "sharedStrings");
    for (std::size_t i = 0; i < sheets_.size(); ++i) {
      items += override_type(fmt::format("xl/worksheets/sheet{}.xml", i + 1), "worksheet");
    }
    return kHead + fmt::format(R"(<Types xmlns="{}/content-types">{}</Types>)", kPackage, items);
  }
  [[nodiscard]] std::string workbook() const {
    std::string items;
    for (std::size_t i = 0; i < sheets_.size(); ++i) {
      items += fmt::format(R"(<sheet name="{}" sheetId="{}" r:id="rId{}"/>)",
                           escape(sheets_[i].name), i + 1, i + 1);
    }
    return kHead +
           fmt::format(R"(<workbook xmlns="{}" xmlns:r="{}">{}<sheets>{}</sheets>{}</workbook>)",
                       kMain, kOffice, workbook_properties_, items, calculation_);
  }
  [[nodiscard]] std::string workbook_relationships() const {
    std::string items;
    for (std::size_t i = 0; i < sheets_.size(); ++i) {
      items += relationship(fmt::format("rId{}", i + 1), "worksheet",
                            fmt::format("worksheets/sheet{}.xml", i + 1));
    }
    items += relationship("rIdStyles", "styles", "styles.xml");
    items += relationship("rIdStrings", "sharedStrings", "sharedStrings.xml");
    return kHead + relationships(items);
  }
  [[nodiscard]] std::string styles() const {
    std::string codes, extra;
    for (std::size_t i = 0; i < formats_.size(); ++i) {
      codes +=
          fmt::format(R"(<numFmt numFmtId="{}" formatCode="{}"/>)", 164 + i, escape(formats_[i]));
      extra += fmt::format(R"(<xf numFmtId="{}" fontId="0" fillId="0" borderId="0"/>)", 164 + i);
    }
    std::string xfs;
    for (const int id : {0, 14, 46, 21}) {
      xfs += fmt::format(R"(<xf numFmtId="{}" fontId="0" fillId="0" borderId="0"/>)", id);
    }
    return kHead + fmt::format(R"(<styleSheet xmlns="{}"><numFmts>{}</numFmts>)"
                               R"(<fonts><font/></fonts><fills><fill><patternFill/></fill></fills>)"
                               R"(<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>)"
                               R"(<cellXfs>{}{}</cellXfs></styleSheet>)",
                               kMain, codes, xfs, extra);
  }
  [[nodiscard]] static std::string worksheet(const Sheet& sheet) {
    const std::string merges =
        sheet.merges.empty() ? "" : "<mergeCells>" + sheet.merges + "</mergeCells>";
    return kHead + fmt::format(R"(<worksheet xmlns="{}"><sheetData>{}</sheetData>{}</worksheet>)",
                               kMain, sheet.rows, merges);
  }

  std::vector<Sheet> sheets_;
  std::vector<std::string> formats_;
  std::string shared_, workbook_properties_, calculation_;
};

}  // namespace skillgrad::fakes
