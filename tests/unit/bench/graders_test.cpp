// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <skillgrad/core/json.hpp>

#include "bench/graders/closeness.hpp"
#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Grades `answer` with a record that has this target (JSON) and grader (JSON).
Grade graded(const std::string& grader, const std::string& target, const std::string& answer,
             const GradeContext& context = {}) {
  const Loaded loaded("tasks.jsonl", R"({"id":"t","input":"x","target":)" + target +
                                         R"(,"grader":)" + grader + "}\n");
  if (!loaded.benchmark) {
    ADD_FAILURE() << loaded.error();
    return {};
  }
  Folder work;
  return loaded->grade(loaded->tasks()[0], {work.path(), answer}, context);
}

struct GraderRow {
  const char* grader;
  const char* target;
  const char* answer;
  bool right;
};

class GraderTable : public ::testing::TestWithParam<GraderRow> {};

TEST_P(GraderTable, GivesTheVerdict) {
  const GraderRow& row = GetParam();
  const Grade grade = graded(row.grader, row.target, row.answer);
  EXPECT_NE(grade.status, GradeStatus::error) << grade.message;
  EXPECT_EQ(grade.status == GradeStatus::pass, row.right)
      << row.grader << " target " << row.target << " answer " << row.answer;
  EXPECT_EQ(grade.score, row.right ? 1 : 0);
  EXPECT_EQ(grade.hard, row.right);
}

constexpr const char* kExact = R"("exact")";
constexpr const char* kExactRaw = R"({"type":"exact","trim":false})";
constexpr const char* kExactCase = R"({"type":"exact","ignore_case":true})";
constexpr const char* kExactSpace = R"({"type":"exact","collapse_space":true})";
constexpr const char* kContains = R"("contains")";
constexpr const char* kContainsAll = R"({"type":"contains","all":true})";
INSTANTIATE_TEST_SUITE_P(
    Text, GraderTable,
    ::testing::Values(
        GraderRow{kExact, R"("a b")", "a b", true}, GraderRow{kExact, R"("a b")", " a b\n", true},
        GraderRow{kExact, R"("a b")", "a  b", false}, GraderRow{kExact, R"("a b")", "A b", false},
        GraderRow{kExact, R"(["x","y"])", "y", true}, GraderRow{kExact, R"("x")", "", false},
        GraderRow{kExact, "42", "42", true}, GraderRow{kExact, R"("\u00e9")", "e\xCC\x81", true},
        GraderRow{kExactRaw, R"("a")", "a ", false}, GraderRow{kExactRaw, R"("a ")", "a ", true},
        GraderRow{kExactCase, R"("STRASSE")",
                  "stra\xC3\x9F"
                  "e",
                  true},
        GraderRow{kExactCase, R"("b")", "A", false},
        GraderRow{kExactSpace, R"("a b")", "a \n\t b", true},
        GraderRow{kContains, R"("b")", "abc", true}, GraderRow{kContains, R"("d")", "abc", false},
        GraderRow{kContains, R"(["z","c"])", "abc", true},
        GraderRow{kContains, R"("d")", "", false},
        GraderRow{kContainsAll, R"(["a","c"])", "abc", true},
        GraderRow{kContainsAll, R"(["a","d"])", "abc", false}));

