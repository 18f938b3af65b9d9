// SPDX-License-Identifier: MIT
#include <chrono>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/wikitablequestions/dataset.hpp"
#include "bench/wikitablequestions/denotation.hpp"
#include "fakes/real_data.hpp"
#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path kQuestionData =
    std::filesystem::path(SKILLGRAD_SHARED_DIR) / "data" / "wikitablequestions";
const std::filesystem::path kVerdicts =
    std::filesystem::path(SKILLGRAD_SHARED_DIR) / "parity" / "wikitablequestions" / "verdicts.tsv";

TEST(Normalize, FollowsTheTableOfTheDesign) {
  const std::vector<std::pair<std::string, std::string>> rows = {{"foo [1].", "foo [1]"},
                                                                 {"foo.[1]", "foo"},
                                                                 {"a. (b)", "a"},
                                                                 {"foo..", "foo."},
                                                                 {"[1]", ""},
                                                                 {"[1][2]", ""},
                                                                 {"*", ""},
                                                                 {"\"\"", ""},
                                                                 {".", ""},
                                                                 {"[a]", "[a]"},
                                                                 {"[a][1]", "[a]"},
                                                                 {"[a] [1]", "[a]"},
                                                                 {"**a", "**a"},
                                                                 {"(foo)", "(foo)"},
                                                                 {"[1] a", "[1] a"},
                                                                 {"a*[2] (x) [3]", "a"},
                                                                 {"a [b] *", "a"},
                                                                 {"a [b [c]", "a"},
                                                                 {"foo (a) (b)", "foo"},
                                                                 {"foo  (a)", "foo"},
                                                                 {"foo(bar)", "foo(bar)"},
                                                                 {"a (b)(c)", "a (b)(c)"},
                                                                 {"foo (a (b))", "foo (a (b))"},
                                                                 {"\"foo\" (x)", "foo"},
                                                                 {"\u201Cfoo\u201D", "foo"},
                                                                 {"\"\"foo\"\"", "\"\"foo\"\""},
                                                                 {"\"a\" \"b\"", "\"a\" \"b\""},
                                                                 {"'foo'", "'foo'"},
                                                                 {"C++", "c"},
                                                                 {"C#", "c"},
                                                                 {"5+", "5"},
                                                                 {"+5", "+5"},
                                                                 {"m\u00B2", "m2"},
                                                                 {"\u00BD", "1\u20442"},
                                                                 {"\u2026", ".."},
                                                                 {"\u21165", "no5"},
                                                                 {"Caf\u00E9", "cafe"},
                                                                 {"\u00DF", "\u00DF"},
                                                                 {"\u0130", "i"},
                                                                 {"a\u00A0\u2009b", "a b"},
                                                                 {"a\u200Bb", "a\u200Bb"},
                                                                 {"a\u20DD", "a\u20DD"},
                                                                 {"\u2015", "\u2015"},
                                                                 {"\u2212\u2013", "--"},
                                                                 {"a\x1C"
                                                                  "b",
                                                                  "a b"},
                                                                 {"", ""},
                                                                 {"\xFF", "\uFFFD"}};
  for (const auto& [in, out] : rows) EXPECT_EQ(normalize_answer(in), out) << in;
}

