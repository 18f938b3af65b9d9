// SPDX-License-Identifier: MIT
// What `grade --predictions` is given: lines of a file, or what a run kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

#include "cli/screen/notes.hpp"
#include "cli/workbench/predictions.hpp"

namespace skillgrad::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PredictionsReading : public testing::Test {
 protected:
  void SetUp() override {
    notes().forget();
    write("tasks.jsonl",
          "{\"id\":\"a1\",\"input\":\"x\",\"target\":\"y\"}\n"
          "{\"id\":2,\"input\":\"z\",\"target\":\"w\"}\n");
    auto loaded = bench::load_benchmark((dir_.path() / "tasks.jsonl").string(), {});
    ASSERT_TRUE(loaded) << loaded.error().to_text();
    benchmark_ = std::move(*loaded);
  }
  void TearDown() override { notes().forget(); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = dir_.path() / name;
    EXPECT_TRUE(write_file_atomic(path, text));
    return path.string();
  }
  Result<std::vector<Prediction>> read(const std::string& path) {
    return PredictionSource::read(path, {}).predictions(*benchmark_);
  }
  static std::vector<std::string> said() {
    std::vector<std::string> out;
    for (const Note& note : notes().all()) out.push_back(note.text);
    return out;
  }

  TempDir dir_ = TempDir::create("predictions-test").value();
  std::unique_ptr<bench::Benchmark> benchmark_;
};

TEST_F(PredictionsReading, EachLineIsOfOneTaskAndKnowsItsPlace) {
  write("out.txt", "y");
  const auto path = write("p.jsonl",
                          "\n{\"task_id\":\"a1\",\"output\":\"out.txt\"}\n  \n"
                          "{\"task_id\":2,\"answer\":\"w\"}");
  const auto read_lines = read(path);
  ASSERT_TRUE(read_lines) << read_lines.error().to_text();
  ASSERT_EQ(read_lines->size(), 2U);
  EXPECT_EQ((*read_lines)[0].task->id, "a1");
  EXPECT_EQ((*read_lines)[0].place(), path + ":2");
  EXPECT_TRUE((*read_lines)[0].answers) << "the file is looked up beside the predictions";
  EXPECT_EQ((*read_lines)[1].task->id, "2") << "a number names a task as well";
  EXPECT_EQ((*read_lines)[1].place(), path + ":4");
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(PredictionsReading, AWrongLineIsRefusedWithItsPlaceAndWhatToWrite) {
  struct Case {
    const char* text;
    const char* message;
    const char* where;
    const char* mend;
  };
  const Case cases[] = {
      {"{\"task_id\":\"a1\",\"answer\":1}\n{\"task_id\":", "invalid JSON", "p.jsonl:2:", "task_id"},
      {"[1]", "no \"task_id\"", "p.jsonl:1", "task_id"},
      {"{\"answer\":\"y\"}", "no \"task_id\"", "p.jsonl:1", "task_id"},
      {"{\"task_id\":1.5,\"answer\":\"y\"}", "no \"task_id\"", "p.jsonl:1", "task_id"},
      {"{\"task_id\":\"a2\",\"answer\":\"y\"}", "has no task \"a2\"", "p.jsonl:1",
       "did you mean \"a1\"?"},
      {"{\"task_id\":\"completely-else\",\"answer\":\"y\"}", "has no task", "p.jsonl:1",
       "`skillgrad benchmark show"},
      {"{\"task_id\":2,\"answer\":1}\n{\"task_id\":\"2\",\"answer\":1}", "stands there twice",
       "p.jsonl:2", "keep one prediction"},
      {" \n\n", "no predictions in the file", "p.jsonl", "one JSON line"}};
  for (const auto& given : cases) {
    const auto lines = read(write("p.jsonl", given.text));
    ASSERT_FALSE(lines) << given.text;
    EXPECT_EQ(lines.error().code, ErrorCode::input) << given.text;
    EXPECT_THAT(lines.error().message, HasSubstr(given.message));
    EXPECT_THAT(lines.error().where, HasSubstr(given.where)) << given.text;
    EXPECT_THAT(lines.error().mend, HasSubstr(given.mend)) << given.text;
  }
}

TEST_F(PredictionsReading, KeysThatNothingIsMadeOfAreNotedOnceWithTheirNumber) {
  const auto path = write("p.jsonl",
                          "{\"task_id\":\"a1\",\"anser\":\"y\",\"answer\":\"y\"}\n"
                          "{\"task_id\":2,\"anser\":\"w\",\"answer\":\"w\"}\n");
  ASSERT_TRUE(read(path));
  EXPECT_THAT(said(), ElementsAre(path + ":1: unknown key \"anser\" of a prediction is not used (2 "
                                         "times); did you mean \"answer\"?"));
}

TEST_F(PredictionsReading, FilesThatAreMissingAreAnErrorOnlyWhereNoOtherAnswerIsThere) {
  const std::string absent = "{\"task_id\":\"a1\",\"output\":\"gone.txt\"}\n";
  const auto alone = write("p.jsonl", absent);
  const auto none = check_outputs(read(alone).value(), alone);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("none of the 1 output files"));
  EXPECT_THAT(none.error().message, HasSubstr("\"gone.txt\""));
  notes().forget();

  const auto both = write("p.jsonl", absent + "{\"task_id\":2,\"answer\":\"w\"}\n");
  EXPECT_TRUE(check_outputs(read(both).value(), both));
  ASSERT_EQ(said().size(), 2U);
  EXPECT_EQ(said()[0], both + ":1: there is no file \"gone.txt\"");
  EXPECT_THAT(said()[1], HasSubstr("1 of 2 predictions name files that do not exist"));

  const auto empty = write("p.jsonl", absent + "{\"task_id\":2,\"answer\":null}\n");
  EXPECT_FALSE(check_outputs(read(empty).value(), empty)) << "null is no answer";
}

TEST_F(PredictionsReading, AFolderOfARunGivesWhatEachRolloutLeft) {
  write("run/eval/rollouts/a1.0/loss.json",
        R"({"final_message":"y","outputs_kept":true,"end_state":"finished"})");
  write("run/eval/rollouts/a1.1/loss.json",
        R"({"final_message":"n","outputs_kept":true,"end_state":"finished"})");
  write("run/eval/rollouts/2.0/loss.json",
        R"({"final_message":"","outputs_kept":true,"end_state":"infra_error","error":"no model"})");
  const auto kept = read((dir_.path() / "run").string());
  ASSERT_TRUE(kept) << kept.error().to_text();
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ((*kept)[0].kept->final_message, "y");
  EXPECT_EQ((*kept)[0].kept->error, "");
  EXPECT_EQ((*kept)[1].kept->error, "the rollout ended without an answer: no model");
  EXPECT_THAT(said(), ElementsAre("of several trials of a task the first is graded"));

  write("run/eval/rollouts/2.0/loss.json",
        R"({"final_message":"","outputs_kept":false,"end_state":"turn_limit"})");
  EXPECT_THAT(read((dir_.path() / "run").string()).value()[1].kept->error,
              HasSubstr("too many or too large"));
}

}  // namespace
}  // namespace skillgrad::cli