constexpr const char* kRegex = R"("regex")";
constexpr const char* kRegexFull = R"({"type":"regex","full":true})";
constexpr const char* kRegexCase = R"({"type":"regex","ignore_case":true})";
INSTANTIATE_TEST_SUITE_P(
    Regex, GraderTable,
    ::testing::Values(
        GraderRow{kRegex, R"("^a+$")", "aaa", true}, GraderRow{kRegex, R"("^a+$")", "aab", false},
        GraderRow{kRegex, R"("^a$")", "a\n", false},
        GraderRow{kRegex, R"("\\bfoo\\b")", "a foo b", true},
        GraderRow{kRegex, R"("\\u00e9")", "\xC3\xA9", true},
        GraderRow{kRegex, R"("(?<y>\\d{4})-\\k<y>")", "1999-1999", true},
        GraderRow{kRegex, R"("[^]")", "x", true}, GraderRow{kRegex, R"("a[]")", "a", false},
        GraderRow{kRegex, R"(["no","ye?s"])", "yes", true},
        GraderRow{kRegexFull, R"("a|ab")", "ab", true},
        GraderRow{kRegexFull, R"("a")", "ab", false},
        GraderRow{kRegexCase, R"("ABC")", "xabcx", true},
        // What PCRE2 by itself reads otherwise.
        GraderRow{kRegexFull, R"("^[\\w-.]+$")", "a-b.c", true},
        GraderRow{kRegexFull, R"("[.-\\d]+")", "1-.", true},
        GraderRow{kRegexFull, R"("[\\w-.]")", "/", false},
        GraderRow{kRegexFull, R"("a\\sb")",
                  "a\xC2\xA0"
                  "b",
                  true},
        GraderRow{kRegexFull, R"("[\\s]")", "\xEF\xBB\xBF", true},
        GraderRow{kRegexFull, R"("\\s")", "\xC2\x85", false},
        GraderRow{kRegexFull, R"("\\S")", "\xC2\xA0", false},
        GraderRow{kRegexFull, R"("[\\S]+")", "a\xC3\xA9", true},
        GraderRow{kRegexFull, R"("[\\S]")", "\xE3\x80\x80", false},
        GraderRow{kRegexFull, R"("[^\\S]")", " ", true},
        GraderRow{kRegexFull, R"("[^\\S]")", "a", false},
        GraderRow{kRegexFull, R"("\\A\\Z\\z\\Q\\E\\G\\h\\R\\K\\e")", "AZzQEGhRKe", true},
        GraderRow{kRegexFull, R"("\\Q.\\E")", "QxE", true},
        GraderRow{kRegexFull, R"("\\v")", "\x0B", true},
        GraderRow{kRegexFull, R"("\\v")", "\n", false},
        GraderRow{kRegexFull, R"("[[:alpha:]]")", "b", false},
        GraderRow{kRegexFull, R"("[[:alpha:]]")", "a]", true},
        GraderRow{kRegexFull, R"("a.b")", "a\rb", false},
        GraderRow{kRegexFull, R"("(?s)a.b")", "a\nb", true},
        GraderRow{kRegexFull, R"("(?s:a)b.c")", "ab\rc", false},
        GraderRow{kRegexFull, R"~("(?-s:ab.c)")~", "ab\rc", false},
        GraderRow{kRegexFull, R"("(?s:a.)b.c")", "a\rb.c", true},
        GraderRow{kRegexFull, R"("(?s-i:a.)b.")", "a\nb\n", false},
        GraderRow{kRegexFull, R"("((?s)a.)b.c")", "a\nb\nc", false},
        GraderRow{kRegexFull, R"~("(?s:a(?-s:.).)")~", "a\n\n", false},
        GraderRow{kRegexFull, R"("(?is:A.)b")", "a\nb", true},
        GraderRow{kRegexFull, R"("(?i:a)B")", "Ab", false},
        GraderRow{kRegexFull, R"("a\\r(?m:^b$)\\rc")", "a\rb\rc", true},
        GraderRow{kRegexFull, R"("a\\r^b")", "a\rb", false},
        GraderRow{kRegexFull, R"("(?m)a$\\r\\n^b$")", "a\r\nb", true},
        GraderRow{kRegexFull, R"("[.]")", "x", false},
        GraderRow{kRegexFull, R"("[^]]")", "x]", true},
        GraderRow{kRegexFull, R"("(?i)ab")", "AB", true},
        GraderRow{kRegexFull, R"("(?<=a)b|\\(\\?Px")", "(?Px", true},
        GraderRow{kRegexFull, R"("\\p{Lu}[\\p{Ll}-]")", "A-", true},
        GraderRow{kRegexFull, R"("\\.\\/")", "./", true}));

TEST(RegexGrader, NamesWhatEcmaScriptDoesNotKnow) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"((?P<x>a))", "(?P"},          {R"(x(?>a))", "offset 1"},    {R"((*UCP)a)", "(*U"},
      {R"((?<=a+)b)", "fixed length"}, {R"([\\w-.](a)", "offset 8"}, {R"((?#c)a)", "(?#"}};
  for (const auto& [pattern, said] : rows) {
    const Loaded loaded("tasks.jsonl",
                        R"({"id":"t","input":"x","grader":"regex","target":")" + pattern + R"("})");
    EXPECT_FALSE(loaded.benchmark) << pattern;
    EXPECT_THAT(loaded.error(), HasSubstr(said)) << pattern;
  }
}

