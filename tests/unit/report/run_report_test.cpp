// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/report/run_report.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

using optim::decisions::ReleaseResult;
using optim::decisions::ReleaseVerdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string skill_text(const std::string& description, const std::string& rules) {
  return "---\nname: made\ndescription: " + description + "\n---\n# Made\n\nBegin.\n" + rules;
}

/// A run folder with one accepted iteration and nothing that is not asked for.
class ReportOfRun : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::create("report");
    ASSERT_TRUE(dir);
    dir_ = std::make_unique<TempDir>(std::move(*dir));
    put("run.json",
        R"({"command":"optimize","error":null,"best":{"iteration":1},"verdict":{"verdict":"improved",)"
        R"("before":0.5,"after":0.75,"difference":0.25,"interval":[0.1,0.4],"p":0.01,"n":8,"could_show":0.3},)"
        R"("iterations":[{"iteration":1,"decision":"accepted","summary":"=1+1"}]})");
    put("plan.json", R"({"splits":{"train":["a"],"val":[],"test":["b"]},"batches":[["a"]]})");
    put("events.jsonl", "");
    put("initial/skill/SKILL.md", skill_text("Old.", ""));
    put("iter_001/skill/SKILL.md", skill_text("New.", "\n## Read dates\n\nDay first.\n"));
    put("best/SKILL.md", skill_text("New.", "\n## Read dates\n\nDay first.\n"));
    put("iter_001/patch.json",
        R"({"addressed":[{"pattern":"day-first","anchor":"read-dates","supports":["a"]}]})");
  }
  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file_atomic(dir_->path() / name, text));
  }
  [[nodiscard]] RunReport read() const {
    auto report = read_run(dir_->path());
    EXPECT_TRUE(report);
    return report ? std::move(*report) : RunReport{};
  }
  std::unique_ptr<TempDir> dir_;
};

TEST_F(ReportOfRun, CutsAHunkWhereAnotherPlaceBegins) {
  const RunReport report = read();
  ASSERT_EQ(report.changes.size(), 2U);
  const Change &front = report.changes[0], &rule = report.changes[1];
  EXPECT_EQ(front.layer, 1);
  EXPECT_THAT(front.lines, testing::Contains("+description: New."));
  EXPECT_EQ(rule.layer, 2);
  EXPECT_EQ(rule.anchor, "read-dates");
  EXPECT_THAT(rule.lines, testing::Contains("+## Read dates"));
  for (const std::string& line : front.lines)
    EXPECT_NE(line, "+") << "the blank line before a new section goes with the section";
  ASSERT_EQ(rule.reasons.size(), 1U);
  EXPECT_EQ(rule.reasons[0].pattern, "day-first");
  EXPECT_THAT(rule.reasons[0].tasks, ElementsAre("a"));
}

TEST_F(ReportOfRun, TellsWhichArmARolloutBelongsTo) {
  const auto loss = [&](const std::string& folder, const char* task, const char* status,
                        const char* skill) {
    put(folder + "/rollouts/" + task + ".0/loss.json",
        std::string(R"({"task_id":")") + task + R"(","sample":0,"status":")" + status +
            R"(","score":)" + (std::string_view(status) == "pass" ? "1" : "0") + R"(,"skill":")" +
            skill + R"(","feedback":"0 of 1\nS!B3: expected number 1, got nothing"})");
  };
  loss("base", "a", "fail", "0000000000001111");
  loss("iter_001", "a", "fail", "0000000000001111");
  loss("iter_001/screen/000000000000", "a", "fail", "0000000000001111");
  loss("iter_001/screen/222222222222", "a", "pass", "2222222222222222");
  loss("test/initial", "b", "error", "0000000000001111");
  loss("test/iter_001", "b", "pass", "2222222222222222");
  const RunReport report = read();
  ASSERT_EQ(report.columns.size(), 3U);
  const TaskRow &train = report.tasks[0], &test = report.tasks[1];
  ASSERT_EQ(train.cells.size(), 3U);
  EXPECT_EQ(train.cells[1].arm, Arm::before);
  EXPECT_EQ(train.cells[1].fail, 2U) << "the batch and what the screen added";
  EXPECT_EQ(train.cells[2].arm, Arm::after);
  EXPECT_EQ(train.cells[2].pass, 1U);
  ASSERT_EQ(test.cells.size(), 2U);
  EXPECT_EQ(test.cells[0].error, 1U);
  EXPECT_FALSE(test.cells[0].score) << "an error is no score";
  EXPECT_EQ(test.change, "") << "what was not graded was neither fixed nor broken";
  ASSERT_EQ(train.rollouts[0].differences.size(), 1U);
  EXPECT_TRUE(train.rollouts[0].differences[0].cell);
  EXPECT_EQ(train.rollouts[0].differences[0].got, "nothing");
  EXPECT_EQ(train.rollouts[0].message, "0 of 1");
}

