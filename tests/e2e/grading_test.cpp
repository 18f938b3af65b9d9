// SPDX-License-Identifier: MIT
// Grading through the program: data that nobody can grade, files that are not there, what it costs.
#include <fmt/format.h>
#include <sys/stat.h>

#include "e2e/support.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::e2e {
namespace {

using fakes::XlsxWriter;

/// SpreadsheetBench with tasks of one cell.
class Spreadsheets {
 public:
  explicit Spreadsheets(const Scratch& scratch) : scratch_(scratch) {}
  void add(const std::string& id, const XlsxWriter& golden) {
    const fs::path folder = scratch_.path() / "data/spreadsheet" / id;
    fs::create_directories(folder);
    golden.save(folder / ("1_" + id + "_golden.xlsx"));
    XlsxWriter().sheet("S").blank("A1").save(folder / ("1_" + id + "_init.xlsx"));
    tasks_.push_back({{"id", id},
                      {"instruction", "Fill A1 of task " + id + "."},
                      {"spreadsheet_path", "spreadsheet/" + id},
                      {"instruction_type", "Cell-Level Manipulation"},
                      {"answer_position", "A1"}});
    scratch_.put("data/dataset.json", dump_json(tasks_));
  }
  [[nodiscard]] std::string golden(const std::string& id) const {
    return scratch_ / ("data/spreadsheet/" + id + "/1_" + id + "_golden.xlsx");
  }
  [[nodiscard]] std::string name() const { return "spreadsheetbench:" + (scratch_ / "data"); }

 private:
  const Scratch& scratch_;
  Json tasks_ = Json::array();
};

// "soffice" that writes what it is given: A1 of every copy is an error.
std::string fake_office(const Scratch& scratch) {
  XlsxWriter().sheet("S").error("A1", "#N/A").save(scratch / "computed.xlsx");
  const std::string program = scratch.put(
      "bin/soffice", "#!/bin/sh\n[ \"$1\" = --version ] && { echo asked >> " + (scratch / "asked") +
                         "; echo 'LibreOffice 1.2.3 x'; exit 0; }\n"
                         "while [ \"$1\" != --outdir ]; do shift; done\nout=$2; shift 2\n"
                         "for f in \"$@\"; do cp " +
                         (scratch / "computed.xlsx") + " \"$out/$(basename \"$f\")\"; done\n");
  ::chmod(program.c_str(), 0755);
  return scratch / "bin";
}

Options with_office(const std::string& folder) {
  Options options;
  options.env["PATH"] = folder + ":/usr/bin:/bin";
  return options;
}

TEST(GoldenWithoutValues, IsComputedInOfficialModeAndLeftOutOfStrictMode) {
  const Scratch scratch;
  Spreadsheets data(scratch);
  data.add("1", XlsxWriter().sheet("S").formula("A1", "NA()"));
  data.add("2", XlsxWriter().sheet("S").number("A1", 2));
  data.add("3", XlsxWriter().sheet("S").number("A1", 3));
  const Options office = with_office(fake_office(scratch));
  const auto official =
      run(scratch, {"benchmark", "check", "-b", data.name(), "--mode", "official"}, office);
  EXPECT_EQ(official.exit_code, 0) << official;
  const auto strict = run(scratch, {"benchmark", "check", "-b", data.name()}, office);
  EXPECT_EQ(strict.exit_code, 1) << strict;
  EXPECT_NE(strict.out.find("--recalc-golden"), std::string::npos) << "how to mend it: " << strict;

  scratch.put("answers.jsonl", R"({"task_id":"1","output":")" + data.golden("1") + "\"}\n" +
                                   R"({"task_id":"2","output":")" + data.golden("2") + "\"}\n");
  const Words grade = {"grade", "-b", data.name(), "--predictions", "answers.jsonl", "--mode"};
  auto words = grade;
  words.emplace_back("official");
  const auto passes = run(scratch, words, office);
  ASSERT_EQ(passes.json_lines().size(), 2U) << passes;
  EXPECT_EQ(passes.json_lines()[0]["status"], "pass") << passes;
  words.back() = "strict";
  const auto rest = run(scratch, words, office);
  EXPECT_EQ(rest.json_lines()[0]["status"], "error") << rest;
  EXPECT_EQ(rest.json_lines()[1]["status"], "pass") << rest;
}

