// SPDX-License-Identifier: MIT
// What an attempt owes to others is given back, whatever way its call ends.
#include "llm/call/attempt_permit.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "llm/reply/reply.hpp"

namespace skillgrad::llm {
namespace {

class AttemptPermitTest : public ::testing::Test {
 protected:
  AttemptPermitTest() : accountant_(Budget{}) {
    EndpointOptions options;
    options.base_url = "http://127.0.0.1:9/v1";
    options.model = "test-model";
    ClientDependencies dependencies;
    dependencies.clock = &clock_;
    dependencies.accountant = &accountant_;
    auto made = Endpoint::create(options, dependencies);
    EXPECT_TRUE(made.has_value()) << made.error().to_text();
    if (made) endpoint_ = std::move(*made);
  }
  /// The breaker is open, and this attempt is the one that tries the endpoint.
  AttemptPermit probe() {
    const Failure down = make_failure(FailureClass::transient, 503, {});
    while (gate() == Breaker::Gate::Kind::go) endpoint_->breaker().failed(clock_.now(), down);
    clock_.advance(Breaker::kOpenFor);
    EXPECT_EQ(endpoint_->breaker().enter(clock_.now()).kind, Breaker::Gate::Kind::go);
    EXPECT_EQ(gate(), Breaker::Gate::Kind::wait);
    return {*endpoint_, Limiter::Permit{}};
  }
  [[nodiscard]] Breaker::Gate::Kind gate() { return endpoint_->breaker().look(clock_.now()).kind; }

  ManualClock clock_;
  Accountant accountant_;
  std::unique_ptr<Endpoint> endpoint_;
};

TEST_F(AttemptPermitTest, WhatIsNotSettledIsGivenBack) {
  {
    AttemptPermit permit = probe();
    ASSERT_TRUE(permit.reserve({.tokens = 100, .usd = 0.5, .priced = true}, {}).has_value());
    EXPECT_EQ(accountant_.in_flight(), 1);
    const AttemptPermit moved = std::move(permit);
    EXPECT_EQ(accountant_.in_flight(), 1) << "the one that was moved from owes nothing";
  }
  EXPECT_EQ(accountant_.in_flight(), 0);
  EXPECT_EQ(accountant_.totals().attempts, 0);
  EXPECT_EQ(gate(), Breaker::Gate::Kind::go) << "the next call tries the endpoint";
}

TEST_F(AttemptPermitTest, WhatIsSettledIsNotGivenBackOnceMore) {
  std::optional<AttemptPermit> permit = probe();
  ASSERT_TRUE(permit->reserve({.tokens = 100, .usd = 0.5, .priced = true}, {}).has_value());
  LedgerRow row;
  row.outcome = ErrorCode::transient;
  row.billed = Billed::no;
  permit->settle(row);
  EXPECT_TRUE(permit->failed(make_failure(FailureClass::transient, 503, {})));
  EXPECT_EQ(accountant_.in_flight(), 0);
  ASSERT_TRUE(accountant_.reserve(0, 0).has_value());
  permit.reset();
  EXPECT_EQ(accountant_.in_flight(), 1) << "another call's";
  EXPECT_EQ(accountant_.totals().attempts, 1);
  EXPECT_EQ(gate(), Breaker::Gate::Kind::wait) << "the probe failed";
}

}  // namespace
}  // namespace skillgrad::llm
