// SPDX-License-Identifier: MIT
// Lines of `grade --predictions`, and what records are refused or noticed for.
#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <skillgrad/bench/predictions.hpp>
#include <skillgrad/core/json.hpp>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::HasSubstr;

TEST(Records, AMistypedSplitIsNoReasonForAShuffle) {
  const Loaded loaded("tasks.jsonl", R"({"id":"a","input":"x","target":"y","split":"trian"})");
  EXPECT_THAT(loaded.error(), HasSubstr("did you mean \"train\""));
}

TEST(Records, MessagesSayWhatIsThereAndWhatToWrite) {
  const std::vector<std::tuple<std::string, std::string, std::string>> rows = {
      {"t.jsonl", R"({"id":"a","input":"x","target":"y","files":{"x":"data:,1","x/y":"data:,2"}})",
       "cannot be a folder"},
      {"t.jsonl", R"({"id":"a","input":"x","target":"y","golden":5})", "as a text"},
      {"t.jsonl", R"({"id":123456789012345678901234567890,"input":"x","target":"y"})", "64-bit"},
      {"t.jsonl", R"({"id":"a","input":"x","grader":{"type":"command","run":["../x.sh"]}})",
       "\"../x.sh\" leaves"},
      {"t.jsonl", R"({"id":"a","input":"x","grader":{"type":"command","run":["a\u0000b"]}})",
       "NUL"},
      {"t.jsonl", R"({"id":"a","input":"x","target":"y","setup":["a\u0000b"]})", "NUL"},
      {"t.csv", "input,target\n", "a row for each task"},
      {"evals.json", R"({"evals":[]})", "an eval with"}};
  for (const auto& [name, content, said] : rows)
    EXPECT_THAT(Loaded(name, content).error(), HasSubstr(said)) << content;
}

TEST(Records, AColumnCanServeSeveralFields) {
  const Loaded loaded("t.csv", "q,a,s\nx,y,train\nz,w,test\n", [] {
    BenchmarkOptions options;
    options.map = {{"input", "q"}, {"target", "a"}, {"split", "s"}, {"category", "s"}};
    return options;
  }());
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_EQ(loaded->tasks()[1].category, "test");
  EXPECT_EQ(loaded->tasks()[1].split, "test");
}

TEST(Records, AnUnknownPrefixOfAnExpectationIsNoticed) {
  const Loaded loaded("t.csv",
                      "input,__expected\na,containing:x\nb,CONTAINS:x\nc,10:30\nd,http://x\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_EQ(std::count_if(loaded->notices().begin(), loaded->notices().end(),
                          [](const std::string& notice) {
                            return notice.find("icontains:") != std::string::npos;
                          }),
            2);
}

/// The grade of a line of predictions for the first task.
Grade predicted(const Loaded& loaded, const Json& line) {
  const Folder work;
  const auto answer =
      loaded->prediction(loaded->tasks()[0], line, loaded.folder.path(), work.path());
  EXPECT_TRUE(answer) << answer.error().to_text();
  return loaded->grade(loaded->tasks()[0], *answer, {});
}

TEST(Predictions, AnOutputThatIsNotThereIsAFailWhateverTheTasksFilesAre) {
  const Loaded loaded("tasks.jsonl", R"({"id":"a","input":"x","target":"5","output":"in.txt",)"
                                     R"("files":{"in.txt":{"text":"5"}}})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  loaded.folder.put("right.txt", "5\n");
  EXPECT_EQ(predicted(loaded, {{"output", "right.txt"}}).status, GradeStatus::pass);
  for (const Json& output : {Json("nope"), Json(nullptr), Json("."), Json("/dev/zero")}) {
    const Grade grade = predicted(loaded, {{"output", output}});
    EXPECT_EQ(grade.status, GradeStatus::fail) << output;
    EXPECT_EQ(grade.score, 0) << output;
    EXPECT_EQ(grade.total, 1U) << output;
  }
  const Folder work;
  const auto wrong = loaded->prediction(loaded->tasks()[0], Json::parse(R"({"output":5})"),
                                        loaded.folder.path(), work.path());
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("\"output\" is 5"));
}

