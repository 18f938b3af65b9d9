// SPDX-License-Identifier: MIT
// The verdicts of the official evaluator on 796 workbooks, and what the other two modes make of
// them (grading.md sections 2.12 and 4). The data is not part of the repository.
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>

#include "bench/spreadsheetbench/dataset.hpp"
#include "bench/spreadsheetbench/spreadsheetbench.hpp"

namespace skillgrad::bench {
namespace {

const fs::path kShared = SKILLGRAD_SHARED_DIR;
const fs::path kData = kShared / "data/spreadsheetbench_verified";
const fs::path kParity = kShared / "parity/spreadsheetbench";

struct Row {
  std::string id, name, proc;
  bool official = false;
  CellGradeRequest request;
};

// Every line of verdicts.jsonl with the files that it names.
std::vector<Row> read_rows() {
  std::map<std::string, DatasetEntry> entries;
  const auto dataset = read_dataset(kData / "dataset.json");
  for (const auto& entry : *dataset) entries[entry.id] = entry;
  std::vector<Row> rows;
  const auto lines = read_json_lines(kParity / "verdicts.jsonl");
  for (const Json& line : *lines) {
    Row row;
    row.id = line["id"].get<std::string>();
    row.name = line["case"].get<std::string>();
    row.proc = line["proc"].get<std::string>();
    row.official = line["official_pass"].get<int>() == 1;
    const DatasetEntry& entry = entries.at(row.id);
    const auto files = find_test_case(kData / entry.folder, row.id);
    row.request.task_id = row.id;
    row.request.golden = files->golden;
    row.request.output = row.proc == "@init"     ? files->input
                         : row.proc == "@golden" ? files->golden
                                                 : kParity / row.proc;
    row.request.position = entry.answer_position;
    row.request.answer_sheet = entry.answer_sheet;
    row.request.recalc = RecalcMode::never;
    rows.push_back(std::move(row));
  }
  return rows;
}

class SpreadsheetBenchParity : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kParity / "verdicts.jsonl") || !fs::exists(kData / "dataset.json")) {
      GTEST_SKIP() << "no SpreadsheetBench data in " << kShared;
    }
    static const std::vector<Row> kRows = read_rows();
    rows_ = &kRows;
  }
  static Grade grade(const Row& row, GradingMode mode) {
    CellGradeRequest request = row.request;
    request.mode = mode;
    return grade_cells(request, {});
  }
  static std::string key(const Row& row) { return row.id + " " + row.proc; }

  const std::vector<Row>* rows_ = nullptr;
};

TEST_F(SpreadsheetBenchParity, OfficialModeGivesTheUpstreamVerdictOnEveryWorkbook) {
  ASSERT_EQ(rows_->size(), 796U);
  std::size_t equal = 0, passes = 0;
  for (const Row& row : *rows_) {
    const Grade result = grade(row, GradingMode::official);
    ASSERT_NE(result.status, GradeStatus::error) << key(row) << ": " << result.message;
    const bool pass = result.status == GradeStatus::pass;
    EXPECT_EQ(pass, row.official) << key(row) << " " << row.name << ": " << result.message;
    EXPECT_EQ(result.score, pass ? 1 : 0);
    if (pass == row.official) ++equal;
    if (pass) ++passes;
  }
  EXPECT_EQ(equal, 796U);
  EXPECT_EQ(passes, 471U);
}

TEST_F(SpreadsheetBenchParity, SkillgradModeDiffersFromOfficialOnExactlyTheKnownLines) {
  std::size_t renames = 0;
  std::map<std::string, int> others;
  for (const Row& row : *rows_) {
    const Grade result = grade(row, GradingMode::skillgrad);
    ASSERT_NE(result.status, GradeStatus::error) << key(row) << ": " << result.message;
    const bool pass = result.status == GradeStatus::pass;
    if (pass == row.official) continue;
    EXPECT_TRUE(pass) << key(row) << " " << row.name;
    const std::set<std::string> odd{"283-32", "130-9", "49300", "45944"};
    if (odd.contains(row.id)) {
      ++others[row.id];
    } else {
      EXPECT_THAT(row.name, testing::HasSubstr("rename")) << key(row);
      EXPECT_EQ(row.request.position.find('!'), std::string::npos) << key(row);
      ++renames;
    }
  }
  EXPECT_EQ(renames, 19U);
  EXPECT_EQ(others,
            (std::map<std::string, int>{{"283-32", 4}, {"130-9", 2}, {"49300", 3}, {"45944", 3}}));
}

TEST_F(SpreadsheetBenchParity, StrictModeDiffersFromOfficialOnExactlyTheKnownLines) {
  std::map<std::string, std::set<std::string>> expected_passes;
  std::size_t dataset_errors = 0, differing = 0;
  for (const Row& row : *rows_) {
    const Grade result = grade(row, GradingMode::strict);
    if (result.status == GradeStatus::error) {
      EXPECT_EQ(row.id, "73-45") << result.message;
      EXPECT_EQ(result.kind, GradeErrorKind::dataset_error);
      ++dataset_errors;
      ++differing;
      continue;
    }
    const bool pass = result.status == GradeStatus::pass;
    EXPECT_EQ(pass, result.hard);
    EXPECT_EQ(pass, result.matched == result.total);
    EXPECT_EQ(result.differences.empty() || !pass, true) << key(row);
    if (pass == row.official) continue;
    ++differing;
    if (row.id == "13-1") {
      EXPECT_EQ(pass, row.name == "date->str") << row.name;
      EXPECT_TRUE(row.proc == "@init" || row.name == "date->str") << row.name;
    } else {
      const std::set<std::string> odd{"283-32", "130-9", "49300", "45944"};
      EXPECT_TRUE(odd.contains(row.id) && pass && row.proc != "@init") << key(row);
    }
  }
  EXPECT_EQ(dataset_errors, 4U);
  EXPECT_EQ(differing, 17U);
}

TEST_F(SpreadsheetBenchParity, EveryGoldenPassesAgainstItselfAndNoInputDoes) {
  const std::clock_t start = std::clock();
  std::size_t goldens = 0, cells = 0;
  for (const Row& row : *rows_) {
    if (row.id == "73-45") continue;
    if (row.proc == "@golden") {
      const Grade result = grade(row, GradingMode::strict);
      EXPECT_EQ(result.status, GradeStatus::pass) << row.id << ": " << result.message;
      EXPECT_EQ(result.score, 1);
      EXPECT_GT(result.total, 0U);
      cells += result.total;
      ++goldens;
    }
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  RecordProperty("golden_pairs_cpu_ms", static_cast<int>(seconds * 1000));
  RecordProperty("golden_pairs_cells", static_cast<int>(cells));
  EXPECT_EQ(goldens, 199U);
  for (const Row& row : *rows_) {
    if (row.id == "73-45" || row.proc != "@init") continue;
    EXPECT_EQ(grade(row, GradingMode::strict).status, GradeStatus::fail) << row.id;
  }
}

TEST_F(SpreadsheetBenchParity, GradingTwiceGivesEqualGrades) {
  for (std::size_t i = 0; i < rows_->size(); i += 7) {
    const Grade a = grade((*rows_)[i], GradingMode::strict);
    const Grade b = grade((*rows_)[i], GradingMode::strict);
    EXPECT_EQ(a.message, b.message);
    EXPECT_EQ(a.differences, b.differences);
    EXPECT_EQ(a.score, b.score);
  }
}

}  // namespace
}  // namespace skillgrad::bench
