// SPDX-License-Identifier: MIT
// When grading recalculates, and what a failing program means (docs/rules-grading.md 2.10).
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

#include "bench/spreadsheetbench/spreadsheetbench.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::bench {
namespace {

using fakes::XlsxWriter;

/// Answers with a given workbook or error, and counts.
class FakeRecalculator final : public sheet::Recalculator {
 public:
  Result<> recalculate(const fs::path& input, const fs::path& output, std::stop_token) override {
    ++calls;
    inputs.push_back(input.filename());
    EXPECT_NE(input, output);
    if (error) return unexpected(*error);
    answer.save(output);
    return {};
  }
  [[nodiscard]] std::string version() const override {
    ++asked;
    return "LibreOffice 1.2.3";
  }

  int calls = 0;
  mutable int asked = 0;  ///< for its version, which starts the program
  std::vector<fs::path> inputs;
  XlsxWriter answer;
  std::optional<Error> error;
};

class Recalculation : public testing::Test {
 protected:
  void SetUp() override {
    XlsxWriter().sheet("S").number("A1", 2).number("B1", 5).save(golden());
    office_.answer.sheet("S").number("A1", 2).number("B1", 5);
    request_.golden = golden();
    request_.output = folder_.path() / "output.xlsx";
    request_.position = "A1:B1";
  }
  Grade grade(const XlsxWriter& output) {
    output.save(request_.output);
    const std::string before = *read_file(request_.output);
    GradeContext context;
    context.recalculator = &office_;
    Grade result = grade_cells(request_, context);
    EXPECT_EQ(*read_file(request_.output), before) << "the agent's file was changed";
    return result;
  }
  [[nodiscard]] fs::path golden() const { return folder_.path() / "golden.xlsx"; }
  static XlsxWriter uncached() {
    return XlsxWriter().sheet("S").formula("A1", "1+1").number("B1", 5);
  }
  static XlsxWriter cached() {
    return XlsxWriter().sheet("S").formula("A1", "1+1", 2).number("B1", 5);
  }
  void break_office() { office_.error = Error{ErrorCode::infra, "it broke", {}, "mend it", {}}; }

