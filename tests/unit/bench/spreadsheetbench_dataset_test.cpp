// SPDX-License-Identifier: MIT
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

#include "bench/spreadsheetbench/dataset.hpp"
#include "bench/spreadsheetbench/published_split.hpp"
#include "bench/spreadsheetbench/spreadsheetbench.hpp"
#include "fakes/real_data.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::bench {
namespace {

using fakes::XlsxWriter;
using testing::HasSubstr;

class SpreadsheetBenchDataset : public testing::Test {
 protected:
  void book(const std::string& name, double value = 1) {
    const fs::path path = dir_ / "spreadsheet" / name;
    fs::create_directories(path.parent_path());
    XlsxWriter().sheet("First").number("A1", value).sheet("LISTS").number("A1", value).save(path);
  }
  void dataset(const std::string& json) {
    ASSERT_TRUE(write_file_atomic(dir_ / "dataset.json", json));
  }
  static std::string entry(const std::string& id, const std::string& folder,
                           const std::string& more = "") {
    return R"({"id": )" + id + R"(, "instruction": "Do it.", "spreadsheet_path": "spreadsheet/)" +
           folder + R"(", "instruction_type": "Cell-Level Manipulation", )" + more +
           R"("answer_position": "A1"})";
  }
  Result<std::unique_ptr<Benchmark>> load(CaseMode cases = CaseMode::first) {
    BenchmarkOptions options;
    options.cases = cases;
    return load_spreadsheetbench(dir_, options);
  }
  TempDir folder_ = *TempDir::create("skillgrad-dataset-");
  fs::path dir_ = folder_.path() / "data";
};

TEST_F(SpreadsheetBenchDataset, TasksTellTheAgentWhatItNeedsAndNothingOfTheGolden) {
  book("13-1/1_13-1_init.xlsx");
  book("13-1/1_13-1_golden.xlsx", 2);
  book("57117/1_57117_input.xlsx");
  book("57117/1_57117_answer.xlsx", 2);
  dataset("[" + entry("\"13-1\"", "13-1", R"("answer_sheet": "'LISTS'", )") + "," +
          entry("57117", "57117", R"("answer_sheet": "A,B", )") + "]");
  const auto bench = load();
  ASSERT_TRUE(bench) << bench.error().to_text();
  ASSERT_EQ((*bench)->tasks().size(), 2U);
  const Task& task = (*bench)->tasks()[0];
  EXPECT_EQ(task.id, "13-1");
  EXPECT_EQ(task.input_files, std::vector<std::string>{"1_13-1_init.xlsx"});
  EXPECT_EQ(task.output_file, "1_13-1_output.xlsx");
  EXPECT_EQ(task.category, "Cell-Level Manipulation");
  for (const char* told : {"Do it.", "1_13-1_init.xlsx", "1_13-1_output.xlsx", "A1", "LISTS"}) {
    EXPECT_THAT(task.prompt, HasSubstr(told));
  }
  EXPECT_THAT(task.prompt, testing::Not(HasSubstr("golden")));
  EXPECT_EQ((*bench)->tasks()[1].id, "57117");
  EXPECT_THAT((*bench)->tasks()[1].prompt, testing::Not(HasSubstr("A,B")));
  ASSERT_EQ((*bench)->notices().size(), 1U) << testing::PrintToString((*bench)->notices());
  EXPECT_THAT((*bench)->notices()[0], HasSubstr("answer_sheet names no sheet"));
  EXPECT_THAT((*bench)->notices()[0], HasSubstr("57117"));
  EXPECT_FALSE((*bench)->own_splits().has_value());
}

TEST_F(SpreadsheetBenchDataset, CheckedCellsAreToldInOneFormWithWhatCounts) {
  struct Case {
    const char *position, *told;
  };
  const std::vector<Case> cases = {
      {"A1", "A1 of the first sheet"},
      {"LISTS!A1:B2", "A1:B2 of sheet \"LISTS\""},
      {"'LISTS'!A1:B2", "A1:B2 of sheet \"LISTS\""},
      {"'My Sheet'!A1:B2,'My Sheet'!C1", "A1:B2 of sheet \"My Sheet\", C1 of sheet \"My Sheet\""},
      {"no position at all", "no position at all"}};
  book("1/1_1_input.xlsx");
  book("1/1_1_answer.xlsx", 2);
  for (const Case& one : cases) {
    std::string json = "[" + entry("1", "1") + "]";
    const std::string before = R"("answer_position": "A1")";
    json.replace(json.find(before), before.size(),
                 R"("answer_position": ")" + std::string(one.position) + "\"");
    dataset(json);
    const auto bench = load();
    ASSERT_TRUE(bench) << bench.error().to_text();
    const std::string& prompt = (*bench)->tasks().at(0).prompt;
    EXPECT_THAT(prompt, HasSubstr("Cells that will be checked: " + std::string(one.told) + "\n"));
    EXPECT_THAT(prompt, HasSubstr("a formula counts by the value that it computes"));
    EXPECT_THAT(prompt, HasSubstr("If VBA code or a macro is asked for, apply what it would do"));
  }
}

