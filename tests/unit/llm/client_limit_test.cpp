// SPDX-License-Identifier: MIT
// How calls are held to the limits of the endpoint's account (R3.12, R3.13).
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

/// Virtual time in which nobody moves on before the test lets them.
class GateClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return time_.now(); }
  [[nodiscard]] WallTime wall_now() const override { return time_.wall_now(); }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    ++sleepers_;
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return open_; });
    --sleepers_;
    return time_.sleep_for(duration, stop);
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await_sleeper() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sleepers_ > 0; });
  }

 private:
  ManualClock time_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = false;
  int sleepers_ = 0;
};

/// A second passes each time somebody looks.
class CreepingClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override {
    time_.advance(std::chrono::seconds(1));
    return time_.now();
  }
  [[nodiscard]] WallTime wall_now() const override { return time_.wall_now(); }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    return time_.sleep_for(duration, stop);
  }

 private:
  mutable ManualClock time_;
};

class LimitTest : public ClientTest {
 protected:
  /// Answers with `step` and keeps the virtual time of each hit.
  void record_times(Clock& clock, Step step = kGood) {
    server_.handler([this, &clock, step = std::move(step)](const fault::Hit&, std::size_t) {
      const std::scoped_lock lock(times_mutex_);
      times_.push_back(seconds(clock.now().time_since_epoch()));
      return step;
    });
  }
  std::vector<double> times() {
    const std::scoped_lock lock(times_mutex_);
    std::vector<double> out = times_;
    std::sort(out.begin(), out.end());
    return out;
  }
  /// `workers` threads with `calls` calls each; the number of calls that failed.
  int run_workers(ChatModel& model, int workers, int calls) {
    std::atomic<int> failed{0};
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(workers));
    for (int w = 0; w < workers; ++w) {
      threads.emplace_back([this, &model, &failed, w, calls] {
        for (int c = 0; c < calls; ++c) {
          if (!model.complete(request(std::to_string(w * 1000 + c)), {})) ++failed;
          ++finished_;
        }
      });
    }
    threads.clear();
    return failed;
  }
  std::atomic<int> finished_{0};  ///< calls of workers

 private:
  std::mutex times_mutex_;
  std::vector<double> times_;
};

TEST_F(LimitTest, SixtyRequestsPerMinuteAreOnePerSecond) {
  options_.requests_per_minute = 60;
  options_.max_concurrency = 1;
  record_times(clock_);
  EXPECT_EQ(run_workers(*client(), 8, 16), 0);
  const auto at = times();
  ASSERT_EQ(at.size(), 128U);
  for (std::size_t i = 0; i + 2 < at.size(); ++i) EXPECT_GT(at[i + 2] - at[i], 1.0) << i;
  for (std::size_t i = 0; i + 61 < at.size(); ++i) EXPECT_GT(at[i + 61] - at[i], 60.0) << i;
  EXPECT_LT(at.back(), 128.5) << "nor slower than that";
}

TEST_F(LimitTest, ABurstIsOneSecondsWorthAndOnlyAfterAPause) {
  options_.requests_per_minute = 300;
  record_times(clock_);
  auto model = client();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(model->complete(request(std::to_string(i)), {}));
  EXPECT_NEAR(times().back(), 9 * 0.2, 0.01);
  clock_.advance(std::chrono::minutes(5));
  const double start = seconds(clock_.now().time_since_epoch());
  for (int i = 10; i < 17; ++i) ASSERT_TRUE(model->complete(request(std::to_string(i)), {}));
  EXPECT_EQ(times()[14], start) << "the fifth";
  EXPECT_NEAR(times()[16], start + 0.4, 0.01);
}

TEST_F(LimitTest, FailedRequestsCountToo) {
  options_.requests_per_minute = 60;
  options_.max_attempts_transient = 1;
  record_times(clock_, json_step(500, "{}"));
  auto model = client();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(model->complete(request(std::to_string(i)), {}));
  EXPECT_NEAR(times().back(), 4.0, 0.01);
}

