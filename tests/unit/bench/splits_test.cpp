// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/random.hpp>

#include "bench/split_file.hpp"
#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string records(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += R"({"id":"t)" + std::to_string(i) + R"(","input":"task )" + std::to_string(i) +
            R"(","target":"y"})" + "\n";
  return text;
}

// The published split of 400 tasks, step by step with the generator that splits are drawn with.
TEST(PublishedSplit, IsReproducedByTheShuffle) {
  std::vector<std::size_t> order(400);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  PyRandom(0).shuffle(order);
  EXPECT_THAT(std::vector<std::size_t>(order.begin(), order.begin() + 12),
              ElementsAre(150, 381, 6, 4, 65, 62, 36, 299, 185, 279, 28, 191));
  std::vector<std::size_t> held(order.begin(), order.begin() + 200);
  std::vector<std::size_t> evolution(order.begin() + 200, order.end());
  std::sort(evolution.begin(), evolution.end());
  EXPECT_THAT(std::vector<std::size_t>(evolution.begin(), evolution.begin() + 6),
              ElementsAre(0, 5, 7, 8, 10, 13));
  EXPECT_THAT(std::vector<std::size_t>(evolution.end() - 5, evolution.end()),
              ElementsAre(389, 390, 391, 393, 399));
  PyRandom(42).shuffle(held);
  std::vector<std::size_t> val(held.begin(), held.begin() + 20);
  std::sort(val.begin(), val.end());
  EXPECT_THAT(val, ElementsAre(4, 6, 24, 34, 44, 78, 83, 90, 130, 180, 251, 262, 292, 319, 329, 330,
                               332, 365, 382, 398));
  EXPECT_THAT(std::vector<std::size_t>(held.begin() + 20, held.begin() + 30),
              ElementsAre(359, 98, 392, 103, 79, 363, 270, 136, 62, 271));
}

TEST(MakeSplits, ShufflesWithTheSeedAndKeepsDataSetOrder) {
  const Loaded loaded("tasks.jsonl", records(20));
  SplitOptions options;
  const auto splits = make_splits(*loaded, options);
  ASSERT_TRUE(splits) << splits.error().to_text();
  std::vector<std::size_t> order(20);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  PyRandom(0).shuffle(order);
  std::sort(order.begin(), order.begin() + 10);
  std::sort(order.begin() + 10, order.begin() + 12);
  std::vector<std::string> train, val;
  for (std::size_t i = 0; i < 12; ++i)
    (i < 10 ? train : val).push_back("t" + std::to_string(order[i]));
  EXPECT_EQ(splits->train, train);
  EXPECT_EQ(splits->val, val);
  EXPECT_EQ(splits->test.size(), 8U);
  EXPECT_THAT(splits->origin, HasSubstr("seed 0"));
  options.seed = 1;
  EXPECT_NE(make_splits(*loaded, options)->train, train);
}

TEST(MakeSplits, KeepsCopiesOfOneTaskTogether) {
  std::string text = records(6);
  text += R"({"id":"copy","input":"task 3","target":"y"})";
  const Loaded loaded("tasks.jsonl", text);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    SplitOptions options;
    options.seed = seed;
    const auto splits = make_splits(*loaded, options);
    ASSERT_TRUE(splits);
    for (const auto* part : {&splits->train, &splits->val, &splits->test})
      EXPECT_EQ(std::count(part->begin(), part->end(), "t3"),
                std::count(part->begin(), part->end(), "copy"));
    EXPECT_THAT(check_benchmark(*loaded, {"t0"}, &*splits, {}, 1)->problems, IsEmpty());
  }
}

TEST(MakeSplits, RefusesTooFewTasksAndBadShares) {
  const Loaded two("tasks.jsonl", records(2));
  EXPECT_FALSE(make_splits(*two, {}));
  const Loaded three("tasks.jsonl", records(3));
  const auto splits = make_splits(*three, {});
  ASSERT_TRUE(splits);
  EXPECT_EQ(splits->train.size(), 1U);
  EXPECT_EQ(splits->val.size(), 1U);
  EXPECT_EQ(splits->test.size(), 1U);
  SplitOptions options;
  options.train = 0.9;
  options.val = 0.2;
  EXPECT_EQ(make_splits(*three, options).error().code, ErrorCode::config);
}

