// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/bench/import.hpp>
#include <skillgrad/core/json.hpp>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::AllOf;
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
    const auto answer =
        row.loaded->prediction(task, Json::parse(row.line), base.path(), work.path());
    ASSERT_TRUE(answer) << row.line;
    EXPECT_EQ(row.loaded->grade(task, *answer, {}).status, row.status) << row.line;
  }
  Folder work;
  EXPECT_FALSE(message->prediction(message->tasks()[0], Json::parse(R"({"task_id":"a"})"),
                                   base.path(), work.path()));
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

/// What the evals of a one-eval file are graded by, as the imported record says it.
Json imported_record(const Folder& skill, const std::string& eval) {
  const auto file = skill.put("evals/evals.json", R"({"evals":[)" + eval + "]}");
  const auto imported = import_records(file.string(), {});
  if (!imported) return imported.error().to_text();
  return Json::parse(imported->lines.at(0));
}

TEST(Evals, AnAssertionIsJudgedByWhatItSaysAndNotByItsName) {
  Folder skill;
  const auto criteria = [&](const std::string& assertion) {
    return imported_record(
        skill, R"({"id":1,"prompt":"x","assertions":[)" + assertion + "]}")["grader"]["criteria"];
  };
  EXPECT_EQ(criteria(R"({"name":"states-three","description":"The answer states that it is 3"})"),
            Json({"The answer states that it is 3"}));
  EXPECT_EQ(criteria(R"({"description":"b c","text":"a b"})"), Json({"a b"}));
  EXPECT_EQ(criteria(R"({"id":"n","criterion":"is short"})"), Json({"is short"}));
  EXPECT_EQ(criteria(R"({"name":"only-a-name"})"), Json({"only-a-name"}));
  EXPECT_EQ(criteria(R"({"type":"llm","value":"is polite"})"), Json({"is polite"}));
  EXPECT_EQ(criteria(R"({"type":"count","expected":3,"text":"has three rows"})"),
            Json({"has three rows"}));
}

TEST(Evals, TypedAssertionsRunOnTheirGraders) {
  struct Row {
    const char* assertion;
    std::vector<const char*> right, wrong;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"text":"has X","type":"content_contains","pattern":"X+"})", {"a XX"}, {"xx", ""}},
           {R"({"type":"contains","value":"a.b"})", {"1 a.b"}, {"1 aXb"}},
           {R"({"type":"not_contains","value":"no"})", {"yes"}, {"it is no", "", " "}},
           {R"({"type":"contains","value":"No","negate":true})", {"no"}, {"No"}},
           {R"({"type":"output_contains","values":["a","b"]})", {"b a"}, {"a"}},
           {R"({"type":"contains_any","values":["a","b"],"case_sensitive":false})", {"B"}, {"c"}},
           {R"({"type":"regex","value":"^b$","flags":"mi"})", {"a\nB"}, {"ab"}},
           {R"({"type":"equals","expected":"3"})", {" 3\n"}, {"33"}},
           {R"({"type":"starts-with","value":"ab"})", {"abc"}, {"cab"}},
           {R"({"type":"ends_with","value":"bc"})", {"abc"}, {"bca"}},
           {R"({"type":"is-json"})", {"{\"a\":1}", "```json\n[]\n```"}, {"a {}", "{"}},
           {R"({"type":"contains-json"})", {"so: {\"a\":\"}\"} ok"}, {"{a}", "none"}}}) {
    Loaded loaded("evals.json", std::string(R"({"evals":[{"id":1,"prompt":"x","assertions":[)") +
                                    row.assertion + "]}]}");
    ASSERT_TRUE(loaded.benchmark) << loaded.error();
    Folder work;
    for (const bool good : {true, false})
      for (const char* answer : good ? row.right : row.wrong)
        EXPECT_EQ(loaded->grade(loaded->tasks()[0], {work.path(), answer}, {}).score, good ? 1 : 0)
            << row.assertion << " on " << answer;
  }
}

TEST(Evals, ATextIsLookedForInTheFilesOfTheAgentToo) {
  Loaded loaded("evals.json",
                R"({"evals":[{"id":1,"prompt":"x","files":[{"path":"in.txt","content":"sum"}],
                  "assertions":[{"type":"contains","value":"sum"},
                                {"type":"file_exists","path":"r.md"},
                                {"type":"content_contains","target":"outputs/r.md","pattern":"^s"},
                                {"type":"not_contains","value":"TODO"}]}]})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  Folder work;
  work.put("in.txt", "sum");
  const auto score = [&] {
    return loaded->grade(loaded->tasks()[0], {work.path(), "done"}, {}).score;
  };
  EXPECT_EQ(score(), 0.25) << "a file that the task brought along is not the agent's";
  work.put("r.md", "sum: 3");
  EXPECT_EQ(score(), 1);
  work.put("r.md", "sum: TODO");
  EXPECT_EQ(score(), 0.75);
}

