// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include <skillgrad/llm/client.hpp>

#include "llm/call/endpoint.hpp"
#include "llm/call/request_form.hpp"
#include "llm/limits/limiter.hpp"

namespace skillgrad::llm {

/// The right to make one attempt, and what it owes to others until it is over: a verdict to the
/// breaker, a reservation to the budget, a place to the limiter. What is not settled when it goes
/// is given back, so that no way out of a call leaves the breaker probing or money reserved. For
/// the one thread of the call.
class AttemptPermit {
 public:
  /// After Breaker::enter() has said `go`.
  AttemptPermit(Endpoint& endpoint, Limiter::Permit place)
      : endpoint_(&endpoint), place_(std::move(place)) {}
  ~AttemptPermit();
  AttemptPermit(AttemptPermit&& other) noexcept;
  AttemptPermit& operator=(AttemptPermit&&) = delete;

  /// Takes what the attempt may use out of the budget, and waits while only attempts in flight
  /// stand in the way. Once. Errors: budget, cancelled.
  [[nodiscard]] Result<> reserve(const Estimate& most, const std::stop_token& stop);
  /// After reserve(): what the attempt took takes the place of what was reserved for it.
  void settle(const LedgerRow& row);
  /// Lets the next attempt of any call start.
  void make_room(const AttemptEnd& end) { place_.end(end); }

  /// The endpoint answered, whatever it said.
  void answered();
  /// The endpoint was not there. True: the breaker opens, or stays open.
  [[nodiscard]] bool failed(const Failure& failure);
  /// The attempt told nothing about the endpoint.
  void abandoned();

 private:
  Endpoint* endpoint_;  ///< null: moved from
  Limiter::Permit place_;
  bool owes_verdict_ = true;  ///< the breaker waits for one
  std::optional<Estimate> reserved_;
};

}  // namespace skillgrad::llm
