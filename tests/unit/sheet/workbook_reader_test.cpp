// SPDX-License-Identifier: MIT
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/sheet/values.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "fakes/xlsx_writer.hpp"

namespace skillgrad::sheet {
namespace {

using fakes::XlsxWriter;

class WorkbookReaderTest : public testing::Test {
 protected:
  Result<Workbook> read(const XlsxWriter& writer, const ReadLimits& limits = {}) {
    writer.save(path_);
    return Workbook::read(path_, limits);
  }
  /// "type text" of a cell of the first sheet.
  static std::string cell(const Workbook& book, std::uint32_t row, std::uint32_t column) {
    const CellValue& value = book.sheets().front().at(row, column);
    return std::string(type_name(value.type)) + " " + value_text(value);
  }
  TempDir folder_ = *TempDir::create("skillgrad-sheet-test-");
  fs::path path_ = folder_.path() / "book.xlsx";
};

TEST_F(WorkbookReaderTest, TypesFollowTheCellsTypeAndStyle) {
  XlsxWriter writer;
  writer.format("yyyy-mm-dd").shared("<si><t> x </t></si>");
  writer.shared("<si><r><t>a</t></r><r><t>b</t></r><rPh sb=\"0\" eb=\"1\"><t>no</t></rPh></si>");
  writer.shared("<si><t>_x005F_y_x000D_</t></si>");
  writer.sheet("S").number("A1", 1.5).number("A2", 3).boolean("A3", true).error("A4", "#N/A");
  writer.raw(R"(<c r="A5" t="s"><v>0</v></c><c r="B5" t="s"><v>1</v></c>)");
  writer.raw(R"(<c r="A6" t="str"><f>"x"</f><v>x</v></c><c r="B6" t="s"><v>2</v></c>)");
  writer.iso("A7", "2022-01-01").number("A8", 44562.5, 1).number("A9", 1.5, 2);
  writer.number("A10", 0.25, 3).number("A11", 44562, 4).text("A12", "a&<b");
  writer.raw(R"(<c r="A13" t="zzz"><v>12</v></c><c r="B13"><v></v></c><c r="C13" s="1"/>)");
  const auto book = read(writer);
  ASSERT_TRUE(book) << book.error().to_line();
  EXPECT_EQ(cell(*book, 1, 1), "number 1.5");
  EXPECT_FALSE(book->sheets()[0].at(1, 1).integer);
  EXPECT_TRUE(book->sheets()[0].at(2, 1).integer);
  EXPECT_EQ(cell(*book, 3, 1), "bool true");
  EXPECT_EQ(cell(*book, 4, 1), "error #N/A");
  EXPECT_EQ(cell(*book, 5, 1), "string  x ");
  EXPECT_EQ(cell(*book, 5, 2), "string ab");
  EXPECT_EQ(cell(*book, 6, 1), "string x");
  EXPECT_EQ(cell(*book, 6, 2), "string _y_x000D_");
  EXPECT_EQ(cell(*book, 7, 1), "date 2022-01-01");
  EXPECT_EQ(cell(*book, 8, 1), "datetime 2022-01-01 12:00:00");
  EXPECT_EQ(cell(*book, 9, 1), "duration 36:00:00");
  EXPECT_EQ(cell(*book, 10, 1), "time 06:00:00");
  EXPECT_EQ(cell(*book, 11, 1), "datetime 2022-01-01 00:00:00");
  EXPECT_EQ(cell(*book, 12, 1), "string a&<b");
  EXPECT_EQ(cell(*book, 13, 1), "string 12");
  EXPECT_EQ(cell(*book, 13, 2), "empty ");
  EXPECT_EQ(book->sheets()[0].last_column(), 3U);
}

TEST_F(WorkbookReaderTest, PositionsAreCountedOnWhereTheyAreMissing) {
  XlsxWriter writer;
  writer.sheet("S").raw_rows(
      R"(<row><c><v>1</v></c><c r="D1"><v>4</v></c><c><v>5</v></c></row>)"
      R"(<row r="7.0"><c><v>7</v></c></row><row><c r="A8"><v>1</v></c><c r="A8"><v>8</v></c></row>)"
      R"(<row r="2"><c r="B2"><v>2</v></c></row>)");
  const auto book = read(writer);
  ASSERT_TRUE(book) << book.error().to_line();
  EXPECT_EQ(cell(*book, 1, 1), "number 1");
  EXPECT_EQ(cell(*book, 1, 5), "number 5");
  EXPECT_EQ(cell(*book, 7, 1), "number 7");
  EXPECT_EQ(cell(*book, 8, 1), "number 8");
  EXPECT_EQ(cell(*book, 2, 2), "number 2");
  EXPECT_EQ(book->sheets()[0].stored_cells(), 6U);
  EXPECT_EQ(book->sheets()[0].last_row(), 8U);
}

TEST_F(WorkbookReaderTest, CoveredMergeCellReadsAsEmpty) {
  XlsxWriter writer;
  writer.sheet("S").number("A1", 1).number("B1", 2).number("C1", 3).number("B2", 4);
  writer.number("A3", 5).merge("A1:B2").merge("D9:E9");
  const auto book = read(writer);
  ASSERT_TRUE(book) << book.error().to_line();
  EXPECT_EQ(cell(*book, 1, 1), "number 1");
  EXPECT_EQ(cell(*book, 1, 2), "empty ");
  EXPECT_EQ(cell(*book, 2, 2), "empty ");
  EXPECT_EQ(cell(*book, 1, 3), "number 3");
  EXPECT_EQ(cell(*book, 3, 1), "number 5");
  EXPECT_EQ(book->sheets()[0].last_row(), 9U);
  EXPECT_EQ(book->sheets()[0].last_column(), 5U);
}

TEST_F(WorkbookReaderTest, FormulasCountByTheirCachedValue) {
  XlsxWriter writer;
  writer.sheet("S").formula("A1", "1+1", 2).formula("A2", "1+1");
  writer.raw(R"(<c r="A3" t="str"><f>""</f><v></v></c>)");
  writer.raw(R"(<c r="A4" t="e"><f>NA()</f><v>#N/A</v></c>)");
  const auto book = read(writer);
  ASSERT_TRUE(book) << book.error().to_line();
  const Worksheet& sheet = book->sheets()[0];
  EXPECT_TRUE(sheet.at(1, 1).formula);
  EXPECT_FALSE(sheet.at(1, 1).formula_uncached);
  EXPECT_TRUE(sheet.at(2, 1).formula_uncached);
  EXPECT_EQ(sheet.at(2, 1).type, CellType::empty);
  EXPECT_FALSE(sheet.at(3, 1).formula_uncached) << "a cached empty text";
  EXPECT_FALSE(sheet.at(4, 1).formula_uncached);
  EXPECT_TRUE(book->has_uncached_formula());
  EXPECT_FALSE(book->recalculates_on_load());
  EXPECT_TRUE(read(XlsxWriter().sheet("S").recalculate_on_load())->recalculates_on_load());
}

TEST_F(WorkbookReaderTest, EpochOf1904ShiftsDates) {
  const auto book = read(XlsxWriter().sheet("S").epoch_1904().number("A1", 1, 1));
  ASSERT_TRUE(book);
  EXPECT_EQ(cell(*book, 1, 1), "datetime 1904-01-02 00:00:00");
}

TEST_F(WorkbookReaderTest, PrefixesAbsoluteTargetsAndOtherCaseAreRead) {
  auto parts = XlsxWriter().sheet("S").number("A1", 7).parts();
  for (auto& [name, text] : parts) {
    if (name == "xl/_rels/workbook.xml.rels") {
      const std::string target = "worksheets/sheet1.xml";
      text.replace(text.find(target), target.size(), "/xl/worksheets/SHEET1.xml");
    }
    if (name == "xl/worksheets/sheet1.xml") {
      text = R"(<?xml version="1.0"?><x:worksheet xmlns:x="m"><!-- > --><x:sheetData><x:row>)"
             R"(<x:c r="A1" t='str'><x:v><![CDATA[<7>]]>&#x41;&amp;</x:v></x:c></x:row>)"
             R"(</x:sheetData></x:worksheet>)";
    }
  }
  fakes::write_zip(path_, parts);
  const auto book = Workbook::read(path_);
  ASSERT_TRUE(book) << book.error().to_line();
  EXPECT_EQ(cell(*book, 1, 1), "string <7>A&");
}

TEST_F(WorkbookReaderTest, TagsOfAnyLegalFormAreRead) {
  for (
      const std::string written : {
          R"(<c r="A1"><v>7</v></c>)",
          R"(<c r='A1'><v>7</v></c>)",

          R"(<c  s = "0"  r =  "A1" ><v >7</v ></c  >)",
          "<c\n\ts=\"0\"\r\nr=\"A1\"\n>\n<v\n>7</v\n></c\n>",
          R"(<c r="&#65;1"><v>7</v></c>)",
          R"(<c cm=">/>'" r="A1" vm='>"'><v>7</v></c>)",
          R"(<c r="A1"><f/><v>7</v></c>)",
          R"(<c r="A1"><f a="1"/><v>7</v><x /></c>)",
          R"(<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" x:r="Z9" r="A1"><x:v>7</x:v></x:c>)",
      }) {
    XlsxWriter writer;
    const auto book = read(writer.sheet("S").raw(written));
    ASSERT_TRUE(book) << written << ": " << book.error().to_line();
    EXPECT_EQ(cell(*book, 1, 1), "number 7") << written;
    EXPECT_EQ(book->sheets()[0].stored_cells(), 1U) << written;
  }
}

TEST_F(WorkbookReaderTest, BrokenTagsMakeTheWorkbookUnreadable) {
  const std::vector<std::string> tags = {
      R"(<c r=A1><v>7</v></c>)",
      R"(<c r><v>7</v></c>)",
      R"(<c r="A1'><v>7</v></c>)",
      R"(<c r="A1" "><v>7</v></c>)",
      R"(<c ="A1"><v>7</v></c>)",
      R"(<c r="A1" /  ><v>7</v></c>)",
      R"(<c r="&A1;"><v>7</v></c>)",
      R"(<c r="A1"><v>7</vv></c>)",
      R"(<c r="A1"><v>7</c></v>)",
      R"(<c r="A1"><v>7</ v></c>)",
      R"(<c r="A1"><>7</></c>)",
      R"(<c r="A1"><v>7</v>)",
      R"(<c s="0"r="A1"><v>7</v></c>)",
      R"(<c s="0" r="A1" s="0"><v>7</v></c>)",
      R"(<c r="A1" s="0" s = "1"><v>7</v></c>)",
      R"(<c r="A1" x="<"><v>7</v></c>)",
      R"(<c r="A1" x:y="1"><v>7</v></c>)",
      R"(<x:c r="A1"><v>7</v></x:c>)",
      R"(<c r="A1"><x:v xmlns:x="u">7</x:v><x:y/></c>)",
      R"(<c r="A1" xmlns:x=""><v>7</v></c>)",
      R"(<c r="A1" t="str"><v>&#1;</v></c>)",
      R"(<c r="A1" t="str"><v>&#xFFFE;</v></c>)",
      R"(<c r="A1" t="str"><v>]]></v></c>)",
      R"(<c r="A1"><!-- a--b --><v>7</v></c>)",
      "<c r=\"A1\" t=\"str\"><v>\x01</v></c>",
      "<c r=\"A1\" t=\"str\"><v>a\x1b[31m</v></c>",
      "<c r=\"A1\" x=\"\x0b\"><v>7</v></c>",
      std::string("<c r=\"A1\" t=\"str\"><v>a") + '\0' + "b</v></c>",
      "<c r=\"A1\"><!-- \xff --><v>7</v></c>",
      "<c r=\"A1\" t=\"str\"><v>\xed\xa0\x80</v></c>",
      "<c r=\"A1\" t=\"str\"><v>\xc0\x80</v></c>",
      "<c r=\"A1\" t=\"str\"><v>\xef\xbf\xbe</v></c>",
      "<c r=\"A1\" t=\"str\"><v>\xf4\x90\x80\x80</v></c>",
      "<c r=\"A1\" t=\"str\"><v>\xe2\x82</v></c>",
  };
  for (const std::string& written : tags) {
    XlsxWriter writer;
    const auto book = read(writer.sheet("S").raw(written));
    ASSERT_FALSE(book) << written;
    EXPECT_THAT(book.error().message, testing::StartsWith("unreadable: ")) << written;
  }
}