TEST_F(LimitTest, ClientsOfOneOriginAndKeyShareTheLimit) {
  options_.requests_per_minute = 60;
  record_times(clock_);
  auto one = client();
  options_.model = "other-model";
  options_.base_url = server_.origin() + "/elsewhere";
  options_.requests_per_minute = 0;
  auto two = client();
  options_.api_key = Secret("another");
  auto other_key = client();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(one->complete(request(std::to_string(i)), {}));
    ASSERT_TRUE(two->complete(request(std::to_string(i)), {}));
    ASSERT_TRUE(other_key->complete(request(std::to_string(i)), {}));
  }
  EXPECT_NEAR(times().back(), 5.0, 0.01);
}

TEST_F(LimitTest, TokensAreReservedAndSettledToWhatWasUsed) {
  options_.tokens_per_minute = 6000;  // 100 each second
  options_.max_output_tokens = 5000;
  record_times(clock_);
  auto model = client();
  // A reply uses 120 tokens of the 5000 and more that are reserved.
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(model->complete(request(std::to_string(i)), {}));
  EXPECT_LT(times().back(), 2.0);
  for (int i = 8; i < 58; ++i) ASSERT_TRUE(model->complete(request(std::to_string(i)), {}));
  EXPECT_GT(times().back(), 49 * 1.2 - 10);
  EXPECT_LT(times().back(), 58 * 1.2);
}

TEST_F(LimitTest, ARequestThatNeverFitsIsNotSent) {
  options_.tokens_per_minute = 1000;
  options_.max_output_tokens = 5000;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::request_too_large);
  EXPECT_THAT(reply.error().message, HasSubstr("1000 tokens per minute"));
  EXPECT_THAT(reply.error().message, ::testing::ContainsRegex("may take 50[0-9][0-9] tokens"));
  EXPECT_EQ(server_.hit_count(), 0U);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
}

TEST_F(LimitTest, OnlySoManyRequestsAreInFlight) {
  options_.max_concurrency = 3;
  std::atomic<int> now{0}, most{0};
  server_.handler([&](const fault::Hit&, std::size_t) {
    const int n = ++now;
    int seen = most;
    while (n > seen && !most.compare_exchange_weak(seen, n)) {
    }
    std::this_thread::yield();
    --now;
    return kGood;
  });
  EXPECT_EQ(run_workers(*client(), 12, 5), 0);
  EXPECT_LE(most, 3);
  EXPECT_EQ(server_.hit_count(), 60U);
}

TEST_F(LimitTest, OneRateLimitHaltsAllWorkersAndHalvesTheirNumber) {
  constexpr int kWorkers = 16;
  options_.max_concurrency = kWorkers;
  GateClock clock;
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0, inside = 0, most = 0;
  bool limited = false;
  std::vector<double> later;
  server_.handler([&](const fault::Hit&, std::size_t) {
    std::unique_lock lock(mutex);
    const int number = arrived++;
    changed.notify_all();
    if (number < kWorkers) {
      // All are on their way when the first one meets the limit.
      changed.wait(lock, [&] { return arrived >= kWorkers && (number == 0 || limited); });
      return number == 0 ? json_step(429, "{}", {{"Retry-After", "5"}}) : kGood;
    }
    later.push_back(seconds(clock.now().time_since_epoch()));
    most = std::max(most, ++inside);
    // The first ones stay until nobody else comes.
    if (number < kWorkers + 8) {
      changed.wait_for(lock, std::chrono::seconds(10), [&] { return arrived >= kWorkers + 8; });
      changed.wait_for(lock, std::chrono::milliseconds(30), [&] { return inside > 8; });
    }
    --inside;
    return kGood;
  });
  auto model = client_on(clock);
  std::jthread workers([&] { EXPECT_EQ(run_workers(*model, kWorkers, 2), 0); });
  while (accountant().totals().attempts == 0) std::this_thread::yield();
  {
    const std::scoped_lock lock(mutex);
    limited = true;
    changed.notify_all();
  }
  // The other fifteen are answered and come back for their second request.
  while (finished_.load() < kWorkers - 1) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(server_.hit_count(), 16U) << "nobody starts during the pause";
  clock.open();
  workers.join();
  std::sort(later.begin(), later.end());
  ASSERT_EQ(later.size(), 17U);
  EXPECT_GE(later.front(), 5.0);
  EXPECT_GT(later[7], 6.0) << "they start one by one, and none arrives before its start";
  EXPECT_EQ(most, 8);
}

struct TightenCase {
  const char* name;
  std::vector<std::pair<std::string, std::string>> headers;
  double least, most;  ///< seconds until the second request
};

class TightenTest : public LimitTest, public ::testing::WithParamInterface<TightenCase> {};