TEST(Evals, WhatAJudgeIsAskedIsKnownAsNothingForASkill) {
  const Loaded loaded("evals.json", R"({"evals":[{"id":1,"prompt":"x","assertions":[
      "The sum is 3",{"type":"contains","value":"3"}]}]})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_THAT(loaded->criteria(loaded->tasks()[0]), ElementsAre("The sum is 3"));
}

TEST(Records, CopiesWithOtherBlanksOrLetterCaseAreOneContent) {
  const Loaded loaded("t.jsonl",
                      "{\"id\":1,\"input\":\"Add it up.\",\"target\":\"1\",\"split\":\"train\"}\n"
                      "{\"id\":2,\"input\":\"add  it up. \",\"target\":\"1\",\"split\":\"test\"}\n"
                      "{\"id\":3,\"input\":\"Add it.\",\"target\":\"1\",\"split\":\"test\"}\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_EQ(loaded->tasks()[0].content_hash, loaded->tasks()[1].content_hash);
  EXPECT_NE(loaded->tasks()[0].content_hash, loaded->tasks()[2].content_hash);
  EXPECT_NE(loaded->tasks()[0].hash, loaded->tasks()[1].hash);
}

TEST(Evals, MixedAssertionsShareTheScoreByTheirNumber) {
  Folder skill;
  const Json record =
      imported_record(skill, R"({"id":1,"prompt":"x","expectations":["one two","three four"],
                 "assertions":[{"type":"contains","value":"x","name":"n","weight":2}]})");
  ASSERT_EQ(record["checks"].size(), 2U) << record;
  EXPECT_EQ(record["checks"][0]["name"], "n");
  EXPECT_EQ(record["checks"][0]["weight"], 2);
  EXPECT_EQ(record["checks"][1]["weight"], 2) << "two criteria of the judge";
}

TEST(Evals, WhatIsReadAndNotUsedIsSaidOnce) {
  const Loaded loaded("evals.json",
                      R"({"version":2,"evals":[
        {"id":1,"prompt":"x","expected_output":"e","tags":[1],"assertions":["is x",{"type":"odd"}]},
        {"id":2,"prompt":"y","expected_output":"e","tags":[2],"assertions":[
           {"text":"is y","type":"similar_cost","threshold":3}]},
        {"id":3,"prompt":"z","expected_output":"e","tags":[3],"assertions":["is z"]}]})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_THAT(
      loaded->notices(),
      ElementsAre(
          HasSubstr("\"version\" is not used"), HasSubstr("type \"odd\": it is left out"),
          AllOf(HasSubstr("\"expected_output\" is not graded"), HasSubstr("(3 times:"),
                HasSubstr("eval 1")),
          AllOf(HasSubstr("\"tags\" is not used"), HasSubstr("(3 times:")),
          AllOf(HasSubstr("\"similar_cost\" with its conditions"), HasSubstr("put to the judge")),
          HasSubstr("\"threshold\" of an assertion is not used")));
}

TEST(Evals, FilesAreFoldersPathsBesideTheFileAndContents) {
  Folder skill;
  skill.put("evals/fixtures/proj/m.txt", "m");
  skill.put("evals/fixtures/proj/sub/n.txt", "n");
  skill.put("evals/files/a/d.csv", "1");
  skill.put("evals/files/b/d.csv", "2");
  skill.put("evals/beside.txt", "b");
  skill.put("root.txt", "r");
  const auto file = skill.put(
      "evals/evals.json",
      R"({"evals":[{"id":1,"prompt":"Look at fixtures/proj and b/d.csv.","expected_output":"x",
        "files":["evals/fixtures/proj/","./evals/files/a/d.csv","evals/files/b/d.csv","beside.txt",
                 "root.txt",{"path":"in/c.txt","content":"c"},{"name":"e.bin","content":"aGk=",
                 "encoding":"base64"},{"source":"root.txt","target":"r2.txt"},null]},
        {"id":2,"prompt":"y","expected_output":"x","files":null}]})");
  const auto loaded = load_benchmark(file.string(), {});
  ASSERT_TRUE(loaded) << loaded.error().to_text();
  Folder work;
  ASSERT_TRUE((*loaded)->set_up((*loaded)->tasks()[0], work.path(), {}));
  for (const auto& [name, text] :
       std::map<std::string, std::string>{{"fixtures/proj/m.txt", "m"},
                                          {"fixtures/proj/sub/n.txt", "n"},
                                          {"evals/files/a/d.csv", "1"},
                                          {"b/d.csv", "2"},
                                          {"beside.txt", "b"},
                                          {"root.txt", "r"},
                                          {"in/c.txt", "c"},
                                          {"e.bin", "hi"},
                                          {"r2.txt", "r"}})
    EXPECT_EQ(work.read(name), text) << name;
  EXPECT_EQ(list_files(work.path())->size(), 9U);
}

