// SPDX-License-Identifier: MIT
// One call warms the provider's prefix cache before the others fan out (R4.6).
#include "llm/limits/warm_up.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

ChatRequest long_request(const std::string& prefix_letter, int number) {
  ChatRequest out;
  out.stage = "executor";
  out.scope = prefix_letter + std::to_string(number);
  Message system;
  system.role = Role::system;
  for (int i = 0; i < 6000; ++i) system.content += prefix_letter;
  Message user;
  user.content = "task";
  out.messages = {system, user};
  return out;
}

/// Nobody's sleep ends by itself.
class PatientClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return time_.now(); }
  [[nodiscard]] WallTime wall_now() const override { return time_.wall_now(); }
  bool sleep_for(Duration /*duration*/, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [] { return false; });
    return false;
  }

 private:
  ManualClock time_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

class WarmUpTest : public ClientTest {
 protected:
  /// Of calls made at once, how many came in before the first one was answered.
  std::size_t early_hits(const std::function<ChatRequest(int)>& make) {
    constexpr int kSideBySide = 6;
    constexpr fault::Milliseconds kAnswer{400};
    Step slow = kGood;
    slow.chunks.front().delay = kAnswer;
    server_.handler(
        [slow](const fault::Hit&, std::size_t number) { return number == 0 ? slow : kGood; });
    PatientClock clock;
    auto model = client_on(clock);
    {
      std::vector<std::jthread> threads;
      threads.reserve(kSideBySide);
      for (int i = 0; i < kSideBySide; ++i)
        threads.emplace_back([&, i] { EXPECT_TRUE(model->complete(make(i), {}).has_value()); });
    }
    const auto hits = server_.hits();
    EXPECT_EQ(hits.size(), static_cast<std::size_t>(kSideBySide));
    return static_cast<std::size_t>(std::count_if(hits.begin(), hits.end(), [&](const auto& hit) {
      return hit.time < hits.front().time + kAnswer;
    }));
  }
};

TEST_F(WarmUpTest, CallsWithALongPrefixWaitForTheFirst) {
  EXPECT_EQ(early_hits([](int i) { return long_request("x", i); }), 1U);
}

TEST_F(WarmUpTest, ShortPrefixesFanOutAtOnce) {
  const auto make = [](int i) {
    ChatRequest out = request("task");
    out.scope = std::to_string(i);
    return out;
  };
  EXPECT_GT(early_hits(make), 1U);
}

TEST_F(WarmUpTest, AFirstCallThatFailsHoldsNobodyUp) {
  server_.handler([](const fault::Hit&, std::size_t number) {
    return number == 0 ? json_step(400, R"({"error":{"message":"odd request"}})") : kGood;
  });
  auto model = client();
  EXPECT_FALSE(model->complete(long_request("y", 0), {}).has_value());
  EXPECT_TRUE(model->complete(long_request("y", 1), {}).has_value());
}

TEST_F(WarmUpTest, AStopEndsTheWait) {
  server_.handler([](const fault::Hit&, std::size_t) {
    Step silent = kGood;
    silent.chunks.front().delay = fault::Milliseconds(60'000);
    return silent;
  });
  PatientClock clock;
  auto model = client_on(clock);
  std::stop_source stop;
  std::atomic<int> cancelled{0};
  const auto ask = [&](int number) {
    CallContext context;
    context.stop = stop.get_token();
    const auto reply = model->complete(long_request("z", number), context);
    if (!reply && reply.error().code == ErrorCode::cancelled) ++cancelled;
  };
  {
    std::jthread first(ask, 0), second(ask, 1);
    while (server_.hit_count() == 0) std::this_thread::yield();
    stop.request_stop();
  }
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(server_.hit_count(), 1U);
}

/// A first call that is never answered, and another one with the same prefix behind it.
class HangingFirstCall : public WarmUpTest {
 protected:
  HangingFirstCall() {
    server_.handler([](const fault::Hit&, std::size_t number) {
      return number == 0 ? fault::raw_step("", End::hang) : kGood;
    });
    model_ = client();
    first_ = std::jthread([this] {
      CallContext context;
      context.stop = stop_.get_token();
      EXPECT_FALSE(model_->complete(long_request("w", 0), context).has_value());
    });
    while (server_.hit_count() == 0) std::this_thread::yield();
  }
  ~HangingFirstCall() override { stop_.request_stop(); }

  std::unique_ptr<ChatModel> model_;
  std::stop_source stop_;
  std::jthread first_;
};

TEST_F(HangingFirstCall, HoldsTheOthersUpForAWhileOnly) {
  EXPECT_TRUE(model_->complete(long_request("w", 1), {}).has_value());
  EXPECT_EQ(clock_.total_slept(), WarmUp::kLongestWait);
}

TEST_F(HangingFirstCall, TakesAQuarterOfATasksTimeAtMost) {
  CallContext context;
  context.cut_at = clock_.now() + std::chrono::seconds(8);
  EXPECT_TRUE(model_->complete(long_request("w", 1), context).has_value());
  EXPECT_EQ(clock_.total_slept(), Duration(std::chrono::seconds(2)));
}

}  // namespace
}  // namespace skillgrad::llm