/// `text` in UTF-16, with a byte order mark if `marked`.
std::string utf16(std::u16string_view text, bool little, bool marked) {
  std::string out;
  const auto put = [&](char16_t unit) {
    const char low = static_cast<char>(unit & 0xFF), high = static_cast<char>(unit >> 8);
    out += {little ? low : high, little ? high : low};
  };
  if (marked) put(0xFEFF);
  for (const char16_t unit : text) put(unit);
  return out;
}

TEST_F(WorkbookReaderTest, PartsInOtherEncodingsAreConverted) {
  const auto part = [](const std::string& declaration, const std::string& text) {
    return declaration + R"(<worksheet><sheetData><row><c t="str"><v>)" + text +
           "</v></c></row></sheetData></worksheet>";
  };
  const auto declared = [](const std::string& encoding) {
    return "<?xml version=\"1.0\" encoding='" + encoding + "'?>";
  };
  const std::string wide(5'000, 'x');
  const auto in_utf16 = [&](bool little, bool marked) {
    const std::string ascii = part(declared("UTF-16"), wide);
    std::u16string text(ascii.begin(), ascii.end());
    text.replace(text.find(u"xxx"), 1, u"\u20AC\U0001F600");
    return utf16(text, little, marked);
  };
  const std::string euro = "string \u20AC\U0001F600" + wide.substr(1);
  const std::string cut = in_utf16(true, true);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {part(declared("utf-8"), "\u00E9"), "string \u00E9"},
      {"\xEF\xBB\xBF" + part(declared("UTF-8"), "\u00E9"), "string \u00E9"},
      {part(declared("ISO-8859-1"), "caf\xE9"), "string caf\u00E9"},
      {part(declared("us-ascii"), "cafe"), "string cafe"},
      {part(declared("US-ASCII"), "caf\xE9"), "unreadable"},
      {part(declared("windows-1252"), "cafe"), "unreadable"},
      {part(declared("UTF-16"), "cafe"), "unreadable"},
      {in_utf16(true, true), euro},
      {in_utf16(false, true), euro},
      {in_utf16(true, false), euro},
      {cut.substr(0, cut.size() - 1), "unreadable"},
      {utf16(u"<a>\xD800</a>", true, true), "unreadable"},
      {utf16(u"<a>\xDC00</a>", false, true), "unreadable"}};
  for (const auto& [content, expected] : rows) {
    auto parts = XlsxWriter().sheet("S").number("A1", 7).parts();
    for (auto& [name, text] : parts)
      if (name == "xl/worksheets/sheet1.xml") text = content;
    fakes::write_zip(path_, parts);
    const auto book = Workbook::read(path_);
    EXPECT_TRUE((book ? cell(*book, 1, 1) : "unreadable") == expected) << content.substr(0, 80);
  }
}