TEST(Evals, FilesThatCannotBeHadSayWhy) {
  Folder skill;
  std::filesystem::create_symlink("/etc/hostname",
                                  skill.put("evals/x", "").parent_path() / "link.txt");
  for (const auto& [files, why] : std::map<std::string, std::string>{
           {R"(["evals/none.csv"])", "no file or folder \"evals/none.csv\" in "},
           {R"(["../out.csv"])", "leaves the skill's folder"},
           {R"(["evals/link.txt"])", "is a link"},
           {R"([3])", "a file is given as 3"},
           {R"([{"path":"a","content":"1"},{"path":"a","content":"2"}])", "two files are named"}}) {
    const auto file = skill.put(
        "evals/evals.json",
        R"({"evals":[{"id":1,"prompt":"x","expected_output":"y","files":)" + files + "}]}");
    const auto loaded = load_benchmark(file.string(), {});
    ASSERT_FALSE(loaded) << files;
    EXPECT_THAT(loaded.error().to_text(), HasSubstr(why));
  }
}

TEST(Evals, AreReadUnderOtherNamesAndWithKeysOfRecords) {
  const Loaded array("evals.json", R"([{"id":"a","prompt":"x","assertions":["is x"]}])");
  ASSERT_TRUE(array.benchmark) << array.error();
  const Loaded cases("evals.json", R"({"skill":"s","test_cases":[
     {"id":"a","query":"x","expected_behavior":["is x"],"golden":"g","split":"test"}]})");
  ASSERT_TRUE(cases.benchmark) << cases.error();
  EXPECT_THAT(cases->notices(), IsEmpty());
  EXPECT_EQ(cases->tasks()[0].split, "test");
  Folder work;
  EXPECT_EQ(cases->golden_answer(cases->tasks()[0], work.path())->final_message, "g");
}

TEST(Records, OfOtherProgramsAreReadAndItIsSaid) {
  struct Row {
    const char* line;
    const char* prompt;
    std::vector<const char*> right;
    std::vector<const char*> notes;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"id":1,"question":"Q","answer":"A","files":null})", "Q", {"A"}, {"question"}},
           {R"({"id":1,"task":"Q","ideal":["A","B"]})", "Q", {"A", "B"}, {"task", "ideal"}},
           {R"({"id":1,"instruction":"Add","input":"1 2","output":"3"})",
            "Add\n\n1 2",
            {"3"},
            {"instruction", "output"}},
           {R"({"id":1,"messages":[{"role":"user","content":"hi"},)"
            R"({"role":"assistant","content":"yo"}]})",
            "hi",
            {"yo"},
            {"assistant"}},
           {R"({"id":1,"question":"who","context":"Bob did.","answers":{"text":["Bob"]}})",
            "Bob did.\n\nwho",
            {"Bob"},
            {"context", "answers"}},
           {R"({"id":1,"question":"Q","answer":"so\n#### 72"})", "Q", {"72"}, {"####"}},
           {R"({"id":1,"vars":{"q":"what"},"assert":[{"type":"icontains","value":"X"}]})",
            "what",
            {"an x"},
            {"variable"}}}) {
    const Loaded loaded("tasks.jsonl", row.line);
    ASSERT_TRUE(loaded.benchmark) << row.line << loaded.error();
    EXPECT_EQ(loaded->tasks()[0].prompt, row.prompt);
    for (const char* answer : row.right)
      EXPECT_EQ(loaded->grade(loaded->tasks()[0], {"", answer}, {}).score, 1) << row.line;
    for (const char* note : row.notes)
      EXPECT_THAT(loaded->notices(), ::testing::Contains(HasSubstr(note))) << row.line;
  }
  EXPECT_THAT(Loaded("t.jsonl", R"({"id":1,"question":"a","prompt":"b","target":"c"})").error(),
              HasSubstr("several keys may be the input"));
}

TEST(Records, AMapNamesKeysAlsoBelowOthers) {
  BenchmarkOptions options;
  options.map = {{"input", "data.q"}, {"target", "gold_label"}};
  const Loaded loaded("t.jsonl", R"({"id":1,"data":{"q":"Q"},"gold_label":"A"})", options);
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_EQ(loaded->tasks()[0].prompt, "Q");
  options.map = {{"input", "nope"}};
  EXPECT_THAT(Loaded("t.jsonl", R"({"id":1,"q":"Q","target":"A"})", options).error(),
              HasSubstr("the keys are id, q, target"));
  options.map = {{"inpt", "q"}};
  EXPECT_THAT(Loaded("t.jsonl", R"({"id":1,"q":"Q","target":"A"})", options).error(),
              HasSubstr("did you mean \"input\""));
}