constexpr const char* kNumber = R"("numeric")";
constexpr const char* kNumberAbs = R"({"type":"numeric","abs_tol":0.5})";
constexpr const char* kNumberRel = R"({"type":"numeric","rel_tol":0.01})";
constexpr const char* kNumberLast = R"({"type":"numeric","pick":"last"})";
constexpr const char* kNumberFirst = R"({"type":"numeric","pick":"first"})";
INSTANTIATE_TEST_SUITE_P(
    Numeric, GraderTable,
    ::testing::Values(
        GraderRow{kNumber, "1234.5", "1,234.5", true},
        GraderRow{kNumber, "1234.5", "$1,234.50 USD", true},
        GraderRow{kNumber, R"("12%")", "12 %", true},
        GraderRow{kNumber, "5", "the result is 5 km.", true},
        GraderRow{kNumber, "-5",
                  "\xE2\x88\x92"
                  "5",
                  true},
        GraderRow{kNumber, "-5", "-$5", true},
        GraderRow{kNumber, "-5",
                  "-\xE2\x82\xAC"
                  "5",
                  true},
        GraderRow{kNumber, "1000000",
                  "1 000\xC2\xA0"
                  "000",
                  false},
        GraderRow{kNumber, "1000000",
                  "1\xC2\xA0"
                  "000\xC2\xA0"
                  "000",
                  true},
        GraderRow{kNumber, "5", "5 or 6", false}, GraderRow{kNumber, "5", "", false},
        GraderRow{kNumber, "5", "five", false}, GraderRow{kNumber, "5", "NaN", false},
        GraderRow{kNumber, "2", "H2O", false}, GraderRow{kNumber, "0", "0x10", false},
        GraderRow{kNumber, "12345", "1,2345", false}, GraderRow{kNumber, "1500", "1.5e3", true},
        GraderRow{kNumber, "0.5", ".5", true}, GraderRow{kNumber, "3", "\xD9\xA3", true},
        GraderRow{kNumber, "1", "1e999", false}, GraderRow{kNumber, "5", "5.0000001", false},
        GraderRow{kNumber, "0.1", "0.1", true}, GraderRow{kNumberAbs, "5", "5.5", true},
        GraderRow{kNumberAbs, "5", "5.51", false}, GraderRow{kNumberRel, "100", "101", true},
        GraderRow{kNumberRel, "100", "101.1", false}, GraderRow{kNumberRel, "-100", "-99", true},
        GraderRow{kNumberLast, "7", "2 + 5 = 7", true},
        GraderRow{kNumberFirst, "2", "2 + 5 = 7", true}, GraderRow{kNumber, "1000", "1_000", true},
        GraderRow{kNumber, "1", "1_000", false}, GraderRow{kNumber, "1000000", "1'000'000", true},
        GraderRow{kNumber, "1000",
                  "1\xE2\x80\x99"
                  "000 km",
                  true},
        GraderRow{kNumber, "1234567", "1,234'567", false},
        GraderRow{kNumber, "12", "\xE2\x82\xAC 12 %", true}, GraderRow{kNumber, "5", "EUR 5", true},
        GraderRow{kNumber, "5", "5km", true}, GraderRow{kNumber, "5", "-5", false},
        GraderRow{kNumber, "0", "-0", true}, GraderRow{kNumber, "5", "inf", false},
        GraderRow{kNumberAbs, "5", "NaN", false}, GraderRow{kNumberRel, "0", "0.001", false},
        GraderRow{kNumberFirst, "7", "no number", false},
        GraderRow{kNumberLast, "5", "2024-05", true}, GraderRow{kNumber, "[1,2]", "2", true}));

constexpr const char* kJson = R"("json-equal")";
constexpr const char* kJsonSubset = R"({"type":"json-equal","subset":true})";
constexpr const char* kJsonAnyOrder = R"({"type":"json-equal","unordered":true})";
constexpr const char* kJsonTol = R"({"type":"json-equal","tol":0.01})";
constexpr const char* kJsonLoose =
    R"({"type":"json-equal","unordered":true,"subset":true,"tol":0.6})";