TEST_F(WorkbookReaderTest, BytesInFrontOfTheArchiveDoNoHarm) {
  XlsxWriter().sheet("S").number("A1", 7).save(path_);
  const std::string whole = *read_file(path_);
  for (const std::size_t front : {1U, 1'000U, 100'000U}) {
    ASSERT_TRUE(write_file_atomic(path_, std::string(front, 'X') + whole));
    const auto book = Workbook::read(path_);
    ASSERT_TRUE(book) << book.error().to_line();
    EXPECT_EQ(cell(*book, 1, 1), "number 7");
  }
  ASSERT_TRUE(write_file_atomic(path_, "X" + whole.substr(0, whole.size() / 2)));
  EXPECT_FALSE(Workbook::read(path_));
}

TEST_F(WorkbookReaderTest, CharactersCutByTheEndOfAChunkAreRead) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 300'000) text += "\U0001F600";
    XlsxWriter writer;
    const auto book = read(writer.sheet("S").text("A1", text));
    ASSERT_TRUE(book) << book.error().to_line();
    EXPECT_TRUE(cell(*book, 1, 1) == "string " + text) << shift;
  }
}

TEST_F(WorkbookReaderTest, TextsOfAnyLengthStayWhatTheyAreWithTheirSheet) {
  XlsxWriter writer;
  writer.sheet("S");
  std::vector<std::string> texts;
  for (std::size_t row = 1; row <= 400; ++row) {
    // Short ones fill blocks, and now and then one is too long for any.
    const std::size_t length = row % 100 == 0 ? 300'000 : row * row % 1'500;
    texts.emplace_back(length, static_cast<char>('a' + row % 26));
    writer.text(cell_name(static_cast<std::uint32_t>(row), 1), texts.back());
  }
  std::optional<Worksheet> kept;
  {
    const auto book = read(writer);
    ASSERT_TRUE(book) << book.error().to_line();
    kept = book->sheets().front();
  }
  for (std::uint32_t row = 1; row <= 400; ++row) {
    ASSERT_EQ(kept->at(row, 1).text, texts[row - 1]) << row;
  }
}

