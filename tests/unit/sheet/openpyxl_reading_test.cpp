// SPDX-License-Identifier: MIT
// What openpyxl 3.1.3 refuses and reads otherwise. Each row was tried with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/sheet/values.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "fakes/xlsx_writer.hpp"

namespace skillgrad::sheet {
namespace {

using fakes::XlsxWriter;
using Parts = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kSheet = "xl/worksheets/sheet1.xml";
constexpr const char* kSheetRels = "xl/worksheets/_rels/sheet1.xml.rels";
constexpr const char* kStyles = "xl/styles.xml";
constexpr const char* kBook = "xl/workbook.xml";

class OpenpyxlReading : public testing::Test {
 protected:
  static Parts base() {
    return XlsxWriter()
        .sheet("S")
        .number("A1", 1)
        .raw(R"(<c r="A2"/>)")
        .formula("A3", "1+1")
        .shared("<si><t>x</t></si>")
        .parts();
  }
  static void replace(Parts& parts, const std::string& part, const std::string& from,
                      const std::string& to) {
    for (auto& [name, text] : parts) {
      if (name != part) continue;
      const std::size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos) << part << " " << from;
      text.replace(at, from.size(), to);
    }
  }
  [[nodiscard]] Result<Workbook> read(const Parts& parts) const {
    fakes::write_zip(path_, parts);
    return Workbook::read(path_);
  }
  [[nodiscard]] Result<Workbook> theirs(const Parts& parts) const {
    fakes::write_zip(path_, parts);
    return Workbook::read_as_openpyxl(path_);
  }
  static std::string cell(const Workbook& book, std::uint32_t row, std::uint32_t column) {
    const CellValue& value = book.sheets().front().at(row, column);
    return std::string(type_name(value.type)) + " " + value_text(value);
  }
  TempDir folder_ = *TempDir::create("skillgrad-openpyxl-test-");
  fs::path path_ = folder_.path() / "book.xlsx";
};

TEST_F(OpenpyxlReading, RefusesWhatItsClassesDoNotTake) {
  struct Row {
    const char* part;
    const char* from;
    const char* to;
    bool refused = true;
  };
  const Row rows[] = {
      {kSheet, "<row>", "<row>", false},
      {kSheet, "<row>", R"(<row ht="15,75">)"},
      {kSheet, "<row>", R"(<row ht="15.75" x="1">)", false},
      {kSheet, "<row>", R"(<row ht="15" s="9">)"},
      {kSheet, "<row>", R"(<row ht="15" outlineLevel="x">)"},
      {kSheet, "<sheetData>", R"(<cols><col min="1" max="2" width="9"/></cols><sheetData>)", false},
      {kSheet, "<sheetData>", R"(<cols><col min="1" max="2" phonetic="1"/></cols><sheetData>)"},
      {kSheet, "<sheetData>", R"(<cols><col max="2" width="9"/></cols><sheetData>)"},
      {kSheet, "<sheetData>", R"(<cols><col min="1" width="9,5"/></cols><sheetData>)"},
      {kSheet, "<sheetData>", R"(<cols><col min="1" style="77"/></cols><sheetData>)"},
      {kSheet, "<sheetData>", R"(<sheetFormatPr defaultRowHeight="auto"/><sheetData>)"},
      {kSheet, "<sheetData>", R"(<sheetPr><tabColor rgb="red"/></sheetPr><sheetData>)"},
      {kSheet, "<sheetData>", R"(<sheetPr><tabColor rgb="FFFF0000"/></sheetPr><sheetData>)", false},
      {kSheet, "</sheetData>", R"(</sheetData><pageMargins left="x"/>)"},
      {kSheet, "</sheetData>", R"(</sheetData><pageSetup orientation="sideways"/>)"},
      {kSheet, "</sheetData>",
       R"(</sheetData><hyperlinks><hyperlink location="A1"/></hyperlinks>)"},
      {kSheet, "</sheetData>", R"(</sheetData><tableParts><tablePart/></tableParts>)"},
      {kSheet, "</sheetData>",
       R"(</sheetData><conditionalFormatting sqref="A1"><cfRule type="cellIs" )"
       R"(priority="1" dxfId="0"/></conditionalFormatting>)"},
      {kSheet, "</sheetData>",
       R"(</sheetData><conditionalFormatting sqref="A1"><cfRule type="cellIs" )"
       R"(priority="first"/></conditionalFormatting>)",
       false},
      {kSheet, "</sheetData>",
       R"(</sheetData><conditionalFormatting sqref="A1"><cfRule type="odd" )"
       R"(priority="1"/></conditionalFormatting>)"},
      {kStyles, "<fill><patternFill/></fill>", "<fill/>"},
      {kStyles, "<patternFill/>", R"(<patternFill patternType="solid"/>)", false},
      {kStyles, "<patternFill/>", R"(<patternFill patternType="Solid"/>)"},
      {kStyles, "<patternFill/>", R"(<patternFill><fgColor rgb="FF00"/></patternFill>)"},
      {kStyles, "<patternFill/>", R"(<patternFill><fgColor theme="1" rgb="FF00"/></patternFill>)",
       false},
      {kStyles, "<patternFill/>", R"(<patternFill><fgColor theme="1" tint="2"/></patternFill>)"},
      {kStyles, "<patternFill/>", R"(<gradientFill degree="x"/>)"},
      {kStyles, "<font/>", R"(<font><sz val="11"/></font>)", false},
      {kStyles, "<font/>", R"(<font><sz val="11pt"/></font>)"},
      {kStyles, "<font/>", R"(<font><family val="99"/></font>)"},
      {kStyles, "<font/>", R"(<font><u val="wavy"/></font>)"},
      {kStyles, "<font/>", R"(<font><unknown val="wavy"/></font>)", false},
      {kStyles, "<font/>", R"(<font x="1"/>)"},
      {kStyles, "<border/>", R"(<border><left style="bold"/></border>)"},
      {kStyles, "</cellXfs>",
       R"(</cellXfs><cellStyles><cellStyle name="N" xfId="0"/></cellStyles>)", false},
      {kStyles, "</cellXfs>",
       R"(</cellXfs><cellStyles><cellStyle name="N" xfId="7"/></cellStyles>)"},
      {kStyles, "</cellXfs>", R"(</cellXfs><cellStyles><cellStyle xfId="0"/></cellStyles>)"},
      {kStyles, "<xf/>", R"(<xf numFmtId="general"/>)"},
      {kStyles, "<xf/>", R"(<xf><alignment horizontal="middle"/></xf>)"},
      {kBook, "<sheets>", R"(<bookViews><workbookView activeTab="first"/></bookViews><sheets>)"},
      {kBook, R"(sheetId="1")", ""},
      {kBook, R"(sheetId="1")", R"(sheetId="1" state="gone")"},
      {kBook, "</sheets>",
       R"(</sheets><externalReferences><externalReference r:id="rId9"/></externalReferences>)"},
      {kBook, "</sheets>",
       R"(</sheets><definedNames><definedName name="_xlnm.Print_Titles" )"
       R"(localSheetId="0">none</definedName></definedNames>)"},
      {kBook, "</sheets>",
       R"(</sheets><definedNames><definedName name="_xlnm.Print_Titles" )"
       R"(localSheetId="0">S!$1:$2</definedName></definedNames>)",
       false},
      {"xl/sharedStrings.xml", "<t>x</t>", "<r><rPr><sz val=\"big\"/></rPr><t>x</t></r>"},
      {"xl/sharedStrings.xml", "<t>x</t>", "<t>x</t><rPh><t>y</t></rPh>"},
      {"[Content_Types].xml", "<Types ", R"(<Types x="1" )"},
  };
  for (const auto& [part, from, to, refused] : rows) {
    Parts parts = base();
    replace(parts, part, from, to);
    const auto ours = read(parts);
    EXPECT_TRUE(ours) << to << ": " << (ours ? "" : ours.error().message);
    const auto book = theirs(parts);
    EXPECT_EQ(!book, refused) << to << ": " << (book ? "read" : book.error().message);
    if (!book) {
      EXPECT_THAT(book.error().message, testing::HasSubstr("openpyxl refuses")) << to;
    }
  }
}

TEST_F(OpenpyxlReading, RefusesWorkbooksOfWhichAPartIsMissing) {
  const auto relation = [](const std::string& type, const std::string& target) {
    return R"(<Relationships><Relationship Id="rId1" Type=")"
           "http://schemas.openxmlformats.org/officeDocument/2006/relationships/" +
           type + R"(" Target=")" + target + R"("/></Relationships>)";
  };
  const std::string link =
      R"(</sheetData><hyperlinks><hyperlink ref="A1" r:id="rId9" xmlns:r=")"
      R"(http://schemas.openxmlformats.org/officeDocument/2006/relationships"/></hyperlinks>)";
  for (const char* type : {"drawing", "comments"}) {
    Parts parts = base();
    parts.emplace_back(kSheetRels, relation(type, "../gone.xml"));
    EXPECT_TRUE(read(parts)) << type;
    EXPECT_FALSE(theirs(parts)) << type;
  }
  Parts parts = base();
  parts.emplace_back(kSheetRels, relation("image", "../gone.png"));
  EXPECT_TRUE(theirs(parts)) << "pictures are looked for by drawings alone";
  replace(parts, kSheet, "</sheetData>", link);
  EXPECT_FALSE(theirs(parts)) << "the relation of a hyperlink";
  EXPECT_TRUE(read(parts));
}