TEST_P(TightenTest, ASuccessfulReplysHeadersHoldTheNextRequest) {
  record_times(clock_, json_step(200, chat_body("fine"), GetParam().headers));
  auto model = client();
  ASSERT_TRUE(model->complete(request("one"), {}));
  ASSERT_TRUE(model->complete(request("two"), {}));
  EXPECT_GE(times().back(), GetParam().least);
  EXPECT_LE(times().back(), GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, TightenTest,
    ::testing::Values(TightenCase{"Requests",
                                  {{"x-ratelimit-limit-requests", "600"},
                                   {"x-ratelimit-remaining-requests", "0"},
                                   {"x-ratelimit-reset-requests", "2s"}},
                                  2,
                                  2.1},
                      TightenCase{"LongReset",
                                  {{"x-ratelimit-remaining-requests", "0"},
                                   {"x-ratelimit-reset-requests", "2m59.56s"}},
                                  179.56,
                                  179.6},
                      TightenCase{"Tokens",
                                  {{"x-ratelimit-limit-tokens", "60000"},
                                   {"x-ratelimit-remaining-tokens", "0"},
                                   {"x-ratelimit-reset-tokens", "20s"}},
                                  20,
                                  60},
                      TightenCase{"Azure",
                                  {{"x-ratelimit-limit-requests", "-1"},
                                   {"x-ratelimit-remaining-requests", "-1"},
                                   {"x-ratelimit-reset-requests", "0"}},
                                  0,
                                  0},
                      TightenCase{"AzureSeconds",
                                  {{"x-ratelimit-remaining-requests", "0"},
                                   {"x-ratelimit-reset-requests", "10"}},
                                  10,
                                  10.1},
                      TightenCase{"Anthropic",
                                  {{"Date", "Thu, 01 Jan 2026 00:00:00 GMT"},
                                   {"anthropic-ratelimit-requests-remaining", "0"},
                                   {"anthropic-ratelimit-requests-reset", "2026-01-01T00:00:09Z"}},
                                  9,
                                  9.1},
                      TightenCase{"OpenRouter",
                                  {{"X-RateLimit-Limit", "20"},
                                   {"X-RateLimit-Remaining", "0"},
                                   {"X-RateLimit-Reset", "1767225603000"}},
                                  3,
                                  3.1},
                      TightenCase{"PlentyLeft",
                                  {{"x-ratelimit-limit-requests", "600"},
                                   {"x-ratelimit-remaining-requests", "599"},
                                   {"x-ratelimit-reset-requests", "100ms"}},
                                  0,
                                  0.2}),
    [](const auto& given) { return given.param.name; });

TEST_F(LimitTest, HeadersNeverLoosenTheConfiguration) {
  options_.requests_per_minute = 60;
  record_times(clock_, json_step(200, chat_body("fine"),
                                 {{"x-ratelimit-limit-requests", "10000"},
                                  {"x-ratelimit-remaining-requests", "9999"},
                                  {"x-ratelimit-reset-requests", "6ms"}}));
  auto model = client();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(model->complete(request(std::to_string(i)), {}));
  EXPECT_NEAR(times().back(), 3.0, 0.01);
}

TEST_F(LimitTest, NoWaitForTheLimitStartsThatWouldEndBeyondTheDeadline) {
  options_.requests_per_minute = 6;
  server_.script({kGood});
  auto model = client();
  ASSERT_TRUE(model->complete(request("one"), {}));
  for (const bool task : {false, true}) {
    CallContext context;
    (task ? context.cut_at : context.deadline) = clock_.now() + std::chrono::seconds(5);
    const auto reply = model->complete(request("two"), context);
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, ErrorCode::rate_limit);
    EXPECT_THAT(reply.error().message, HasSubstr("10.0 s"));
  }
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
  CallContext enough;
  enough.deadline = clock_.now() + std::chrono::seconds(11);
  EXPECT_TRUE(model->complete(request("two"), enough).has_value());
}

