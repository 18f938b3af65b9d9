// SPDX-License-Identifier: MIT
#include "store/call_record.hpp"

#include <thread>

#include <gmock/gmock.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "unit/store/run_folder.hpp"

namespace skillgrad::store {
namespace {

using CallRecordTest = RunFolder;

std::vector<std::string> keys_of(const std::vector<llm::LedgerRow>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row.key + "/" + std::to_string(row.attempt));
  return out;
}

TEST_F(CallRecordTest, FinishedCallIsFoundAtOnceAndAfterOpeningAgain) {
  auto store = open();
  EXPECT_EQ(store->calls().find("a").value(), std::nullopt);
  record(*store, "a");
  EXPECT_EQ(store->calls().find("a").value(), reply_to("a"));
  store.reset();
  store = open();
  EXPECT_EQ(store->calls().find("a").value(), reply_to("a"));
  EXPECT_EQ(store->calls().find("b").value(), std::nullopt);
}

TEST_F(CallRecordTest, TheDiskIsWaitedForNowAndThenAndBeforeAStageIsSaved) {
  const auto calls = CallRecord::open(dir() / "calls", clock_).value();
  const auto finish = [&](const std::string& key) {
    ASSERT_TRUE(calls->finish(row(key), "{}", "{}"));
  };
  for (int i = 0; i < 50; ++i) finish("a" + std::to_string(i));
  EXPECT_EQ(calls->flushes(), 0U) << "no time passed";
  clock_.advance(CallRecord::kFlushEvery);
  for (int i = 0; i < 50; ++i) finish("b" + std::to_string(i));
  EXPECT_EQ(calls->flushes(), 1U);
  ASSERT_TRUE(calls->sync());
  ASSERT_TRUE(calls->sync());
  EXPECT_EQ(calls->flushes(), 2U) << "nothing new after the first";
}

TEST_F(CallRecordTest, EveryFieldOfALedgerRowComesBack) {
  auto full = row("k", llm::AttemptOutcome::refused, llm::Billed::yes, 3);
  full.usage.estimated = true;
  {
    const auto store = open();
    ASSERT_TRUE(store->calls().begin("k", full, 0.5));
    ASSERT_TRUE(store->calls().finish(full, "{}", "{}"));
  }
  const auto rows = open()->ledger().value();
  ASSERT_EQ(rows.size(), 1U);
  const auto& back = rows[0];
  EXPECT_EQ(std::tie(back.key, back.stage, back.scope, back.model, back.outcome, back.billed),
            std::tie(full.key, full.stage, full.scope, full.model, full.outcome, full.billed));
  EXPECT_EQ(std::tie(back.http_status, back.attempt, back.seconds, back.cost_usd),
            std::tie(full.http_status, full.attempt, full.seconds, full.cost_usd));
  EXPECT_EQ(std::tie(back.usage.input_tokens, back.usage.cached_tokens, back.usage.output_tokens,
                     back.usage.calls, back.usage.estimated),
            std::tie(full.usage.input_tokens, full.usage.cached_tokens, full.usage.output_tokens,
                     full.usage.calls, full.usage.estimated));
}

TEST_F(CallRecordTest, AttemptsOfAReplayCountStillWhenTheRunIsOpenedAgain) {
  auto failed = row("k", ErrorCode::transient, llm::Billed::no, 1);
  failed.cached = true;
  failed.recorded_usd = 0.25;
  auto good = row("k", llm::AttemptOutcome::ok, llm::Billed::no, 2);
  good.cached = true;
  good.recorded_usd = 0.5;
  {
    const auto store = open();
    ASSERT_TRUE(store->calls().attempt_failed(failed));
    ASSERT_TRUE(store->calls().finish(good, "{}", "{}"));
  }
  llm::Accountant accountant({.max_calls = 2});
  const auto rows = open()->ledger().value();
  ASSERT_EQ(rows.size(), 2U);
  for (const auto& one : rows) {
    EXPECT_TRUE(one.recorded_usd.has_value());
    accountant.restore(one);
  }
  EXPECT_EQ(accountant.reserve(0, 0).error().code, ErrorCode::budget);
}

TEST_F(CallRecordTest, UnknownPriceStaysUnknown) {
  auto unpriced = row("k");
  unpriced.cost_usd.reset();
  {
    const auto store = open();
    ASSERT_TRUE(store->calls().finish(unpriced, "{}", "{}"));
  }
  EXPECT_EQ(open()->ledger().value().at(0).cost_usd, std::nullopt);
}

TEST_F(CallRecordTest, AWordThatNoAttemptCanEndWithIsAChangedFile) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("outcome":"vanished")", "is not the name of an outcome, got \"vanished\""},
      {R"("outcome":"ok","billed":"perhaps")", "expected yes, no or unknown"}};
  for (const auto& [words, says] : cases) {
    { record(*open(), "k"); }
    const std::string before = text_of(ledger());
    ASSERT_TRUE(append_file(
        ledger(), std::string(R"({"event":"ok","session":1,"key":"z",)") + words + "}\n"));
    const auto damaged = RunStore::open(dir(), clock_);
    ASSERT_FALSE(damaged) << words;
    EXPECT_NE(damaged.error().message.find(says), std::string::npos) << damaged.error().to_text();
    EXPECT_NE(damaged.error().where.find("ledger.jsonl, byte "), std::string::npos);
    ASSERT_TRUE(write_file_atomic(ledger(), before));
  }
}

