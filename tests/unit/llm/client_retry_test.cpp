// SPDX-License-Identifier: MIT
// What is tried again, after which wait, and what ends the trying.
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

class RetriedStatusTest : public ClientTest, public ::testing::WithParamInterface<int> {};

TEST_P(RetriedStatusTest, IsTriedAgain) {
  server_.script({json_step(GetParam(), "<html><title>gateway</title></html>"), kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
  EXPECT_EQ(server_.hit_count(), 2U);
  EXPECT_EQ(accountant().totals().retries, 1);
}

INSTANTIATE_TEST_SUITE_P(Statuses, RetriedStatusTest,
                         ::testing::Values(408, 409, 425, 429, 498, 500, 502, 503, 504, 520, 521,
                                           522, 523, 524, 529));

struct DelayCase {
  const char* name;
  std::vector<std::pair<std::string, std::string>> headers;
  const char* body;
  double least, most;  ///< seconds slept
};

class DelayTest : public ClientTest, public ::testing::WithParamInterface<DelayCase> {};

TEST_P(DelayTest, WaitsWhatTheEndpointAsksAndNeverLess) {
  server_.script({json_step(429, GetParam().body, GetParam().headers), kGood});
  ASSERT_TRUE(client()->complete(request(), {}).has_value());
  EXPECT_GE(seconds(clock_.total_slept()), GetParam().least);
  EXPECT_LE(seconds(clock_.total_slept()), GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(
    Delays, DelayTest,
    ::testing::Values(
        DelayCase{"Seconds", {{"Retry-After", "2"}}, "{}", 2, 2.2},
        DelayCase{"Fraction", {{"Retry-After", "0.5"}}, "{}", 0.5, 0.55},
        DelayCase{"Zero", {{"Retry-After", "0"}}, "{}", 0.001, 1},
        DelayCase{"Negative", {{"Retry-After", "-5"}}, "{}", 0.001, 1},
        DelayCase{"Word", {{"Retry-After", "abc"}}, "{}", 0.001, 1},
        DelayCase{"NotANumber", {{"Retry-After", "NaN"}}, "{}", 0.001, 1},
        DelayCase{"Milliseconds", {{"retry-after-ms", "250"}}, "{}", 0.25, 0.28},
        DelayCase{"Both", {{"retry-after-ms", "250"}, {"Retry-After", "9"}}, "{}", 0.25, 0.28},
        DelayCase{"Date",
                  {{"Date", "Sat, 01 Feb 2025 10:00:00 GMT"},
                   {"Retry-After", "Sat, 01 Feb 2025 10:00:07 GMT"}},
                  "{}",
                  7,
                  7.7},
        DelayCase{"PastDate",
                  {{"Date", "Sat, 01 Feb 2025 10:00:00 GMT"},
                   {"Retry-After", "Sat, 01 Feb 2025 09:00:00 GMT"}},
                  "{}",
                  0.001,
                  1},
        DelayCase{"Bucket",
                  {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "1m2s"}},
                  "{}",
                  62,
                  68.3},
        DelayCase{"B10",
                  {},
                  R"({"error":{"message":"Rate limit reached. Please try again in 976ms."}})",
                  0.976,
                  1.08},
        DelayCase{"RetryInfo",
                  {},
                  R"([{"error":{"code":429,"message":"You exceeded your current quota","details":)"
                  R"([{"retryDelay":"34s"}]}}])",
                  34,
                  37.5}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, ADelayAboveTheLimitEndsTheCallWithoutSleeping) {
  server_.script({json_step(429, "{}", {{"Retry-After", "1e9"}})});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::rate_limit);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, NoWaitStartsThatWouldEndBeyondTheDeadline) {
  server_.script({json_step(429, "{}", {{"Retry-After", "60"}})});
  CallContext context;
  context.deadline = clock_.now() + std::chrono::seconds(30);
  const auto reply = client()->complete(request(), context);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::rate_limit);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
  context.deadline = clock_.now();
  const auto late = client()->complete(request(), context);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::deadline);
  EXPECT_EQ(server_.hit_count(), 1U);
}

Step slow_reply() {
  Step step = kGood;
  step.chunks.front().delay = std::chrono::milliseconds(60);
  return step;
}

TEST_F(ClientTest, TheRunsDeadlineLetsACallInFlightFinish) {
  server_.script({slow_reply()});
  CallContext context;
  context.deadline = clock_.now() + std::chrono::milliseconds(20);
  const auto reply = client()->complete(request(), context);
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
}

TEST_F(ClientTest, TheTasksLimitCutsACallInFlight) {
  server_.script({slow_reply()});
  CallContext context;
  context.cut_at = clock_.now() + std::chrono::milliseconds(20);
  const auto reply = client()->complete(request(), context);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::deadline);
  context.cut_at = clock_.now();
  EXPECT_EQ(client()->complete(request(), context).error().code, ErrorCode::deadline);
  EXPECT_EQ(server_.hit_count(), 1U) << "no attempt starts after it";
}

