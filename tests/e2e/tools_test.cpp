// SPDX-License-Identifier: MIT
// The commands around the loop: grade, benchmark, validate, config, doctor, events, in-place.
#include <fmt/format.h>

#include <skillgrad/exec/process.hpp>

#include "e2e/support.hpp"
#include "fakes/real_data.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::e2e {
namespace {

const fs::path kShared = SKILLGRAD_SHARED_DIR;

TEST(Grade, WritesOneLineForEachAnswerInTheirOrder) {
  const Scratch scratch;
  scratch.put("tasks.jsonl",
              R"({"id":"a","input":"x","target":"4","grader":{"type":"exact"}})"
              "\n"
              R"({"id":"b","input":"y","target":"2.50","grader":{"type":"numeric"}})"
              "\n"
              R"({"id":"c","input":"z","target":"blue","grader":{"type":"contains"}})"
              "\n");
  scratch.put("answers.jsonl", R"({"task_id":"c","answer":["a blue one"]})"
                               "\n"
                               R"({"task_id":"a","answer":["5"]})"
                               "\n"
                               R"({"task_id":"b","answer":["2.5"]})"
                               "\n");
  const auto graded =
      run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"});
  ASSERT_EQ(graded.exit_code, 0) << graded;
  const auto lines = graded.json_lines();
  ASSERT_EQ(lines.size(), 3U);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"c", "pass"}, {"a", "fail"}, {"b", "pass"}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["task_id"], expected[i].first);
    EXPECT_EQ(lines[i]["status"], expected[i].second);
    for (const char* key : {"score", "hard", "matched", "total", "message", "differences"})
      EXPECT_TRUE(lines[i].contains(key)) << key;
  }
  EXPECT_TRUE(holds(graded.err, {"3 graded: 2 passed"}));
}

TEST(Grade, AnAnswerCannotTakeThePlaceOfTheGradersModules) {
  const Scratch scratch;
  // Whoever imports it, prints a perfect score.
  scratch.put("json.py", "import os\nprint('{\"score\":1}', flush=True)\nos._exit(0)\n");
  scratch.put("tasks/checks/rules.py", "SCORE = 0.25\n");
  scratch.put("tasks/checks/judge.py",
              "import json, sys\nimport rules\njson.load(sys.stdin)\n"
              "print(json.dumps({'score': rules.SCORE}))\n");
  const auto line = [](const char* id, const Words& command) {
    const Json grader = {{"type", "command"}, {"run", command}};
    return dump_json(Json{{"id", id}, {"input", "x"}, {"output", "json.py"}, {"grader", grader}}) +
           "\n";
  };
  scratch.put("tasks/tasks.jsonl",
              line("inline", {"python3", "-c", "import json; print(json.dumps({'score': 0}))"}) +
                  line("file", {"python3", "checks/judge.py"}));
  scratch.put("answers.jsonl",
              "{\"task_id\":\"inline\",\"output\":\"json.py\"}\n"
              "{\"task_id\":\"file\",\"output\":\"json.py\"}\n");
  const auto graded =
      run(scratch, {"grade", "-b", "tasks/tasks.jsonl", "--predictions", "answers.jsonl"});
  ASSERT_EQ(graded.exit_code, 0) << graded;
  const auto lines = graded.json_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["score"], 0) << lines[0];
  EXPECT_EQ(lines[1]["score"], 0.25) << lines[1];
}