TEST(Denotation, FollowsTheTableOfTheDesign) {
  using Items = std::vector<std::string>;
  struct Row {
    std::vector<AnswerItem> targets;
    std::vector<Items> right, wrong;
  };
  const std::vector<Row> rows = {
      {{{"10 years", "10.0"}}, {{"10"}, {"10.0"}, {"10 years (1990-2000)"}}, {{"ten"}, {"10 km"}}},
      {{{"5", "5.0"}},
       {{"+5"},
        {"5e0"},
        {"5."},
        {"5+"},
        {"\"5\""},
        {"5[1]"},
        {"\u0665"},
        {"5.0000001"},
        {"5", "5.0"}},
       {{"4.9999999"},
        {"5.00001"},
        {"5 km"},
        {"five"},
        {"- 5"},
        {"5", "5 km"},
        {""},
        {},
        {"5_0"},
        {"0x5"},
        {"nan"},
        {"inf"},
        {"1e400"}}},
      {{{"1,990", "1990.0"}}, {{"1990"}, {"1,990"}}, {{"1_990"}, {"1,990", "1990-01-01"}}},
      {{{"1990", "1990.0"}}, {{"1990-xx-xx"}}, {{"1990-01-01"}}},
      {{{"September 15, 1974", "1974-09-15"}},
       {{"1974-9-15"}, {"september 15, 1974."}},
       {{"15 September 1974"}, {"xx-09-15"}, {"1974-09-xx"}}},
      {{{"October", "xxxx-10-xx"}}, {{"xx-10-xx"}, {"XXXX-10-XX"}, {"october"}}, {{"10"}}},
      {{{"A", ""}, {"B", ""}},
       {{"B", "A"}, {"A", "A", "B"}, {"a (x)", "B[1]"}},
       {{"A"}, {"A", "B", "C"}, {"A, B"}}},
      {{{"9 km", "9.0"}, {"9 miles", "9.0"}},
       {{"9"}, {"9 km"}},
       {{"9 km", "9 miles"}, {"9 miles"}}},
      {{{"-5", "-5.0"}}, {{"\u22125"}, {"- 5"}}, {{"5"}}},
      {{{"0.1", "0.1"}}, {{".1"}, {"0.1000009"}}, {{"0.1000011"}}},
      {{{"1/2", "1/2"}}, {{"1/2"}}, {{"\u00BD"}, {"0.5"}}},
      {{{"x", "2004-2-30"}}, {{"2004-02-30"}}, {{"2004-13-30"}, {"2004-02-32"}}},
      {{{"big", "9007199254740993"}}, {{"9007199254740993"}}, {{"9007199254740992"}}}};
  for (const Row& row : rows) {
    for (const Items& items : row.right)
      EXPECT_EQ(grade_denotation(row.targets, items).score, 1)
          << row.targets[0].raw << " against " << join(items, "|");
    for (const Items& items : row.wrong)
      EXPECT_EQ(grade_denotation(row.targets, items).score, 0)
          << row.targets[0].raw << " against " << join(items, "|");
  }
}

TEST(Denotation, CountsDistinctTargetsAndShowsWhatIsWrong) {
  const Grade grade = grade_denotation({{"A", ""}, {"5", "5.0"}}, {"a", "6"});
  EXPECT_EQ(grade.matched, 1U);
  EXPECT_EQ(grade.total, 2U);
  ASSERT_EQ(grade.differences.size(), 2U);
  EXPECT_EQ(grade.differences[0].expected, (TypedText{"number", "5"}));
  EXPECT_EQ(grade.differences[1].got, (TypedText{"number", "6"}));
}

TEST(Denotation, KeepsTheFirstOfEqualItemsHoweverManyThereAre) {
  std::vector<std::string> items;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 20; ++i)
      for (const char* form : {"word %", "%", "0.%", "19%-01-xx"})
        items.push_back(replace_all(form, "%", std::to_string(11 + i)));
  for (const std::size_t distinct : {3U, 8U, 9U, 80U}) {
    std::vector<AnswerItem> targets;
    for (std::size_t i = 0; i < 2 * distinct; ++i) targets.push_back({items[i % distinct], ""});
    const auto values = target_values(targets);
    ASSERT_EQ(values.size(), distinct);
    for (std::size_t i = 0; i < distinct; ++i) EXPECT_EQ(values[i].raw, items[i]);
  }
}

TEST(AnswerItems, ComeFromLinesOrFromTheLastAnswerLine) {
  EXPECT_THAT(items_of_file("a \r\n\n  b\n"), ElementsAre("a", "b"));
  EXPECT_THAT(items_of_file(""), ElementsAre());
  EXPECT_THAT(items_of_message("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(items_of_message("Answer: x\nSo\nANSWER: a | b\nbye"), ElementsAre("a", "b"));
  EXPECT_THAT(items_of_message("answer:"), ElementsAre());
}

TEST(Escapes, AreReplacedInTheOrderOfTheOfficialReader) {
  EXPECT_THAT(unescape_list("a\\pb|c\\nd|e\\\\f"), ElementsAre("a|b", "c\nd", "e\\f"));
  EXPECT_THAT(unescape_list("\\\\n"), ElementsAre("\\\n"));
  EXPECT_THAT(unescape_list(""), ElementsAre(""));
}

TEST(TableFiles, AreReadWithTheirOwnQuoting) {
  const auto rows =
      parse_table("\"a\",\"b \\\"q\\\"\"\n\"x\\\\\",\"1\n2\"\n\"\",\"\\n\"\n", "t.csv");
  ASSERT_TRUE(rows) << rows.error().to_text();
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b \"q\""), ElementsAre("x\\", "1\n2"),
                                 ElementsAre("", "\\n")));
  for (const char* bad : {"a,b\n", "\"a\n", "\"a\"b\n", "\"a\",\"b\"\n\"c\"\n"})
    EXPECT_FALSE(parse_table(bad, "t.csv")) << bad;
}