TEST_F(ClientTest, ACallThatOutlastsItsPatienceIsTheEndpointsFailure) {
  server_.script({slow_reply()});
  CallContext context;
  for (const auto patience : {std::chrono::milliseconds(0), std::chrono::milliseconds(10)}) {
    context.patience = patience;
    context.cut_at = clock_.now() + std::chrono::milliseconds(20);
    const auto reply = client()->complete(request(), context);
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, ErrorCode::transient) << reply.error().to_text();
    EXPECT_THAT(reply.error().mend, HasSubstr("--task-timeout"));
    EXPECT_EQ(recorder_.rows().back().outcome, AttemptOutcome::unanswered);
    EXPECT_EQ(recorder_.rows().back().billed, Billed::unknown);
  }
  EXPECT_EQ(accountant().totals().answers.at("executor").unanswered_in_row, 2);
  EXPECT_EQ(server_.hit_count(), 2U) << "no second attempt";
  context.patience = std::chrono::seconds(10);
  EXPECT_EQ(client()->complete(request(), context).error().code, ErrorCode::deadline);
}

TEST_F(ClientTest, WhoWaitsForTheNextAttemptSaysWhyAndUntilWhen) {
  server_.script({json_step(500, R"({"error":{"message":"kaboom"}})"), kGood});
  std::optional<Waiting> seen;
  class Looking final : public Clock {
   public:
    Looking(ManualClock& clock, std::function<void()> look) : clock_(clock), look_(look) {}
    SteadyTime now() const override { return clock_.now(); }
    WallTime wall_now() const override { return clock_.wall_now(); }
    bool sleep_for(Duration duration, std::stop_token stop) override {
      look_();
      return clock_.sleep_for(duration, stop);
    }

   private:
    ManualClock& clock_;
    std::function<void()> look_;
  };
  Looking looking(clock_, [&] { seen = accountant().waiting(); });
  EXPECT_FALSE(accountant().waiting().has_value());
  EXPECT_TRUE(client_on(looking)->complete(request(), {}).has_value());
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->why, "HTTP 500: kaboom");
  EXPECT_EQ(seen->calls, 1);
  EXPECT_FALSE(accountant().waiting().has_value());
  EXPECT_EQ(accountant().totals().last_failure, "") << "it was answered after all";
}

TEST_F(ClientTest, AStopInAnOutageNamesTheLastFailure) {
  server_.script({json_step(500, R"({"error":{"message":"kaboom"}})")});
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  class Stopping final : public Clock {
   public:
    Stopping(ManualClock& clock, std::stop_source& stop) : clock_(clock), stop_(stop) {}
    SteadyTime now() const override { return clock_.now(); }
    WallTime wall_now() const override { return clock_.wall_now(); }
    bool sleep_for(Duration, std::stop_token) override {
      stop_.request_stop();
      return false;
    }

   private:
    ManualClock& clock_;
    std::stop_source& stop_;
  };
  Stopping stopping(clock_, stop);
  const auto reply = client_on(stopping)->complete(request(), context);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::cancelled);
  EXPECT_THAT(reply.error().message, HasSubstr("HTTP 500: kaboom"));
  EXPECT_EQ(accountant().totals().last_failure, "HTTP 500: kaboom");
}

