// SPDX-License-Identifier: MIT
// A user's program in the place of the loss: what it hands back of the grade follows its score.
#include <skillgrad/exec/process.hpp>

#include "unit/optim/loop_fixture.hpp"
#include "unit/optim/stage_fixture.hpp"

namespace skillgrad::optim {
namespace {

class CommandLossTest : public StageTest {
 protected:
  CommandLossTest() {
    benchmark_.add("t1");
    dependencies_.benchmark = &benchmark_;
  }
  void SetUp() override {
    if (exec::find_program("python3").empty()) GTEST_SKIP() << "python3 is not in PATH";
  }
  /// The grade as it was, with the members that `update` names changed.
  Result<LossRecord> loss(const std::string& score, agent::EndState end,
                          const std::string& update) {
    write("config/stage.py",
          "import json, sys\ngrade = json.load(sys.stdin)['grade']\ngrade.update(" + update +
              ")\njson.dump(grade, sys.stdout)\n");
    auto stage = loss_registry().make(
        "command", {{"run", {"python3", "stage.py"}}, {"timeout_s", 20}}, dependencies_);
    if (!stage) return tl::unexpected(stage.error());
    agent::Rollout rollout;
    rollout.task_id = "t1";
    rollout.end = end;
    rollout.final_message = score;
    return (*stage)->collect(benchmark_.tasks().front(), rollout, context_);
  }

  FakeBenchmark benchmark_;
};

TEST_F(CommandLossTest, StatusAndHardFollowTheScoreThatTheProgramGives) {
  using End = agent::EndState;
  struct Case {
    const char* score;
    End end;
    const char* update;
    LossStatus status;
    bool hard;
  };
  for (const Case& given :
       std::vector<Case>{{"0.5", End::finished, "score=1, loss=0", LossStatus::pass, true},
                         {"0.5", End::finished, "score=0.2, loss=0.8", LossStatus::fail, false},
                         {"1", End::finished, "score=0.4, loss=0.6", LossStatus::fail, false},
                         {"1", End::finished, "feedback='as it was'", LossStatus::pass, true},
                         {"0.5", End::turn_limit, "score=0.7, loss=0.3", LossStatus::limit, false},
                         {"0.5", End::turn_limit, "score=1, loss=0", LossStatus::pass, true},
                         {"0.5", End::finished, "status='timeout'", LossStatus::timeout, false}}) {
    const auto record = loss(given.score, given.end, given.update);
    ASSERT_TRUE(record) << given.update << ": " << record.error().to_text();
    EXPECT_EQ(record->status, given.status) << given.update << ": " << record->error;
    EXPECT_EQ(record->hard, given.hard) << given.update;
  }
}

TEST_F(CommandLossTest, WordsOfItsOwnThatContradictTheScoreAreAnErrorAndNoScore) {
  struct Case {
    const char* score;
    const char* update;
    const char* says;
  };
  for (const Case& given :
       std::vector<Case>{{"0.5", "score=0.4, loss=0.6, status='pass'", "a pass scores 1"},
                         {"1", "status='fail'", "a score of 1 is a pass"},
                         {"0.5", "score=0.4, loss=0.6, hard=True", "got hard 1 and score 0.4"}}) {
    const auto record = loss(given.score, agent::EndState::finished, given.update);
    ASSERT_TRUE(record) << given.update << ": " << record.error().to_text();
    EXPECT_EQ(record->status, LossStatus::error) << given.update;
    EXPECT_FALSE(record->graded()) << given.update;
    EXPECT_NE(record->error.find(given.says), std::string::npos) << record->error;
  }
}

}  // namespace
}  // namespace skillgrad::optim
