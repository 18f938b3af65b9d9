// SPDX-License-Identifier: MIT
// Limits of the run, and replies that are replayed (endpoints.md section 6; T numbers in comments).
#include <atomic>
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

TEST_F(ClientTest, ReplayedCallsAddNothingToTheTotalsOfARestoredRun) {  // T131, T138
  server_.script({kGood});
  options_.price_in = 1.0;
  options_.price_out = 2.0;
  auto model = client();
  const auto first = model->complete(request(), {});
  ASSERT_TRUE(first.has_value());
  const LedgerTotals undisturbed = accountant().totals();
  Accountant resumed{Budget{}};
  for (const LedgerRow& row : recorder_.rows()) resumed.restore(row);
  ClientDependencies dependencies;
  dependencies.clock = &clock_;
  dependencies.accountant = &resumed;
  dependencies.recorder = &recorder_;
  auto later = make_client(options_, dependencies);
  ASSERT_TRUE(later.has_value());
  const auto again = (*later)->complete(request(), {});
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->attempts, 0);
  EXPECT_EQ(again->message.content, first->message.content);
  EXPECT_EQ(again->cost_usd, first->cost_usd);
  EXPECT_EQ(server_.hit_count(), 1U);
  const LedgerTotals totals = resumed.totals();
  EXPECT_EQ(totals.replayed_calls, 1);
  EXPECT_EQ(totals.usage.input_tokens, undisturbed.usage.input_tokens);
  EXPECT_EQ(totals.usage.calls, undisturbed.usage.calls);
  EXPECT_EQ(totals.attempts, undisturbed.attempts);
  EXPECT_EQ(totals.cost_usd, undisturbed.cost_usd);
}

TEST_F(ClientTest, SampleIndexAndScopeKeepEqualRequestsApart) {  // T139
  server_.script({kGood});
  auto model = client();
  ChatRequest one = request();
  ChatRequest two = request();
  two.sample_index = 1;
  ChatRequest three = request();
  three.scope = "base/t2";
  for (const auto& each : {one, two, three, one}) {
    ASSERT_TRUE(model->complete(each, {}).has_value());
  }
  EXPECT_EQ(server_.hit_count(), 3U);
}

TEST_F(ClientTest, SpendStaysBelowTheLimitWithManyWorkers) {  // T129
  server_.script({kGood});
  options_.price_in = 1000.0;  // 0.12 USD for the 120 tokens of a call
  options_.price_out = 1000.0;
  options_.max_output_tokens = 20;
  budget_.max_usd = 1.0;
  auto model = client();
  const std::string long_prompt(400, 'x');  // estimated at more than it takes
  std::vector<std::jthread> workers;
  std::atomic<int> stopped{0};
  for (int w = 0; w < 8; ++w) {
    workers.emplace_back([&, w] {
      for (int i = 0; i < 5; ++i) {
        const auto reply = model->complete(request(long_prompt + std::to_string(w * 10 + i)), {});
        if (!reply && reply.error().code == ErrorCode::budget) ++stopped;
      }
    });
  }
  workers.clear();
  EXPECT_GT(stopped.load(), 0);
  const auto spent = accountant().totals().cost_usd;
  ASSERT_TRUE(spent.has_value());
  EXPECT_LE(*spent, 1.0);
  EXPECT_GE(*spent, 0.7);
}

TEST_F(ClientTest, WhatWasInFlightAtAKillCountsAsSpent) {  // R3.6, R3.14
  budget_.max_usd = 1;
  accountant().restore_lost(2, 0.75);
  EXPECT_FALSE(accountant().reserve(0.5, 10).has_value());
  EXPECT_TRUE(accountant().reserve(0.2, 10).has_value());
  EXPECT_DOUBLE_EQ(accountant().totals().unsettled_usd, 0.75);
}

TEST_F(ClientTest, ALimitInUsdNeedsAPrice) {
  budget_.max_usd = 1.0;
  ClientDependencies dependencies;
  dependencies.accountant = &accountant();
  const auto refused = make_client(options_, dependencies);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::config);
  EXPECT_THAT(refused.error().to_text(), HasSubstr("test-model"));
  options_.model = "gpt-4o-mini-2024-07-18";
  EXPECT_TRUE(make_client(options_, dependencies).has_value());
}

}  // namespace
}  // namespace skillgrad::llm