TEST_F(ReportOfRun, NamesWhatCannotBeReadAndGoesOn) {
  put("plan.json", "{");
  put("iter_001/memory.json", R"({"schema":"skillgrad.memory/9"})");
  put("best/SKILL.md", "no front matter");
  const RunReport report = read();
  EXPECT_EQ(report.verdict.line,
            "improved: +25.0 points [+10.0, +40.0] on 8 test tasks, p = 0.010");
  for (const char* name : {"plan.json", "memory.json", "package in best"})
    EXPECT_THAT(report.missing, testing::Contains(HasSubstr(name)));
}

TEST_F(ReportOfRun, IsRefusedWhereThereIsNone) {
  const auto dir = TempDir::create("empty");
  ASSERT_TRUE(dir);
  for (const fs::path& path : {dir->path(), dir->path() / "nosuch", dir_->path() / "run.json"}) {
    const auto report = read_run(path);
    ASSERT_FALSE(report) << path;
    EXPECT_EQ(report.error().code, ErrorCode::input);
    EXPECT_THAT(report.error().mend, HasSubstr("folder"));
  }
}

TEST_F(ReportOfRun, KeepsFormulasOutOfSpreadsheets) {
  EXPECT_THAT(csv_page(read(), CsvTable::steps), HasSubstr(",'=1+1,"));
}

TEST(VisibleText, WritesOutWhatActsUnseen) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain\ttext\n", "plain\ttext\n"},
      {"\x1B[31mred", "\\u{1B}[31mred"},
      {"a\xE2\x80\xAEz", "a\\u{202E}z"},
      {"a\xE2\x80\x8Bz", "a\\u{200B}z"},
      {"\xF3\xA0\x81\x81", "\\u{E0041}"},
      {"\xEF\xBB\xBFx", "\\u{FEFF}x"},
      {"\xFF", "\xEF\xBF\xBD"},
      {"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
       "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(visible(text), shown);
}

TEST(Verdict, SaysInWordsWhatItRestsOn) {
  VerdictFacts facts;
  facts.planned = 12;
  facts.test.n = 12;
  facts.test.could_show = 0.52;
  const auto words = [&](ReleaseVerdict verdict) {
    facts.test.verdict = verdict;
    return verdict_explanation(facts);
  };
  EXPECT_THAT(words(ReleaseVerdict::improved), HasSubstr("12 test tasks can show a true difference "
                                                         "of 52 points"));
  EXPECT_THAT(words(ReleaseVerdict::not_shown), HasSubstr("no proof that the patch is useless"));
  EXPECT_THAT(words(ReleaseVerdict::worse), HasSubstr("Do not ship"));
  EXPECT_THAT(words(ReleaseVerdict::not_tested), Not(HasSubstr("52")));
  facts.test.could_show = 1;
  EXPECT_THAT(words(ReleaseVerdict::not_shown), HasSubstr("too few to show any difference"));
  facts.patch_kept = false;
  EXPECT_THAT(words(ReleaseVerdict::not_shown), HasSubstr("No patch was kept"));
}

TEST(Verdict, OfAResultAndOfASavedOneIsTheSameSentence) {
  optim::OptimizeResult result;
  result.best_iteration = 2;
  result.test_planned = 9;
  result.release.verdict = ReleaseVerdict::not_shown;
  result.release.difference = 0.125;
  result.release.interval = {-0.1, 0.35};
  result.release.p = 0.2;
  result.release.n = 9;
  result.release.could_show = 0.4;
  EXPECT_EQ(verdict_line(result), verdict_line(VerdictFacts{result.release, false, true, 9}));
  EXPECT_EQ(verdict_line(result),
            "not shown: +12.5 points [-10.0, +35.0] on 9 test tasks, p = 0.200; 9 tasks can show "
            "40 points and more");
}

}  // namespace
}  // namespace skillgrad::report