TEST_F(SpreadsheetBenchDataset, AllCasesAreATaskEach) {
  for (int k = 1; k <= 3; ++k) {
    book("59/" + std::to_string(k) + "_59_input.xlsx", k);
    book("59/" + std::to_string(k) + "_59_answer.xlsx", 10 * k);
  }
  book("60/1_60_input.xlsx", 7);
  book("60/1_60_answer.xlsx", 8);
  book("60/2_60_input.xlsx", 9);  // no answer: no case
  dataset("[" + entry("59", "59") + "," + entry("60", "60") + "]");
  ASSERT_EQ((*load())->tasks().size(), 2U);
  const auto bench = load(CaseMode::all);
  ASSERT_TRUE(bench) << bench.error().to_text();
  const auto& tasks = (*bench)->tasks();
  ASSERT_EQ(tasks.size(), 4U);
  std::vector<std::string> ids, groups, outputs;
  for (const auto& task : tasks) {
    ids.push_back(task.id);
    groups.push_back(task.group);
    outputs.push_back(task.output_file);
  }
  EXPECT_THAT(ids, testing::ElementsAre("59", "59#2", "59#3", "60"));
  EXPECT_THAT(groups, testing::ElementsAre("59", "59", "59", ""));
  EXPECT_THAT(outputs, testing::ElementsAre("1_59_output.xlsx", "2_59_output.xlsx",
                                            "3_59_output.xlsx", "1_60_output.xlsx"));
  EXPECT_THAT((*bench)->grading(), HasSubstr("all cases"));
  const auto report = check_benchmark(**bench, {}, nullptr, {}, 2);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->problems.empty()) << report->problems[0].what;
  // Each case is graded by its own golden workbook.
  const fs::path work = folder_.path() / "work";
  fs::create_directories(work);
  ASSERT_TRUE((*bench)->golden_answer(tasks[0], work));
  fs::rename(work / "1_59_output.xlsx", work / "2_59_output.xlsx");
  EXPECT_EQ((*bench)->grade(tasks[1], {work, ""}, {}).status, GradeStatus::fail);
}

TEST_F(SpreadsheetBenchDataset, GradingReadsWorkbooksWhereTheyLie) {
  book("1/1_1_init.xlsx");
  book("1/1_1_golden.xlsx", 2);
  dataset("[" + entry("1", "1") + "]");
  const auto bench = load();
  ASSERT_TRUE(bench) << bench.error().to_text();
  const Task& task = (*bench)->tasks()[0];
  EXPECT_FALSE((*bench)->needs_work_dir(task));
  const auto golden = (*bench)->golden_answer(task, "");
  ASSERT_TRUE(golden) << golden.error().to_text();
  EXPECT_EQ(golden->output, dir_ / "spreadsheet/1/1_1_golden.xlsx");
  EXPECT_EQ((*bench)->grade(task, *golden, {}).status, GradeStatus::pass);
  // A link that the user made is followed, as copying the file would.
  fs::create_symlink(dir_ / "spreadsheet/1/1_1_golden.xlsx", dir_ / "link.xlsx");
  const auto answer =
      (*bench)->prediction(task, Json::parse(R"({"output":"link.xlsx"})"), dir_, "");
  ASSERT_TRUE(answer) << answer.error().to_text();
  EXPECT_EQ((*bench)->grade(task, *answer, {}).status, GradeStatus::pass);
  const auto missing =
      (*bench)->prediction(task, Json::parse(R"({"output":"gone.xlsx"})"), dir_, "");
  const Grade grade = (*bench)->grade(task, *missing, {});
  EXPECT_EQ(grade.status, GradeStatus::fail);
  EXPECT_THAT(grade.message, HasSubstr("gone.xlsx"));
  EXPECT_THAT(grade.message, HasSubstr(dir_.string())) << "where it was looked for";
  EXPECT_EQ((*bench)->grade(task, {}, {}).status, GradeStatus::fail);
}

