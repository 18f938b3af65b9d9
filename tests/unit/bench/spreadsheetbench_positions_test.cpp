// SPDX-License-Identifier: MIT
// The table of positions (docs/rules-grading.md 2.7) in all three modes.
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

#include "bench/spreadsheetbench/compare.hpp"
#include "bench/spreadsheetbench/position.hpp"
#include "bench/spreadsheetbench/spreadsheetbench.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::bench {
namespace {

using fakes::XlsxWriter;

/// A sheet with the four cells of the table.
void fill(XlsxWriter& writer, const std::string& name, double shift = 0) {
  writer.sheet(name).number("A1", 1 + shift).number("B1", 2 + shift);
  writer.number("A2", 3 + shift).number("B2", 4 + shift);
}

/// Golden workbooks and outputs by the names that the table uses.
class Positions : public testing::Test {
 protected:
  void SetUp() override {
    make("golden", [](XlsxWriter& w) {
      fill(w, "Data");
      w.sheet("Other").number("A1", 5);
    });
    make("diff", [](XlsxWriter& w) {
      fill(w, "Data", 100);
      w.sheet("Other").number("A1", 105);
    });
    make("renamed", [](XlsxWriter& w) {
      fill(w, "Renamed");
      w.sheet("Other").number("A1", 5);
    });
    make("inserted", [](XlsxWriter& w) {
      w.sheet("New").text("A1", "new");
      fill(w, "Data");
      w.sheet("Other").number("A1", 5);
    });
    make("absent", [](XlsxWriter& w) { w.sheet("Other").number("A1", 5); });
    make("blank", [](XlsxWriter& w) {
      w.sheet("Data").blank("A1");
      w.sheet("Other").number("A1", 5);
    });
    make("filled", [](XlsxWriter& w) {
      fill(w, "Data");
      w.sheet("Nope").number("A1", 9).number("B2", 9);
    });
    make("quoted", [](XlsxWriter& w) { fill(w, "O'B"); });
    make("quoted_diff", [](XlsxWriter& w) { fill(w, "O'B", 100); });
    make("comma", [](XlsxWriter& w) { fill(w, "b, c"); });
    make("space", [](XlsxWriter& w) { fill(w, "Data "); });
    make("far", [](XlsxWriter& w) {
      fill(w, "Data");
      w.number("AG1", 1);
    });
    make("column_169", [](XlsxWriter& w) {
      fill(w, "Data");
      w.number("FM1", 1);
    });
    make("a1_wrong", [](XlsxWriter& w) {
      fill(w, "Data");
      w.number("A1", 99);
    });
    make("one", [](XlsxWriter& w) { w.sheet("Data").number("A1", 1); });
    make("empty", [](XlsxWriter& w) { w.sheet("Data"); });
    ASSERT_TRUE(write_file_atomic(path("not_zip"), "no workbook"));
  }
  void make(const std::string& name, const std::function<void(XlsxWriter&)>& build) {
    XlsxWriter writer;
    build(writer);
    writer.save(path(name));
  }
  [[nodiscard]] fs::path path(const std::string& name) const {
    return folder_.path() / (name + ".xlsx");
  }
  /// "pass 4/4", "fail 0/1", "D" (dataset error) or "E" (other error).
  [[nodiscard]] std::string verdict(const std::string& golden, const std::string& position,
                                    const std::string& output, GradingMode mode) const {
    CellGradeRequest request;
    request.golden = path(golden);
    request.output = path(output);
    request.position = position;
    request.mode = mode;
    request.recalc = RecalcMode::never;
    const Grade grade = grade_cells(request, {});
    if (grade.status == GradeStatus::error) {
      return grade.kind == GradeErrorKind::dataset_error ? "D" : "E";
    }
    const std::string counts = std::to_string(grade.matched) + "/" + std::to_string(grade.total);
    return (grade.status == GradeStatus::pass ? "pass " : "fail ") + counts;
  }
  TempDir folder_ = *TempDir::create("skillgrad-positions-");
};

struct PositionCase {
  const char* position;
  const char* output;
  const char *strict, *official, *skillgrad;  ///< a beginning of the verdict
  const char* golden = "golden";
};

const PositionCase kCases[] = {
    {"Data!A1:B2", "missing", "fail 0/4", "fail", "fail 0/4"},
    {"Data!A1:B2", "not_zip", "fail 0/4", "fail", "E"},
    {"A1:B2", "renamed", "fail 0/4", "fail", "pass 4/4"},
    {"A1:B2", "inserted", "pass", "pass", "fail"},
    {"Data!A1:B2", "absent", "fail 0/4", "fail", "fail 0/4"},
    {"Data!A1:B2", "absent", "fail 0/4", "fail", "pass", "blank"},
    {"Nope!A1:B2", "golden", "D", "fail", "pass 1/1"},
    {"Nope!A1:B2", "filled", "D", "fail", "pass 1/1"},
    {"Nope!A1", "filled", "D", "fail", "fail 0/1"},
    {"data!A1:B2", "golden", "D", "fail", "pass 1/1"},
    {"'Data'!A1:B2", "golden", "pass", "pass", "pass"},
    {"'Data!A1:B2'", "golden", "pass", "pass", "pass"},
    {"'Data'!'A1:B2'", "golden", "pass", "pass", "pass"},
    {"Data'!A1:B2", "golden", "pass", "pass", "pass"},
    {"'Data '!A1", "space", "pass", "pass", "pass", "space"},
    {"'Data' !A1:B2", "golden", "pass", "fail", "pass 1/1"},
    {"'b, c'!A1:B2", "comma", "pass 4/4", "fail", "pass 4/4", "comma"},
    {"Data!A1, Other!A1", "golden", "pass 2/2", "fail", "pass 2/2"},
    {" Data!A1:B2 ", "golden", "pass", "fail", "pass"},
    {"\u00A0Data!A1:B2", "golden", "pass", "fail", "pass"},
    {"\u3000Data!A1:B2\u2009", "golden", "pass", "fail", "pass 4/4"},
    {"Data!A1,", "golden", "D", "fail", "pass 1/1"},
    {"Data!A1,,Data!B1", "golden", "D", "fail", "pass 3/3"},
    {",Data!A1", "golden", "D", "fail", "pass 2/2"},
    {"", "golden", "D", "fail", "pass 0/0"},
    {"'A1:B2'", "golden", "pass", "pass", "pass 1/1"},
    {"'A1:B2'", "diff", "fail", "fail", "pass 1/1"},
    {"'O''B'!A1:B2", "quoted_diff", "fail", "fail", "pass 1/1", "quoted"},
    {"'O''B'!A1:B2", "quoted", "pass", "fail", "pass 1/1", "quoted"},
    {"O'B!A1,B2", "quoted_diff", "fail 0/2", "fail", "pass 1/1", "quoted"},
    {"O'B!A1:B2", "quoted", "pass", "pass", "pass", "quoted"},
    {"O'B!A1:B2", "quoted_diff", "fail", "fail", "fail", "quoted"},
    {"Data!A1!B2", "golden", "D", "fail", "pass 1/1"},
    {"Data!A1!B2", "diff", "D", "fail", "pass 1/1"},
    {"Data!A1:Data!B2", "diff", "D", "fail", "pass 1/1"},
    {"Data!A1:Data!B2", "golden", "D", "fail", "pass 1/1"},
    {"A1:", "golden", "D", "fail", "pass 1/1"},
    {"A1:", "diff", "D", "fail", "pass 1/1"},
    {"A1;B1", "golden", "D", "fail", "pass 1/1"},
    {"A1;B1", "diff", "D", "fail", "pass 1/1"},
    {"A1 B2", "golden", "D", "fail", "pass 1/1"},
    {"A1 B2", "diff", "D", "fail", "pass 1/1"},
    {"A1-B2", "golden", "D", "fail", "pass 1/1"},
    {"A1-B2", "diff", "D", "fail", "pass 1/1"},
    {"A1:B", "golden", "D", "fail", "pass 1/1"},
    {"A1:B", "diff", "D", "fail", "pass 1/1"},
    {"A:B2", "golden", "D", "fail", "pass 1/1"},
    {"A:B2", "diff", "D", "fail", "pass 1/1"},
    {"A1:B2:C3", "golden", "D", "fail", "pass 1/1"},
    {"A1:B2:C3", "diff", "D", "fail", "pass 1/1"},
    {"A1:2", "golden", "D", "pass", "pass 1/1"},
    {"A1:2", "diff", "D", "pass", "pass 1/1"},
    {"BD2:308", "golden", "D", "pass", "pass 1/1"},
    {"BD2:308", "diff", "D", "pass", "pass 1/1"},
    {"Data!foo", "diff", "D", "fail", "pass"},
    {"Data!A", "golden", "D", "fail", "pass 2/2"},
    {"Data!A", "diff", "D", "fail", "fail 0/2"},
    {"Data!1", "golden", "D", "fail", "pass 2/2"},
    {"Data!1", "diff", "D", "fail", "fail 0/2"},
    {"!A1", "golden", "D", "fail", "pass"},
    {"!A1", "diff", "D", "fail", "fail"},
    {"Data!A:A", "golden", "pass 2/2", "fail", "pass 2/2"},
    {"Data!A:A", "diff", "fail 0/2", "fail", "fail 0/2"},
    // Beyond the design's table: what its rules decide.
    {"Data!A1,Data!B2:A1", "golden", "pass 1/1", "pass", "pass 1/1"},
    {"A0", "golden", "D", "fail", "pass 1/1"},
    {"A1048577", "golden", "D", "fail", "pass 1/1"},
    {"XFE1", "golden", "D", "pass", "pass 1/1"},
    {"AAAA1", "golden", "D", "fail", "pass 1/1"},
    {"$A:$A", "golden", "pass 2/2", "fail", "pass 2/2"},
    {"$1:$2", "diff", "fail 0/4", "fail", "fail 0/4"},
    {"A1$", "golden", "D", "fail", "pass 1/1"},
    {"$$A1", "golden", "D", "fail", "pass 1/1"},
    {"B:A", "golden", "D", "fail", "pass 0/0"},
    {"a:b", "golden", "pass 4/4", "fail", "pass 4/4"},
    {"@1:A1", "diff", "D", "fail", "pass 1/1"},
    {"\uFF211", "golden", "D", "fail", "pass 1/1"},
    // Python's int() reads decimal digits of any script, and no others that isdigit() accepts.
    {"A\u0661", "golden", "D", "pass", "pass 1/1"},
    {"A\u0661", "diff", "D", "fail", "pass 1/1"},
    {"$B$\uFF12", "diff", "D", "fail", "pass 1/1"},
    {"A\u0661:B\u0967", "golden", "D", "pass", "pass 1/1"},
    {"A\u0661:B\u0968", "diff", "D", "fail", "pass 1/1"},
    {"A\u0662:B\u0661", "diff", "D", "pass", "pass 1/1"},
    {"A\u0660", "golden", "D", "fail", "pass 1/1"},
    {"A\u00B2", "golden", "D", "fail", "pass 1/1"},
    {"A1:B\u00B2", "golden", "D", "fail", "pass 1/1"},
    {"A2:A\u24601", "golden", "D", "fail", "pass 1/1"},
    // A sign beyond ASCII is a column by its code point: U+00E9 is column 169.
    {"\u00E91:\u00E91", "golden", "D", "pass", "pass 1/1"},
    {"\u00E91:\u00E91", "column_169", "D", "fail", "pass 1/1"},
    // `$` of its pattern matches before one line break at the end; a range takes it for a column.
    {"A1\n", "golden", "pass 1/1", "pass", "pass 1/1"},
    {"A1\n", "diff", "fail 0/1", "fail", "fail 0/1"},
    {"A1\n\n", "golden", "pass 1/1", "fail", "pass 1/1"},
    {"A1\r\n", "golden", "pass 1/1", "fail", "pass 1/1"},
    {"\nA1", "golden", "pass 1/1", "fail", "pass 1/1"},
    {"'A1'\n", "golden", "pass 1/1", "fail", "pass 1/1"},
    {"Data!A1\n,Data!B1", "diff", "fail 0/2", "fail", "fail 0/2"},
    {"Data!A1\n,Data!B1", "golden", "pass 2/2", "pass", "pass 2/2"},
    {"Data!A1:B2\n", "diff", "fail 0/4", "pass", "fail 0/4"},
    {"A1:A1,A1", "diff", "fail 0/1", "fail", "fail 0/1"},
    {"1:2", "golden", "pass 4/4", "fail", "pass 4/4"},
    {"1:2", "diff", "fail 0/4", "fail", "fail 0/4"},
    {"$A$1:$B$2", "golden", "pass", "fail", "pass"},
    {"$A$1:$B$2", "diff", "fail", "fail", "fail"},
    {"$A$1", "golden", "pass", "pass", "pass"},
    {"$A$1", "diff", "fail", "fail", "fail"},
    {"a1", "golden", "pass", "pass", "pass"},
    {"a1", "diff", "fail", "fail", "fail"},
    {"Data!a1:b2", "diff", "fail", "pass", "fail"},
    {"Data!a1:b2", "far", "pass", "fail", "pass"},
    {"Data!B2:A1", "diff", "D", "pass", "pass 0/0"},
    {"Data!A1:B2,Data!A1:B1", "a1_wrong", "fail 3/4", "fail", "fail 3/4"},
    {"A1:B2,Data!A1:B1", "a1_wrong", "fail 3/4", "fail", "fail 4/6"},
    {"A1:B2", "empty", "fail 3/4", "fail", "fail 3/4", "one"},
};

TEST_F(Positions, StrictModeFollowsTheTable) {
  for (const PositionCase& test : kCases) {
    const std::string got = verdict(test.golden, test.position, test.output, GradingMode::strict);
    EXPECT_TRUE(got.starts_with(test.strict))
        << "\"" << test.position << "\", " << test.output << ": " << got << ", not " << test.strict;
  }
}

TEST_F(Positions, OfficialModeFollowsTheTable) {
  for (const PositionCase& test : kCases) {
    const std::string got = verdict(test.golden, test.position, test.output, GradingMode::official);
    EXPECT_TRUE(got.starts_with(test.official))
        << "\"" << test.position << "\", " << test.output << ": " << got;
    EXPECT_TRUE(got.ends_with("/1")) << "official mode counts cases: " << got;
  }
}

TEST_F(Positions, SkillgradModeFollowsTheTable) {
  for (const PositionCase& test : kCases) {
    const std::string got =
        verdict(test.golden, test.position, test.output, GradingMode::skillgrad);
    EXPECT_TRUE(got.starts_with(test.skillgrad))
        << "\"" << test.position << "\", " << test.output << ": " << got;
  }
}

TEST_F(Positions, WholeColumnsRunToTheLastRowOfEitherSideInStrictMode) {
  make("longer", [](XlsxWriter& w) {
    fill(w, "Data");
    w.number("A10", 7);
  });
  EXPECT_EQ(verdict("golden", "Data!A:B", "longer", GradingMode::strict), "fail 19/20");
  EXPECT_EQ(verdict("golden", "Data!A:B", "missing", GradingMode::strict), "fail 0/4");
  EXPECT_EQ(verdict("golden", "Data!A:B", "longer", GradingMode::skillgrad), "pass 4/4");
  // A range read earlier extends what a whole column covers.
  EXPECT_EQ(verdict("golden", "Data!A1:A5,Data!B:B", "golden", GradingMode::skillgrad),
            "pass 10/10");
}

TEST_F(Positions, HugeRangesCostOnlyWhatIsInThem) {
  EXPECT_EQ(verdict("golden", "Data!A1:XFD1048576", "golden", GradingMode::strict),
            "pass 17179869184/17179869184");
  EXPECT_EQ(verdict("golden", "Data!A1:XFD1048576", "a1_wrong", GradingMode::strict),
            "fail 17179869183/17179869184");
}

TEST_F(Positions, AnswerSheetCountsInStrictModeWhereItNamesOneSheet) {
  CellGradeRequest request;
  request.golden = path("golden");
  request.position = "A1";
  make("other_wrong", [](XlsxWriter& w) {
    fill(w, "Data");
    w.sheet("Other").number("A1", 6);
  });
  request.output = path("other_wrong");
  const std::pair<const char*, GradeStatus> cases[] = {{"", GradeStatus::pass},
                                                       {"'Other'", GradeStatus::fail},
                                                       {"Other", GradeStatus::fail},
                                                       {"other", GradeStatus::pass},
                                                       {"Data, Other", GradeStatus::pass}};
  for (const auto& [sheet, expected] : cases) {
    request.answer_sheet = sheet;
    request.mode = GradingMode::strict;
    const Grade grade = grade_cells(request, {});
    EXPECT_EQ(grade.status, expected) << sheet;
    const bool told = *sheet != '\0' && expected == GradeStatus::pass;
    EXPECT_EQ(grade.message.find("(answer_sheet)") != std::string::npos, told) << grade.message;
    request.mode = GradingMode::official;
    EXPECT_EQ(grade_cells(request, {}).status, GradeStatus::pass) << sheet;
  }
}

TEST_F(Positions, GradesSayWhatDiffers) {
  CellGradeRequest request;
  request.task_id = "t";
  request.golden = path("golden");
  request.output = path("a1_wrong");
  request.position = "Data!A1:B2";
  const Grade grade = grade_cells(request, {});
  EXPECT_EQ(grade.task_id, "t");
  EXPECT_DOUBLE_EQ(grade.score, 0.75);
  EXPECT_FALSE(grade.hard);
  ASSERT_EQ(grade.differences.size(), 1U);
  EXPECT_EQ(grade.differences[0], (Difference{"Data!A1", {"number", "1"}, {"number", "99"}}));
  EXPECT_EQ(grade.message, "3 of 4 cells match\nData!A1: expected number 1, got number 99");
}

TEST_F(Positions, OutputThatIsALinkIsNoOutput) {
  CellGradeRequest request;
  request.golden = path("golden");
  request.output = path("link");
  request.position = "Data!A1:B2";
  fs::create_symlink(path("golden"), request.output);
  const Grade grade = grade_cells(request, {});
  EXPECT_EQ(grade.status, GradeStatus::fail);
  EXPECT_EQ(grade.total, 4U);
}

TEST_F(Positions, UnreadableGoldenIsTheDataSetsFault) {
  EXPECT_EQ(verdict("not_zip", "A1", "golden", GradingMode::strict), "D");
  EXPECT_EQ(verdict("not_zip", "A1", "golden", GradingMode::official), "fail 0/1");
  EXPECT_EQ(verdict("not_zip", "A1", "golden", GradingMode::skillgrad), "D");
}

// Each stripe crosses every other, and the last range leaves a piece between each two.
#ifndef SKILLGRAD_SANITIZED  // so many ranges take half a minute there
TEST_F(Positions, RangesThatCrossWithoutEndAreTheDataSetsFault) {
  std::string stripes;
  for (int i = 1; i < 6'000; i += 2) stripes += fmt::format("A{0}:XFD{0},", i);
  for (int i = 1; i < 600; i += 2)
    stripes += fmt::format("{0}1:{0}1048576,", sheet::column_name(static_cast<std::uint32_t>(i)));
  const auto book = sheet::Workbook::read(folder_.path() / "golden.xlsx");
  ASSERT_TRUE(book);
  const auto comparison = compare_strict(*book, &*book, stripes + "A1:XFD1048576", "");
  EXPECT_NE(comparison.dataset_error.find("too many ranges"), std::string::npos);
}
#endif

TEST(Rectangles, SubtractionCountsEveryCellOnce) {
  const std::vector<Rect> taken{{2, 2, 3, 3}, {1, 4, 9, 4}};
  std::size_t area = 0, steps = 0;
  for (const Rect& rect : subtract({1, 1, 4, 5}, taken, steps, 100)) area += rect.area();
  EXPECT_EQ(area, 20U - 4U - 4U);
  EXPECT_GT(steps, 1U);
  EXPECT_TRUE(subtract({2, 2, 2, 2}, taken, steps, 100).empty());
  EXPECT_TRUE(subtract({3, 1, 2, 9}, {}, steps, 100).empty());
}

}  // namespace
}  // namespace skillgrad::bench