TEST(Grade, SumsUpByCategoryAndWithErrorsAsFailures) {
  const Scratch scratch;
  scratch.put("tasks.jsonl",
              R"({"id":"a","input":"x","target":"4","category":"easy"})"
              "\n"
              R"({"id":"b","input":"y","target":"a","grader":"regex","category":"hard"})"
              "\n");
  scratch.put("answers.jsonl",
              "{\"task_id\":\"a\",\"answer\":\"4\"}\n{\"task_id\":\"b\",\"answer\":\"" +
                  std::string(70'000, 'b') + "\"}\n");
  const auto graded =
      run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"});
  ASSERT_EQ(graded.exit_code, 0) << graded;
  EXPECT_TRUE(holds(graded.err, {"1 graded: 1 passed, mean score 1.0000; 1 error ",
                                 "with errors as failures: mean score 0.5000",
                                 "  easy: 1 graded, 1 passed, mean score 1.0000",
                                 "  hard: 0 graded, 0 passed; with errors as failures 0.0000"}));
}

TEST(Grade, ALineWithoutAnAnswerIsAnInputErrorAndTheOthersAreGraded) {
  const Scratch scratch;
  scratch.put("tasks.jsonl",
              "{\"id\":\"a\",\"input\":\"x\",\"target\":\"4\"}\n"
              "{\"id\":\"b\",\"input\":\"y\",\"target\":\"5\"}\n"
              "{\"id\":\"c\",\"input\":\"z\",\"target\":\"6\"}\n");
  scratch.put("answers.jsonl",
              "{\"task_id\":\"a\"}\n{\"task_id\":\"b\",\"answer\":\"5\"}\n"
              "{\"task_id\":\"c\",\"output\":\"gone.txt\"}\n");
  const auto graded =
      run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"});
  EXPECT_EQ(graded.exit_code, 2) << graded;
  const auto lines = graded.json_lines();
  ASSERT_EQ(lines.size(), 3U) << graded;
  EXPECT_EQ(lines[0]["status"], "error");
  EXPECT_TRUE(lines[0]["score"].is_null());
  EXPECT_EQ(lines[1]["status"], "pass");
  EXPECT_EQ(lines[2]["status"], "error");
  EXPECT_TRUE(holds(graded.err, {"1 graded: 1 passed", "answers.jsonl:1", "(and 1 more)",
                                 "neither \"answer\" nor \"output\""}));
}

/// Two questions about one table.
std::string small_questions(const Scratch& scratch) {
  scratch.put("wtq/data/training.tsv",
              "id\tutterance\tcontext\ttargetValue\n"
              "nt-0\twhich year?\tcsv/200-csv/1.csv\t2004\n"
              "nt-1\twho?\tcsv/200-csv/1.csv\tAnn|Bob\n");
  scratch.put("wtq/csv/200-csv/1.csv", "\"year\",\"who\"\n\"2004\",\"Ann\"\n");
  return "wikitablequestions:" + (scratch / "wtq");
}

TEST(Grade, ExportsPredictionsForTheOfficialEvaluator) {
  const Scratch scratch;
  const std::string questions = small_questions(scratch);
  scratch.put("answers.jsonl",
              "{\"task_id\":\"nt-1\",\"answer\":[\"Bob\\tB\",\"Ann\"]}\n"
              "{\"task_id\":\"nt-0\",\"answer\":[\"2004\"]}\n");
  const auto graded = run(scratch, {"grade", "-b", questions, "--predictions", "answers.jsonl",
                                    "--export", "official.tsv"});
  ASSERT_EQ(graded.exit_code, 0) << graded;
  EXPECT_EQ(scratch.read("official.tsv"), "nt-1\tBob B\tAnn\nnt-0\t2004\n");
  EXPECT_EQ(graded.json_lines().size(), 2U);

  scratch.put("tasks.jsonl", R"({"id":"a","input":"x","target":"4"})");
  scratch.put("own.jsonl", R"({"task_id":"a","answer":"4"})");
  const auto refused = run(
      scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "own.jsonl", "--export", "own.tsv"});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(refused.json_lines().empty()) << refused;
  EXPECT_TRUE(holds(refused.err, {"no official evaluator", "--export", "wikitablequestions"}));
  EXPECT_FALSE(fs::exists(scratch / "own.tsv"));
}

TEST(Grade, GradesAndExportsWhatARunKept) {
  const Scratch scratch;
  const std::string questions = small_questions(scratch);
  const auto keep = [&](const std::string& task, const std::string& end, const Json& extra) {
    Json loss = {
        {"end_state", end}, {"final_message", "Answer: Ann | Bob"}, {"outputs_kept", true}};
    loss.update(extra);
    scratch.put("run/eval/rollouts/" + task + "/loss.json", dump_json(loss));
  };
  keep("nt-0.0", "finished", Json::object());
  scratch.put("run/eval/rollouts/nt-0.0/outputs/answer.txt", "2004\n");
  keep("nt-1.0", "finished", Json::object());
  const Words words = {"grade", "-b", questions, "--predictions", "run", "--export", "o.tsv"};
  const auto graded = run(scratch, words);
  ASSERT_EQ(graded.exit_code, 0) << graded;
  EXPECT_TRUE(holds(graded.err, {"2 graded: 2 passed"}));
  EXPECT_EQ(scratch.read("o.tsv"), "nt-0\t2004\nnt-1\tAnn\tBob\n");

  // What left no answer stays an error and is no line of the export.
  keep("nt-0.0", "infra_error", {{"error", "the endpoint went away"}});
  keep("nt-1.0", "finished", {{"outputs_kept", false}});
  const auto none = run(scratch, words);
  EXPECT_EQ(none.exit_code, 3) << none;
  EXPECT_TRUE(holds(none.json_lines()[0]["message"].get<std::string>(), {"went away"}));
  EXPECT_EQ(none.json_lines()[1]["status"], "error");
  EXPECT_EQ(scratch.read("o.tsv"), "");
}

TEST(Grade, ARunGradedAgainHasItsScoreAgain) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto eval = run(scratch, mini.eval(mini.skill(), "r", {"--trials", "2", "--json"}));
  ASSERT_EQ(eval.exit_code, 0) << eval;
  const auto graded = run(scratch, {"grade", "-b", mini.tasks(), "--predictions", "r"});
  ASSERT_EQ(graded.exit_code, 0) << graded;
  EXPECT_TRUE(holds(graded.err, {"first is graded"}));
  std::map<std::string, Json> first;
  const Json scored = eval.json();
  for (const auto& task : scored["tasks"])
    if (task["trial"] == 0) first[task["task_id"].get<std::string>()] = task["score"];
  ASSERT_EQ(graded.json_lines().size(), first.size());
  for (const auto& line : graded.json_lines())
    EXPECT_EQ(line["score"], first.at(line["task_id"].get<std::string>())) << line;
}