TEST_F(OpenpyxlReading, FindsNoSheetInStrictOoxml) {
  Parts parts = base();
  for (auto& [name, text] : parts) {
    text = replace_all(text, "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                       "http://purl.oclc.org/ooxml/spreadsheetml/main");
    if (name == kBook)
      text =
          replace_all(text, "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                      "http://purl.oclc.org/ooxml/officeDocument/relationships");
  }
  const auto ours = read(parts);
  ASSERT_TRUE(ours) << ours.error().message;
  EXPECT_EQ(cell(*ours, 1, 1), "number 1");
  const auto book = theirs(parts);
  EXPECT_TRUE(!book || book->sheets().empty());
}

TEST_F(OpenpyxlReading, BlankCellsGetTheTargetOfTheirHyperlink) {
  struct Row {
    const char* links;
    const char* merges;
    std::vector<std::pair<CellRef, std::string>> cells;
  };
  const std::string blank = "empty ";
  const Row rows[] = {
      {R"(<hyperlink ref="A2" location="S!B1"/>)",
       "",
       {{{2, 1}, "string S!B1"}, {{1, 1}, "number 1"}}},
      {R"(<hyperlink ref="A1" location="S!B1"/>)", "", {{{1, 1}, "number 1"}}},
      {R"(<hyperlink ref="C5" location="S!B1" display="d" tooltip="t"/>)",
       "",
       {{{5, 3}, "string S!B1"}}},
      {R"(<hyperlink ref="A2" display="d"/>)", "", {{{2, 1}, blank}}},
      {R"(<hyperlink ref="A2:B3" location="L"/>)",
       "",
       {{{2, 1}, "string L"}, {{2, 2}, "string L"}, {{3, 1}, "string L"}, {{3, 2}, "string L"}}},
      {R"(<hyperlink ref="A2" r:id="rId1" location="L"/>)", "", {{{2, 1}, "string http://x/y"}}},
      {R"(<hyperlink ref="A2" r:id="rId2"/>)", "", {{{2, 1}, "string xl/media/z.bin"}}},
      {R"(<hyperlink ref="A2" location="first"/><hyperlink ref="A2" location="second"/>)",
       "",
       {{{2, 1}, "string first"}}},
      {R"(<hyperlink ref="B3" location="L"/>)", "A2:B3", {{{2, 1}, "string L"}, {{3, 2}, blank}}},
      {R"(<hyperlink ref="B3:B3" location="L"/>)", "A2:B3", {{{2, 1}, blank}, {{3, 2}, blank}}},
      {R"(<hyperlink ref="B2:A1" location="L"/>)", "", {{{2, 1}, blank}}},
      {R"(<hyperlink ref="A2" location="=1+1"/>)", "", {{{2, 1}, "string =1+1"}}}};
  for (const auto& [links, merges, cells] : rows) {
    Parts parts = base();
    const std::string merged = *merges == '\0' ? ""
                                               : std::string("<mergeCells><mergeCell ref=\"") +
                                                     merges + "\"/></mergeCells>";
    replace(
        parts, kSheet, "</sheetData>",
        "</sheetData>" + merged +
            R"(<hyperlinks xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">)" +
            links + "</hyperlinks>");
    parts.emplace_back(
        kSheetRels,
        R"(<Relationships><Relationship Id="rId1" Type="t" Target="http://x/y" TargetMode="External"/>)"
        R"(<Relationship Id="rId2" Type="t" Target="../media/z.bin"/></Relationships>)");
    const auto book = theirs(parts);
    ASSERT_TRUE(book) << links << ": " << book.error().message;
    for (const auto& [at, value] : cells) EXPECT_EQ(cell(*book, at.row, at.column), value) << links;
    const auto ours = read(parts);
    ASSERT_TRUE(ours) << links;
    EXPECT_EQ(cell(*ours, 2, 1), blank) << "a spreadsheet shows nothing there";
  }
}

TEST_F(OpenpyxlReading, MergedRangesMayBeAbsolute) {
  for (const char* ref : {"A1:B1", "$A$1:$B$1", "A$1:$B1"}) {
    Parts parts = base();
    replace(parts, kSheet, "</sheetData>",
            "</sheetData><mergeCells><mergeCell ref=\"" + std::string(ref) + "\"/></mergeCells>");
    const auto book = theirs(parts);
    ASSERT_TRUE(book) << ref << ": " << book.error().message;
    EXPECT_EQ(cell(*book, 1, 1), "number 1") << ref;
  }
}

TEST_F(OpenpyxlReading, AFlagIsTrueUnlessItSaysFalse) {
  for (const auto& [flag, epoch] :
       std::vector<std::pair<const char*, const char*>>{{"1", "1904"},
                                                        {"true", "1904"},
                                                        {"T", "1904"},
                                                        {"yes", "1904"},
                                                        {"2", "1904"},
                                                        {"0", "1900"},
                                                        {"f", "1900"},
                                                        {"false", "1900"},
                                                        {"", "1900"}}) {
    Parts parts = XlsxWriter().sheet("S").epoch_1904().number("A1", 1, 1).parts();
    replace(parts, kBook, "date1904=\"1\"", "date1904=\"" + std::string(flag) + "\"");
    const auto book = theirs(parts);
    ASSERT_TRUE(book) << flag << ": " << book.error().message;
    EXPECT_NE(cell(*book, 1, 1).find(std::string(" ") + epoch), std::string::npos)
        << flag << ": " << cell(*book, 1, 1);
  }
}

TEST_F(OpenpyxlReading, CountsIndicesAsPythonDoes) {
  const auto writer = XlsxWriter()
                          .sheet("S")
                          .raw(R"(<c r="A1" s="-1"><v>3</v></c><c r="B1" t="s"><v>-1</v></c>)")
                          .raw(R"(<c r="A1048577"><v>5</v></c>)")
                          .shared("<si><t>first</t></si><si><t>last</t></si>");
  const auto book = theirs(writer.parts());
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(cell(*book, 1, 1), "number 3");
  EXPECT_EQ(cell(*book, 1, 2), "string last");
  EXPECT_EQ(cell(*book, 1'048'577, 1), "number 5");
  EXPECT_FALSE(theirs(XlsxWriter().sheet("S").raw(R"(<c r="A1" s="-9"><v>3</v></c>)").parts()));
}

TEST_F(OpenpyxlReading, RangesOfFiltersMayLackTheirLastRow) {
  for (const auto& [ref, taken] : {std::pair{"A1:B", true},
                                   {"$A$1:$B", true},
                                   {"a1:b", true},
                                   {"A:B", true},
                                   {"A0:B0", true},
                                   {"B3:A1", true},
                                   {"A1", true},
                                   {"$A:B", false},
                                   {"A", false},
                                   {"A1:", false},
                                   {"A1:2", false},
                                   {"1:2", false},
                                   {"A1:B2:C3", false},
                                   {"ABCD1", false},
                                   {"A1 ", false},
                                   {"", false}}) {
    Parts parts = base();
    replace(parts, kSheet, "</sheetData>",
            std::string("</sheetData><autoFilter ref=\"") + ref + "\"/>");
    EXPECT_EQ(theirs(parts).has_value(), taken) << ref;
    EXPECT_TRUE(read(parts)) << ref;
  }
}

TEST_F(OpenpyxlReading, CellsAboveTheSheetAreReadAndNowhere) {
  for (const char* rows : {R"(<row r="0"><c><v>5</v></c></row><row><c><v>6</v></c></row>)",
                           R"(<row r="0"><c r="A1"><v>6</v></c></row>)",
                           R"(<row r="-3"><c><v>5</v></c></row><row r="1"><c><v>6</v></c></row>)",
                           R"(<row r="1"><c r="A0"><v>5</v></c><c r="A1"><v>6</v></c></row>)"}) {
    const auto parts = XlsxWriter().sheet("S").raw_rows(rows).parts();
    const auto book = theirs(parts);
    ASSERT_TRUE(book) << rows << book.error().message;
    EXPECT_EQ(cell(*book, 1, 1), "number 6") << rows;
    EXPECT_EQ(book->sheets().front().last_row(), 1U) << rows;
  }
  for (const char* rows : {R"(<row r="0"><c><v>five</v></c></row>)", R"(<row r="1.5"/>)",
                           R"(<row><c r="0"><v>5</v></c></row>)"}) {
    EXPECT_FALSE(theirs(XlsxWriter().sheet("S").raw_rows(rows).parts())) << rows;
  }
  EXPECT_FALSE(
      read(XlsxWriter().sheet("S").raw_rows(R"(<row r="0"><c><v>5</v></c></row>)").parts()));
}

TEST_F(OpenpyxlReading, TextsInsideOfOthersComeBeforeThem) {
  const auto writer = XlsxWriter()
                          .sheet("S")
                          .raw(R"(<c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c>)")
                          .shared("<si><r><t>a</t><si><t>b</t></si></r></si>")
                          .shared("<x><si><t>c</t></si></x>");
  const auto book = theirs(writer.parts());
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(cell(*book, 1, 1), "string b");
  EXPECT_EQ(cell(*book, 1, 2), "string a");
  EXPECT_EQ(cell(*book, 1, 3), "string c");
}

TEST_F(OpenpyxlReading, ValuesOfForeignNamespacesAreNone) {
  const auto parts = XlsxWriter()
                         .sheet("S")
                         .raw(R"(<c r="A1"><x:v xmlns:x="urn:x">7</x:v></c>)")
                         .raw(R"(<c r="A2"><x:v xmlns:x="urn:x">7</x:v><v>8</v></c>)")
                         .parts();
  for (const auto& book : {read(parts), theirs(parts)}) {
    ASSERT_TRUE(book) << book.error().message;
    EXPECT_EQ(cell(*book, 1, 1), "empty ");
    EXPECT_EQ(cell(*book, 2, 1), "number 8");
  }
}

}  // namespace
}  // namespace skillgrad::sheet