TEST_F(ClientTest, XShouldRetryDecides) {
  server_.script({json_step(503, "{}", {{"x-should-retry", "false"}})});
  EXPECT_FALSE(client()->complete(request(), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ClientTest, TwoEqualTemplateErrorsAreTheRequestsFault) {
  server_.script({json_step(500, R"({"error":{"message":"Jinja template: parse error"}})")});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::bad_request);
  EXPECT_EQ(server_.hit_count(), 2U);
}

struct WireFault {
  const char* name;
  Step step;
};

class WireFaultTest : public ClientTest, public ::testing::WithParamInterface<WireFault> {};

TEST_P(WireFaultTest, SecondTrySucceeds) {
  server_.script({GetParam().step, kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
}

Step closing(std::string head, std::string body) {
  return fault::raw_step(std::move(head) + "\r\n\r\n" + std::move(body), End::close);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, WireFaultTest,
    ::testing::Values(
        WireFault{"Close", fault::drop_step(End::close)},
        WireFault{"Reset", fault::drop_step(End::reset)},
        WireFault{"ShortBody",
                  closing("HTTP/1.1 200 OK\r\nContent-Length: 900", R"({"choices":[)")},
        WireFault{"ChunkedEof",
                  closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "10\r\n{\"choices\"")},
        WireFault{"BadChunk", closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "zz\r\n{}")},
        WireFault{"BadStatusLine", fault::raw_step("NOT HTTP AT ALL\r\n\r\n", End::close)},
        WireFault{"CutJson", closing("HTTP/1.1 200 OK", R"({"choices":[{"message":{"con)")},
        WireFault{"EmptyBody", json_step(200, "")}, WireFault{"NoContent", json_step(204, "")},
        WireFault{"NoChoices", json_step(200, R"({"choices":[]})")},
        WireFault{"CorruptGzip", json_step(200, "not gzip", {{"Content-Encoding", "gzip"}})},
        WireFault{"B15",
                  json_step(200, R"({"error":{"code":502,"message":"Provider returned error",)"
                                 R"("metadata":{"provider_name":"X","raw":"overloaded"}}})")},
        WireFault{"FinishError", json_step(200, R"({"choices":[{"message":{"content":"x"},)"
                                                R"("finish_reason":"error"}]})")}),
    [](const auto& given) { return given.param.name; });

TEST_F(ClientTest, ACallIsInterruptedWithinATransferAndAWait) {
  Step slow = kGood;
  slow.chunks.front().delay = std::chrono::minutes(2);
  server_.script({slow});
  SystemClock clock;
  ClientDependencies dependencies;
  dependencies.clock = &clock;
  auto model = make_client(options_, dependencies);
  ASSERT_TRUE(model.has_value());
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  std::jthread stopper([&] {
    while (server_.hit_count() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto reply = (*model)->complete(request(), context);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(ClientTest, AStalledStreamIsGivenUp) {
  Step stall = fault::stream_step({"data: {\"choices\":[]}\n\n"}, End::hang);
  server_.script({stall, kGood});
  options_.stream = "on";
  options_.idle_timeout = std::chrono::milliseconds(150);
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
}

TEST_F(ClientTest, AnEndpointThatIsDownCostsABoundedNumberOfHits) {
  server_.script({json_step(503, "{}")});
  auto model = client();
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(model->complete(request(std::to_string(i)), {}).has_value());
  }
  EXPECT_LE(server_.hit_count(), 30U);
  const auto last = model->complete(request("after all"), {});
  ASSERT_FALSE(last.has_value());
  EXPECT_THAT(last.error().message, HasSubstr("HTTP 503")) << "the cause is lost";
  EXPECT_THAT(last.error().message, HasSubstr("stayed down"));
  EXPECT_THAT(last.error().mend, Not(HasSubstr("https://"))) << last.error().mend;
}

TEST_F(ClientTest, ASpentRetryBudgetNamesTheOptionThatRaisesIt) {
  server_.script({json_step(503, "{}")});
  budget_.retry_floor = 0;
  budget_.retry_share = 0;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_THAT(reply.error().mend, HasSubstr("--retry-budget"));
}

}  // namespace
}  // namespace skillgrad::llm