TEST(Grade, RecalculatedGoldensNeedARecalculation) {
  const Scratch scratch;
  scratch.put("tasks.jsonl", R"({"id":"a","input":"x","target":"4"})");
  scratch.put("own.jsonl", R"({"task_id":"a","answer":"4"})");
  const auto refused = run(scratch, {"grade", "-b", "tasks.jsonl", "--predictions", "own.jsonl",
                                     "--recalc-golden", "--recalc", "never"});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(holds(refused.err, {"--recalc-golden has no effect with --recalc never"}));
}

TEST(BenchmarkSplit, PrintsWhatSplitFileReads) {
  const Scratch scratch;
  std::string tasks;
  for (int i = 0; i < 30; ++i)
    tasks += fmt::format("{{\"id\":\"t{0}\",\"input\":\"{0}?\",\"target\":\"{0}\"}}\n", i);
  scratch.put("tasks.jsonl", tasks);
  const auto drawn = run(scratch, {"benchmark", "split", "-b", "tasks.jsonl", "--split-seed", "7"});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  scratch.put("split.json", drawn.out);
  const auto again =
      run(scratch, {"benchmark", "split", "-b", "tasks.jsonl", "--split-file", "split.json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  for (const char* name : {"train", "val", "test"}) {
    EXPECT_EQ(again.json()[name], drawn.json()[name]) << name;
    EXPECT_FALSE(drawn.json()[name].empty()) << name;
  }
}

TEST(BenchmarkImport, PrintsRecordsThatCanBeChecked) {
  const Scratch scratch;
  scratch.put("q.csv", "q,a,level\n\"1, or 2?\",1,easy\n3?,3,hard\n");
  const auto imported =
      run(scratch, {"benchmark", "import", "-b", "q.csv", "--map", "input=q,target=a"});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  scratch.put("tasks.jsonl", imported.out);
  const auto checked = run(scratch, {"benchmark", "check", "-b", "tasks.jsonl"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_EQ(run(scratch, {"benchmark", "import"}).exit_code, 2);
  EXPECT_EQ(run(scratch, {"benchmark", "import", "-b", "q.csv"}).exit_code, 2)
      << "no known columns";
}

/// A one-task workbook benchmark: B1 shall hold 42.
std::string workbook_benchmark(const Scratch& scratch) {
  scratch.put("ssb/dataset.json",
              R"([{"id":"1-1","instruction":"Put twice A1 into B1.","spreadsheet_path":)"
              R"("spreadsheet/1-1","instruction_type":"Cell-Level Manipulation",)"
              R"("answer_position":"B1","answer_sheet":"Data","data_position":"A1"}])");
  const fs::path dir = scratch.path() / "ssb/spreadsheet/1-1";
  fs::create_directories(dir);
  fakes::XlsxWriter().sheet("Data").number("A1", 21).save(dir / "1_1-1_init.xlsx");
  fakes::XlsxWriter().sheet("Data").number("A1", 21).number("B1", 42).save(dir /
                                                                           "1_1-1_golden.xlsx");
  return "spreadsheetbench:ssb";
}

std::string prediction(const Scratch& scratch, const std::string& output) {
  return scratch.put("answers.jsonl", R"({"task_id":"1-1","output":")" + output + "\"}\n");
}

TEST(Grade, AnUnreadableWorkbookIsAFailureOfTheAgentNotAnError) {
  const Scratch scratch;
  const auto benchmark = workbook_benchmark(scratch);
  const std::vector<std::pair<std::string, std::string>> outputs = {
      {"not a zip file at all", "fail"}, {"", "fail"}, {"PK\x03\x04 torn", "fail"}};
  for (const auto& [bytes, status] : outputs) {
    scratch.put("out.xlsx", bytes);
    const auto graded =
        run(scratch, {"grade", "-b", benchmark, "--predictions", prediction(scratch, "out.xlsx")});
    EXPECT_EQ(graded.exit_code, 0) << graded;
    ASSERT_EQ(graded.json_lines().size(), 1U) << graded;
    EXPECT_EQ(graded.json_lines()[0]["status"], status) << graded;
    EXPECT_EQ(graded.json_lines()[0]["score"], 0.0);
    EXPECT_FALSE(graded.json_lines()[0]["message"].get<std::string>().empty());
  }
}

TEST(Grade, LibreOfficeIsMissedOnlyWhereAGradedFormulaNeedsIt) {
  const Scratch scratch;
  const auto benchmark = workbook_benchmark(scratch);
  fakes::XlsxWriter().sheet("Data").number("A1", 21).number("B1", 42).save(scratch.path() /
                                                                           "value.xlsx");
  fakes::XlsxWriter()
      .sheet("Data")
      .number("A1", 21)
      .formula("B1", "A1*2")
      .save(scratch.path() / "formula.xlsx");
  fs::create_directories(scratch.path() / "bin");
  for (const auto& name : {"bash", "python3"})
    fs::create_symlink(exec::find_program(name), scratch.path() / "bin" / name);
  Options bare;
  bare.env["PATH"] = scratch / "bin";
  const auto value =
      run(scratch, {"grade", "-b", benchmark, "--predictions", prediction(scratch, "value.xlsx")},
          bare);
  EXPECT_EQ(value.exit_code, 0) << value;
  EXPECT_EQ(value.json_lines().at(0)["status"], "pass");
  const auto formula =
      run(scratch, {"grade", "-b", benchmark, "--predictions", prediction(scratch, "formula.xlsx")},
          bare);
  EXPECT_EQ(formula.exit_code, 3) << formula;
  EXPECT_EQ(formula.json_lines().at(0)["status"], "error");
  EXPECT_TRUE(holds(formula.json_lines().at(0)["message"].get<std::string>(), {"LibreOffice"}));
  if (exec::find_program("soffice").empty()) GTEST_SKIP() << "LibreOffice is not installed";
  const auto full = run(
      scratch, {"grade", "-b", benchmark, "--predictions", prediction(scratch, "formula.xlsx")});
  EXPECT_EQ(full.exit_code, 0) << full;
  EXPECT_EQ(full.json_lines().at(0)["status"], "pass") << full;
}

TEST(Grade, RealGoldenWorkbooksPass) {
  const fs::path data = kShared / "data/spreadsheetbench_verified";
  if (!fs::exists(data / "dataset.json"))
    SKIP_WITHOUT_DATA(std::string("no SpreadsheetBench data at ") + data.string());
  const Scratch scratch;
  std::string lines;
  for (const auto& id : {"13-1", "32438"}) {
    const fs::path golden = data / "spreadsheet" / id / fmt::format("1_{}_golden.xlsx", id);
    if (fs::exists(golden))
      lines += fmt::format("{{\"task_id\":\"{}\",\"output\":\"{}\"}}\n", id,
                           fs::canonical(golden).string());
  }
  if (lines.empty()) SKIP_WITHOUT_DATA("the chosen golden files are not there");
  scratch.put("answers.jsonl", lines);
  const auto graded = run(scratch, {"grade", "-b", "spreadsheetbench:" + data.string(),
                                    "--predictions", "answers.jsonl"});
  ASSERT_EQ(graded.exit_code, 0) << graded;
  for (const auto& line : graded.json_lines()) EXPECT_EQ(line["status"], "pass") << line;
}

TEST(Benchmark, ListShowAndCheckDescribeIt) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto list = run(scratch, {"benchmark", "list"});
  EXPECT_EQ(list.exit_code, 0) << list;
  EXPECT_TRUE(holds(list.out, {"records", "spreadsheetbench", "wikitablequestions"}));
  const auto show = run(scratch, {"benchmark", "show", "-b", mini.tasks(), "--json"});
  ASSERT_EQ(show.exit_code, 0) << show;
  EXPECT_EQ(show.json()["train"], 11);
  EXPECT_EQ(show.json()["test"], 6);
  EXPECT_EQ(show.json()["tasks"].size(), 23U);
  const auto check = run(scratch, {"benchmark", "check", "-b", mini.tasks(), "--json"});
  ASSERT_EQ(check.exit_code, 0) << check;
  EXPECT_EQ(check.json()["tasks"], 23);
  EXPECT_TRUE(check.json()["problems"].empty());
  // An empty answer that scores is a broken measurement.
  scratch.put("loose.jsonl",
              R"({"id":"a","input":"x","target":"4","grader":{"type":"regex","pattern":".*"}})"
              "\n");
  const auto broken = run(scratch, {"benchmark", "check", "-b", "loose.jsonl"});
  EXPECT_EQ(broken.exit_code, 1) << broken;
  EXPECT_TRUE(holds(broken.out, {"a: ", "fix:", "1 problem"}));
}

TEST(Validate, ProfilesDifferInWhatTheyLetPass) {
  const Scratch scratch;
  const Mini mini(scratch);
  scratch.put("odd/SKILL.md",
              "---\nname: Odd Name\ndescription: Has a name that is no slug.\n---\n\n# Odd\n");
  for (const auto& profile : {"spec", "strict", "lenient"}) {
    const auto good = run(scratch, {"validate", mini.skill(), "--profile", profile, "--json"});
    EXPECT_EQ(good.exit_code, 0) << good;
    EXPECT_EQ(good.json()["valid"], true);
  }
  const auto odd = run(scratch, {"validate", "odd", "--json"});
  EXPECT_EQ(odd.exit_code, 1) << odd;
  EXPECT_EQ(odd.json()["valid"], false);
  EXPECT_EQ(odd.json()["findings"][0]["severity"], "error");
  EXPECT_TRUE(odd.json()["findings"][0].contains("line"));
  const auto both = run(scratch, {"validate", mini.skill(), "odd", "--github"});
  EXPECT_EQ(both.exit_code, 1) << both;
  EXPECT_TRUE(holds(both.out, {"::error file=odd/SKILL.md,line=2::"}));
}

TEST(Config, ShowsEachValueWithItsOrigin) {
  const Scratch scratch;
  scratch.put("c.json", "{\n // three at once\n \"batch_size\": 3, \"sim\": {\"slip\": 0.5}\n}\n");
  Options options;
  options.env["SKILLGRAD_SEED"] = "9";
  const auto shown = run(
      scratch,
      {"config", "show", "--json", "--config", "c.json", "--gate", "strict", "--set", "patience=2"},
      options);
  ASSERT_EQ(shown.exit_code, 0) << shown;
  const Json json = shown.json();
  const auto is = [&](const char* key, const Json& value, const std::string& origin) {
    EXPECT_EQ(json[key]["value"], value) << key;
    EXPECT_EQ(json[key]["origin"], origin) << key;
  };
  is("batch_size", 3, "file c.json");
  is("sim.slip", 0.5, "file c.json");
  is("seed", 9, "environment SKILLGRAD_SEED");
  is("gate", "strict", "flag --gate");
  is("patience", 2, "--set");
  is("keep", "best", "preset default");
  is("train_tasks", 40, "default");
  const auto text = run(scratch, {"config", "show", "--origin", "--preset", "paper"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_TRUE(holds(text.out, {"preset paper", "# default"}));
}

TEST(Doctor, SaysWhatIsThereAndNamesTheSimulation) {
  const Scratch scratch;
  const auto doctor = run(scratch, {"doctor", "-m", "sim:demo", "--json"});
  const Json json = doctor.json();
  EXPECT_EQ(doctor.exit_code, json["ok"].get<bool>() ? 0 : 3) << doctor;
  std::map<std::string, Json> rows;
  for (const auto& row : json["checks"]) rows[row["check"]] = row;
  EXPECT_EQ(rows["endpoint"]["found"], "simulated endpoint");
  for (const char* name : {"model", "tool calling", "sandbox", "python3", "LibreOffice", "disk"})
    EXPECT_TRUE(rows.contains(name)) << name;
  for (const auto& [name, row] : rows) {
    EXPECT_TRUE(row["state"] == "ok" || !row["mend"].get<std::string>().empty()) << name;
  }
  const auto wrong = run(scratch, {"doctor", "-m", "x", "--base-url", "http://127.0.0.1:1/v1"});
  EXPECT_EQ(wrong.exit_code, 3) << wrong;
  EXPECT_TRUE(holds(wrong.out, {"BAD", "fix:"}));
}

TEST(Events, StreamAsJsonLinesAndKeepTheResultReadable) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto done =
      run(scratch, mini.optimize("r", {"--max-iters", "1", "--events", "events.jsonl", "--json"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  std::map<std::string, int> count;
  for (const auto& line : Scratch::lines(scratch.read("events.jsonl"))) {
    EXPECT_EQ(line["schema"], "skillgrad.event/1");
    EXPECT_TRUE(line.contains("time"));
    ++count[line["event"].get<std::string>()];
  }
  EXPECT_GT(count["progress"], 10);
  EXPECT_EQ(count["iteration"], 1);
  EXPECT_EQ(done.json()["iterations"].size(), 1U);
  // On stdout every line is an event or the result: each line stays JSON.
  const auto mixed =
      run(scratch, mini.optimize("r2", {"--max-iters", "1", "--events", "-", "--quiet"}));
  EXPECT_EQ(mixed.exit_code, 0) << mixed;
  EXPECT_TRUE(holds(mixed.out, {"\"event\":\"iteration\""}));
}

TEST(InPlace, ReplacesTheSkillAndKeepsWhatIsNotPartOfThePackage) {
  const Scratch scratch;
  const Mini mini(scratch);
  const std::string before = scratch.read("mini/note-taker/SKILL.md");
  const std::string tasks = scratch.read("mini/note-taker/evals/tasks.jsonl");
  scratch.put("mini/note-taker/.git/config", "[core]\n");
  scratch.put("mini/note-taker/.hidden", "mine");
  const auto done = run(scratch, mini.optimize("r", {"--in-place"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_NE(scratch.read("mini/note-taker/SKILL.md"), before);
  EXPECT_EQ(scratch.read("mini/note-taker/SKILL.md"), scratch.read("r/best/SKILL.md"));
  EXPECT_EQ(scratch.read("mini/note-taker/evals/tasks.jsonl"), tasks);
  EXPECT_EQ(scratch.read("mini/note-taker/.hidden"), "mine");
  EXPECT_EQ(scratch.read("mini/note-taker/.git/config"), "[core]\n");
  EXPECT_EQ(scratch.read("r/replaced/SKILL.md"), before);
  // A finished run that is opened again must not take the new package for the old one.
  const auto again = run(scratch, {"resume", "r"});
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(scratch.read("r/replaced/SKILL.md"), before);
}

TEST(InPlace, WithoutItTheSkillIsNotTouched) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto before = tree(mini.skill());
  const auto done = run(scratch, mini.optimize("r", {"--max-iters", "1"}));
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_EQ(tree(mini.skill()), before);
}

TEST(Help, EveryCommandShowsExamplesAndExitCodes) {
  const Scratch scratch;
  for (const auto& command : {"optimize", "eval", "resume", "grade", "validate", "benchmark",
                              "demo", "simulate", "doctor", "config"}) {
    const auto help = run(scratch, {command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command;
    EXPECT_TRUE(holds(help.out, {"Examples:", "Exit codes:"})) << command;
  }
}

}  // namespace
}  // namespace skillgrad::e2e