  TempDir folder_ = *TempDir::create("skillgrad-recalc-test-");
  FakeRecalculator office_;
  CellGradeRequest request_;
};

TEST_F(Recalculation, AutomaticModeRecalculatesGradedFormulasWithoutAValue) {
  const Grade result = grade(uncached());
  EXPECT_EQ(office_.calls, 1);
  EXPECT_EQ(result.status, GradeStatus::pass) << result.message;
  EXPECT_EQ(result.version, "LibreOffice 1.2.3");
  EXPECT_TRUE(result.recalculated);
  EXPECT_TRUE(grade_from_json(grade_to_json(result))->recalculated);
}

TEST_F(Recalculation, AutomaticModeTrustsCompleteCaches) {
  const Grade result = grade(cached());
  EXPECT_EQ(office_.calls, 0);
  EXPECT_EQ(result.status, GradeStatus::pass);
  EXPECT_EQ(result.version, "") << "no version decides about this verdict";
  EXPECT_EQ(office_.asked, 0);
  EXPECT_FALSE(result.recalculated);
}

TEST_F(Recalculation, NothingIsStartedForTheVersionWhereNoFormulaIsGraded) {
  const auto output = XlsxWriter().sheet("S").number("A1", 2).number("B1", 5).formula("C9", "1");
  EXPECT_EQ(grade(output).version, "");
  request_.recalc = RecalcMode::never;
  EXPECT_EQ(grade(cached()).version, "");
  EXPECT_EQ(grade(uncached()).version, "");
  EXPECT_EQ(office_.asked, 0);
}

TEST_F(Recalculation, GoldenIsLeftAloneUnlessAskedFor) {
  cached().save(golden());
  request_.recalc = RecalcMode::always;
  static_cast<void>(grade(cached()));
  EXPECT_EQ(office_.inputs, (std::vector<fs::path>{"output.xlsx"}));
}

TEST_F(Recalculation, GoldenIsRecalculatedOnACopyWhenAskedFor) {
  // What is stored says 2, the program says 3: an output that holds 3 is right.
  cached().save(golden());
  const std::string before = *read_file(golden());
  office_.answer = XlsxWriter().sheet("S").number("A1", 3).number("B1", 5);
  const auto output = XlsxWriter().sheet("S").number("A1", 3).number("B1", 5);
  EXPECT_EQ(grade(output).status, GradeStatus::fail);
  request_.recalc_golden = true;
  for (const auto mode : {GradingMode::strict, GradingMode::official, GradingMode::skillgrad}) {
    request_.mode = mode;
    const Grade result = grade(output);
    EXPECT_EQ(result.status, GradeStatus::pass) << result.message;
    EXPECT_EQ(result.version, "LibreOffice 1.2.3");
    EXPECT_TRUE(result.recalculated);
  }
  EXPECT_EQ(*read_file(golden()), before);
  EXPECT_EQ(office_.inputs, (std::vector<fs::path>(3, "golden.xlsx")));
}

TEST_F(Recalculation, GoldenThatIsItsOwnAnswerPassesWhenRecalculated) {
  cached().save(golden());
  office_.answer = XlsxWriter().sheet("S").number("A1", 3).number("B1", 5);
  request_.recalc_golden = true;
  EXPECT_EQ(grade(cached()).status, GradeStatus::pass) << "both sides are computed";
  EXPECT_EQ(office_.inputs, (std::vector<fs::path>{"golden.xlsx", "output.xlsx"}));
}

TEST_F(Recalculation, GoldenWithoutFormulasIsRecalculatedOnlyAlways) {
  request_.recalc_golden = true;
  static_cast<void>(grade(XlsxWriter().sheet("S").number("A1", 2).number("B1", 5)));
  EXPECT_EQ(office_.calls, 0);
  request_.recalc = RecalcMode::always;
  static_cast<void>(grade(cached()));
  EXPECT_EQ(office_.inputs, (std::vector<fs::path>{"golden.xlsx", "output.xlsx"}));
}

TEST_F(Recalculation, GoldenFormulaWithoutAValueIsMendedByItsRecalculation) {
  uncached().save(golden());
  request_.recalc_golden = true;
  EXPECT_EQ(grade(XlsxWriter().sheet("S").number("A1", 2).number("B1", 5)).status,
            GradeStatus::pass);
}

TEST_F(Recalculation, GoldenThatCouldNotBeRecalculatedMakesNoScoreInAnyMode) {
  cached().save(golden());
  break_office();
  request_.recalc_golden = true;
  for (const auto mode : {GradingMode::strict, GradingMode::official, GradingMode::skillgrad}) {
    request_.mode = mode;
    const Grade result = grade(XlsxWriter().sheet("S").number("A1", 2).number("B1", 5));
    EXPECT_EQ(result.kind, GradeErrorKind::infra_error);
    EXPECT_THAT(result.message, testing::HasSubstr("golden workbook failed"));
  }
}

TEST_F(Recalculation, AutomaticModeRecalculatesWhereAPrecedentWasNeverComputed) {
  static_cast<void>(grade(cached().formula("Z9", "2+2")));
  EXPECT_EQ(office_.calls, 1);
}

TEST_F(Recalculation, AutomaticModeRecalculatesWhereTheFileCallsItsCachesStale) {
  static_cast<void>(grade(cached().recalculate_on_load()));
  EXPECT_EQ(office_.calls, 1);
}

TEST_F(Recalculation, AutomaticModeIgnoresFormulasThatAreNotGraded) {
  const auto output = XlsxWriter().sheet("S").number("A1", 2).number("B1", 5).formula("C9", "1");
  EXPECT_EQ(grade(output).status, GradeStatus::pass);
  EXPECT_EQ(office_.calls, 0);
}

TEST_F(Recalculation, AlwaysAndNeverMeanIt) {
  request_.recalc = RecalcMode::always;
  static_cast<void>(grade(cached()));
  EXPECT_EQ(office_.calls, 1);
  request_.recalc = RecalcMode::never;
  EXPECT_EQ(grade(uncached()).status, GradeStatus::fail);
  EXPECT_EQ(office_.calls, 1);
}

TEST_F(Recalculation, StrictModeMakesNoScoreOfAFormulaThatCouldNotBeComputed) {
  break_office();
  const Grade result = grade(uncached());
  EXPECT_EQ(result.status, GradeStatus::error);
  EXPECT_EQ(result.kind, GradeErrorKind::infra_error);
  EXPECT_EQ(result.score, 0);
  EXPECT_THAT(result.message, testing::HasSubstr("it broke"));
}

TEST_F(Recalculation, ValuesThatAreThereAreGradedWithAWarningWhenTheProgramFails) {
  break_office();
  const Grade result = grade(cached().formula("Z9", "2+2"));
  EXPECT_EQ(result.status, GradeStatus::pass);
  EXPECT_THAT(result.message, testing::HasSubstr("recalculation failed"));
  EXPECT_FALSE(result.recalculated);
}

TEST_F(Recalculation, OtherModesGradeWhatIsCachedWhenTheProgramFails) {
  break_office();
  request_.mode = GradingMode::official;
  EXPECT_EQ(grade(uncached()).status, GradeStatus::fail);
  request_.mode = GradingMode::skillgrad;
  const Grade result = grade(uncached());
  EXPECT_EQ(result.status, GradeStatus::fail);
  EXPECT_EQ(result.matched, 1U);
}

TEST_F(Recalculation, AStopIsAnErrorInEveryMode) {
  office_.error = Error{ErrorCode::cancelled, "stopped", {}, {}, {}};
  for (const auto mode : {GradingMode::strict, GradingMode::official, GradingMode::skillgrad}) {
    request_.mode = mode;
    EXPECT_EQ(grade(uncached()).kind, GradeErrorKind::infra_error);
  }
}

TEST_F(Recalculation, WithoutAProgramTheErrorSaysWhatToInstall) {
  uncached().save(request_.output);
  const Grade result = grade_cells(request_, {});
  EXPECT_EQ(result.kind, GradeErrorKind::infra_error);
  EXPECT_THAT(result.message, testing::HasSubstr("apt install libreoffice-calc-nogui"));
}

TEST_F(Recalculation, AGoldenFormulaWithoutAValueIsComputedOnBothSidesForPublishedVerdicts) {
  uncached().save(golden());
  for (const auto mode : {GradingMode::official, GradingMode::skillgrad}) {
    request_.mode = mode;
    office_.inputs.clear();
    const Grade result = grade(uncached());
    EXPECT_EQ(result.status, GradeStatus::pass) << result.message;
    EXPECT_TRUE(result.recalculated);
    EXPECT_EQ(office_.inputs, (std::vector<fs::path>{"golden.xlsx", "output.xlsx"}));
    EXPECT_EQ(grade(XlsxWriter().sheet("S").number("A1", 2).number("B1", 5)).status,
              GradeStatus::pass)
        << "an answer of values is held against what the golden formula gives";
  }
}

TEST_F(Recalculation, WhereThatFailsBothSidesCountByWhatIsStored) {
  uncached().save(golden());
  break_office();
  request_.mode = GradingMode::official;
  const Grade same = grade(uncached());
  EXPECT_EQ(same.status, GradeStatus::pass)
      << "nothing equals nothing, as in the published evaluator";
  EXPECT_THAT(same.message, testing::HasSubstr("recalculation failed"));
  EXPECT_EQ(grade(cached()).status, GradeStatus::fail);
  request_.recalc = RecalcMode::never;
  EXPECT_EQ(grade(uncached()).status, GradeStatus::pass);
  EXPECT_EQ(grade(cached()).status, GradeStatus::fail);
}

TEST_F(Recalculation, TheGoldenAnswerIsComputedOnBothSidesOrOnNone) {
  // The program does not know a function: it gives another value than the one that is stored.
  cached().recalculate_on_load().save(golden());
  office_.answer = XlsxWriter().sheet("S").error("A1", "#NAME?").number("B1", 5);
  EXPECT_EQ(grade(cached().recalculate_on_load()).status, GradeStatus::fail);
  request_.answer_is_golden = true;
  for (const auto mode : {GradingMode::strict, GradingMode::official, GradingMode::skillgrad}) {
    request_.mode = mode;
    const Grade result = grade(cached().recalculate_on_load());
    EXPECT_EQ(result.status, GradeStatus::pass) << result.message;
  }
}

TEST_F(Recalculation, GoldenFormulaWithoutAValueIsTheDataSetsFault) {
  uncached().save(golden());
  const Grade result = grade(cached());
  EXPECT_EQ(result.kind, GradeErrorKind::dataset_error);
  EXPECT_THAT(result.message, testing::HasSubstr("--recalc-golden"));
}

}  // namespace
}  // namespace skillgrad::bench
