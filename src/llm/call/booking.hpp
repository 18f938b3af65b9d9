// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/llm/exchange_store.hpp>

#include "llm/call/attempt_permit.hpp"
#include "llm/call/call_facts.hpp"
#include "llm/call/request_form.hpp"

namespace skillgrad::llm {

/// What the attempts of one call used and cost: its rows in the run's record, what they take from
/// the budget, and the attempts made. For the one thread of the call. Errors are those of the
/// record (io, disk_full).
class Booking {
 public:
  Booking(CallFacts& facts, RequestForm& form) : facts_(facts), form_(form) {}

  /// The next attempt is about to be sent, and the record knows it before anyone can bill it.
  [[nodiscard]] Result<> begin();
  /// The attempt is over: completes a reply (cost, time, attempts, keys hidden), writes its row and
  /// settles what was reserved. A good reply is also the verdict for the breaker.
  [[nodiscard]] Result<> settle(AttemptPermit& permit, EndedAttempt& attempt);
  /// The attempts so far; only where calls are kept.
  [[nodiscard]] const std::vector<StoredAttempt>& made() const { return made_; }

  // What was not sent now but comes from a store. In a replay it takes the place within the run's
  // limits that it had when it was recorded (also errors: budget, cancelled).

  /// What this failed attempt would be booked as, had it been made now.
  [[nodiscard]] StoredAttempt as_made(const ReadReply& read, int http_status) const;
  [[nodiscard]] Result<> book_failure(const StoredAttempt& attempt);
  /// `read` holds the reply as the caller gets it; `call` is what the store has.
  [[nodiscard]] Result<> book_answer(const ReadReply& read, int http_status,
                                     const StoredCall& call);

 private:
  [[nodiscard]] LedgerRow row() const;
  void charge_failure(const ReadReply& read, LedgerRow& row) const;
  void complete(ReadReply& read) const;
  [[nodiscard]] Result<> finish(const LedgerRow& row, const ChatReply& reply) const;
  [[nodiscard]] Result<> book(LedgerRow& row, std::optional<double> usd);
  [[nodiscard]] Result<> book_stored(LedgerRow& row, const ReadReply& read, const StoredCall& call);

  CallFacts& facts_;
  RequestForm& form_;
  std::vector<StoredAttempt> made_;
};

}  // namespace skillgrad::llm