TEST_F(SpreadsheetBenchDataset, AGoldenThatThePublishedEvaluatorFailsStaysAndIsNamed) {
  book("1/1_1_init.xlsx");
  const fs::path golden = dir_ / "spreadsheet/1/1_1_golden.xlsx";
  auto parts = XlsxWriter().sheet("First").number("A1", 2).parts();
  for (auto& [name, text] : parts)
    if (name == "xl/styles.xml")
      text.replace(text.find("<patternFill/>"), std::string("<patternFill/>").size(), "");
  fakes::write_zip(golden, parts);
  dataset("[" + entry("1", "1") + "]");
  BenchmarkOptions options;
  const auto strict = load_spreadsheetbench(dir_, options);
  EXPECT_TRUE(check_benchmark(**strict, {}, nullptr, {}, 1)->problems.empty());
  options.mode = GradingMode::official;
  const auto official = load_spreadsheetbench(dir_, options);
  const auto report = check_benchmark(**official, {}, nullptr, {}, 1);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->problems.empty()) << "it would stop a run";
  ASSERT_EQ(report->unwinnable.size(), 1U);
  EXPECT_THAT(report->unwinnable[0].what, HasSubstr("openpyxl refuses"));
}

TEST_F(SpreadsheetBenchDataset, TasksForGradingAloneAreNotHashed) {
  book("1/1_1_init.xlsx");
  book("1/1_1_golden.xlsx", 2);
  dataset("[" + entry("1", "1") + "]");
  EXPECT_FALSE((*load())->tasks()[0].hash.empty());
  BenchmarkOptions options;
  options.for_grading = true;
  const auto bench = load_spreadsheetbench(dir_, options);
  EXPECT_TRUE((*bench)->tasks()[0].hash.empty());
  EXPECT_EQ((*bench)->find("1"), &(*bench)->tasks()[0]);
  EXPECT_EQ((*bench)->find("2"), nullptr);
}