TEST_F(WorkbookReaderTest, PartsAreReadAlikeShortOrLongPackedOrStored) {
  for (const bool packed : {true, false}) {
    for (const std::size_t blanks : {std::size_t{0}, std::size_t{7} << 20, std::size_t{9} << 20}) {
      XlsxWriter writer;
      writer.sheet("S").raw(std::string(blanks, ' ')).number("B3", 5);
      auto parts = writer.parts();
      fakes::write_zip(path_, parts, packed);
      const auto book = Workbook::read(path_);
      ASSERT_TRUE(book) << blanks << ": " << book.error().to_line();
      EXPECT_EQ(cell(*book, 3, 2), "number 5") << blanks;
    }
  }
}

TEST_F(WorkbookReaderTest, SheetsAreFoundByTheirExactName) {
  const auto book = read(XlsxWriter().sheet("Data").number("A1", 1).sheet("O'B & Co"));
  ASSERT_TRUE(book);
  EXPECT_NE(book->find("O'B & Co"), nullptr);
  EXPECT_EQ(book->find("data"), nullptr);
  EXPECT_EQ(*read_sheet_names(path_), (std::vector<std::string>{"Data", "O'B & Co"}));
  EXPECT_EQ(cell_name(12, 28), "AB12");
  EXPECT_EQ(column_name(16384), "XFD");
}

