// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <skillgrad/store/budget_blocks.hpp>

#include "unit/store/shared_folder.hpp"

namespace skillgrad::store {
namespace {

class BudgetBlocksTest : public SharedFolder {
 protected:
  std::unique_ptr<BudgetBlocks> open(const std::string& holder, const llm::Budget& limits) {
    auto out = BudgetBlocks::open(dir(), holder, limits, files());
    EXPECT_TRUE(out) << (out ? "" : out.error().to_line());
    return out ? std::move(*out) : nullptr;
  }
  static llm::Budget budget(double usd, std::int64_t tokens, std::int64_t calls) {
    llm::Budget out;
    out.max_usd = usd;
    out.max_tokens = tokens;
    out.max_calls = calls;
    return out;
  }
};

/// What one process can still make of it.
int calls_of(llm::Accountant& accountant) {
  int out = 0;
  while (accountant.reserve(0.01, 10)) ++out;
  return out;
}

TEST_F(BudgetBlocksTest, ProcessesTogetherSpendTheLimitAndNoMore) {
  struct Case {
    llm::Budget limits;
    int calls;
  };
  const Case cases[] = {{budget(0, 0, 10), 10},
                        {budget(0, 0, 1000), 1000},
                        {budget(1, 0, 0), 100},
                        {budget(0, 777, 0), 77},
                        {budget(5, 2000, 150), 150}};
  int number = 0;
  for (const Case& one : cases) {
    const std::string name = std::to_string(++number);
    auto a = BudgetBlocks::open(dir() / name, "a", one.limits, files()).value();
    auto b = BudgetBlocks::open(dir() / name, "b", one.limits, files()).value();
    llm::Accountant of_a(one.limits), of_b(one.limits);
    of_a.share(*a, {});
    of_b.share(*b, {});
    int made = 0;
    for (bool more = true; more;) {  // by turns, until neither may go on
      more = false;
      for (llm::Accountant* accountant : {&of_a, &of_b})
        if (accountant->reserve(0.01, 10)) {
          ++made;
          more = true;
        }
    }
    EXPECT_LE(made, one.calls) << name;
    EXPECT_GE(made, one.calls * 97 / 100) << name << ": a block's rest may be too small";
  }
}

TEST_F(BudgetBlocksTest, TheErrorSaysThatAllSpentItTogether) {
  auto a = open("a", budget(0, 0, 2));
  auto b = open("b", budget(0, 0, 2));
  llm::Accountant of_a(budget(0, 0, 2)), of_b(budget(0, 0, 2));
  of_a.share(*a, {});
  of_b.share(*b, {});
  EXPECT_EQ(calls_of(of_a), 2);
  const auto refused = of_b.reserve(0.01, 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::budget);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("2 calls is reached by all"));
  EXPECT_THAT(refused.error().mend, ::testing::HasSubstr("--max-calls"));
}

TEST_F(BudgetBlocksTest, AProcessThatGoesOnHasWhatItTookAndSpentBefore) {
  {
    auto first = open("shard", budget(0, 0, 100));
    EXPECT_EQ(first->more(budget(0, 0, 30))->max_calls, 30);
  }
  auto again = open("shard", budget(0, 0, 100));
  EXPECT_EQ(again->held().max_calls, 30);
  auto other = open("other", budget(0, 0, 100));
  EXPECT_EQ(other->more(budget(0, 0, 200))->max_calls, 70);
}

TEST_F(BudgetBlocksTest, WhatIsGivenBackIsForOthersAndARaisedLimitForAll) {
  auto a = open("a", budget(0, 0, 100));
  EXPECT_EQ(a->more(budget(0, 0, 60))->max_calls, 60);
  ASSERT_TRUE(a->leave(budget(0, 0, 20)));
  auto b = open("b", budget(0, 0, 100));
  EXPECT_EQ(b->more(budget(0, 0, 100))->max_calls, 80);
  auto c = open("c", budget(0, 0, 130));
  EXPECT_EQ(c->more(budget(0, 0, 100))->max_calls, 30);
}

TEST_F(BudgetBlocksTest, OfARunThatOthersSpentOnOnlyTheOwnPartCounts) {
  auto a = open("a", budget(0, 0, 10));
  llm::Accountant accountant(budget(0, 0, 10));
  for (int i = 0; i < 6; ++i) {  // four of them are others'
    llm::LedgerRow row;
    row.key = std::to_string(i);
    row.attempt = 1;
    row.outcome = ErrorCode::transient;
    row.billed = llm::Billed::no;
    accountant.restore(row);
  }
  auto others = open("others", budget(0, 0, 10));
  EXPECT_EQ(others->more(budget(0, 0, 4))->max_calls, 4);
  accountant.share(*a, budget(0, 0, 2));
  EXPECT_EQ(accountant.own_spending().max_calls, 2);
  EXPECT_EQ(calls_of(accountant), 4) << "10, less 4 of others, less 2 of its own";
}

TEST_F(BudgetBlocksTest, ADamagedSizeIsAnErrorAndAFullDiskToo) {
  ASSERT_TRUE(files().create(dir() / "calls/size", "what"));
  const auto opened = BudgetBlocks::open(dir(), "a", budget(0, 0, 10), files());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::input);
  FilesOnFullDisk disk(files());
  EXPECT_EQ(BudgetBlocks::open(dir() / "x", "a", budget(1, 0, 0), disk).error().code,
            ErrorCode::disk_full);
}

}  // namespace
}  // namespace skillgrad::store
