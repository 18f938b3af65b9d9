// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

namespace skillgrad::report {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Terminal : public ::testing::Test {
 protected:
  Terminal() {
    options_.write = [this](const std::string& text) { written_.push_back(text); };
  }
  std::unique_ptr<optim::Observer> observer() {
    return make_terminal_observer(options_, accountant_, clock_);
  }
  static optim::IterationRow row() {
    optim::IterationRow out;
    out.iteration = 3;
    out.decision = optim::Decision::accepted;
    out.reason = "better\x1b[31m";
    out.train_score = 0.5;
    out.train_n = 4;
    out.gate.emplace();
    out.gate->before = 0.25;
    out.gate->after = 0.75;
    out.gate->n = 12;
    return out;
  }

  ManualClock clock_;
  llm::Accountant accountant_{{}};
  TerminalOptions options_;
  std::vector<std::string> written_;
};

optim::LossRecord loss(optim::LossStatus status, double score) {
  optim::LossRecord out;
  out.status = status;
  out.score = score;
  return out;
}

TEST_F(Terminal, WithoutOneAStageIsARowAndAHeartbeatComesEveryThirtySeconds) {
  const auto observer = this->observer();
  observer->progress("base run", 0, 40);
  ASSERT_THAT(written_, SizeIs(1));
  EXPECT_EQ(written_.back(), "base run: 40 to do\n");
  for (int i = 1; i <= 10; ++i) {
    clock_.advance(seconds(2));
    observer->progress("base run", static_cast<std::size_t>(i), 40);
  }
  EXPECT_THAT(written_, SizeIs(1)) << "20 seconds of progress";
  clock_.advance(seconds(10));
  observer->tick();
  ASSERT_THAT(written_, SizeIs(2)) << "one call may take long: the heartbeat needs no progress";
  EXPECT_THAT(written_.back(), StartsWith("base run 10/40 | "));
  EXPECT_THAT(written_.back(), HasSubstr("about 1:30 min left"));
  EXPECT_THAT(written_.back(), Not(HasSubstr("\x1b")));
  clock_.advance(seconds(29));
  observer->tick();
  EXPECT_THAT(written_, SizeIs(2));
}

TEST_F(Terminal, RewritesOneLineThatNeverWraps) {
  options_.status_line = true;
  options_.max_usd = 5;
  options_.columns = [] { return std::size_t{30}; };
  const auto observer = this->observer();
  clock_.advance(seconds(1));
  observer->progress("iteration 1: execute", 1, 4);
  ASSERT_THAT(written_, SizeIs(1));
  EXPECT_EQ(written_.back(), "\riteration 1: execute 1/4\x1b[K") << "no piece is cut";
  clock_.advance(milliseconds(50));
  observer->progress("iteration 1: execute", 2, 4);
  EXPECT_THAT(written_, SizeIs(1)) << "not more often than people can read";
  clock_.advance(seconds(1));
  observer->tick();
  EXPECT_THAT(written_.back(), HasSubstr("execute 2/4"));
  observer->iteration(row());
  ASSERT_THAT(written_, SizeIs(4));
  EXPECT_EQ(written_[2], "\r\x1b[K") << "a row takes the place of the status line";
  EXPECT_THAT(written_[3], EndsWith(" better\n")) << "control characters of others stay out";
}

TEST_F(Terminal, SaysWhatComesNextAndLeavesOutWhatMattersLessWhereItIsNarrow) {
  options_.status_line = true;
  std::size_t columns = 200;
  options_.columns = [&columns] { return columns; };
  std::string next = "the gate";
  options_.next = [&next] { return next; };
  const auto observer = this->observer();
  observer->progress("iteration 1: screen", 0, 4);
  clock_.advance(seconds(4));
  observer->progress("iteration 1: screen", 2, 4);
  EXPECT_EQ(written_.back(),
            "\riteration 1: screen 2/4 | 0 in flight | 0 tokens | 0.0000 USD | about 4 s left here "
            "| then the gate | 4 s in all\x1b[K");
  struct Case {
    std::size_t columns;
    const char* line;
  };
  for (const Case& one :
       {Case{70, "iteration 1: screen 2/4 | 0.0000 USD | then the gate | 5 s in all"},
        {54, "iteration 1: screen 2/4 | 0.0000 USD | then the gate"},
        {40, "iteration 1: screen 2/4 | 0.0000 USD"},
        {30, "iteration 1: screen 2/4"}}) {
    columns = one.columns;
    clock_.advance(seconds(1));
    observer->tick();
    EXPECT_EQ(written_.back(), std::string("\r") + one.line + "\x1b[K");
  }
  columns = 60;
  next = "the result";
  clock_.advance(seconds(1));
  observer->tick();
  EXPECT_EQ(written_.back(), "\riteration 1: screen 2/4 | 0.0000 USD | then the result\x1b[K");
}

TEST_F(Terminal, CountsEachRoundOfAStageByItself) {
  options_.status_line = true;
  options_.columns = [] { return std::size_t{200}; };
  const auto observer = this->observer();
  for (int round = 0; round < 2; ++round) {
    observer->progress("iteration 1: screen", 0, 2);
    for (std::size_t done = 1; done <= 2; ++done) {
      clock_.advance(seconds(10));
      observer->rollout("iteration 1: screen", loss(optim::LossStatus::fail, 0));
      observer->progress("iteration 1: screen", done, 2);
      EXPECT_THAT(written_.back(), StartsWith(fmt::format(
                                       "\riteration 1: screen {0}/2 | 0 pass, {0} fail | ", done)));
      if (done == 1) {
        EXPECT_THAT(written_.back(), HasSubstr("about 10 s left here"));
      }
    }
  }
  clock_.advance(seconds(1));
  observer->progress("finalists", 0, 2);
  EXPECT_THAT(written_.back(), Not(HasSubstr("fail")));
}

TEST_F(Terminal, NamesTheScoresOfAnIteration) {
  const auto observer = this->observer();
  observer->iteration(row());
  EXPECT_THAT(written_.back(), HasSubstr("iteration   3  accepted"));
  EXPECT_THAT(written_.back(), HasSubstr("train  50.0 %"));
  EXPECT_THAT(written_.back(), HasSubstr("gate 25.0 % -> 75.0 %"));
}

TEST_F(Terminal, NamesTheRunFirstAndHowManyIterationsThereMayBe) {
  options_.run = "runs/x";
  const auto observer = this->observer();
  observer->planned(12);
  observer->progress("iteration 3: patch", 0, 1);
  observer->progress("test: after", 0, 2);
  EXPECT_THAT(written_,
              ElementsAre("run: runs/x\n", "iteration 3 of 12: patch\n", "test: after: 2 to do\n"));
  observer->iteration(row());
  EXPECT_THAT(written_.back(), HasSubstr("iteration   3 of 12  accepted   train"));
}

TEST_F(Terminal, CountsHowRolloutsEndAndSaysWhatAStageCameTo) {
  options_.status_line = true;
  const auto observer = this->observer();
  observer->progress("base run", 0, 4);
  clock_.advance(seconds(61));
  std::size_t done = 0;
  for (const auto& record :
       {loss(optim::LossStatus::pass, 1), loss(optim::LossStatus::fail, 0.5),
        loss(optim::LossStatus::error, 0), loss(optim::LossStatus::skipped, 0)}) {
    observer->rollout("base run", record);
    observer->rollout("another stage", record);
    observer->progress("base run", ++done, 4);
  }
  EXPECT_THAT(written_.back(), StartsWith("\rbase run 4/4 | 1 pass, 1 fail, 1 error | 0 in"));
  EXPECT_THAT(written_.back(), HasSubstr(" | 1:01 min in all"));
  observer->progress("base run on val", 2, 4);
  EXPECT_THAT(written_,
              testing::Contains("base run: 1 pass, 1 fail, 1 error, mean score 75.0 %\n"));
  observer->rollout("base run on val", loss(optim::LossStatus::pass, 1));
  observer->progress("iteration 1: execute", 0, 4);
  observer->rollout("iteration 1: execute", loss(optim::LossStatus::pass, 1));
  observer->progress("iteration 1: patch", 0, 1);
  for (const auto& text : written_) {
    EXPECT_THAT(text, Not(StartsWith("base run on val: 1 pass")))
        << "two are of an earlier process";
    EXPECT_THAT(text, Not(StartsWith("iteration 1: execute: "))) << "it has a row of its own";
  }
}

TEST_F(Terminal, ColoursDecisionsOnATerminalAlone) {
  for (const bool terminal : {false, true}) {
    for (const auto& [decision, colour] : {std::pair{optim::Decision::accepted, "\x1b[32m"},
                                           {optim::Decision::rejected, "\x1b[31m"},
                                           {optim::Decision::no_patch, ""}}) {
      written_.clear();
      options_.status_line = terminal;
      optim::IterationRow shown = row();
      shown.decision = decision;
      observer()->iteration(shown);
      const std::string text = join(written_, "");
      EXPECT_EQ(text.find("\x1b[") != std::string::npos, terminal && colour[0] != 0) << text;
      EXPECT_THAT(text, HasSubstr((terminal ? colour : "") + std::string(name_of(decision))));
    }
  }
}

TEST_F(Terminal, QuietLeavesProgressOutAndNotesIn) {
  options_.quiet = true;
  const auto observer = this->observer();
  observer->progress("base run", 0, 40);
  observer->iteration(row());
  clock_.advance(seconds(60));
  observer->tick();
  EXPECT_THAT(written_, IsEmpty());
  observer->notice("something");
  EXPECT_THAT(written_, ElementsAre("note: something\n"));
}

TEST(Figures, AreWrittenWithTheirUnits) {
  EXPECT_EQ(percent(0.725), "72.5 %");
  EXPECT_EQ(percent_ci(0.5, {0.25, 0.75}), "50.0 % [25.0, 75.0]");
  EXPECT_EQ(money(std::nullopt), "cost unknown");
  EXPECT_EQ(money(0.12345), "0.1235 USD");
  EXPECT_EQ(money(0.0), "0.0000 USD");
  EXPECT_EQ(money(0.0000123), "1e-05 USD") << "a cost is never shown as none";
}

TEST_F(Terminal, AnOutageShowsItsReasonAndTheNextTry) {
  const auto observer = this->observer();
  observer->progress("base run", 0, 12);
  const llm::Accountant::Wait later(accountant_, "HTTP 500: kaboom", clock_.now() + seconds(90));
  const llm::Accountant::Wait wait(accountant_, "HTTP 500: kaboom", clock_.now() + seconds(42));
  clock_.advance(seconds(30));
  observer->tick();
  EXPECT_THAT(written_.back(),
              StartsWith("base run 0/12 | 2 waiting, next try in 12 s: HTTP 500: kaboom | "));
}

}  // namespace
}  // namespace skillgrad::report
