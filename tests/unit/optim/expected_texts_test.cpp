// SPDX-License-Identifier: MIT
#include "optim/stages/expected_texts.hpp"

#include <gmock/gmock.h>

#include "unit/optim/loop_fixture.hpp"

namespace skillgrad::optim {
namespace {

using testing::ElementsAre;

class JudgedBenchmark final : public bench::Benchmark {
 public:
  JudgedBenchmark() {
    for (const char* id : {"t1", "t2", "t3"}) {
      bench::Task task;
      task.id = id;
      task.prompt = "Write a note. It is at most one page long.";
      tasks_.push_back(task);
    }
  }
  [[nodiscard]] std::string name() const override { return "judged"; }
  [[nodiscard]] std::string source() const override { return "memory"; }
  [[nodiscard]] std::string grading() const override { return "judge"; }
  [[nodiscard]] const std::vector<bench::Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<bench::Splits> own_splits() const override { return std::nullopt; }
  [[nodiscard]] Result<> set_up(const bench::Task&, const std::filesystem::path&,
                                const bench::GradeContext&) const override {
    return {};
  }
  [[nodiscard]] bench::Grade grade(const bench::Task&, const bench::AgentAnswer&,
                                   const bench::GradeContext&) const override {
    return {};
  }
  [[nodiscard]] Result<bench::AgentAnswer> golden_answer(
      const bench::Task& task, const std::filesystem::path&) const override {
    return fail(ErrorCode::dataset, "no golden answer", task.id);
  }
  [[nodiscard]] Result<bench::AgentAnswer> prediction(const bench::Task& task, const Json&,
                                                      const std::filesystem::path&,
                                                      const std::filesystem::path&) const override {
    return fail(ErrorCode::internal, "not asked for here", task.id);
  }
  [[nodiscard]] std::vector<std::string> criteria(const bench::Task& task) const override {
    if (task.id == "t3") return {"This one belongs to another batch"};
    return {"The note names the person in charge", "is polite", "It is at most one page long",
            " It gives " + task.id + " as its subject "};
  }

 private:
  std::vector<bench::Task> tasks_;
  std::vector<std::string> notices_;
};

TEST(JudgedCriteria, AreThoseOfTheBatchThatNoTaskTells) {
  EXPECT_THAT(judged_criteria(JudgedBenchmark(), {"t1", "t2", "no such task"}),
              ElementsAre("It gives t1 as its subject", "It gives t2 as its subject",
                          "The note names the person in charge"));
}

TEST(ExpectedTexts, AnotherTaskOfThePoolMakesAConventionAndAnotherTestCaseDoesNot) {
  FakeBenchmark benchmark;
  benchmark.add("t1", "UNC - not assigned");
  benchmark.add("t2", "UNC - not assigned");
  benchmark.add("c1", "7 Kyrgyzstan Street");
  benchmark.add("c2", "7 Kyrgyzstan Street");
  benchmark.tasks_[2].group = benchmark.tasks_[3].group = "c";
  EXPECT_THAT(ExpectedTexts(benchmark, {"t1", "t2", "c1", "c2"}).of({"t1", "c1"}),
              ElementsAre("7 Kyrgyzstan Street"))
      << "two test cases of one task are one";
  EXPECT_THAT(ExpectedTexts(benchmark, {"t1", "c1"}).of({"t1"}), ElementsAre("UNC - not assigned"));
  EXPECT_THAT(ExpectedTexts(benchmark, {"t1"}).of({"t1", "t2"}), ElementsAre());
}

TEST(JudgedCriteria, TasksWithoutAJudgeHaveNone) {
  FakeBenchmark benchmark;
  benchmark.add("t1");
  EXPECT_THAT(judged_criteria(benchmark, {"t1"}), ElementsAre());
}

}  // namespace
}  // namespace skillgrad::optim