TEST(MakeSplits, AFileWinsOverOwnSplits) {
  const Loaded loaded("tasks.jsonl",
                      "{\"id\":1,\"input\":\"a\",\"target\":\"y\",\"split\":\"train\"}\n"
                      "{\"id\":2,\"input\":\"b\",\"target\":\"y\",\"split\":\"val\"}\n");
  EXPECT_THAT(make_splits(*loaded, {})->train, ElementsAre("1"));
  SplitOptions options;
  options.split_file = loaded.folder.put("s.json", R"({"evolution":[2],"test":["1"]})").string();
  const auto splits = make_splits(*loaded, options);
  ASSERT_TRUE(splits) << splits.error().to_text();
  EXPECT_THAT(splits->train, ElementsAre("2"));
  EXPECT_THAT(splits->test, ElementsAre("1"));
  EXPECT_THAT(splits->val, IsEmpty());
}

std::string staged(std::size_t easy, std::size_t hard) {
  std::string text;
  for (std::size_t i = 0; i < easy + hard; ++i)
    text += R"({"id":"t)" + std::to_string(i) + R"(","input":"task )" + std::to_string(i) +
            R"(","target":"y","split":"train","metadata":{"level":")" +
            (i < easy ? "easy" : "hard") + R"(","n":)" + std::to_string(i % 2) + "}}\n";
  return text;
}

std::size_t count_level(const Benchmark& benchmark, const std::vector<std::string>& ids,
                        const std::string& level) {
  return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), [&](const auto& id) {
    return benchmark.find(id)->fields.at("level") == level;
  }));
}

TEST(MakeSplits, StratifiedByAFieldGiveEachValueItsShare) {
  const Loaded loaded("tasks.jsonl", staged(30, 10));
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  SplitOptions options;
  options.stratify = "level";
  for (options.seed = 0; options.seed < 5; ++options.seed) {
    const auto splits = make_splits(*loaded, options);
    ASSERT_TRUE(splits) << splits.error().to_text();
    EXPECT_EQ(splits->train.size(), 20U) << "the shares of the whole stay";
    EXPECT_EQ(splits->val.size(), 4U);
    EXPECT_EQ(count_level(*loaded, splits->train, "hard"), 5U);
    EXPECT_EQ(count_level(*loaded, splits->val, "hard"), 1U);
    EXPECT_EQ(count_level(*loaded, splits->test, "hard"), 4U);
    const auto again = make_splits(*loaded, options);
    EXPECT_EQ(again->train, splits->train);
    EXPECT_EQ(again->test, splits->test);
    EXPECT_THAT(splits->origin, HasSubstr("stratified by level (2 values)"));
  }
  options.stratify = "n";  // a number in the data
  EXPECT_TRUE(make_splits(*loaded, options));
}

TEST(MakeSplits, StratifiedOnesLoseNoTaskHoweverSmallTheStrata) {
  std::string text;
  for (int i = 0; i < 23; ++i)
    text += R"({"id":")" + std::to_string(i) + R"(","input":"task )" + std::to_string(i) +
            R"(","target":"y","metadata":{"k":")" + std::to_string(i * i % 7) + "\"}}\n";
  const Loaded loaded("tasks.jsonl", text);
  SplitOptions options;
  options.stratify = "k";
  const auto splits = make_splits(*loaded, options);
  ASSERT_TRUE(splits) << splits.error().to_text();
  std::set<std::string> all;
  for (const auto* part : {&splits->train, &splits->val, &splits->test})
    all.insert(part->begin(), part->end());
  EXPECT_EQ(all.size(), 23U);
  EXPECT_EQ(splits->train.size(), 11U);
  EXPECT_EQ(splits->val.size(), 2U);
}

TEST(MakeSplits, RefusesAFieldThatNoTaskHas) {
  const Loaded loaded("tasks.jsonl", staged(5, 5));
  SplitOptions options;
  options.stratify = "levle";
  const auto splits = make_splits(*loaded, options);
  ASSERT_FALSE(splits);
  EXPECT_EQ(splits.error().code, ErrorCode::config);
  EXPECT_THAT(splits.error().to_text(), HasSubstr("did you mean \"level\""));
  options.stratify = "level";
  options.split_file = "x.json";
  EXPECT_EQ(make_splits(*loaded, options).error().code, ErrorCode::config);
}