TEST(Predictions, ATextTaskWithoutAnOutputOrWithTooLargeAOneFails) {
  const Loaded loaded("tasks.jsonl", R"({"id":"a","input":"x","target":".*","grader":"regex"})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_EQ(predicted(loaded, {{"output", nullptr}}).status, GradeStatus::fail);
  const auto large = loaded.folder.put("large.txt", "");
  std::filesystem::resize_file(large, (std::uintmax_t{16} << 20) + 1);
  const Grade grade = predicted(loaded, {{"output", "large.txt"}});
  EXPECT_EQ(grade.status, GradeStatus::fail);
  EXPECT_THAT(grade.message, HasSubstr("unreadable"));
  const Folder work;
  const auto gone = loaded->prediction(loaded->tasks()[0], Json::parse(R"({"output":"gone"})"),
                                       loaded.folder.path(), work.path());
  ASSERT_FALSE(gone);
  EXPECT_FALSE(gone.error().mend.empty());
}

TEST(Predictions, ARelativeOutputIsLookedUpBesideTheFileThenInTheCurrentFolder) {
  const Folder beside;
  const std::string here = "skillgrad-prediction-" + std::to_string(::getpid()) + ".txt";
  const auto current = std::filesystem::current_path() / here;
  std::ofstream(current) << "5\n";
  EXPECT_EQ(find_predicted(here, beside.path()), current);
  beside.put(here, "6\n");
  EXPECT_EQ(find_predicted(here, beside.path()), beside.path() / here);
  EXPECT_EQ(find_predicted(current.string(), beside.path()), current);
  std::filesystem::remove(current);
  EXPECT_EQ(find_predicted("no/such/file", beside.path()), std::nullopt);
  EXPECT_EQ(find_predicted(std::string("a\0b", 3), beside.path()), std::nullopt);
}

TEST(Predictions, ATextTaskIsGradedAlikeWithAndWithoutAFolder) {
  const Loaded loaded(
      "tasks.jsonl",
      R"({"id":"a","input":"x","target":"5","output":"o.txt"})"
      "\n"
      R"({"id":"b","input":"x","target":"5","output":"o.txt","files":{"o.txt":{"text":"5"}}})"
      "\n"
      R"({"id":"c","input":"x","output":"o.txt","setup":["true"],"target":"5"})"
      "\n"
      R"({"id":"d","input":"x","output":"o.txt","grader":{"type":"command","run":["true"]}})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const auto& tasks = loaded->tasks();
  EXPECT_FALSE(loaded->needs_work_dir(tasks[0]));
  EXPECT_TRUE(loaded->needs_work_dir(tasks[1])) << "an untouched folder holds an answer";
  EXPECT_TRUE(loaded->needs_work_dir(tasks[2])) << "the set-up may make one";
  EXPECT_TRUE(loaded->needs_work_dir(tasks[3])) << "a program runs there";
  loaded.folder.put("right.txt",
                    "\xEF\xBB\xBF"
                    "5\r\n");
  loaded.folder.put("wrong.txt", "6\n");
  loaded.folder.put("binary.txt", std::string("5\0", 2));
  const std::vector<std::pair<Json, GradeStatus>> rows = {
      {{{"output", "right.txt"}}, GradeStatus::pass},
      {{{"output", "wrong.txt"}}, GradeStatus::fail},
      {{{"output", "binary.txt"}}, GradeStatus::fail},
      {{{"output", "nope"}}, GradeStatus::fail},
      {{{"output", nullptr}}, GradeStatus::fail},
      {{{"answer", "5"}}, GradeStatus::pass},
      {{{"answer", "5\n"}}, GradeStatus::pass},
      {{{"answer", "6"}}, GradeStatus::fail}};
  for (const auto& [line, status] : rows) {
    const auto answer = loaded->prediction(tasks[0], line, loaded.folder.path(), "");
    ASSERT_TRUE(answer) << answer.error().to_text();
    const Grade without = loaded->grade(tasks[0], *answer, {}), with = predicted(loaded, line);
    EXPECT_EQ(without.status, with.status) << line;
    EXPECT_EQ(without.total, with.total) << line;
    EXPECT_EQ(without.differences, with.differences) << line;
    EXPECT_EQ(loaded->grade(tasks[0], *answer, {}).status, status) << line;
  }
}

TEST(Predictions, AnAnswerBesideAnOutputIsRefusedAndNullIsNoAnswer) {
  for (const char* output : {"", R"(,"output":"o.txt")"}) {
    const Loaded loaded("tasks.jsonl", std::string(R"({"id":"a","input":"x","target":".*",)") +
                                           R"("grader":"regex")" + output + "}");
    ASSERT_TRUE(loaded.benchmark) << loaded.error();
    const Task& task = loaded->tasks()[0];
    for (const char* line :
         {R"({"answer":"5","output":"p.txt"})", R"({"answer":"5","output":null})",
          R"({"answer":null,"output":"p.txt"})"}) {
      const auto both = loaded->prediction(task, Json::parse(line), loaded.folder.path(), "");
      ASSERT_FALSE(both) << line;
      EXPECT_EQ(both.error().code, ErrorCode::input);
      EXPECT_THAT(both.error().to_text(), HasSubstr("both \"answer\" and \"output\"")) << line;
      EXPECT_THAT(both.error().mend, HasSubstr("keep the one")) << line;
    }
    const Grade none = predicted(loaded, {{"answer", nullptr}});
    EXPECT_EQ(none.status, GradeStatus::fail);
    EXPECT_THAT(none.message, HasSubstr("there is no answer"));
    EXPECT_EQ(predicted(loaded, {{"answer", "5"}}).status, GradeStatus::pass);
  }
}

TEST(Predictions, AnOutputFileOverTheCapIsUnreadable) {
  const Loaded loaded("tasks.jsonl", R"({"id":"a","input":"x","target":"5","output":"o.txt"})");
  const auto large = loaded.folder.put("large.txt", "");
  for (const std::uintmax_t mebibytes : {17U, 200U}) {
    std::filesystem::resize_file(large, mebibytes << 20);
    const Grade grade = predicted(loaded, {{"output", "large.txt"}});
    EXPECT_EQ(grade.status, GradeStatus::fail);
    EXPECT_THAT(grade.message, HasSubstr("unreadable"));
  }
}

}  // namespace
}  // namespace skillgrad::bench
