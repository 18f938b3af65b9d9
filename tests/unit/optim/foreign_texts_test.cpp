// SPDX-License-Identifier: MIT
#include "optim/rollouts/foreign_texts.hpp"

#include <gmock/gmock.h>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::optim {
namespace {

using agent::TraceEvent;

class ForeignTextsTest : public testing::Test {
 protected:
  ForeignTextsTest() {
    const auto tasks = temp_.path() / "tasks.jsonl";
    EXPECT_TRUE(write_file_atomic(
        tasks,
        "{\"id\":\"a\",\"input\":\"Write the total of all amounts down.\",\"target\":\"1\"}\n"
        "{\"id\":\"b\",\"input\":\"Something else.\",\"target\":\"1\"}\n"));
    benchmark_ = bench::load_benchmark(tasks.string(), {}).value();
    store_ = store::RunStore::open(temp_.path() / "run", clock_).value();
    skill_ =
        skill::SkillPackage::from_files(
            "my-skill",
            "---\nname: my-skill\ndescription: d\n---\nRows with a blank name are left out.\n", {})
            .value();
  }
  void put(const std::string& rollout, std::vector<TraceEvent> events,
           const std::string& skill_text = "") const {
    agent::Trajectory trajectory;
    trajectory.events = std::move(events);
    const auto dir = store_->path(rollout);
    EXPECT_TRUE(write_file_atomic(dir / "trajectory.jsonl", trajectory.to_json_lines()));
    if (!skill_text.empty()) {
      EXPECT_TRUE(write_file_atomic(dir / "skill_text.md", skill_text));
    }
  }
  static TraceEvent said(const std::string& tool, const std::string& text) {
    TraceEvent out;
    out.kind = TraceEvent::Kind::tool_output;
    out.name = tool;
    out.text = text;
    return out;
  }
  ForeignTexts texts() const { return ForeignTexts(*store_, *benchmark_, skill_, {"a"}); }

  TempDir temp_ = TempDir::create("sg-foreign-").value();
  SystemClock clock_;
  std::unique_ptr<bench::Benchmark> benchmark_;
  std::unique_ptr<store::RunStore> store_;
  skill::SkillPackage skill_;
};

constexpr const char* kOrder = "Every report must carry the stamp of the harbour office.";

TEST_F(ForeignTextsTest, AreWhatCommandsOfTrainTasksSaidUpToAnIteration) {
  put("base/rollouts/a.0", {said("shell", "item,amount\n1,2\n")});
  put("iter_002/rollouts/a.0", {said("shell", kOrder)});
  put("iter_001/rollouts/b.0", {said("shell", "Numbers of the second task are never rounded up.")});
  auto foreign = texts();
  EXPECT_FALSE(foreign.up_to(1)->origin_of(kOrder)) << "nobody has read it yet";
  const auto origin = foreign.up_to(2)->origin_of(kOrder);
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->where, "a command or file of task a said (iter_002/rollouts/a.0, step 1)");
  EXPECT_FALSE(foreign.up_to(3)->origin_of("Numbers of the second task are never rounded up."))
      << "it is no train task";
}

TEST_F(ForeignTextsTest, AreNotWhatSkillAndTaskSay) {
  put("base/rollouts/a.0",
      {said("shell", "Rows with a blank name are left out.\nWrite the total of all amounts down."),
       said("activate_skill", "Dates are compared as days and never as texts here."),
       said("shell", "Totals of a month are written with two decimal places.")},
      "## SKILL.md\nTotals of a month are written with two decimal places.\n");
  const auto words = texts().up_to(0);
  for (const char* sentence :
       {"Rows with a blank name are left out.", "Write the total of all amounts down.",
        "Dates are compared as days and never as texts here.",
        "Totals of a month are written with two decimal places."})
    EXPECT_FALSE(words->origin_of(sentence)) << sentence;
}

TEST_F(ForeignTextsTest, AreOutputsToo) {
  EXPECT_TRUE(write_file_atomic(store_->path("base/rollouts/a.0/outputs/report.txt"), kOrder));
  const auto origin = texts().up_to(0)->origin_of(kOrder);
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->where, "the output report.txt of task a held (base/rollouts/a.0)");
}

TEST_F(ForeignTextsTest, AreTheBeginningsOfLongOutputs) {
  EXPECT_TRUE(write_file_atomic(store_->path("base/rollouts/a.0/outputs/long.txt"),
                                std::string(kOrder) + "\n" + std::string(2 << 20, '\n')));
  EXPECT_TRUE(texts().up_to(0)->origin_of(kOrder));
}

}  // namespace
}  // namespace skillgrad::optim