TEST(Records, ChoicesAreShownAndTheirLettersAreRight) {
  const std::string shown =
      "Q\n\nChoices:\nA. Paris\nB. Rome\n\nAnswer with the letter of one choice and nothing else.";
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"t.jsonl", R"({"id":1,"input":"Q","choices":["Paris","Rome"],"target":"Rome"})"},
           {"t.jsonl", R"({"id":1,"question":"Q","choices":["Paris","Rome"],"answer":1})"},
           {"t.jsonl", R"({"id":1,"input":"Q","options":{"A":"Paris","B":"Rome"},"target":"b"})"},
           {"t.jsonl", R"({"id":1,"question":"Q","answerKey":"B",)"
                       R"("choices":{"label":["A","B"],"text":["Paris","Rome"]}})"},
           {"t.csv", "id,input,choices,target\n1,Q,Paris|Rome,B\n"},
           {"t.csv", "id,input,choices,__expected\n1,Q,\"[\"\"Paris\"\",\"\"Rome\"\"]\",Rome\n"},
           {"t.csv", "id,prompt,A,B,answer\n1,Q,Paris,Rome,B\n"}}) {
    const Loaded loaded(name, text);
    ASSERT_TRUE(loaded.benchmark) << loaded.error();
    EXPECT_EQ(loaded->tasks()[0].prompt, shown) << text;
    for (const char* answer : {"B", "Rome", "B. Rome", "(B) Rome", "B."})
      EXPECT_EQ(loaded->grade(loaded->tasks()[0], {"", answer}, {}).score, 1) << text << answer;
    for (const char* answer : {"A", "Paris", ""})
      EXPECT_EQ(loaded->grade(loaded->tasks()[0], {"", answer}, {}).score, 0) << text << answer;
  }
}

TEST(Tables, ExpectationsOfPromptfooAreRunOrSaid) {
  const Loaded loaded("t.csv",
                      "id,input,__expected,__expected2,__prefix,__threshold,level\n"
                      "1,a,is-json,,Say: ,,x\n2,b,\"not-icontains-any: no,none\",,,,x\n"
                      "3,c,similar(0.8): hello,,,0.5,x\n4,d,contains: a,starts-with: b,,,x\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const auto score = [&](std::size_t i, const char* answer) {
    return loaded->grade(loaded->tasks()[i], {"", answer}, {}).score;
  };
  EXPECT_EQ(loaded->tasks()[0].prompt, "Say: a");
  EXPECT_EQ(score(0, "[1]") + score(1, "yes"), 2);
  EXPECT_EQ(score(0, "is-json") + score(1, "NONE"), 0);
  EXPECT_TRUE(loaded->tasks()[2].judged);
  EXPECT_EQ(score(3, "b a"), 1);
  EXPECT_EQ(score(3, "b"), 0.5);
  EXPECT_THAT(loaded->notices(),
              ElementsAre(HasSubstr("\"__threshold\" is not used"),
                          AllOf(HasSubstr("\"similar\""), HasSubstr("put to the judge")),
                          HasSubstr("\"threshold\" of an assertion"),
                          AllOf(HasSubstr("level"), HasSubstr("not shown to the agent"))));
  EXPECT_THAT(Loaded("t.csv", "id,input,__expected\n1,a,javascript: x > 1\n").error(),
              HasSubstr("no grader here does what is expected: javascript"));
}

TEST(Tables, OtherSeparatorsAreFound) {
  for (const char* text : {"id;input;target\n1;a,b;c\n", "sep=;\nid;input;target\n1;a,b;c\n",
                           "id\tinput\ttarget\n1\ta,b\tc\n"}) {
    const Loaded loaded("t.csv", text);
    ASSERT_TRUE(loaded.benchmark) << loaded.error();
    EXPECT_EQ(loaded->tasks()[0].prompt, "a,b");
  }
}

TEST(Records, APointerOfGitLfsIsNamedAndAListIsRead) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n";
  for (const char* name : {"t.jsonl", "t.csv", "evals.json"})
    EXPECT_THAT(Loaded(name, pointer).error(), HasSubstr("git lfs pull")) << name;
  const Loaded list("t.jsonl", "[\n {\"id\":1,\"input\":\"x\",\"target\":\"y\"}\n]\n");
  ASSERT_TRUE(list.benchmark) << list.error();
  EXPECT_EQ(list->tasks()[0].prompt, "x");
  EXPECT_THAT(Loaded("t.yaml", "a: b\n").error(), HasSubstr("YAML is not read"));
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