TEST_F(SpreadsheetBenchDataset, CasesAreScoredByTaskAndStayInOneSplit) {
  std::string entries;
  for (int id = 1; id <= 6; ++id) {
    const std::string name = std::to_string(id);
    for (int k = 1; k <= 3; ++k) {
      book(name + "/" + std::to_string(k) + "_" + name + "_input.xlsx", 10 * id + k);
      book(name + "/" + std::to_string(k) + "_" + name + "_answer.xlsx", 100 * id + k);
    }
    entries += (id > 1 ? "," : "") + entry(name, name);
  }
  dataset("[" + entries + "]");
  const auto bench = load(CaseMode::all);
  ASSERT_TRUE(bench) << bench.error().to_text();
  const auto splits = make_splits(**bench, {});
  ASSERT_TRUE(splits) << splits.error().to_text();
  for (const auto* ids : {&splits->train, &splits->val, &splits->test})
    EXPECT_EQ(ids->size() % 3, 0U) << "the cases of a task were torn apart";
  const Splits torn{{"1"}, {}, {"1#2"}, "by hand"};
  const auto report = check_benchmark(**bench, {"2"}, &torn, {}, 1);
  ASSERT_EQ(report->problems.size(), 1U);
  EXPECT_THAT(report->problems[0].what, HasSubstr("a case of the same task"));

  const auto scores = score_groups(**bench, {{"1", 1, true, true},
                                             {"1#2", 1, true, true},
                                             {"1#3", 1, true, true},
                                             {"2", 1, true, true},
                                             {"2#2", 0.5, false, true},
                                             {"2#3", 0, false, true},
                                             {"3", 1, true, true},
                                             {"3#2", 0, false, false}});
  ASSERT_TRUE(scores);
  EXPECT_EQ(scores->planned, 3U);
  EXPECT_EQ(scores->graded, 2U) << "an error is no score";
  EXPECT_DOUBLE_EQ(scores->score, (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(scores->hard, 0.5);
  EXPECT_DOUBLE_EQ(scores->soft, (1 + 1.0 / 3) / 2);
  EXPECT_FALSE(score_groups(**load(), {{"1", 1, true, true}}));
}

TEST_F(SpreadsheetBenchDataset, SetUpGradeGoldenAndPredictionWorkTogether) {
  book("1/1_1_init.xlsx");
  book("1/1_1_golden.xlsx", 2);
  dataset("[" + entry("1", "1") + "]");
  const auto bench = load();
  ASSERT_TRUE(bench);
  const Task& task = (*bench)->tasks()[0];
  const fs::path work = folder_.path() / "work";
  fs::create_directories(work);
  ASSERT_TRUE(write_file_atomic(work / task.output_file, "stale"));
  ASSERT_TRUE((*bench)->set_up(task, work, {}));
  EXPECT_TRUE(fs::exists(work / "1_1_init.xlsx"));
  EXPECT_FALSE(fs::exists(work / task.output_file)) << "a stale output stayed";
  EXPECT_EQ((*bench)->grade(task, {work, ""}, {}).status, GradeStatus::fail);
  const auto golden = (*bench)->golden_answer(task, work);
  ASSERT_TRUE(golden);
  const Grade grade = (*bench)->grade(task, *golden, {});
  EXPECT_EQ(grade.status, GradeStatus::pass);
  EXPECT_EQ(grade.grader, "spreadsheetbench/strict");
  const auto wrong = (*bench)->prediction(task, Json::parse(R"({"output": "1/1_1_init.xlsx"})"),
                                          dir_ / "spreadsheet", work);
  ASSERT_TRUE(wrong) << wrong.error().to_text();
  EXPECT_EQ((*bench)->grade(task, *wrong, {}).status, GradeStatus::fail);
  EXPECT_FALSE((*bench)->prediction(task, Json::parse(R"({"output": 1})"), dir_, work));
  EXPECT_FALSE((*bench)->prediction(task, Json::parse(R"({"answer": []})"), dir_, work));
  EXPECT_TRUE((*bench)->prediction(task, Json::parse(R"({"output": null})"), dir_, work));
}

TEST_F(SpreadsheetBenchDataset, IdsKeepAllTheirDigits) {
  book("18446744073709551615/1_18446744073709551615_init.xlsx");
  book("18446744073709551615/1_18446744073709551615_golden.xlsx", 2);
  dataset("[" + entry("18446744073709551615", "18446744073709551615") + "]");
  const auto bench = load();
  ASSERT_TRUE(bench) << bench.error().to_text();
  EXPECT_EQ((*bench)->tasks()[0].id, "18446744073709551615");
}

// The agent's own failures: they score 0 in strict mode, and are never left out as errors.
TEST_F(SpreadsheetBenchDataset, PredictionsThatAreMissingOrUnreadableFail) {
  book("1/1_1_init.xlsx");
  book("1/1_1_golden.xlsx", 2);
  dataset("[" + entry("1", "1") + "]");
  const auto bench = load();
  ASSERT_TRUE(bench) << bench.error().to_text();
  const Task& task = (*bench)->tasks()[0];
  ASSERT_TRUE(write_file_atomic(dir_ / "junk.xlsx", "no workbook"));
  ASSERT_TRUE(write_file_atomic(dir_ / "huge.xlsx", ""));
  fs::resize_file(dir_ / "huge.xlsx", (std::uint64_t{64} << 20) + 1);  // sparse
  for (const char* line :
       {R"({"output": null})", R"({"output": "none.xlsx"})", R"({"output": "spreadsheet"})",
        R"({"output": "junk.xlsx"})", R"({"output": "huge.xlsx"})"}) {
    const fs::path work = folder_.path() / "work";
    fs::create_directories(work);
    const auto answer = (*bench)->prediction(task, Json::parse(line), dir_, work);
    ASSERT_TRUE(answer) << line << ": " << answer.error().to_text();
    const Grade grade = (*bench)->grade(task, *answer, {});
    EXPECT_EQ(grade.status, GradeStatus::fail) << line << ": " << grade.message;
    EXPECT_EQ(grade.score, 0) << line;
    EXPECT_EQ(grade.total, 1U) << line;
    fs::remove_all(work);
  }
  const auto both = (*bench)->prediction(
      task, Json::parse(R"({"answer": "3", "output": "junk.xlsx"})"), dir_, dir_);
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().to_text(), HasSubstr("both \"answer\" and \"output\""));
}

TEST_F(SpreadsheetBenchDataset, HashesFollowContentAndContentHashIgnoresNames) {
  for (const std::string id : {"1", "2", "3"}) {
    book(id + "/1_" + id + "_init.xlsx", id == "3" ? 7 : 1);
    book(id + "/1_" + id + "_golden.xlsx", 2);
  }
  dataset("[" + entry("1", "1") + "," + entry("2", "2") + "," + entry("3", "3") + "]");
  const auto first = load(), second = load();
  ASSERT_TRUE(first && second);
  const auto& tasks = (*first)->tasks();
  EXPECT_EQ(tasks[0].hash, (*second)->tasks()[0].hash);
  EXPECT_NE(tasks[0].hash, tasks[1].hash);
  EXPECT_NE(tasks[0].content_hash, tasks[2].content_hash);
  book("1/1_1_golden.xlsx", 9);
  const auto changed = load();
  EXPECT_NE((*changed)->tasks()[0].hash, tasks[0].hash);
  EXPECT_EQ((*changed)->tasks()[0].content_hash, tasks[0].content_hash);
  fs::copy_file(dir_ / "spreadsheet/1/1_1_init.xlsx", dir_ / "spreadsheet/2/1_2_init.xlsx",
                fs::copy_options::overwrite_existing);
  const auto same = load();
  EXPECT_EQ((*same)->tasks()[0].content_hash, (*same)->tasks()[1].content_hash);
}

TEST_F(SpreadsheetBenchDataset, DataSetWithoutWorkbooksIsAnErrorThatNamesThem) {
  dataset("[" + entry("1", "one") + "," + entry("2", "two") + "]");
  const auto bench = load();
  ASSERT_FALSE(bench);
  EXPECT_EQ(bench.error().code, ErrorCode::dataset);
  EXPECT_THAT(bench.error().message, HasSubstr("2 of 2 tasks have no workbooks"));
  EXPECT_THAT(bench.error().message, HasSubstr("spreadsheet/one"));
}

TEST_F(SpreadsheetBenchDataset, EntryWithoutFolderStaysAndCannotBeGraded) {
  book("1/initial.xlsx");
  book("1/golden.xlsx", 2);
  book("orphan/initial.xlsx");
  dataset("[" + entry("2", "2") + "," +
          entry("1", "1", R"("exclude": "doubtful", "anwser_sheet": "S", )") + "]");
  const auto bench = load();
  ASSERT_TRUE(bench) << bench.error().to_text();
  EXPECT_EQ((*bench)->tasks().size(), 2U);
  EXPECT_EQ((*bench)->tasks()[1].output_file, "1_1_output.xlsx");
  const std::string notices = testing::PrintToString((*bench)->notices());
  EXPECT_THAT(notices, HasSubstr("1 of 2 tasks"));
  EXPECT_THAT(notices, HasSubstr("orphan"));
  EXPECT_THAT(notices, HasSubstr("exclude"));
  EXPECT_THAT(notices, HasSubstr("member \\\"anwser_sheet\\\" of dataset.json is not used: 1"));
  const Task& missing = (*bench)->tasks()[0];
  const Grade grade = (*bench)->grade(missing, {dir_, ""}, {});
  EXPECT_EQ(grade.kind, GradeErrorKind::dataset_error);
  EXPECT_FALSE((*bench)->set_up(missing, folder_.path(), {}));
}

TEST_F(SpreadsheetBenchDataset, MalformedEntriesAreNamed) {
  const std::pair<std::string, const char*> cases[] = {
      {"{}", "array"},
      {"[]", "no task"},
      {"[{}]", "id"},
      {"[" + entry("1.5", "1") + "]", "id"},
      {"[" + entry("\"../x\"", "1") + "]", "id"},
      {"[" + entry("1", "../../etc") + "]", "leaves"},
      {"[" + entry("1", "1") + "," + entry("\"1\"", "1") + "]", "twice"},
      {"[1", "dataset.json"},
  };
  for (const auto& [json, expected] : cases) {
    dataset(json);
    const auto bench = load();
    ASSERT_FALSE(bench) << json;
    EXPECT_EQ(bench.error().code, ErrorCode::input) << json;
    EXPECT_THAT(bench.error().to_text(), HasSubstr(expected)) << json;
  }
}

struct NamesCase {
  std::vector<std::string> files;
  std::string input, golden;  ///< empty: an error
};

TEST_F(SpreadsheetBenchDataset, FileNamesOfATestCaseMayVary) {
  const NamesCase cases[] = {
      {{"1_7_init.xlsx", "1_7_golden.xlsx"}, "1_7_init.xlsx", "1_7_golden.xlsx"},
      {{"1_7_input.xlsx", "1_7_answer.xlsx", "2_7_input.xlsx", "2_7_answer.xlsx"},
       "1_7_input.xlsx",
       "1_7_answer.xlsx"},
      {{"2_7_input .xlsx", "2_7_answer.xlsx"}, "2_7_input .xlsx", "2_7_answer.xlsx"},
      {{"initial.xlsx", "golden.xlsx", "prompt.txt"}, "initial.xlsx", "golden.xlsx"},
      {{"1_7_init.xlsm", "1_7_golden.xlsm"}, "1_7_init.xlsm", "1_7_golden.xlsm"},
      {{"1_7_init.xlsx", "1_8_golden.xlsx"}, "1_7_init.xlsx", "1_8_golden.xlsx"},
      {{"1_7_init.xlsx", "1_8_golden.xlsx", "1_9_golden.xlsx"}, "", ""},
      {{"1_7_init.xlsx", "1_7_init .xlsx", "1_7_golden.xlsx"}, "", ""},
      {{"1_7_init.xlsx"}, "", ""},
      {{}, "", ""},
  };
  int number = 0;
  for (const NamesCase& test : cases) {
    const std::string name = std::to_string(++number);
    const fs::path folder = dir_ / "spreadsheet" / name;
    fs::create_directories(folder);
    for (const std::string& file : test.files) {
      ASSERT_TRUE(write_file_atomic(folder / file, "x"));
    }
    const auto found = find_test_case(folder, "7");
    ASSERT_EQ(found.has_value(), !test.input.empty()) << name;
    if (!found) {
      EXPECT_EQ(found.error().code, ErrorCode::dataset) << name;
      continue;
    }
    EXPECT_EQ(found->input.filename().string(), test.input) << name;
    EXPECT_EQ(found->golden.filename().string(), test.golden) << name;
  }
}

TEST(PublishedSplit, IsThatOfThePaperForTheFourHundredTasks) {
  std::vector<Task> tasks(400);
  for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].id = std::to_string(i);
  std::vector<bool> valid(400, true);
  const auto splits = published_split(tasks, valid);
  ASSERT_TRUE(splits);
  EXPECT_EQ(splits->train.size(), 200U);
  EXPECT_EQ(splits->test.size(), 180U);
  EXPECT_EQ(std::vector<std::string>(splits->train.begin(), splits->train.begin() + 6),
            (std::vector<std::string>{"0", "5", "7", "8", "10", "13"}));
  EXPECT_EQ(splits->train.back(), "399");
  EXPECT_EQ(std::set<std::string>(splits->val.begin(), splits->val.end()),
            (std::set<std::string>{"4",   "6",   "24",  "34",  "44",  "78",  "83",
                                   "90",  "130", "180", "251", "262", "292", "319",
                                   "329", "330", "332", "365", "382", "398"}));
  EXPECT_EQ(std::vector<std::string>(splits->test.begin(), splits->test.begin() + 10),
            (std::vector<std::string>{"359", "98", "392", "103", "79", "363", "270", "136", "62",
                                      "271"}));
  valid[5] = false;
  EXPECT_FALSE(published_split(tasks, valid)) << "another shuffle must not bear that name";
  tasks.resize(200);
  EXPECT_FALSE(published_split(tasks, std::vector<bool>(200, true)));
}

TEST(SpreadsheetBenchRealData, TwoHundredTasksLoad) {
  const fs::path data = fs::path(SKILLGRAD_SHARED_DIR) / "data/spreadsheetbench_verified";
  if (!fs::exists(data / "dataset.json"))
    SKIP_WITHOUT_DATA(std::string("no SpreadsheetBench data in ") + data.string());
  const auto bench = load_spreadsheetbench(data, {});
  ASSERT_TRUE(bench) << bench.error().to_text();
  std::size_t cell_level = 0;
  for (const Task& task : (*bench)->tasks()) {
    if (task.category == "Cell-Level Manipulation") ++cell_level;
  }
  EXPECT_EQ((*bench)->tasks().size(), 200U);
  EXPECT_EQ(cell_level, 137U);
  EXPECT_FALSE((*bench)->own_splits().has_value());
  EXPECT_THAT((*bench)->tasks()[0].prompt, HasSubstr("LISTS"));
}

}  // namespace
}  // namespace skillgrad::bench