/// A tiny data set in the original layout.
struct SmallSet {
  Folder folder;
  SmallSet() {
    folder.put("csv/1.csv", "\"Name\",\"Say \\\"hi\\\"\"\n\"A\",\"1, 2\"\n");
    folder.put("data/training.tsv",
               "id\tutterance\tcontext\ttargetValue\n"
               "nt-0\twhat is\\nit?\tcsv/1.csv\t10 years\n");
    folder.put("data/pristine-seen-tables.tsv",
               "id\tutterance\tcontext\ttargetValue\n"
               "ns-0\twho?\tcsv/1.csv\tA|B\n");
    folder.put("tagged/data/pristine-seen-tables.tagged", "id\ttargetCanon\tx\nns-0\tA|B\t\n");
  }
  [[nodiscard]] Result<std::unique_ptr<Benchmark>> load() const {
    return load_benchmark("wikitablequestions:" + folder.path().string(), {});
  }
};

TEST(WikiTableQuestions, AQuestionThatTheTaggedFileLacksIsNoticed) {
  const SmallSet set;
  set.folder.put("tagged/data/training.tagged", "id\ttargetCanon\n");
  const auto benchmark = set.load();
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  EXPECT_THAT((*benchmark)->notices(),
              ElementsAre(HasSubstr("training.tagged lacks 1 questions, whose raw items serve as "
                                    "canonical ones: nt-0")));
}

TEST(WikiTableQuestions, AnEmptyTargetItemIsAGoldenAnswerToo) {
  const SmallSet set;
  set.folder.put("data/training.tsv",
                 "id\tutterance\tcontext\ttargetValue\nnt-0\twho?\tcsv/1.csv\tA|\n");
  const auto benchmark = set.load();
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  const auto report = check_benchmark(**benchmark, {"nt-0"}, nullptr, {}, 1);
  ASSERT_TRUE(report) << report.error().to_text();
  EXPECT_TRUE(report->problems.empty()) << report->problems[0].what;
}

TEST(WikiTableQuestions, GivesQuestionAndRewrittenTable) {
  const SmallSet set;
  const auto benchmark = set.load();
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  const Task& task = (*benchmark)->tasks()[0];
  EXPECT_EQ(task.id, "nt-0");
  EXPECT_THAT(task.prompt, HasSubstr("\nwhat is it?\n"));
  EXPECT_EQ(task.prompt.find("10"), std::string::npos);
  EXPECT_THAT((*benchmark)->notices(), ElementsAre(HasSubstr("training")));
  Folder work;
  ASSERT_TRUE((*benchmark)->set_up(task, work.path(), {}));
  EXPECT_EQ(work.read("table.csv"), "\"Name\",\"Say \"\"hi\"\"\"\n\"A\",\"1, 2\"\n");
  EXPECT_EQ(list_files(work.path())->size(), 1U);
  EXPECT_FALSE((*benchmark)->own_splits()) << "one training question cannot be sampled";
}

TEST(WikiTableQuestions, ForGradingMayHoldNoMoreThanTheTasksThatAreNamed) {
  const SmallSet set;
  BenchmarkOptions options;
  options.for_grading = true;
  options.only = {"ns-0", "unknown", "ns-0"};
  const auto benchmark =
      load_benchmark("wikitablequestions:" + set.folder.path().string(), options);
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  ASSERT_EQ((*benchmark)->tasks().size(), 1U);
  EXPECT_EQ((*benchmark)->find("ns-0"), (*benchmark)->tasks().data());
  EXPECT_EQ((*benchmark)->find("nt-0"), nullptr);
  EXPECT_EQ((*benchmark)->find("unknown"), nullptr);
  EXPECT_THAT((*benchmark)->ids(), ElementsAre("nt-0", "ns-0"));
  EXPECT_FALSE((*benchmark)->own_splits());
  AgentAnswer answer;
  answer.items = {"B", "A"};
  EXPECT_EQ((*benchmark)->grade((*benchmark)->tasks()[0], answer, {}).score, 1);
}