TEST(MissingOutputs, AreLookedUpInBothPlacesSaidAndCounted) {
  const Scratch scratch;
  scratch.put("tasks.jsonl",
              "{\"id\":\"a\",\"input\":\"x\",\"target\":\"4\",\"output\":\"o.txt\"}\n"
              "{\"id\":\"b\",\"input\":\"x\",\"target\":\"4\",\"output\":\"o.txt\"}\n"
              "{\"id\":\"c\",\"input\":\"x\",\"target\":\"4\",\"output\":\"o.txt\"}\n");
  scratch.put("beside/in_folder.txt", "4\n");
  scratch.put("here.txt", "4\n");
  scratch.put("beside/answers.jsonl",
              "{\"task_id\":\"a\",\"output\":\"in_folder.txt\"}\n"
              "{\"task_id\":\"b\",\"output\":\"here.txt\"}\n"
              "{\"task_id\":\"c\",\"output\":\"gone.txt\"}\n");
  const Words words = {"grade", "-b", "tasks.jsonl", "--predictions", "beside/answers.jsonl"};
  const auto graded = run(scratch, words);
  EXPECT_EQ(graded.exit_code, 0) << graded;
  const auto lines = graded.json_lines();
  ASSERT_EQ(lines.size(), 3U) << graded;
  EXPECT_EQ(lines[0]["status"], "pass");
  EXPECT_EQ(lines[1]["status"], "pass");
  EXPECT_EQ(lines[2]["status"], "fail");
  EXPECT_TRUE(holds(lines[2]["message"].get<std::string>(), {"gone.txt", scratch / "beside"}));
  EXPECT_TRUE(holds(graded.err, {"1 of 3 predictions name files that do not exist"}));

  scratch.put("beside/answers.jsonl",
              "{\"task_id\":\"a\",\"output\":\"gone.txt\"}\n{\"task_id\":\"b\",\"output\":null}\n");
  const auto none = run(scratch, words);
  EXPECT_EQ(none.exit_code, 2) << none;
  EXPECT_TRUE(none.json_lines().empty()) << "nothing is graded: the folder is the wrong one";
  EXPECT_TRUE(holds(none.err, {"none of the 1 output files", "gone.txt", scratch / "beside"}));
}

TEST(GradingLines, OfTwoAnswersNoneIsGradedAndWhatIsNotUsedIsNoted) {
  const Scratch scratch;
  scratch.put("tasks.jsonl",
              "{\"id\":\"a\",\"input\":\"x\",\"target\":\"4\"}\n"
              "{\"id\":\"b\",\"input\":\"x\",\"target\":\"4\"}\n"
              "{\"id\":\"c\",\"input\":\"x\",\"target\":\"4\"}\n");
  scratch.put("four.txt", "4\n");
  scratch.put("answers.jsonl",
              "{\"task_id\":\"a\",\"answer\":\"5\",\"output\":\"four.txt\"}\n"
              "{\"task_id\":\"b\",\"answer\":\"4\",\"confidence\":1}\n"
              "{\"task_id\":\"c\",\"answer\":null,\"confidence\":1}\n");
  const auto graded =
      run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"});
  EXPECT_EQ(graded.exit_code, 2) << graded;
  const auto lines = graded.json_lines();
  ASSERT_EQ(lines.size(), 3U) << graded;
  EXPECT_EQ(lines[0]["status"], "error");
  EXPECT_EQ(lines[1]["status"], "pass");
  EXPECT_EQ(lines[2]["status"], "fail");
  EXPECT_TRUE(holds(lines[2]["message"].get<std::string>(), {"there is no answer"}));
  EXPECT_TRUE(holds(graded.err, {"both \"answer\" and \"output\" are given", "keep the one",
                                 "answers.jsonl:2: unknown key \"confidence\"", "(2 times)"}));
}

TEST(GradingCosts, NoFolderWhereNothingRunsAndNoProgramWhereNothingIsComputed) {
  const Scratch scratch;
  scratch.put("tasks.jsonl", "{\"id\":\"a\",\"input\":\"x\",\"target\":\"4\"}\n");
  scratch.put("answers.jsonl", "{\"task_id\":\"a\",\"answer\":\"4\"}\n");
  Options options = with_office(fake_office(scratch));
  options.env["TMPDIR"] = "/nonexistent";  // a folder could not be made
  const auto graded =
      run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"}, options);
  EXPECT_EQ(graded.exit_code, 0) << graded;
  EXPECT_EQ(graded.json_lines().at(0)["status"], "pass") << graded;
  const auto checked = run(scratch, {"benchmark", "check", "-b", "tasks.jsonl"}, options);
  EXPECT_EQ(checked.exit_code, 0) << checked;

  Spreadsheets data(scratch);
  for (const char* id : {"1", "2", "3"}) data.add(id, XlsxWriter().sheet("S").number("A1", 2));
  scratch.put("books.jsonl", R"({"task_id":"1","output":")" + data.golden("1") + "\"}\n");
  const auto books =
      run(scratch, {"grade", "-b", data.name(), "--predictions", "books.jsonl"}, options);
  EXPECT_EQ(books.exit_code, 0) << books;
  EXPECT_EQ(books.json_lines().at(0)["status"], "pass") << books;
  EXPECT_FALSE(scratch.has("asked")) << "LibreOffice was asked for its version";
}

}  // namespace
}  // namespace skillgrad::e2e