TEST(MakeSplits, ReadsThePublishedFormsOfIdLists) {
  const Loaded loaded("tasks.jsonl",
                      "{\"id\":57117,\"input\":\"a\",\"target\":\"y\"}\n"
                      "{\"id\":\"13-1\",\"input\":\"b\",\"target\":\"y\"}\n"
                      "{\"id\":\"CF_8\",\"input\":\"c\",\"target\":\"y\"}\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const Folder items, lists, mixed;
  items.put("train/items.json", R"([{"id":57117}])");
  items.put("val/items.json", R"([{"id":"13-1","question":"b"}])");
  items.put("test/items.json", R"(["CF_8"])");
  items.put("split_manifest.json", R"({"source":"somewhere"})");
  lists.put("train.txt", "57117\n\n");
  lists.put("dev.jsonl", "\"13-1\"\n");
  lists.put("test.json", R"([{"task_id":"CF_8"}])");
  const std::string files[] = {
      items.path().string(), lists.path().string(),
      mixed
          .put("a.json", R"({"splits":{"training":[57117],"validation":["13-1"],"test":["CF_8"]}})")
          .string(),
      mixed.put("b.json", R"({"name":"x","train":[{"id":57117}],"valid":["13-1"],"test":["CF_8"]})")
          .string()};
  for (const std::string& file : files) {
    SplitOptions options;
    options.split_file = file;
    const auto splits = make_splits(*loaded, options);
    ASSERT_TRUE(splits) << file << splits.error().to_text();
    EXPECT_THAT(splits->train, ElementsAre("57117")) << file;
    EXPECT_THAT(splits->val, ElementsAre("13-1")) << file;
    EXPECT_THAT(splits->test, ElementsAre("CF_8")) << file;
  }
  lists.put("val.txt", "13-1\n");
  SplitOptions options;
  options.split_file = lists.path().string();
  EXPECT_THAT(make_splits(*loaded, options).error().to_text(), HasSubstr("two names of one split"));
  options.split_file = Folder().path().string();
  EXPECT_FALSE(make_splits(*loaded, options));
  const Folder broken;
  broken.put("test.jsonl", "57117\n{\n");
  options.split_file = broken.path().string();
  EXPECT_THAT(make_splits(*loaded, options).error().to_text(),
              ::testing::AllOf(HasSubstr("test.jsonl:2:"), HasSubstr("fix: ")));
}

TEST(MakeSplits, RefusesABrokenSplitFile) {
  const Loaded loaded("tasks.jsonl", records(3));
  struct Row {
    const char* content;
    const char* part;
  };
  for (const Row& row :
       {Row{R"({"train":["t0","t9"]})", "\"t9\""},
        Row{R"({"train":["t0"],"test":["t0"]})", "\"train\" and again in \"test\""},
        Row{R"({"train":["t0","t0"]})", "again"}, Row{R"({"trian":["t0"]})", "did you mean"},
        Row{R"({"train":"t0"})", "not an array"}, Row{R"({"train":[true]})", "expected an id"},
        Row{R"({"train":[],"evolution":[]})", "both"}, Row{R"([])", "JSON object"},
        Row{"{}", "name no task"}, Row{R"({"train":[],"test":[]})", "name no task"},
        Row{"{", "s.json"}}) {
    SplitOptions options;
    options.split_file = loaded.folder.put("s.json", row.content).string();
    const auto splits = make_splits(*loaded, options);
    ASSERT_FALSE(splits) << row.content;
    EXPECT_EQ(exit_code_of(splits.error().code), 2);
    EXPECT_THAT(splits.error().to_text(), HasSubstr(row.part)) << row.content;
  }
  SplitOptions options;
  options.split_file = "builtin:configs/no-such.json";
  EXPECT_EQ(make_splits(*loaded, options).error().code, ErrorCode::config);
}

std::vector<std::string> problems(const Loaded& loaded, const Splits* splits = nullptr) {
  std::vector<std::string> out;
  const auto report = check_benchmark(*loaded, {}, splits, {}, 2);
  if (!report) return {report.error().to_text()};
  for (const CheckProblem& problem : report->problems)
    out.push_back(problem.task_id + ": " + problem.what);
  return out;
}

TEST(MakeSplits, WhatStandsBesideTheSplitsIsRefused) {
  const Folder folder;
  const auto read = [&](const std::string& more) {
    return read_split_file(
        folder.put("s.json", R"({"splits":{"train":["0"],"val":["1"],"test":["2"]})" + more + "}")
            .string());
  };
  EXPECT_TRUE(read(R"(,"seed":1,"name":"x")"));
  for (const char* more : {R"(,"train":["3"],"seed":1)", R"(,"tset":["3"])"}) {
    const auto beside = read(more);
    ASSERT_FALSE(beside) << more;
    EXPECT_THAT(beside.error().to_text(), HasSubstr("stands beside \"splits\"")) << more;
  }
}

TEST(CheckBenchmark, AGoodOneHasNoProblem) {
  const Loaded loaded(
      "tasks.jsonl",
      records(5) + R"({"id":"o","input":"x","target":"1,000","grader":"numeric","output":"a.txt"})"
                   "\n"
                   R"({"id":"j","input":"x","target":{"a":1},"grader":"json-equal"})"
                   "\n"
                   R"({"id":"g","input":"x","target":"a+","grader":"regex","golden":"aa"})"
                   "\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(check_benchmark(*loaded, {}, nullptr, {}, 2)->tasks, 8U);
}

TEST(CheckBenchmark, FindsWhatCannotBeWonOrIsWonByNothing) {
  const Loaded loaded("tasks.jsonl",
                      R"({"id":"a","input":"x","target":".*","grader":"regex","golden":"aa"})"
                      "\n"
                      R"({"id":"b","input":"x","target":"z","golden":"aa"})"
                      "\n"
                      R"({"id":"c","input":"x","target":"z","grader":"regex"})"
                      "\n");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  EXPECT_THAT(problems(loaded), ElementsAre(HasSubstr("a: an empty answer scores 1"),
                                            HasSubstr("b: golden answer scores 0")));
  EXPECT_THAT(check_benchmark(*loaded, {}, nullptr, {}, 1)->notices,
              Contains(HasSubstr("c: golden answer not checked")));
}

TEST(CheckBenchmark, FindsAGraderThatChangesItsMind) {
  const Loaded loaded(
      "tasks.jsonl",
      R"({"id":"a","input":"x","target":"y","grader":{"type":"command","run":"x"}})");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  int calls = 0;
  FakeSandbox sandbox([&](const exec::CommandSpec&) {
    return printed(++calls == 1 ? "{\"score\":1}" : "{\"score\":0}");
  });
  GradeContext context;
  context.sandbox = &sandbox;
  const auto report = check_benchmark(*loaded, {}, nullptr, context, 1);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->problems.size(), 1U);
  EXPECT_THAT(report->problems[0].what, HasSubstr("differ"));
}

TEST(CheckBenchmark, FindsSplitsThatShareIdsOrContent) {
  const Loaded loaded("tasks.jsonl",
                      records(2) + R"({"id":"copy","input":"task 1","target":"y"})" + "\n");
  Splits splits;
  splits.train = {"t0", "t1"};
  splits.test = {"t0", "copy"};
  EXPECT_THAT(problems(loaded, &splits),
              ElementsAre(HasSubstr("t0: is in the splits train and test"),
                          HasSubstr("copy: in test has the same content as t1 in train")));
}

// What computes gains nothing from more workers than cores; what waits does.
TEST(Workers, AreNoMoreThanTheCoresUnlessAGradingWaits) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned many = 4 * cores;
  struct Case {
    const char* record;
    unsigned wanted;
  };
  const Case cases[] = {
      {R"({"id":"x","input":"x","target":"y"})", cores},
      {R"({"id":"x","input":"x","target":"1","grader":"numeric"})", cores},
      {R"({"id":"x","input":"x","grader":{"type":"llm-judge","criteria":["is kind"]}})", many},
      {R"({"id":"x","input":"x","target":"y","grader":{"type":"command","run":"x"}})", many}};
  for (const Case& one : cases) {
    // Among many that wait for nothing, one that waits is enough.
    const Loaded loaded("tasks.jsonl", records(3) + one.record + "\n");
    ASSERT_TRUE(loaded.benchmark) << loaded.error();
    EXPECT_EQ(workers_for(*loaded, many), one.wanted) << one.record;
    EXPECT_EQ(workers_for(*loaded, 1), 1U) << one.record;
    EXPECT_EQ(workers_for(*loaded, 0), 1U) << one.record;
  }
}

TEST(CheckBenchmark, RefusesAnUnknownTaskAndStops) {
  const Loaded loaded("tasks.jsonl", records(2));
  EXPECT_THAT(check_benchmark(*loaded, {"t11"}, nullptr, {}, 1).error().to_text(),
              HasSubstr("did you mean"));
  std::stop_source source;
  source.request_stop();
  GradeContext context;
  context.stop = source.get_token();
  EXPECT_EQ(check_benchmark(*loaded, {}, nullptr, context, 1).error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace skillgrad::bench