TEST_F(LimitTest, ALimitPassesWhileOthersAreInTheWay) {
  options_.max_concurrency = 1;
  server_.script({fault::raw_step("", End::hang)});
  auto model = client();
  std::stop_source stop;
  std::jthread busy([&] {
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_FALSE(model->complete(request("busy"), context).has_value());
  });
  while (server_.hit_count() == 0) std::this_thread::yield();
  CreepingClock creeping;
  auto late = client_on(creeping);
  for (const bool task : {false, true}) {
    CallContext context;
    (task ? context.cut_at : context.deadline) = creeping.now() + std::chrono::seconds(5);
    const auto reply = late->complete(request("late"), context);
    ASSERT_FALSE(reply.has_value());
    // A task that waited for others did not take that time: it must not end as if it had.
    EXPECT_EQ(reply.error().code, task ? ErrorCode::rate_limit : ErrorCode::deadline);
    EXPECT_EQ(reply.error().to_text().find("--task-timeout") != std::string::npos, task);
  }
  EXPECT_EQ(server_.hit_count(), 1U);
  stop.request_stop();
}

TEST_F(LimitTest, AStopEndsTheWaitForTheLimitAtOnce) {
  options_.requests_per_minute = 1;
  server_.script({kGood});
  SystemClock clock;
  auto model = client_on(clock);
  ASSERT_TRUE(model->complete(request("one"), {}));
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  std::vector<std::jthread> threads;
  std::atomic<int> cancelled{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto reply = model->complete(request(std::to_string(i)), context);
      if (!reply && reply.error().code == ErrorCode::cancelled) ++cancelled;
    });
  }
  const auto start = std::chrono::steady_clock::now();
  stop.request_stop();
  threads.clear();
  EXPECT_EQ(cancelled, 4);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(LimitTest, AnErrorThatEndsTheRunEmptiesTheLine) {
  options_.requests_per_minute = 60;
  options_.max_concurrency = 1;
  server_.script({json_step(401, "{}")});
  EXPECT_EQ(run_workers(*client(), 8, 3), 24);
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_LT(seconds(clock_.total_slept()), 2.0);
}

TEST_F(LimitTest, APauseAboveTheLimitFailsTheOthersUnsent) {
  server_.script({json_step(429, "{}", {{"Retry-After", "3600"}})});
  auto model = client();
  for (int i = 0; i < 3; ++i) {
    const auto reply = model->complete(request(std::to_string(i)), {});
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, ErrorCode::rate_limit);
  }
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
}

TEST_F(LimitTest, EveryTaskEndsWithAThirdOfTheRequestsFailing) {
  for (const bool plenty : {true, false}) {
    budget_.retry_floor = plenty ? 10'000 : 10;
    Accountant accountant(budget_);
    ClientDependencies dependencies;
    dependencies.clock = &clock_;
    dependencies.accountant = &accountant;
    dependencies.limits = &limits_;
    // Each call fails at most once, so that no order of the workers can spend a call's attempts
    // or keep the breaker shut: 86 of 286 hits.
    std::mutex mutex;
    std::set<std::string> seen;
    fault::Server server;
    server.handler([&](const fault::Hit& hit, std::size_t) {
      const std::scoped_lock lock(mutex);
      const bool fails = seen.insert(hit.body).second && seen.size() % 7 < 3;
      return fails ? json_step(503, "{}") : kGood;
    });
    options_.base_url = server.base_url();
    auto model = make_client(options_, dependencies);
    ASSERT_TRUE(model.has_value());
    const int failed = run_workers(**model, 8, 25);
    const auto totals = accountant.totals();
    EXPECT_EQ(failed + totals.retries, 86) << "each fault is a retry, or else its call's end";
    if (plenty) {
      EXPECT_EQ(failed, 0);
    } else {
      EXPECT_LE(totals.retries, 10 + 0.2 * 200);
      EXPECT_GT(failed, 0);
    }
    EXPECT_EQ(finished_.exchange(0), 200) << "every task ends";
    EXPECT_EQ(server.hit_count(), 200U + static_cast<std::size_t>(totals.retries));
  }
}

TEST_F(LimitTest, AThirdOfRateLimitsOnlyCostsTime) {
  server_.handler([](const fault::Hit&, std::size_t number) {
    return number % 10 < 3 ? json_step(429, "{}", {{"retry-after-ms", "100"}}) : kGood;
  });
  options_.max_concurrency = 8;
  EXPECT_EQ(run_workers(*client(), 8, 20), 0);
}

TEST_F(LimitTest, BadHttpVersionIsAnError) {
  options_.http_version = "2";
  const auto made = make_client(options_, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::config);
}

}  // namespace
}  // namespace skillgrad::llm
