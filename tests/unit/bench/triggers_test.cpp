// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::bench {
namespace {

class TriggerQueriesTest : public ::testing::Test {
 protected:
  TriggerQueriesTest() : temp_(std::move(*TempDir::create("triggers-test"))) {}
  [[nodiscard]] Result<TriggerQueries> read(const std::string& name,
                                            const std::string& text) const {
    EXPECT_TRUE(write_file_atomic(temp_.path() / "evals" / name, text));
    return read_trigger_queries(temp_.path() / "evals" / name);
  }
  TempDir temp_;
};

TEST_F(TriggerQueriesTest, AreReadInTheFormsInWhichTheyAreKept) {
  const char* const list =
      R"([{"query":"a","should_trigger":true},{"id":7,"prompt":" b ","should_trigger":false}])";
  const std::pair<const char*, std::string> forms[] = {
      {"a.json", list},
      {"b.json", std::string(R"({"skill_name":"s","queries":)") + list + "}"},
      {"c.json", std::string(R"({"checked":true,"evals":)") + list + "}"},
      {"d.json", R"({"should_trigger":["a"],"should_not_trigger":["b"]})"},
      {"e.jsonl",
       "{\"query\":\"a\",\"should_trigger\":true}\n\n{\"query\":\"b\",\"should_trigger\":false}"
       "\n"}};
  for (const auto& [name, text] : forms) {
    const auto queries = read(name, text);
    ASSERT_TRUE(queries) << name << queries.error().to_text();
    ASSERT_EQ(queries->items.size(), 2U) << name;
    EXPECT_EQ(queries->items[0].query + queries->items[1].query, "ab") << name;
    EXPECT_TRUE(queries->items[0].should_trigger && !queries->items[1].should_trigger) << name;
    EXPECT_NE(queries->items[0].id, queries->items[1].id) << name;
  }
}

TEST_F(TriggerQueriesTest, OfAnEvalsFileLeaveItsTasksOut) {
  const auto queries = read("evals.json", R"({"evals":[{"prompt":"work","assertions":["x"]},
                                            {"prompt":"a","should_trigger":true}]})");
  ASSERT_TRUE(queries);
  EXPECT_EQ(queries->items.size(), 1U);
  EXPECT_EQ(queries->notices.size(), 1U);
  EXPECT_EQ(find_trigger_queries(temp_.path()), temp_.path() / "evals/evals.json");
  ASSERT_TRUE(read("trigger_evals.json", R"([{"query":"a","should_trigger":true}])"));
  EXPECT_EQ(find_trigger_queries(temp_.path()), temp_.path() / "evals/trigger_evals.json");
}

TEST_F(TriggerQueriesTest, ThatCannotBeUsedAreRefusedWithAMend) {
  for (
      const char* bad :
      {"[]", "7", "{}", R"([{"should_trigger":true}])", R"(["a"])", R"([{"query":"a"}])",
       R"([{"query":"a","should_trigger":1}])", R"({"should_trigger":[7]})",
       R"([{"query":"a","should_trigger":true},{"query":"a","should_trigger":false}])",
       R"([{"id":"x","query":"a","should_trigger":true},{"id":"x","query":"b","should_trigger":true}])",
       R"({"checked":false,"queries":[{"query":"a","should_trigger":true}]})"}) {
    const auto queries = read("bad.json", bad);
    ASSERT_FALSE(queries) << bad;
    EXPECT_EQ(queries.error().code, ErrorCode::dataset) << bad;
    EXPECT_FALSE(queries.error().mend.empty()) << bad;
  }
}

TEST_F(TriggerQueriesTest, AreTasksThatActivationDecides) {
  ASSERT_TRUE(read("t.json", R"([{"query":"a","should_trigger":true},
                               {"query":"b","should_trigger":false}])"));
  const auto loaded = load_benchmark("triggers:" + (temp_.path() / "evals/t.json").string(), {});
  ASSERT_TRUE(loaded) << loaded.error().to_text();
  const Benchmark& benchmark = **loaded;
  for (const bool activated : {true, false})
    for (const std::size_t i : {0U, 1U}) {
      const Task& task = benchmark.tasks()[i];
      EXPECT_TRUE(task.activation_decides);
      AgentAnswer answer;
      answer.activated = activated;
      const Grade grade = benchmark.grade(task, answer, {});
      EXPECT_EQ(grade.status, activated == (i == 0) ? GradeStatus::pass : GradeStatus::fail);
    }
  const Grade unknown = benchmark.grade(benchmark.tasks()[0], {}, {});
  EXPECT_EQ(unknown.status, GradeStatus::error) << "not known is no score";
  const auto report = check_benchmark(benchmark, {}, nullptr, {}, 1);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->problems.empty());
}

}  // namespace
}  // namespace skillgrad::bench