struct BadCell {
  const char* why;
  const char* xml;
};

TEST_F(WorkbookReaderTest, WrongContentMakesTheWholeWorkbookUnreadable) {
  const BadCell cases[] = {
      {"number", R"(<c r="A1"><v>abc</v></c>)"},
      {"blank number", R"(<c r="A1"><v> </v></c>)"},
      {"integer with inf", R"(<c r="A1"><v>inf</v></c>)"},
      {"shared string out of range", R"(<c r="A1" t="s"><v>9</v></c>)"},
      {"negative shared string", R"(<c r="A1" t="s"><v>-1</v></c>)"},
      {"style out of range", R"(<c r="A1" s="99"><v>1</v></c>)"},
      {"style no number", R"(<c r="A1" s="x"><v>1</v></c>)"},
      {"bool", R"(<c r="A1" t="b"><v>yes</v></c>)"},
      {"date", R"(<c r="A1" t="d"><v>yesterday</v></c>)"},
      {"cell name", R"(<c r="1A"><v>1</v></c>)"},
      {"cell outside", R"(<c r="AAAA1"><v>1</v></c>)"},
      {"row outside", R"(<c r="A1000000000"><v>1</v></c>)"},
      {"unclosed", R"(<c r="A1"><v>1</v>)"},
      {"mismatched", R"(<c r="A1"><v>1</c></v>)"},
      {"entity", R"(<c r="A1" t="str"><v>&unknown;</v></c>)"},
      {"attribute", R"(<c r=A1><v>1</v></c>)"},
  };
  for (const auto& [why, xml] : cases) {
    const auto book = read(XlsxWriter().sheet("S").raw(xml));
    ASSERT_FALSE(book) << why;
    EXPECT_EQ(book.error().code, ErrorCode::input) << why;
    EXPECT_THAT(book.error().message, testing::StartsWith("unreadable: ")) << why;
  }
  EXPECT_FALSE(read(XlsxWriter().sheet("S").raw_rows(R"(<row r="1.5"/>)")));
  EXPECT_FALSE(read(XlsxWriter().sheet("S").merge("B2:A1")));
}

}  // namespace
}  // namespace skillgrad::sheet
