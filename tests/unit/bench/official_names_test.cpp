// SPDX-License-Identifier: MIT
// Sheets that openpyxl names otherwise or refuses, in `official` mode.
#include <gtest/gtest.h>

#include "bench/spreadsheetbench/compare.hpp"
#include "fakes/xlsx_writer.hpp"
#include "sheet/openpyxl/openpyxl_names.hpp"
#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using fakes::XlsxWriter;
using Parts = std::vector<std::pair<std::string, std::string>>;

Parts two_sheets(const std::string& first, const std::string& second) {
  return XlsxWriter().sheet(first).number("A1", 1).sheet(second).number("A1", 2).parts();
}

/// What becomes of a workbook that is graded against itself.
struct Verdicts {
  bool official = false, strict = false;
};
Verdicts verdicts(const Parts& parts, const std::string& position) {
  const Folder folder;
  fakes::write_zip(folder.path() / "book.xlsx", parts);
  const auto book = sheet::Workbook::read(folder.path() / "book.xlsx");
  const auto theirs = sheet::Workbook::read_as_openpyxl(folder.path() / "book.xlsx");
  EXPECT_TRUE(book) << book.error().to_line();
  if (!book) return {};
  return {theirs && compare_official(*theirs, &*theirs, position).pass,
          compare_strict(*book, &*book, position, "").pass};
}

void replace(Parts& parts, const std::string& part, const std::string& from,
             const std::string& to) {
  for (auto& [name, text] : parts) {
    if (name != part) continue;
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << part;
    text.replace(at, from.size(), to);
  }
}

TEST(OpenpyxlTitles, AreNumberedWhereTheyDifferOnlyInCase) {
  using sheet::openpyxl_title;
  EXPECT_EQ(openpyxl_title({}, "Data"), "Data");
  EXPECT_EQ(openpyxl_title({"Data"}, "data"), "data1");
  EXPECT_EQ(openpyxl_title({"Data", "data1"}, "DATA"), "DATA2");
  EXPECT_EQ(openpyxl_title({"Data", "xData7"}, "Data"), "Data8");
  EXPECT_EQ(openpyxl_title({}, ""), "Sheet");
}

TEST(OfficialSheets, ThatDifferOnlyInCaseAreRenamed) {
  const Parts parts = two_sheets("Data", "data");
  EXPECT_TRUE(verdicts(parts, "Data!A1").official);
  EXPECT_FALSE(verdicts(parts, "data!A1").official);
  EXPECT_TRUE(verdicts(parts, "data1!A1").official);
  EXPECT_TRUE(verdicts(parts, "data!A1").strict);
}

TEST(OfficialSheets, LoseTheApostrophesOfTheDefaultSheet) {
  const Verdicts found = verdicts(two_sheets("'q'", "b"), "A1");
  EXPECT_FALSE(found.official);
  EXPECT_TRUE(found.strict);
}

TEST(OfficialSheets, OfChartsInFrontHaveNoCells) {
  Parts parts = two_sheets("Chart", "Data");
  replace(parts, "xl/_rels/workbook.xml.rels", "relationships/worksheet",
          "relationships/chartsheet");
  parts.emplace_back("xl/worksheets/_rels/sheet1.xml.rels", "<Relationships/>");
  EXPECT_FALSE(verdicts(parts, "A1").official);
  EXPECT_TRUE(verdicts(parts, "A1").strict);
  EXPECT_TRUE(verdicts(parts, "Data!A1").official);
  parts.pop_back();
  EXPECT_FALSE(verdicts(parts, "Data!A1").official) << "openpyxl stumbles over it";
}

TEST(OfficialSheets, InPartsOfOtherCaseAreNotFound) {
  Parts parts = two_sheets("A", "B");
  for (auto& [name, text] : parts)
    if (name == "xl/worksheets/sheet1.xml") name = "xl/worksheets/Sheet1.xml";
  EXPECT_FALSE(verdicts(parts, "A!A1").official);
  EXPECT_TRUE(verdicts(parts, "A!A1").strict);
}

}  // namespace
}  // namespace skillgrad::bench