INSTANTIATE_TEST_SUITE_P(
    JsonEqual, GraderTable,
    ::testing::Values(
        GraderRow{kJson, R"({"a":1,"b":[1,2]})", R"({"b":[1,2],"a":1.0})", true},
        GraderRow{kJson, R"({"a":1})", "```json\n{\"a\":1}\n```", true},
        GraderRow{kJson, R"({"a":1})", R"({"a":1,"b":2})", false},
        GraderRow{kJson, R"({"a":1})", R"({"a":"1"})", false},
        GraderRow{kJson, R"({"a":1})", R"({"a":1,"a":1})", false},
        GraderRow{kJson, R"({"a":1})", R"({"a":true})", false},
        GraderRow{kJson, R"({"a":null})", R"({})", false},
        GraderRow{kJson, R"({"a":1})", "{", false}, GraderRow{kJson, R"({"a":1})", "", false},
        GraderRow{kJson, R"([[1,2]])", "[2,1]", false},
        GraderRow{kJson, R"([[1,2]])", "[1,2]", true},
        GraderRow{kJson, R"([[1,2]])", "[1,2,3]", false},
        GraderRow{kJsonSubset, R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2},"d":3})", true},
        GraderRow{kJsonSubset, R"({"a":{"b":1}})", R"({"a":{}})", false},
        GraderRow{kJsonAnyOrder, R"([[1,2,2]])", "[2,1,2]", true},
        GraderRow{kJsonAnyOrder, R"([[1,2,2]])", "[2,1,1]", false},
        GraderRow{kJsonTol, "1.0", "1.005", true}, GraderRow{kJsonTol, "1.0", "1.02", false},
        // 1 fits 1.5 first, but 1.5 fits nothing else: a matching is sought, not the first fit.
        GraderRow{kJsonLoose, "[[1,1.5]]", "[1.5,0.5,9]", true},
        GraderRow{kJson, "9007199254740993", "9007199254740992", false},
        GraderRow{kJson, "-1", "18446744073709551615", false},
        GraderRow{kJson, "18446744073709551615", "-1", false},
        GraderRow{kJson, "18446744073709551615", "18446744073709551615", true},
        GraderRow{kJson, R"({"a":1})", R"({"a":NaN})", false},
        GraderRow{kJson, R"([[]])", "[]", true}, GraderRow{kJson, R"([[]])", "{}", false},
        GraderRow{kJsonTol, "5", "5", true}, GraderRow{kJsonTol, R"("5")", "5", true},
        GraderRow{kJsonTol, R"({"a":"5"})", R"({"a":5})", false},
        GraderRow{kJsonSubset, R"([[1,2]])", "[1,2,3]", false},
        GraderRow{kJson, "1", "1 2", false}));

constexpr const char* kDenotation = R"("denotation")";
INSTANTIATE_TEST_SUITE_P(
    Denotation, GraderTable,
    ::testing::Values(GraderRow{kDenotation, R"(["A","B"])", "b\na", true},
                      GraderRow{kDenotation, R"(["A","B"])", "I looked.\nAnswer: b | a", true},
                      GraderRow{kDenotation, R"(["A","B"])", "a", false},
                      GraderRow{kDenotation, R"("1,990")", "1,990 (approx.)", true},
                      GraderRow{kDenotation, R"("5")", "", false}));

TEST(RegexGrader, AnAnswerThatIsTooLongOrTakesTooLongIsNoScore) {
  const Grade longer = graded(kRegex, R"("a")", std::string(65537, 'a'));
  EXPECT_EQ(longer.kind, GradeErrorKind::infra_error);
  EXPECT_EQ(graded(kRegex, R"("a")", std::string(65536, 'a')).status, GradeStatus::pass);
  const Grade slow = graded(kRegex, R"("^(a+)+$")", std::string(5000, 'a') + "b");
  EXPECT_EQ(slow.kind, GradeErrorKind::infra_error);
  EXPECT_THAT(slow.message, HasSubstr("given up"));
}

TEST(TextGrader, DifferencesShowTypesAndExactText) {
  const Grade grade = graded(kExact, R"("1")", "2");
  ASSERT_EQ(grade.differences.size(), 1U);
  EXPECT_EQ(grade.differences[0].expected, (TypedText{"string", "1"}));
  EXPECT_EQ(grade.differences[0].got, (TypedText{"string", "2"}));
  EXPECT_THAT(grade.message, HasSubstr("expected string \"1\", got string \"2\""));
}

TEST(TextGrader, SaysHowFarAWrongAnswerIsRight) {
  struct Row {
    const char *expected, *answer, *said;
  };
  for (const auto& [expected, answer, said] :
       {Row{"A-1 paid", "a-1 PAID", "only letter case differs"},
        Row{"A-1 paid", "A-1   paid", "only white space differs"},
        Row{"A-1 paid", "a-1\tpaid", "only letter case and white space differ"},
        Row{"A-1 paid", "It is A-1 paid, I think.",
            "the expected text stands in the answer, with other text around it"},
        Row{"a\nb\nc", "c\nb\na",
            "3 of 3 expected lines are in the answer, in another order; the first that differs "
            "is line 1: expected \"a\", got \"c\""},
        Row{"a\nb\nc", "a\nx\nc",
            "2 of 3 expected lines are in the answer, beside 1 other line; the first that differs "
            "is "
            "line 2: expected \"b\", got \"x\""},
        Row{"a\nb", "a",
            "1 of 2 expected lines are in the answer; the first that differs is "
            "line 2: expected \"b\", got nothing"},
        Row{"a\na", "a\na\na",
            "2 of 2 expected lines are in the answer, beside 1 other line; the first that differs "
            "is "
            "line 3: expected nothing, got \"a\""},
        Row{"x", "y", ""}, Row{"x\ny", "", ""}})
    EXPECT_EQ(how_close(expected, answer), said) << expected << " / " << answer;
  EXPECT_THAT(graded(kExact, R"("a\nb")", "a\nc").message,
              HasSubstr("\n1 of 2 expected lines are in the answer"));
  EXPECT_EQ(graded(kContains, R"("a\nb")", "a\nc").message.find("expected lines"),
            std::string::npos);
}

