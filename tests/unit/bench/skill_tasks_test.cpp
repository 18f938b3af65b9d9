// SPDX-License-Identifier: MIT
// The tasks of a folder of skills: each as in its skill, under one roof.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SkillTasksTest : public ::testing::Test {
 protected:
  void add(const std::string& skill, const std::string& lines, const char* file = "tasks.jsonl") {
    ASSERT_TRUE(write_file_atomic(root() / skill / "SKILL.md", "---\nname: x\n---\n"));
    if (lines.empty()) return;
    ASSERT_TRUE(write_file_atomic(root() / skill / "evals" / file, lines));
  }
  static std::string task(const std::string& id, const std::string& target,
                          const std::string& more = "") {
    return R"({"id":")" + id + R"(","input":"Say )" + target + R"(.","target":")" + target + "\"" +
           more + "}\n";
  }
  [[nodiscard]] fs::path root() const { return temp_.path() / "skills"; }
  [[nodiscard]] Result<std::unique_ptr<Benchmark>> load() const {
    return load_benchmark(root().string(), {});
  }
  TempDir temp_ = std::move(*TempDir::create("skill-tasks-"));
};

TEST_F(SkillTasksTest, AreThoseOfEachSkillAndOfTheFolder) {
  add("pdf", task("1", "one") + task("2", "two"));
  add("xlsx", task("1", "uno"));
  add("docx", "");
  ASSERT_TRUE(write_file_atomic(root() / "evals/tasks.jsonl",
                                task("both", "both", R"(,"metadata":{"skill":"pdf"})")));
  const auto tasks = load();
  ASSERT_TRUE(tasks) << tasks.error().to_text();
  EXPECT_EQ((*tasks)->name(), "skills");
  EXPECT_THAT((*tasks)->ids(), ElementsAre("both", "pdf.1", "pdf.2", "xlsx.1"));
  EXPECT_EQ((*tasks)->find("xlsx.1")->fields.at("skill"), "xlsx");
  EXPECT_EQ((*tasks)->find("both")->fields.at("skill"), "pdf");
  EXPECT_EQ((*tasks)->find("1"), nullptr);
  const Task& uno = *(*tasks)->find("xlsx.1");
  const auto grade = [&](const std::string& said) {
    return (*tasks)->grade(uno, AgentAnswer{"", said}, {});
  };
  EXPECT_EQ(grade("uno").score, 1);
  EXPECT_EQ(grade("uno").task_id, "xlsx.1");
  EXPECT_EQ(grade("one").score, 0) << "another skill's task of that id";
  EXPECT_EQ((*tasks)->golden_answer(uno, "")->final_message, "uno");
  EXPECT_FALSE((*tasks)->own_splits());
  const auto named = load_benchmark("skills:" + root().string(), {});
  EXPECT_TRUE(named) << named.error().to_text();
}

TEST_F(SkillTasksTest, EachSkillHasItsShareOfAShuffle) {
  std::string many;
  for (int i = 0; i < 20; ++i) many += task(std::to_string(i), "a" + std::to_string(i));
  add("pdf", many);
  std::string few;
  for (int i = 0; i < 10; ++i) few += task(std::to_string(i), "b" + std::to_string(i));
  add("xlsx", few);
  const auto tasks = load();
  ASSERT_TRUE(tasks);
  SplitOptions options;
  options.train = 0.4;
  options.val = 0.3;
  const auto splits = make_splits(**tasks, options);
  ASSERT_TRUE(splits) << splits.error().to_text();
  const auto of_pdf = [](const std::vector<std::string>& ids) {
    return std::count_if(ids.begin(), ids.end(),
                         [](const std::string& id) { return id.starts_with("pdf."); });
  };
  EXPECT_EQ(of_pdf(splits->train), 8);
  EXPECT_EQ(of_pdf(splits->val), 6);
  EXPECT_EQ(of_pdf(splits->test), 6);
  EXPECT_THAT(splits->origin, HasSubstr("stratified by skill"));
}

TEST_F(SkillTasksTest, SplitsThatRecordsNameAreKept) {
  add("pdf", task("1", "one", R"(,"split":"train")") + task("2", "two", R"(,"split":"test")"));
  add("xlsx", task("1", "uno"));
  const auto tasks = load();
  ASSERT_TRUE(tasks);
  const auto splits = make_splits(**tasks, {});
  ASSERT_TRUE(splits) << splits.error().to_text();
  EXPECT_THAT(splits->train, ElementsAre("pdf.1"));
  EXPECT_THAT(splits->test, ElementsAre("pdf.2"));
  EXPECT_THAT((*tasks)->notices(), testing::Contains(HasSubstr("the tasks of xlsx name no split")));
}

TEST_F(SkillTasksTest, WhatCannotBeReadIsAnErrorWithItsMend) {
  add("pdf", "");
  EXPECT_THAT(load().error().mend, HasSubstr("evals/tasks.jsonl"));
  add("pdf", "{\"id\":\n");
  EXPECT_EQ(load().error().code, ErrorCode::dataset);
  EXPECT_THAT(load().error().where, HasSubstr("pdf"));
  add("pdf", task("1", "one"));
  ASSERT_TRUE(write_file_atomic(root() / "evals/tasks.jsonl", task("pdf.1", "x")));
  EXPECT_THAT(load().error().message, HasSubstr("two tasks are called \"pdf.1\""));
}

}  // namespace
}  // namespace skillgrad::bench
