// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/llm/chat.hpp>

#include "llm/call/admission.hpp"
#include "llm/call/attempt_permit.hpp"
#include "llm/call/booking.hpp"
#include "llm/call/call_facts.hpp"
#include "llm/call/remedies.hpp"
#include "llm/call/replay.hpp"
#include "llm/call/request_form.hpp"
#include "llm/transport/transport.hpp"

namespace skillgrad::llm {

/// One chat completion, with all its attempts. Used once, by one thread.
class Call {
 public:
  Call(Endpoint& endpoint, const ChatRequest& request, const CallContext& context);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  /// Errors: those of ChatModel::complete(), and those of record and stores (config, io,
  /// disk_full).
  [[nodiscard]] Result<ChatReply> run();

 private:
  [[nodiscard]] Result<ChatReply> attempts();
  [[nodiscard]] EndedAttempt send();
  [[nodiscard]] AttemptLimits attempt_limits() const;
  /// Success: another attempt follows. Error: the call is over.
  [[nodiscard]] Result<> after_failure(AttemptPermit& permit, ReadReply& read);
  /// Tells the breaker what a failed attempt says about the endpoint.
  void give_verdict(AttemptPermit& permit, const Failure& failure);
  [[nodiscard]] Result<> try_again(ReadReply& read);

  CallFacts facts_;
  RequestForm form_;
  Admission admission_;
  Booking booking_;
  Remedies remedies_;
  Replay replay_;
};

}  // namespace skillgrad::llm