TEST(JsonGrader, DifferencesNameThePlace) {
  const Grade grade = graded(kJson, R"({"a":{"x/y":[1,2]}})", R"({"a":{"x/y":[1,"2"]}})");
  ASSERT_EQ(grade.differences.size(), 1U);
  EXPECT_EQ(grade.differences[0].where, "/a/x~1y/1");
  EXPECT_EQ(grade.differences[0].expected.type, "number");
  EXPECT_EQ(grade.differences[0].got.type, "string");
}

TEST(WeightedChecks, AddUpToTheScore) {
  const Loaded flat("tasks.jsonl",
                    R"({"id":"t","input":"x","checks":[{"name":"one","weight":3,"grader":)"
                    R"({"type":"contains","target":"a"}},{"name":"two","weight":1,"grader":)"
                    R"({"type":"regex","target":"b"}}]})");
  ASSERT_TRUE(flat.benchmark) << flat.error();
  const Task& task = flat->tasks()[0];
  const Grade part = flat->grade(task, {"", "a"}, {});
  EXPECT_EQ(part.score, 0.75);
  EXPECT_FALSE(part.hard);
  EXPECT_EQ(part.status, GradeStatus::fail);
  EXPECT_EQ(part.matched, 1U);
  EXPECT_EQ(part.total, 2U);
  ASSERT_EQ(part.checks.size(), 2U);
  EXPECT_EQ(part.checks[1].score, 0);
  EXPECT_EQ(flat->grade(task, {"", "ab"}, {}).score, 1);
  EXPECT_EQ(flat->grade(task, {"", ""}, {}).score, 0);
}