TEST_F(CallRecordTest, LedgerIsInOrderOfScopeKeyAndAttemptWhateverTheOrderOfTheCalls) {
  const std::vector<std::vector<std::string>> orders = {{"c", "a", "b"}, {"b", "c", "a"}};
  for (const auto& order : orders) {
    const auto store = open();
    for (const auto& key : order) {
      ASSERT_TRUE(
          store->calls().attempt_failed(row(key, ErrorCode::transient, llm::Billed::unknown, 1)));
      ASSERT_TRUE(store->calls().finish(row(key, llm::AttemptOutcome::ok, llm::Billed::yes, 2),
                                        "{}", "{}"));
    }
    EXPECT_THAT(keys_of(store->ledger().value()),
                ::testing::ElementsAre("a/1", "a/2", "b/1", "b/2", "c/1", "c/2"));
    ASSERT_TRUE(remove_tree(dir()));
  }
}

TEST_F(CallRecordTest, EveryEndedAttemptComesBackAlsoOneThatCostNothing) {
  {
    const auto store = open();
    ASSERT_TRUE(store->calls().attempt_failed(row("free", ErrorCode::rate_limit, llm::Billed::no)));
    ASSERT_TRUE(
        store->calls().attempt_failed(row("maybe", ErrorCode::transient, llm::Billed::unknown)));
    ASSERT_TRUE(
        store->calls().attempt_failed(row("paid", ErrorCode::malformed_reply, llm::Billed::yes)));
    auto retry = row("free", ErrorCode::transient, llm::Billed::no, 2);
    retry.budgeted_retry = true;
    ASSERT_TRUE(store->calls().attempt_failed(retry));
  }
  const auto rows = open()->ledger().value();
  EXPECT_THAT(keys_of(rows), ::testing::ElementsAre("free/1", "free/2", "maybe/1", "paid/1"));
  EXPECT_TRUE(rows[1].budgeted_retry);
}

double usd_of(const std::vector<llm::LedgerRow>& rows) {
  double out = 0;
  for (const auto& row : rows) out += row.cost_usd.value_or(0);
  return out;
}

TEST_F(CallRecordTest, ReplyThatReplacesADamagedOneIsFoundAndBothAreInTheLedger) {
  {
    const auto store = open();
    ASSERT_TRUE(store->calls().finish(row("k"), "{}", R"({"schema":"other"})"));
    ASSERT_TRUE(store->calls().finish(row("k"), "{}", R"({"schema":"right"})"));
    EXPECT_EQ(store->calls().find("k").value(), R"({"schema":"right"})");
    EXPECT_EQ(store->ledger().value().size(), 2U);
  }
  const auto store = open();
  EXPECT_EQ(store->calls().find("k").value(), R"({"schema":"right"})");
  EXPECT_EQ(store->ledger().value().size(), 2U);
}

TEST_F(CallRecordTest, AttemptInFlightIsUnsettledUntilItEnds) {
  const auto store = open();
  ASSERT_TRUE(store->calls().begin("a", row("a"), 1.5));
  ASSERT_TRUE(store->calls().begin("b", row("b"), 2.0));
  EXPECT_EQ(store->unsettled().value().size(), 2U);
  EXPECT_DOUBLE_EQ(usd_of(store->unsettled().value()), 3.5);
  ASSERT_TRUE(store->calls().finish(row("a"), "{}", "{}"));
  ASSERT_TRUE(store->calls().attempt_failed(row("b", ErrorCode::transient, llm::Billed::no)));
  EXPECT_EQ(store->unsettled().value().size(), 0U);
  EXPECT_DOUBLE_EQ(usd_of(store->unsettled().value()), 0);
}

TEST_F(CallRecordTest, AttemptOfAnEndedSessionStaysUnsettledThoughTheCallIsMadeAgain) {
  {
    const auto store = open();
    auto begun = row("a");
    begun.reserved_tokens = 500;
    ASSERT_TRUE(store->calls().begin("a", begun, 1.5));
  }
  const auto store = open();
  ASSERT_EQ(store->unsettled().value().size(), 1U);
  EXPECT_EQ(store->unsettled().value()[0].billed, llm::Billed::unknown);
  EXPECT_EQ(store->unsettled().value()[0].scope, "base/a");
  EXPECT_EQ(store->unsettled().value()[0].reserved_tokens, 500);
  record(*store, "a");
  EXPECT_EQ(store->unsettled().value().size(), 1U);
  EXPECT_DOUBLE_EQ(usd_of(store->unsettled().value()), 1.5);
}

