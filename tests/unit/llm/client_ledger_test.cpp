// SPDX-License-Identifier: MIT
// Limits of the run, and replies that are replayed.
#include <atomic>
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

TEST_F(ClientTest, ReplayedCallsAddNothingToTheTotalsOfARestoredRun) {
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

TEST_F(ClientTest, SampleIndexAndScopeKeepEqualRequestsApart) {
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

TEST_F(ClientTest, SpendStaysBelowTheLimitWithManyWorkers) {
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
  LedgerRow begun;
  begun.stage = "executor";
  begun.cost_usd = 0.375;
  for (const char* key : {"a", "b"}) {
    begun.key = key;
    accountant().restore_lost(begun);
  }
  EXPECT_FALSE(accountant().reserve(0.5, 10).has_value());
  EXPECT_TRUE(accountant().reserve(0.2, 10).has_value());
  ASSERT_TRUE(accountant().totals().unsettled_usd.has_value());
  EXPECT_DOUBLE_EQ(*accountant().totals().unsettled_usd, 0.75);
}

TEST_F(ClientTest, WhatMayHaveBeenBilledAtAnUnknownPriceIsUnknown) {
  server_.script({fault::drop_step(End::close)});
  EXPECT_FALSE(client()->complete(request(), {}).has_value());
  ASSERT_FALSE(recorder_.begun().empty());
  EXPECT_FALSE(recorder_.begun().front().reserved_usd.has_value());
  const LedgerTotals totals = accountant().totals();
  EXPECT_GT(totals.unsettled_tokens, 0);
  EXPECT_FALSE(totals.unsettled_usd.has_value());
  EXPECT_FALSE(totals.unsettled_by_stage.at("executor").has_value());
}

TEST_F(ClientTest, ALimitOfTokensCountsWhatMayHaveBeenBilled) {  // R3.14
  Step cut = kGood;
  cut.chunks.front().bytes = R"({"choices":[{"mess)";
  cut.content_length = false;
  cut.end = End::close;
  server_.script({cut});
  options_.max_output_tokens = 100;
  budget_.max_tokens = 1'000;
  const auto reply = client()->complete(request(std::string(700, 'x')), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::budget);
  const LedgerTotals totals = accountant().totals();
  EXPECT_GT(totals.unsettled_tokens, 500);
  EXPECT_LE(totals.unsettled_tokens, 1'000);
  EXPECT_EQ(totals.usage.input_tokens, 0) << "what is not known to be billed is apart";
  Accountant resumed(budget_);
  for (const LedgerRow& row : recorder_.rows()) resumed.restore(row);
  EXPECT_EQ(resumed.totals().unsettled_tokens, totals.unsettled_tokens);
  EXPECT_FALSE(resumed.reserve(0, 1'000 - totals.unsettled_tokens + 1).has_value());

  Accountant killed(budget_);
  LedgerRow lost = recorder_.begun().at(0).row;
  killed.restore_lost(lost);
  EXPECT_EQ(killed.totals().unsettled_tokens, lost.reserved_tokens);
  EXPECT_GT(lost.reserved_tokens, 300);
}

TEST_F(ClientTest, TheLimitsOfAResumedRunAreThoseOfOneUninterrupted) {  // R3.5, R3.14
  server_.handler([](const fault::Hit&, std::size_t number) {
    return number % 2 == 0 ? json_step(503, "{}") : kGood;
  });
  budget_.max_calls = 10;
  budget_.retry_floor = 4;
  budget_.retry_share = 0;
  const auto work = [&](Accountant& accountant, int from, int to) {
    ClientDependencies dependencies;
    dependencies.clock = &clock_;
    dependencies.accountant = &accountant;
    dependencies.recorder = &recorder_;
    auto model = make_client(options_, dependencies);
    for (int i = from; i < to; ++i)
      [[maybe_unused]] const auto reply = (*model)->complete(request(std::to_string(i)), {});
  };
  Accountant first(budget_);
  work(first, 0, 2);  // four attempts, two of them retries
  Accountant second(budget_);
  for (const LedgerRow& row : recorder_.rows()) second.restore(row);
  EXPECT_EQ(second.totals().attempts, 4);
  EXPECT_EQ(second.totals().retries, 2);
  EXPECT_TRUE(second.take_retry());
  EXPECT_TRUE(second.take_retry());
  EXPECT_FALSE(second.take_retry()) << "retries of the first process count";
  Accountant third(budget_);
  for (const LedgerRow& row : recorder_.rows()) third.restore(row);
  work(third, 2, 30);
  EXPECT_EQ(server_.hit_count(), 10U) << "attempts that cost nothing count, too";
}

TEST_F(ClientTest, ACallThatAnEarlierProcessBeganIsNoFurtherCall) {
  budget_.retry_floor = 0;
  budget_.retry_share = 1;
  LedgerRow failed;
  failed.key = "a";
  failed.attempt = 1;
  failed.outcome = ErrorCode::transient;
  failed.billed = Billed::no;
  accountant().restore(failed);
  accountant().note_call("a");
  EXPECT_TRUE(accountant().take_retry());
  EXPECT_FALSE(accountant().take_retry());
  accountant().note_call("b");
  EXPECT_TRUE(accountant().take_retry());
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

TEST_F(ClientTest, CachedAndWrittenTokensBesideThePromptAreCharged) {
  options_.price_in = 3.0;
  options_.price_cached = 0.3;
  options_.price_out = 15.0;
  options_.price_cache_write = 3.75;
  const std::pair<const char*, double> cases[] = {
      {R"({"prompt_tokens":3,"completion_tokens":550,"total_tokens":553,)"
       R"("cache_creation_input_tokens":12304,"cache_read_input_tokens":5000})",
       0.055899},
      {R"({"prompt_tokens":3,"completion_tokens":550,"total_tokens":12857,)"
       R"("cache_creation_input_tokens":12304})",
       0.054399},
      {R"({"prompt_tokens":17307,"completion_tokens":550,"total_tokens":17857,)"
       R"("prompt_tokens_details":{"cached_tokens":5000,"cache_creation_tokens":12304}})",
       0.055899}};
  for (const auto& [usage, usd] : cases) {
    server_.script({json_step(
        200, std::string(R"({"model":"test-model","choices":[{"message":{"content":"fine"},)"
                         R"("finish_reason":"stop"}],"usage":)") +
                 usage + "}")});
    const auto reply = client()->complete(request(usage), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    ASSERT_TRUE(reply->cost_usd.has_value());
    EXPECT_NEAR(*reply->cost_usd, usd, 1e-9) << usage;
    EXPECT_EQ(recorder_.rows().back().cache_write_tokens, 12304);
  }
}

std::string reply_with_usage(const std::string& usage) {
  return R"({"model":"test-model","choices":[{"message":{"content":"0123456789"},)"
         R"("finish_reason":"stop"}],"usage":)" +
         usage + "}";
}

TEST_F(ClientTest, ACostOfNothingIsUnknownWhereThePriceIsKnown) {
  const std::string usage = R"({"prompt_tokens":1000000,"completion_tokens":10,"cost":0)";
  const std::string own_key =
      usage + R"(,"is_byok":true,"cost_details":{"upstream_inference_cost":0.3}})";
  const auto cost = [&](const std::string& said,
                        const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    Step step = json_step(200, reply_with_usage(said));
    step.headers.insert(step.headers.end(), headers.begin(), headers.end());
    server_.script({step});
    const auto reply = client()->complete(request(said + std::to_string(server_.hit_count())), {});
    EXPECT_TRUE(reply.has_value());
    return reply && reply->cost_usd ? *reply->cost_usd : -1;
  };
  EXPECT_DOUBLE_EQ(cost(usage + "}"), 0) << "no price is known";
  options_.price_in = 3.0;
  options_.price_out = 0.0;
  EXPECT_DOUBLE_EQ(cost(usage + "}"), 3.0);
  EXPECT_DOUBLE_EQ(recorder_.rows().back().cost_usd.value_or(-1), 3.0);
  EXPECT_DOUBLE_EQ(cost(usage + "}", {{"x-litellm-response-cost", "0.7"}}), 0.7);
  EXPECT_DOUBLE_EQ(cost(own_key), 0.3);
}

TEST_F(ClientTest, WhatUsageLeavesUncountedIsEstimatedAndSaid) {
  struct Case {
    const char *usage, *note;
    std::int64_t output;
  };
  for (const Case& c : std::vector<Case>{
           {R"({"prompt_tokens":1000,"completion_tokens":0,"total_tokens":1000})",
            "the endpoint sends no usage of its output; tokens are estimated from bytes", 4},
           {R"({"prompt_tokens":1000})",
            "the endpoint sends no usage of its output; tokens are estimated from bytes", 4},
           {R"({"prompt_tokens":1000,"completion_tokens_details":{"reasoning_tokens":50}})",
            "the endpoint sends no usage of its output; tokens are estimated from bytes", 54},
           {R"({"prompt_tokens":-1,"completion_tokens":-1})",
            "the endpoint sends usage that is not understood: prompt_tokens, completion_tokens; "
            "tokens are estimated from bytes",
            4},
           {R"({"completion_tokens":9})",
            "the endpoint sends no usage of the prompt; tokens are estimated from bytes", 9},
           {"null", "the endpoint sends no usage; tokens are estimated from bytes", 4}}) {
    server_.script({json_step(200, reply_with_usage(c.usage))});
    const auto reply = client()->complete(request(c.usage), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_TRUE(reply->usage.estimated) << c.usage;
    EXPECT_EQ(reply->usage.output_tokens, c.output) << c.usage;
    EXPECT_THAT(warnings(), testing::Contains(c.note)) << c.usage;
  }
}

TEST_F(ClientTest, UsageInTwoChunksOfAStreamIsOne) {
  options_.stream = "on";
  server_.script({fault::stream_step(
      {"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20000}}\n\n",
       "data: {\"choices\":[{\"delta\":{\"content\":\"fine\"},\"finish_reason\":\"stop\"}]}\n\n",
       "data: {\"choices\":[],\"usage\":{\"completion_tokens\":550}}\n\n", "data: [DONE]\n\n"})});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->usage.input_tokens, 20000);
  EXPECT_EQ(reply->usage.output_tokens, 550);
  EXPECT_FALSE(reply->usage.estimated);
}

TEST_F(ClientTest, AReservationCoversAPromptThatIsWrittenToTheCache) {
  server_.script({kGood});
  options_.price_in = 1.0;
  options_.price_out = 0.0;
  const auto reserved = [&](std::optional<double> write) {
    options_.price_cache_write = write;
    EXPECT_TRUE(client()->complete(request(std::to_string(write.value_or(0))), {}).has_value());
    return recorder_.begun().back().reserved_usd.value_or(-1);
  };
  EXPECT_GT(reserved(1.25), 1.2 * reserved(std::nullopt));
}

}  // namespace
}  // namespace skillgrad::llm