TEST(WeightedChecks, ACheckOfWeightZeroIsReportedAndCountsForNothing) {
  const Loaded loaded("tasks.jsonl",
                      R"({"id":"t","input":"x","checks":[{"name":"one","weight":0,"grader":)"
                      R"({"type":"exact","target":"a"}},{"name":"two","weight":0.3,"grader":)"
                      R"({"type":"exact","target":"b"}}]})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const Grade right = loaded->grade(loaded->tasks()[0], {"", "b"}, {});
  EXPECT_EQ(right.score, 1);
  EXPECT_EQ(right.status, GradeStatus::pass);
  EXPECT_EQ(right.matched, 1U);
  EXPECT_EQ(right.total, 2U);
  EXPECT_EQ(loaded->grade(loaded->tasks()[0], {"", "a"}, {}).score, 0);
  const Loaded none("tasks.jsonl", R"({"id":"t","input":"x","checks":[{"weight":0,"grader":)"
                                   R"({"type":"exact","target":"a"}}]})");
  EXPECT_FALSE(none.benchmark) << "no check counts";
}

TEST(WeightedChecks, AnErrorOfOneIsAnErrorOfAll) {
  const Loaded loaded("tasks.jsonl",
                      R"({"id":"t","input":"x","checks":[{"grader":{"type":"exact","target":"a"}},)"
                      R"({"name":"judge","grader":{"type":"llm-judge","criteria":["c"]}}]})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const Grade grade = loaded->grade(loaded->tasks()[0], {"", "a"}, {});
  EXPECT_EQ(grade.status, GradeStatus::error);
  EXPECT_THAT(grade.message, HasSubstr("judge"));
}

class CommandGraderTest : public ::testing::Test {
 protected:
  CommandGraderTest() {
    folder_.put("grade.sh", "#!/bin/sh\n");
    work_.put("in.csv", "1\n");
    work_.put("out.csv", "2\n");
    const auto file = folder_.put(
        "tasks.jsonl", R"({"id":"t","input":"Do it.","target":"42","metadata":{"k":1},)"
                       R"("files":{"in.csv":{"text":"1\n"}},)"
                       R"("grader":{"type":"command","run":["./grade.sh","-v"],"timeout_s":5}})");
    benchmark_ = load_benchmark(file.string(), {}).value();
  }
  Grade run(FakeSandbox& sandbox) {
    GradeContext context;
    context.sandbox = &sandbox;
    return benchmark_->grade(benchmark_->tasks()[0], {work_.path(), "the answer"}, context);
  }
  Folder folder_, work_;
  std::unique_ptr<Benchmark> benchmark_;
};

TEST_F(CommandGraderTest, RunsInACopyWithOneJsonMessage) {
  std::filesystem::create_symlink("/etc/hostname", work_.path() / "link");
  std::vector<std::string> copied;
  FakeSandbox sandbox([&](const exec::CommandSpec& spec) {
    copied = list_files(spec.work_dir).value();
    std::ofstream(spec.work_dir / "out.csv") << "spoiled";
    return printed("noise\n{\"score\":0.25,\"details\":\"so so\"}\n");
  });
  const Grade grade = run(sandbox);
  EXPECT_EQ(grade.status, GradeStatus::fail) << grade.message;
  EXPECT_EQ(grade.score, 0.25);
  EXPECT_THAT(grade.message, HasSubstr("so so"));
  EXPECT_THAT(copied, ElementsAre("in.csv", "out.csv")) << "links stay out of the copy";
  EXPECT_EQ(work_.read("out.csv"), "2\n") << "the agent's files are never changed";
  EXPECT_THAT(sandbox.last.argv, ElementsAre("/grader/grade.sh", "-v"));
  EXPECT_EQ(sandbox.last.limits.wall, std::chrono::milliseconds(5000));
  const Json message = parse_json(sandbox.last.stdin_text, "stdin").value();
  EXPECT_EQ(message["schema"], "skillgrad.grade/1");
  EXPECT_EQ(message["task_id"], "t");
  EXPECT_EQ(message["input"], "Do it.");
  EXPECT_EQ(message["target"], "42");
  EXPECT_EQ(message["answer"], "the answer");
  EXPECT_EQ(message["output_files"], Json::array({"out.csv"}));
  EXPECT_EQ(message["work_dir"], exec::kWorkDir);
  EXPECT_EQ(message["metadata"]["k"], 1);
}

TEST_F(CommandGraderTest, WhatTheAgentDidToItsFolderIsItsOwnFailure) {
  struct Case {
    const char* script;
    const char* why;
  };
  const Case cases[] = {
      {"chmod 000 .", "the folder \".\" cannot be read"},
      {"mkdir d; chmod 000 d", "the folder \"d/\" cannot be read"},
      {"echo > f; chmod 000 f", "\"f\" cannot be read"},
      {"for i in $(seq 200); do mkdir d && cd d; done", "48 folders in each other"},
      {"n=$(printf %0250d 0); for i in $(seq 60); do mkdir $n && cd $n; done", "48 folders"},
      {"seq 20001 | xargs touch", "more than 20000 files and folders"},
      {"rm -rf $PWD", "it is gone"}};
  FakeSandbox sandbox([](const exec::CommandSpec&) { return printed("{\"score\":1}"); });
  for (const Case& wanted : cases) {
    SCOPED_TRACE(wanted.script);
    const TempDir outer = TempDir::create("sg-agent-").value();
    const auto work = outer.path() / "work";
    ASSERT_TRUE(make_directories(work));
    const std::string shell = "cd " + work.string() + " && bash -c '" + wanted.script + "'";
    ASSERT_EQ(std::system(shell.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
    GradeContext context;
    context.sandbox = &sandbox;
    const Grade grade = benchmark_->grade(benchmark_->tasks()[0], {work, "the answer"}, context);
    EXPECT_EQ(grade.status, GradeStatus::fail) << grade.message;
    EXPECT_EQ(grade.score, 0);
    EXPECT_THAT(grade.message, HasSubstr("cannot be graded"));
    EXPECT_THAT(grade.message, HasSubstr(wanted.why));
  }
}

TEST_F(CommandGraderTest, ExecutesTheAgentsProgramWhereNothingKnowsTheAnswer) {
  const auto file = folder_.put(
      "programs.jsonl",
      R"({"id":"t","input":"Do it.","target":"42","grader":{"type":"command","run":["./grade.sh"],)"
      R"("execute":"python3 answer.py","execute_timeout_s":2.5}})");
  const auto benchmark = load_benchmark(file.string(), {}).value();
  std::vector<exec::CommandSpec> specs;
  std::vector<std::string> judged;
  FakeSandbox sandbox([&](const exec::CommandSpec& spec) -> exec::CommandResult {
    specs.push_back(spec);
    if (specs.size() == 2) {
      judged = list_files(spec.work_dir).value();
      return printed("{\"score\":1}");
    }
    std::ofstream(spec.work_dir / "made.txt") << "by the agent";
    std::filesystem::create_symlink("/etc/hostname", spec.work_dir / "link");
    exec::CommandResult result = printed("41\xff");
    result.exit_code = 3;
    result.err = "oops";
    return result;
  });
  GradeContext context;
  context.sandbox = &sandbox;
  const Grade grade =
      benchmark->grade(benchmark->tasks()[0], {work_.path(), "the answer"}, context);
  EXPECT_EQ(grade.status, GradeStatus::pass) << grade.message;
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_THAT(specs[0].argv, ElementsAre("/bin/sh", "-c", "python3 answer.py"));
  EXPECT_TRUE(specs[0].mounts.empty());
  EXPECT_EQ(specs[0].stdin_text, "");
  EXPECT_EQ(specs[0].env.count("SKILLGRAD_GRADER_DIR"), 0U);
  EXPECT_EQ(specs[0].limits.wall, std::chrono::milliseconds(2500));
  EXPECT_NE(specs[0].work_dir, specs[1].work_dir);
  EXPECT_THAT(judged, ElementsAre("in.csv", "made.txt", "out.csv"));
  const Json message = parse_json(specs[1].stdin_text, "stdin").value();
  EXPECT_EQ(message["executed"], Json::parse(R"({"exit_code":3,"timed_out":false,)"
                                             R"("output_truncated":false,"stdout":"41\ufffd",)"
                                             R"("stderr":"oops"})"));
}

TEST_F(CommandGraderTest, RefusesALimitOfNothing) {
  const auto file = folder_.put("limits.jsonl",
                                R"({"id":"t","input":"x","target":"4","grader":{"type":"command",)"
                                R"("run":["./grade.sh"],"execute_timeout_s":2}})");
  const auto loaded = load_benchmark(file.string(), {});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().to_text(), HasSubstr("there is no `execute`"));
}

TEST_F(CommandGraderTest, SparseFilesAreCopiedAsSuch) {
  for (int i = 0; i < 60; ++i) {
    const auto file = work_.path() / ("s" + std::to_string(i));
    std::ofstream(file).close();
    std::filesystem::resize_file(file, std::uintmax_t{250} << 20);
  }
  std::uintmax_t blocks = 0;
  FakeSandbox sandbox([&](const exec::CommandSpec& spec) {
    const auto names = list_files(spec.work_dir).value();
    for (const auto& name : names) {
      struct stat info {};
      EXPECT_EQ(::stat((spec.work_dir / name).c_str(), &info), 0);
      blocks += static_cast<std::uintmax_t>(info.st_blocks);
    }
    return printed("{\"score\":1}");
  });
  EXPECT_EQ(run(sandbox).status, GradeStatus::pass);
  EXPECT_LT(blocks * 512, std::uintmax_t{1} << 20);
}

TEST_F(CommandGraderTest, ChecksAreReported) {
  FakeSandbox sandbox([](const exec::CommandSpec&) {
    return printed(
        "{\"score\":0.5,\"checks\":[{\"name\":\"a\",\"passed\":true},"
        "{\"name\":\"b\",\"passed\":false,\"message\":\"no b\"}]}");
  });
  const Grade grade = run(sandbox);
  EXPECT_EQ(grade.matched, 1U);
  EXPECT_EQ(grade.total, 2U);
  EXPECT_THAT(grade.message, HasSubstr("failed: b: no b"));
}

TEST_F(CommandGraderTest, WhateverGoesWrongIsNeverAScore) {
  const auto timed_out = [] {
    exec::CommandResult result = printed("{\"score\":1}", 137);
    result.timed_out = true;
    return result;
  };
  const auto truncated = [] {
    exec::CommandResult result = printed("{\"score\":1}");
    result.output_truncated = true;
    return result;
  };
  const auto cancelled = [] {
    exec::CommandResult result = printed("{\"score\":1}");
    result.cancelled = true;
    return result;
  };
  const std::vector<std::pair<std::string, Result<exec::CommandResult>>> rows = {
      {"exit code", printed("{\"score\":1}", 1)},
      {"longer than 5 s", timed_out()},
      {"too much", truncated()},
      {"stopped", cancelled()},
      {"printed nothing", printed("")},
      {"no JSON", printed("score: 1")},
      {"no JSON", printed("[1]")},
      {"occurs twice", printed("{\"score\":1,\"score\":0}")},
      {"invalid literal", printed("{\"score\":NaN}")},
      {"ill-formed UTF-8", printed("{\"score\":1,\"details\":\"\xFF\"}")},
      {"score", printed("{}")},
      {"score", printed("{\"score\":null}")},
      {"score", printed("{\"score\":\"1\"}")},
      {"score", printed("{\"score\":true}")},
      {"score", printed("{\"score\":1.5}")},
      {"score", printed("{\"score\":-0.1}")},
      {"checks", printed("{\"score\":1,\"checks\":{}}")},
      {"passed", printed("{\"score\":1,\"checks\":[{\"name\":\"a\"}]}")},
      {"no bwrap", fail(ErrorCode::sandbox, "no bwrap")}};
  for (const auto& [part, reply] : rows) {
    FakeSandbox sandbox([&r = reply](const exec::CommandSpec&) { return r; });
    const Grade grade = run(sandbox);
    EXPECT_EQ(grade.status, GradeStatus::error) << part;
    EXPECT_EQ(grade.kind, GradeErrorKind::infra_error) << part;
    EXPECT_THAT(grade.message, HasSubstr(part));
  }
  EXPECT_EQ(benchmark_->grade(benchmark_->tasks()[0], {work_.path(), ""}, GradeContext{}).kind,
            GradeErrorKind::infra_error);
}

TEST_F(CommandGraderTest, WithoutPathRemappingHostPathsAreUsed) {
  FakeSandbox sandbox([](const exec::CommandSpec&) { return printed("{\"score\":1}"); }, false);
  const Grade grade = run(sandbox);
  EXPECT_EQ(grade.status, GradeStatus::pass) << grade.message;
  EXPECT_EQ(sandbox.last.argv.front(),
            (std::filesystem::canonical(folder_.path()) / "grade.sh").string());
  const Json message = parse_json(sandbox.last.stdin_text, "stdin").value();
  EXPECT_EQ(message["work_dir"], sandbox.last.work_dir.string());
}

TEST(GradeJson, HasTheDocumentedFieldsAndReadsBack) {
  Grade grade;
  grade.task_id = "13-1";
  grade.status = GradeStatus::fail;
  grade.score = 0.1;
  grade.matched = 1;
  grade.total = 10;
  grade.message = "m";
  grade.differences = {{"A1", {"number", "123456.78"}, {"string", "x"}}};
  grade.checks = {{"c", 2, 0.5, "msg"}};
  grade.grader = "records/exact";
  grade.version = "LibreOffice 7.4";
  const std::string text = grade_to_json(grade);
  EXPECT_EQ(text,
            R"({"schema":"skillgrad.grade/1",)"
            R"("task_id":"13-1","status":"fail","score":0.1,"hard":0,"matched":1,"total":10,)"
            R"("message":"m","differences":[{"where":"A1","expected":{"type":"number",)"
            R"("text":"123456.78"},"got":{"type":"string","text":"x"}}],"checks":[{"name":"c",)"
            R"("weight":2.0,"score":0.5,"message":"msg"}],"grader":"records/exact",)"
            R"("version":"LibreOffice 7.4"})");
  const auto back = grade_from_json(text);
  ASSERT_TRUE(back) << back.error().to_text();
  EXPECT_EQ(grade_to_json(*back), text);
}

TEST(GradeJson, WritesTextsAsAllOtherJsonIsWritten) {
  std::string every = "start ";
  for (int c = 0; c < 0x80; ++c) every += static_cast<char>(c);
  for (const std::string& text :
       {every, every + "\u00E4\u20AC\U0001F600", every + "\u00E4\xFF", std::string()}) {
    Grade grade;
    grade.message = text;
    EXPECT_THAT(grade_to_json(grade), HasSubstr("\"message\":" + dump_json(Json(text)) + ","));
  }
}

TEST(GradeJson, AnErrorHasNoScore) {
  Grade grade;
  grade.task_id = "a";
  grade.kind = GradeErrorKind::dataset_error;
  grade.message = "bad";
  const std::string text = grade_to_json(grade);
  EXPECT_THAT(text, HasSubstr(R"("status":"error","kind":"dataset_error","score":null)"));
  const auto back = grade_from_json(text);
  ASSERT_TRUE(back) << back.error().to_text();
  EXPECT_EQ(back->kind, GradeErrorKind::dataset_error);
  EXPECT_EQ(back->status, GradeStatus::error);
}

TEST(GradeJson, RefusesWhatIsNoGrade) {
  for (const char* text :
       {"", "[]", "{}", R"({"task_id":"a","status":"great","score":1,"hard":1})",
        R"({"task_id":"a","status":"pass","score":2,"hard":1})",
        R"({"task_id":"a","status":"pass","score":1,"hard":1,"differences":[{"where":"x"}]})",
        R"({"task_id":"a","status":"pass","hard":1})"})
    EXPECT_FALSE(grade_from_json(text)) << text;
}

}  // namespace
}  // namespace skillgrad::bench