TEST_F(CallRecordTest, AnAttemptWhosePriceIsNotKnownStaysSo) {
  {
    const auto store = open();
    ASSERT_TRUE(store->calls().begin("free", row("free"), 0.0));
    ASSERT_TRUE(store->calls().begin("unknown", row("unknown"), std::nullopt));
  }
  const auto store = open();
  std::map<std::string, std::optional<double>> usd;
  const auto unsettled = store->unsettled().value();
  for (const auto& lost : unsettled) usd[lost.key] = lost.cost_usd;
  EXPECT_EQ(usd, (std::map<std::string, std::optional<double>>{{"free", 0.0},
                                                               {"unknown", std::nullopt}}));
}

TEST_F(CallRecordTest, TornLastLineOfEitherFileIsDropped) {
  for (const bool of_replies : {true, false}) {
    {
      const auto store = open();
      record(*store, "a");
    }
    const fs::path torn = of_replies ? replies() : ledger();
    const std::string whole = text_of(torn);
    for (const std::string& tail :
         {std::string("{"), whole.substr(0, whole.size() / 2), whole.substr(0, whole.find('\n'))}) {
      ASSERT_TRUE(append_file(torn, tail));
      const auto store = open();
      ASSERT_NE(store, nullptr);
      EXPECT_EQ(text_of(torn), whole);
      EXPECT_EQ(store->calls().find("a").value(), reply_to("a"));
      EXPECT_EQ(store->ledger().value().size(), 1U);
    }
    ASSERT_TRUE(remove_tree(dir()));
  }
}

TEST_F(CallRecordTest, TornLineLongerThanABlockIsDropped) {
  {
    const auto store = open();
    record(*store, "a");
  }
  const std::string whole = text_of(replies());
  ASSERT_TRUE(append_file(replies(), "{\"key\":\"b\"," + std::string(300'000, 'x')));
  const auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(text_of(replies()), whole);
}

TEST_F(CallRecordTest, ReplyWithoutItsLedgerLineIsBookedOnce) {
  {
    const auto store = open();
    record(*store, "a");
    record(*store, "b");
  }
  // As a kill between the two writes of the last call leaves it.
  const auto lines = split_lines(text_of(ledger()));
  ASSERT_TRUE(write_file_atomic(ledger(), lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n"));
  for (int i = 0; i < 2; ++i) {
    const auto store = open();
    ASSERT_NE(store, nullptr);
    EXPECT_THAT(keys_of(store->ledger().value()), ::testing::ElementsAre("a/1", "b/1"));
    EXPECT_EQ(store->unsettled().value().size(), 0U);
    EXPECT_EQ(split_lines(text_of(ledger())).size(), lines.size());
  }
}

TEST_F(CallRecordTest, LongRepliesAreReadBackWhole) {
  const std::string reply = R"({"answer":")" + std::string(500'000, 'y') + "\"}";
  {
    const auto store = open();
    record(*store, "a");
    ASSERT_TRUE(store->calls().finish(row("long"), "{}", reply));
    record(*store, "z");
  }
  const auto store = open();
  EXPECT_EQ(store->calls().find("long").value(), reply);
  EXPECT_EQ(store->calls().find("z").value(), reply_to("z"));
}

TEST_F(CallRecordTest, BodyWithALineEndIsRefusedAndNothingIsWritten) {
  const auto store = open();
  const auto result = store->calls().finish(row("a"), "{\n}", "{}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::internal);
  EXPECT_EQ(text_of(replies()), "");
}

TEST_F(CallRecordTest, FileThatIsNotARecordIsAnInputErrorThatNamesIt) {
  for (const bool of_replies : {true, false}) {
    { const auto store = open(); }
    const fs::path spoiled = of_replies ? replies() : ledger();
    ASSERT_TRUE(write_file_atomic(spoiled, "no record\n"));
    const auto store = RunStore::open(dir(), clock_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::input);
    EXPECT_THAT(store.error().to_line(), ::testing::HasSubstr(spoiled.filename().string()));
    ASSERT_TRUE(remove_tree(dir()));
  }
}

TEST_F(CallRecordTest, ThirtyTwoWritersAtOnceLoseNothing) {
  constexpr int kThreads = 32, kCalls = 12;
  {
    const auto store = open();
    std::vector<std::jthread> writers;
    for (int i = 0; i < kThreads; ++i)
      writers.emplace_back([&store, i] {
        for (int j = 0; j < kCalls; ++j) {
          const std::string key = std::to_string(i) + "-" + std::to_string(j);
          record(*store, key);
          EXPECT_EQ(store->calls().find(key).value(), reply_to(key));
        }
      });
  }
  const auto store = open();
  EXPECT_EQ(store->ledger().value().size(), std::size_t{kThreads * kCalls});
  EXPECT_EQ(store->unsettled().value().size(), 0U);
  for (int i = 0; i < kThreads; ++i)
    for (int j = 0; j < kCalls; ++j) {
      const std::string key = std::to_string(i) + "-" + std::to_string(j);
      EXPECT_EQ(store->calls().find(key).value(), reply_to(key));
    }
}

}  // namespace
}  // namespace skillgrad::store
