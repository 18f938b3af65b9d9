// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/bench/import.hpp>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Import, TablesAndEvalsBecomeJsonLinesThatLoadAsTheSameTasks) {
  Folder folder;
  const auto table = folder.put("q.csv",
                                "\xEF\xBB\xBFuid,question,__expected,level\r\n"
                                "a,\"Why, \"\"now\"\"?\",icontains:Yes,1\r\nb,How?,plain,2\r\n");
  const auto evals =
      folder.put("evals/evals.json",
                 R"({"skill_name":"s","evals":[{"id":3,"prompt":"Do it.","files":["evals/in.csv"],)"
                 R"("assertions":["one",{"text":"two"}],"expectations":["two","three"]}]})");
  folder.put("evals/in.csv", "1\n");
  for (const auto& [file, folder_of_files] :
       {std::pair{table, std::filesystem::path()}, std::pair{evals, folder.path()}}) {
    const auto imported = import_records(file.string(), {});
    ASSERT_TRUE(imported) << imported.error().to_text();
    EXPECT_EQ(imported->files_folder, folder_of_files);
    std::string text;
    for (const std::string& line : imported->lines) text += line + "\n";
    const auto again = load_benchmark(folder.put("tasks.jsonl", text).string(), {});
    const auto first = load_benchmark(file.string(), {});
    ASSERT_TRUE(again) << again.error().to_text();
    ASSERT_TRUE(first) << first.error().to_text();
    ASSERT_EQ((*again)->tasks().size(), (*first)->tasks().size());
    EXPECT_THAT((*again)->notices(), IsEmpty());
    for (std::size_t i = 0; i < (*first)->tasks().size(); ++i) {
      EXPECT_EQ((*again)->tasks()[i].id, (*first)->tasks()[i].id);
      EXPECT_EQ((*again)->tasks()[i].prompt, (*first)->tasks()[i].prompt);
      EXPECT_EQ((*again)->tasks()[i].content_hash, (*first)->tasks()[i].content_hash);
      EXPECT_EQ((*again)->tasks()[i].judged, (*first)->tasks()[i].judged);
    }
  }
}