TEST(WikiTableQuestions, TakesTheFileBeforeTheMessageAndTheListBeforeBoth) {
  const SmallSet set;
  const auto benchmark = set.load();
  ASSERT_TRUE(benchmark);
  const Task& task = (*benchmark)->tasks()[1];
  Folder work;
  EXPECT_EQ((*benchmark)->grade(task, {work.path(), "Answer: b | a"}, {}).score, 1);
  work.put("answer.txt", "");
  EXPECT_EQ((*benchmark)->grade(task, {work.path(), "Answer: b | a"}, {}).score, 0);
  work.put("answer.txt",
           "\xEF\xBB\xBF"
           "A\r\n\r\nB\r\n");
  EXPECT_EQ((*benchmark)->grade(task, {work.path(), ""}, {}).score, 1);
  const auto answer =
      (*benchmark)
          ->prediction(task, Json::parse(R"({"task_id":"ns-0","answer":["A","B",""]})"),
                       work.path(), work.path());
  ASSERT_TRUE(answer);
  const Grade grade = (*benchmark)->grade(task, *answer, {});
  EXPECT_EQ(grade.score, 0) << "an empty item counts";
  EXPECT_EQ(grade.total, 2U);
  const auto both =
      (*benchmark)
          ->prediction(task, Json::parse(R"({"answer":["A","B"],"output":"answer.txt"})"),
                       work.path(), work.path());
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().to_text(), HasSubstr("both \"answer\" and \"output\""));
  const auto none =
      (*benchmark)->prediction(task, Json::parse(R"({"answer":null})"), work.path(), work.path());
  ASSERT_TRUE(none);
  EXPECT_EQ((*benchmark)->grade(task, *none, {}).score, 0) << "though there is a file";
}

TEST(WikiTableQuestions, BrokenDataSetsAreRefusedWithFileAndLine) {
  struct Row {
    const char* file;
    const char* content;
    const char* part;
  };
  for (const Row& row :
       {Row{"data/training.tsv", "id\tutterance\ttargetValue\n", "training.tsv:1"},
        Row{"data/training.tsv", "id\tutterance\tcontext\ttargetValue\nnt-0\tq\n",
            "training.tsv:2"},
        Row{"data/training.tsv", "id\tutterance\tcontext\ttargetValue\nnt-0\tq\tcsv/9.csv\tA\n",
            "csv/9.csv"},
        Row{"data/training.tsv", "id\tutterance\tcontext\ttargetValue\nnt-0\tq\t../1.csv\tA\n",
            "leaves"},
        Row{"data/training.tsv",
            "id\tutterance\tcontext\ttargetValue\nnt-0\tq\tcsv/1.csv\tA\n"
            "nt-0\tq\tcsv/1.csv\tA\n",
            "training.tsv:3"},
        Row{"data/training.tsv", "id\tutterance\tcontext\ttargetValue\nnt-0\t\xFF\tcsv/1.csv\tA\n",
            "UTF-8"},
        Row{"tagged/data/pristine-seen-tables.tagged", "id\ttargetCanon\nns-0\tA\n",
            "canonical"}}) {
    SmallSet set;
    set.folder.put(row.file, row.content);
    const auto benchmark = set.load();
    ASSERT_FALSE(benchmark) << row.content;
    EXPECT_EQ(benchmark.error().code, ErrorCode::dataset) << row.content;
    EXPECT_THAT(benchmark.error().to_text(), HasSubstr(row.part)) << row.content;
  }
}

