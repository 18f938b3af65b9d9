// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "llm/call/attempt_permit.hpp"
#include "llm/call/call_facts.hpp"
#include "llm/call/request_form.hpp"
#include "llm/limits/limiter.hpp"
#include "llm/limits/warm_up.hpp"

namespace skillgrad::llm {

/// The part of a call that waits: until an attempt may start, and before the next one. Deadlines
/// bound every wait. For the one thread of the call.
class Admission {
 public:
  Admission(CallFacts& facts, RequestForm& form) : facts_(facts), form_(form) {}

  /// The task's time was over before the call began, and nothing replays what it did then.
  [[nodiscard]] bool is_late() const;
  /// An error when no attempt may start any more: cancelled, deadline, what ended the run, or what
  /// the call waited for when the task's time ran out.
  [[nodiscard]] Result<> may_start() const;
  /// Waits for the first call with the same prefix, or is that call (R4.6).
  [[nodiscard]] WarmUp::Lead warm_up() const;
  /// Waits until the endpoint is up, then until its limits let an attempt start; `turn` is the
  /// call's place in the line. Errors: those of may_start(), rate_limit, request_too_large, or why
  /// the endpoint is given up.
  [[nodiscard]] Result<AttemptPermit> enter(std::uint64_t turn) const;
  /// Takes what the attempt may use at most out of the budget. Errors: those of may_start(),
  /// budget.
  [[nodiscard]] Result<> reserve(AttemptPermit& permit);
  /// Makes room for the next attempt of any call; a rate limit first halts all of them.
  void make_room(AttemptPermit& permit, const EndedAttempt& attempt);

  /// An error when a wait would end after the time limit.
  [[nodiscard]] Result<> check_room(Duration duration, const Failure& failure) const;
  /// Waits before another attempt, because of `failure`. Errors: cancelled, and those of
  /// check_room().
  [[nodiscard]] Result<> wait(Duration duration, const Failure& failure) const;

 private:
  [[nodiscard]] Error waited_too_long() const;
  [[nodiscard]] Result<> wait_for_breaker() const;
  [[nodiscard]] Result<Limiter::Permit> wait_for_turn(std::uint64_t turn) const;
  [[nodiscard]] Limiter::Entry enter_line(const Entrant& entrant) const;

  CallFacts& facts_;
  RequestForm& form_;
  int rate_limits_ = 0;  ///< that this call's attempts met
};

}  // namespace skillgrad::llm