TEST(Import, GivesLinesWithoutAnIdTheirNumberAndRefusesDataSets) {
  Folder folder;
  const auto file = folder.put("t.jsonl", "\n{\"input\":\"x\",\"target\":\"y\"}\n");
  const auto imported = import_records("records:" + file.string(), {});
  ASSERT_TRUE(imported) << imported.error().to_text();
  EXPECT_THAT(imported->lines, ElementsAre(R"({"id":"2","input":"x","target":"y"})"));
  EXPECT_THAT(imported->notices, ElementsAre(HasSubstr("no \"id\"")));
  const auto refused = import_records("wikitablequestions:" + folder.path().string(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::config);
}

TEST(Records, AreReadWithTheirFilesSplitAndTarget) {
  Folder folder;
  folder.put("data/sales.csv", "a,b\n1,2\n");
  const auto file = folder.put(
      "tasks.jsonl",
      "\xEF\xBB\xBF{\"id\":7,\"input\":\"Add it up.\",\"target\":\"SECRET\",\"split\":\"train\","
      "\"files\":{\"in.csv\":{\"path\":\"data/sales.csv\"},\"b.txt\":\"data:;base64,aMOkbGxv\","
      "\"c.txt\":{\"text\":\"inline\"},\"d/e.txt\":\"data:text/plain,a%20b\"},"
      "\"output\":\"out.csv\",\"category\":\"sums\",\"metadata\":{\"k\":1}}\n\n"
      "{\"id\":\"b\",\"input\":[{\"role\":\"system\",\"content\":\"Be short.\"},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Why?\"}]}],\"target\":[\"x\"],"
      "\"split\":\"test\"}\n");
  const auto benchmark = load_benchmark(file.string(), {});
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  const std::vector<Task>& tasks = (*benchmark)->tasks();
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_THAT((*benchmark)->notices(), IsEmpty());
  EXPECT_EQ(tasks[0].id, "7");
  EXPECT_EQ(tasks[0].prompt,
            "Add it up.\n\nInput files in the current folder: in.csv, b.txt, c.txt, d/e.txt\n\n"
            "Write the result to the file out.csv in the current folder.");
  EXPECT_THAT(tasks[0].prompt, Not(HasSubstr("SECRET")));
  EXPECT_EQ(tasks[0].category, "sums");
  EXPECT_EQ(tasks[1].prompt, "system: Be short.\n\nuser: Why?");
  Folder work;
  ASSERT_TRUE((*benchmark)->set_up(tasks[0], work.path(), {}));
  EXPECT_EQ(work.read("in.csv"), "a,b\n1,2\n");
  EXPECT_EQ(work.read("b.txt"), "h\xC3\xA4llo");
  EXPECT_EQ(work.read("c.txt"), "inline");
  EXPECT_EQ(work.read("d/e.txt"), "a b");
  EXPECT_EQ(list_files(work.path())->size(), 4U) << "the target is in none of the files";
  const auto splits = (*benchmark)->own_splits();
  ASSERT_TRUE(splits);
  EXPECT_THAT(splits->train, ElementsAre("7"));
  EXPECT_THAT(splits->test, ElementsAre("b"));
}

TEST(Records, BrokenFilesAreRefusedWithFileAndLine) {
  struct Row {
    const char* content;
    std::vector<std::string> parts;
  };
  const std::string good = R"({"id":"a","input":"x","target":"y"})";
  const std::vector<Row> rows = {
      {"", {"tasks.jsonl", "no record"}},
      {"{\"id\":\"a\",\"input\":\"x\",\"target\":\"y\"}\n{\"id\":}\n", {"tasks.jsonl:2:"}},
      {"{\"id\":\"a\",\"input\":\"x\",\"target\":\"y\"}\n\n"
       "{\"id\":\"a\",\"input\":\"z\",\"target\":\"y\"}\n",
       {"id \"a\"", "record 1", "record 2"}},
      {R"({"id":"a","inptu":"x","target":"y"})", {"tasks.jsonl:1", "id, inptu, target"}},
      {R"({"id":"a","input":"  ","target":"y"})", {"tasks.jsonl:1", "empty"}},
      {R"({"id":"a","input":"x"})", {"tasks.jsonl:1", "target"}},
      {R"({"id":" ","input":"x","target":"y"})", {"tasks.jsonl:1", "id"}},
      {R"(["a"])", {"tasks.jsonl:1", "JSON object"}},
      {"{\"id\":\"a\",\"input\":\"\xFF\"}", {"tasks.jsonl:1", "UTF-8"}},
      {R"({"id":"a","input":"x","target":"y","files":{"f":{"path":"nope.csv"}}})",
       {"tasks.jsonl:1", "nope.csv"}},
      {R"({"id":"a","input":"x","target":"y","files":{"f":{"path":"../tasks.jsonl"}}})",
       {"tasks.jsonl:1", "leaves"}},
      {R"({"id":"a","input":"x","target":"y","files":{"../f":{"text":"t"}}})",
       {"tasks.jsonl:1", "leaves"}},
      {R"({"id":"a","input":"x","target":"y","files":{"f":"data:;base64,!!"}})",
       {"tasks.jsonl:1", "data URI"}},
      {R"({"id":"a","input":"x","target":"y","output":"/etc/x"})", {"tasks.jsonl:1", "leaves"}},
      {R"({"id":"a","input":"x","target":"y","grader":"exakt"})",
       {"tasks.jsonl:1", "exakt", "did you mean \"exact\""}},
      {R"({"id":"a","input":"x","target":"y","grader":{"type":"exact","trimm":true}})",
       {"tasks.jsonl:1", "trimm", "trim"}},
      {R"({"id":"a","input":"x","target":"y","grader":"exact","checks":[]})", {"both"}},
      {R"({"id":"a","input":"x","target":"y","checks":[]})", {"at least one check"}},
      {R"({"id":"a","input":"x","target":"y","checks":[{"weight":0,"grader":"exact"}]})",
       {"weights"}},
      {R"({"id":"a","input":"x","target":"(","grader":"regex"})", {"tasks.jsonl:1", "pattern"}},
      {R"({"id":"a","input":"x","target":"many","grader":"numeric"})", {"not one number"}},
      {R"({"id":"a","input":"x","target":"{","grader":"json-equal"})", {"not JSON"}},
      {R"({"id":"a","input":"x","target":""})", {"empty target"}},
      {R"({"id":"a","input":"x","grader":{"type":"command"}})", {"run"}},
      {R"({"id":"a","input":"x","grader":{"type":"command","run":["./no.sh"]}})", {"no.sh"}},
  };
  for (const Row& row : rows) {
    const Loaded loaded("tasks.jsonl", row.content);
    ASSERT_FALSE(loaded.benchmark) << row.content;
    EXPECT_EQ(exit_code_of(loaded.benchmark.error().code), 2) << row.content;
    for (const std::string& part : row.parts)
      EXPECT_THAT(loaded.error(), HasSubstr(part)) << row.content;
  }
}

TEST(Records, OddThingsAreNoticed) {
  const Loaded loaded("tasks.jsonl",
                      "{\"input\":\"x\",\"target\":\"y\",\"taget\":1,\"files\":{\"f\":\"hello\"},"
                      "\"split\":\"part7\"}\n"
                      R"({"id":"b","input":"z","target":"y","split":" Train "})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_EQ(loaded->tasks()[0].id, "1");
  EXPECT_THAT(loaded->notices(),
              ElementsAre(HasSubstr("did you mean \"target\""), HasSubstr("no \"id\""),
                          HasSubstr("taken as the text"), HasSubstr("part7")));
  ASSERT_TRUE(loaded->own_splits());
  EXPECT_THAT(loaded->own_splits()->train, ElementsAre("b"));
}

TEST(Records, HashesTellContentFromExpectation) {
  const Loaded a("tasks.jsonl", R"({"id":"a","input":"x","target":"1"})");
  const Loaded b("tasks.jsonl", R"({"id":"b","input":"x","target":"2"})");
  const Loaded c("tasks.jsonl", R"({"id":"a","input":"x","target":"1","files":{"f":{"text":""}}})");
  EXPECT_EQ(a->tasks()[0].content_hash, b->tasks()[0].content_hash);
  EXPECT_NE(a->tasks()[0].hash, b->tasks()[0].hash);
  EXPECT_NE(a->tasks()[0].content_hash, c->tasks()[0].content_hash);
}

TEST(Records, AnOutputFileIsTheAnswer) {
  const Loaded loaded("tasks.jsonl",
                      R"({"id":"a","input":"x","target":"42","output":"answer.txt"})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const Task& task = loaded->tasks()[0];
  Folder work;
  const Grade none = loaded->grade(task, {work.path(), "42"}, {});
  EXPECT_EQ(none.status, GradeStatus::fail) << "the message is not the answer";
  EXPECT_EQ(none.total, 1U);
  EXPECT_THAT(none.message, HasSubstr("answer.txt was not written"));
  work.put("answer.txt",
           "\xEF\xBB\xBF"
           "42\n");
  EXPECT_EQ(loaded->grade(task, {work.path(), ""}, {}).status, GradeStatus::pass);
  work.put("answer.txt", std::string("4\0002", 3));
  EXPECT_THAT(loaded->grade(task, {work.path(), ""}, {}).message, HasSubstr("not a text file"));
}

TEST(Records, AnOutputThatIsALinkIsNoOutput) {
  const Loaded loaded("tasks.jsonl",
                      R"({"id":"a","input":"x","target":"42","output":"answer.txt"})");
  Folder work;
  Folder outside;
  std::filesystem::create_symlink(outside.put("secret", "42"), work.path() / "answer.txt");
  EXPECT_EQ(loaded->grade(loaded->tasks()[0], {work.path(), ""}, {}).status, GradeStatus::fail);
}

TEST(Records, SetUpRunsInTheSandboxAndItsFailureIsNoScore) {
  const Loaded loaded("tasks.jsonl", R"({"id":"a","input":"x","target":"y","setup":"make data"})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  Folder work;
  FakeSandbox good([](const exec::CommandSpec&) { return printed(""); });
  GradeContext context;
  context.sandbox = &good;
  EXPECT_TRUE(loaded->set_up(loaded->tasks()[0], work.path(), context));
  EXPECT_THAT(good.last.argv, ElementsAre("/bin/sh", "-c", "make data"));
  EXPECT_EQ(good.last.work_dir, work.path());
  FakeSandbox bad([](const exec::CommandSpec&) { return printed("", 3); });
  context.sandbox = &bad;
  const auto failed = loaded->set_up(loaded->tasks()[0], work.path(), context);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::infra);
  EXPECT_FALSE(loaded->set_up(loaded->tasks()[0], work.path(), {}));
}

TEST(Records, PredictionsBecomeAnswers) {
  Folder base;
  base.put("made.txt", "42");
  const Loaded message("tasks.jsonl", R"({"id":"a","input":"x","target":"42"})");
  const Loaded file("tasks.jsonl", R"({"id":"a","input":"x","target":"42","output":"o.txt"})");
  struct Row {
    const Loaded& loaded;
    const char* line;
    GradeStatus status;
  };
  for (const Row& row : {Row{message, R"({"task_id":"a","answer":"42"})", GradeStatus::pass},
                         Row{message, R"({"task_id":"a","answer":["42"]})", GradeStatus::pass},
                         Row{message, R"({"task_id":"a","answer":42})", GradeStatus::pass},
                         Row{message, R"({"task_id":"a","output":"made.txt"})", GradeStatus::pass},
                         Row{file, R"({"task_id":"a","answer":"42"})", GradeStatus::pass},
                         Row{file, R"({"task_id":"a","output":"made.txt"})", GradeStatus::pass},
                         Row{file, R"({"task_id":"a","output":"gone.txt"})", GradeStatus::fail}}) {
    Folder work;
    const Task& task = row.loaded->tasks()[0];
    const auto answer = row.loaded->prediction(task, row.line, base.path(), work.path());
    ASSERT_TRUE(answer) << row.line;
    EXPECT_EQ(row.loaded->grade(task, *answer, {}).status, row.status) << row.line;
  }
  Folder work;
  EXPECT_FALSE(
      message->prediction(message->tasks()[0], R"({"task_id":"a"})", base.path(), work.path()));
}

TEST(Tables, AreReadByGuessedOrGivenColumns) {
  const Loaded guessed("t.csv",
                       "uid,question,answer,part\r\n1,\"a, \"\"b\"\"\nc\",x,train\r\n2,d,y,test\n");
  ASSERT_TRUE(guessed.benchmark) << guessed.error();
  ASSERT_EQ(guessed->tasks().size(), 2U);
  EXPECT_EQ(guessed->tasks()[0].prompt, "a, \"b\"\nc");
  EXPECT_EQ(guessed->tasks()[0].id, "1");
  BenchmarkOptions options;
  options.map = {{"input", "question"}, {"target", "answer"}, {"id", "uid"}, {"split", "part"}};
  const Loaded mapped("t.tsv", "uid\tquestion\tanswer\tpart\n1\ta \"b\tx\ttrain\n", options);
  ASSERT_TRUE(mapped.benchmark) << mapped.error();
  EXPECT_EQ(mapped->tasks()[0].prompt, "a \"b");
  EXPECT_EQ(mapped->tasks()[0].split, "train");
}

TEST(Tables, BrokenOnesAreRefusedWithFileAndLine) {
  struct Row {
    const char* content;
    std::map<std::string, std::string> map;
    std::vector<std::string> parts;
  };
  for (const Row& row : std::vector<Row>{
           {"input,target\na,b\nc\n", {}, {"t.csv:3", "1 fields", "2"}},
           {"input,target\n\"a\nb,c\n", {}, {"t.csv:2", "never closed"}},
           {"input,target\n\"a\"b,c\n", {}, {"t.csv:2", "closing quote"}},
           {"input,target\na\"b,c\n", {}, {"t.csv:2", "quote"}},
           {"input,question,target\na,b,c\n", {}, {"several columns", "input, question"}},
           {"foo,target\na,b\n", {}, {"no column for the input", "foo, target", "--map"}},
           {"input,target\na,b\n", {{"input", "text"}}, {"no column \"text\"", "input, target"}},
           {"input,target\na,b\n", {{"inpt", "input"}}, {"inpt", "did you mean \"input\""}},
           {"input,input\na,b\n", {}, {"occurs twice"}},
           {"", {}, {"empty"}},
           {"input,target\n\xE4,b\n", {}, {"t.csv:2", "UTF-8"}}}) {
    BenchmarkOptions options;
    options.map = row.map;
    const Loaded loaded("t.csv", row.content, options);
    ASSERT_FALSE(loaded.benchmark) << row.content;
    for (const std::string& part : row.parts)
      EXPECT_THAT(loaded.error(), HasSubstr(part)) << row.content;
  }
}

TEST(Tables, ExpectationsChooseTheGrader) {
  const Loaded loaded("t.csv",
                      "input,__expected\na,contains:lo w\nb,icontains:HELLO\nc,equals:hello world\n"
                      "d,regex:^h.*d$\ne,hello world\nf,llm-rubric:is polite\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(loaded->grade(loaded->tasks()[i], {"", "hello world"}, {}).status, GradeStatus::pass)
        << i;
  const Grade judged = loaded->grade(loaded->tasks()[5], {"", "hello world"}, {});
  EXPECT_EQ(judged.kind, GradeErrorKind::infra_error);
  EXPECT_THAT(judged.message, HasSubstr("judge model"));
}

TEST(Evals, OfASkillAreFoundAndNeedAJudge) {
  Folder skill;
  skill.put("SKILL.md", "---\nname: s\ndescription: d\n---\nbody\n");
  skill.put("evals/files/in.csv", "1\n");
  skill.put("evals/evals.json",
            R"({"skill_name":"s","evals":[
              {"id":1,"prompt":"Do it.","expected_output":"done","files":["evals/files/in.csv"],
               "assertions":["is done",{"text":"is quick"}],"expectations":["is done",{"name":"n"}]},
              {"prompt":"Again.","expected_output":"done"}]})");
  const auto benchmark = load_benchmark(skill.path().string(), {});
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  const std::vector<Task>& tasks = (*benchmark)->tasks();
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].id, "1");
  EXPECT_THAT(tasks[0].input_files, ElementsAre("in.csv"));
  const Grade grade = (*benchmark)->grade(tasks[0], {"", "done"}, {});
  EXPECT_EQ(grade.kind, GradeErrorKind::infra_error);
  EXPECT_EQ(grade.total, 3U);
  EXPECT_THAT(grade.message, HasSubstr("judge model"));
  EXPECT_TRUE(tasks[0].judged);
}

TEST(Evals, BrokenOnesAreRefused) {
  EXPECT_THAT(Loaded("evals.json", R"({"tasks":[]})").error(), HasSubstr("no list \"evals\""));
  EXPECT_THAT(Loaded("evals.json", R"({"evals":[{"id":1}]})").error(), HasSubstr("prompt"));
  EXPECT_THAT(Loaded("evals.json", R"({"evals":[{"id":1,"prompt":"x"}]})").error(),
              HasSubstr("no assertions"));
}

TEST(Records, OfTheDemoSkillLoadWithoutANotice) {
  const auto benchmark = load_benchmark(SKILLGRAD_SOURCE_DIR "/skills/table-reports", {});
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  EXPECT_THAT((*benchmark)->notices(), IsEmpty());
  EXPECT_TRUE((*benchmark)->own_splits());
}

TEST(LoadBenchmark, NamesTheNearestMatchAndTheMissingFile) {
  const auto unknown = load_benchmark("spreadsheetbenc:/nowhere", {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::config);
  EXPECT_THAT(unknown.error().to_text(), HasSubstr("did you mean \"spreadsheetbench\""));
  const auto missing = load_benchmark("/nowhere/tasks.jsonl", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::input);
  Folder empty;
  EXPECT_FALSE(load_benchmark(empty.path().string(), {}));
  EXPECT_FALSE(load_benchmark("wikitablequestions:" + empty.path().string(), {}));
}

TEST(LoadBenchmark, TakesANamedFolderOrFile) {
  Folder folder;
  folder.put("evals/tasks.jsonl", R"({"id":"a","input":"x","target":"y"})");
  for (const std::string& spec :
       {folder.path().string() + "/evals", "records:" + folder.path().string() + "/evals",
        "records:" + folder.path().string() + "/evals/tasks.jsonl"}) {
    const auto benchmark = load_benchmark(spec, {});
    ASSERT_TRUE(benchmark) << spec << benchmark.error().to_text();
    EXPECT_EQ((*benchmark)->name(), "records");
  }
}

}  // namespace
}  // namespace skillgrad::bench