TEST(WikiTableQuestions, ExportsAnswersAsTheOfficialEvaluatorReadsThem) {
  if (!std::filesystem::exists(kQuestionData))
    SKIP_WITHOUT_DATA("no WikiTableQuestions beside the sources");
  const auto benchmark = load_benchmark("wikitablequestions:" + kQuestionData.string(), {});
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  const Task& task = (*benchmark)->tasks().front();
  const auto exported = [&](std::vector<std::string> items) {
    AgentAnswer answer;
    answer.items = std::move(items);
    return (*benchmark)->official_prediction(task, answer).value();
  };
  EXPECT_EQ(exported({"2004", "a b"}), task.id + "\t2004\ta b");
  EXPECT_EQ(exported({}), task.id);
  EXPECT_EQ(exported({""}), task.id + "\t");
  EXPECT_EQ(exported({"a\tb\nc\r\nd\u2028e\u0085f|g"}), task.id + "\ta b c  d e f|g");
  Folder work;
  work.put("answer.txt", "\xEF\xBB\xBF one \r\n\ntwo\n");
  EXPECT_EQ((*benchmark)->official_prediction(task, {work.path(), "Answer: three"}).value(),
            task.id + "\tone\ttwo");
  EXPECT_EQ(
      (*benchmark)->official_prediction(task, {Folder().path(), "Answer: three | four"}).value(),
      task.id + "\tthree\tfour");
}

TEST(WikiTableQuestions, OtherBenchmarksHaveNoOfficialFormatForPredictions) {
  const Loaded records("tasks.jsonl", R"({"id":"a","input":"x","target":"4"})");
  const auto line = records->official_prediction(records->tasks().front(), {});
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::config);
  EXPECT_THAT(line.error().message, HasSubstr("no official evaluator"));
}

TEST(WikiTableQuestions, LoadsTheRealDataQuicklyAndSplitsIt) {
  if (!std::filesystem::exists(kQuestionData))
    SKIP_WITHOUT_DATA("no WikiTableQuestions beside the sources");
  const auto start = std::chrono::steady_clock::now();
  const auto benchmark = load_benchmark("wikitablequestions:" + kQuestionData.string(), {});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  EXPECT_EQ((*benchmark)->tasks().size(), 17'689U);
  RecordProperty("load_seconds", std::to_string(took.count()));
  const auto splits = make_splits(**benchmark, {});
  ASSERT_TRUE(splits);
  EXPECT_EQ(splits->train.size(), 200U);
  EXPECT_EQ(splits->val.size(), 20U);
  EXPECT_EQ(splits->test.size(), 180U);
  EXPECT_THAT(splits->origin, HasSubstr("pristine-seen-tables"));
  std::set<std::string> ids(splits->train.begin(), splits->train.end());
  ids.insert(splits->val.begin(), splits->val.end());
  ids.insert(splits->test.begin(), splits->test.end());
  EXPECT_EQ(ids.size(), 400U);
  const auto report = check_benchmark(**benchmark, {ids.begin(), ids.end()}, &*splits, {}, 2);
  ASSERT_TRUE(report) << report.error().to_text();
  EXPECT_EQ(report->tasks, 400U);
  for (const CheckProblem& problem : report->problems)
    ADD_FAILURE() << problem.task_id << ": " << problem.what;
}

TEST(WikiTableQuestions, AgreesWithTheOfficialEvaluatorOnEveryVerdict) {
  if (!std::filesystem::exists(kVerdicts)) SKIP_WITHOUT_DATA("no parity data beside the sources");
  const auto benchmark = load_benchmark("wikitablequestions:" + kQuestionData.string(), {});
  ASSERT_TRUE(benchmark) << benchmark.error().to_text();
  std::size_t rows = 0, agreed = 0, right = 0;
  for (const std::string& line : split(read_file(kVerdicts).value(), '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> cells = split(line, '\t');
    ASSERT_EQ(cells.size(), 6U) << line;
    Json prediction;
    prediction["task_id"] = cells[0];
    prediction["answer"] = Json::array();
    if (cells[5] != "<none>")
      for (const std::string& item : unescape_list(cells[5])) prediction["answer"].push_back(item);
    const Task* task = (*benchmark)->find(cells[0]);
    ASSERT_NE(task, nullptr) << cells[0];
    const auto answer = (*benchmark)->prediction(*task, prediction, {}, {});
    ASSERT_TRUE(answer);
    const Grade grade = (*benchmark)->grade(*task, *answer, {});
    ++rows;
    right += cells[1] == "1" ? 1 : 0;
    const bool same = (grade.status == GradeStatus::pass) == (cells[1] == "1");
    agreed += same ? 1 : 0;
    EXPECT_TRUE(same) << line;
  }
  EXPECT_EQ(rows, 7'074U);
  EXPECT_EQ(agreed, 7'074U);
  EXPECT_EQ(right, 4'606U);
}

}  // namespace
}  // namespace skillgrad::bench
