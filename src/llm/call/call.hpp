// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/llm/client.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "llm/call/admission.hpp"
#include "llm/call/booking.hpp"
#include "llm/call/endpoint.hpp"
#include "llm/call/request_form.hpp"
#include "llm/limits/retry.hpp"
#include "llm/reply/reply.hpp"
#include "llm/reply/transport.hpp"

namespace skillgrad::llm {

/// One chat completion, with all its attempts. Used once, by one thread.
class Call {
 public:
  Call(Endpoint& endpoint, const ChatRequest& request, const CallContext& context);
  [[nodiscard]] Result<ChatReply> run();

 private:
  [[nodiscard]] Result<std::optional<ChatReply>> replay();
  /// Answered from a cassette or cache; nullopt: ask the endpoint.
  [[nodiscard]] Result<std::optional<ChatReply>> stored();
  [[nodiscard]] Result<std::optional<StoredCall>> look_up(const ExchangeStore& store);
  [[nodiscard]] std::string flaw_of(const StoredCall& call);
  [[nodiscard]] Result<ChatReply> play(const StoredCall& call);
  [[nodiscard]] Result<ChatReply> play_replies(const StoredCall& call);
  [[nodiscard]] Result<ChatReply> end_as_recorded(const Error& ending);
  [[nodiscard]] Result<ChatReply> played(ReadReply& read, int http_status, const StoredCall& call);
  [[nodiscard]] Error miss(const ExchangeStore& store);
  [[nodiscard]] Error unreadable(const Error& problem);
  /// Keeps how the call ended where calls are kept.
  [[nodiscard]] Result<> keep(const Result<ChatReply>& result);
  [[nodiscard]] bool is_limited() const;
  [[nodiscard]] bool is_recordable(const Error& error) const;
  /// `ending` is how the call ended without a reply, else null.
  [[nodiscard]] StoredCall stored_call(const Error* ending) const;
  /// Of a good reply: as it came; as it was heard, where something was hidden.
  [[nodiscard]] StoredCall stored_call(const ChatReply& reply) const;
  void forget_shown_key(const DeltaAssembler& stream);
  void warn_if_not_kept();
  [[nodiscard]] Result<ChatReply> attempts();
  [[nodiscard]] EndedAttempt send();
  [[nodiscard]] AttemptLimits attempt_limits() const;
  void name_cut(Failure& failure) const;
  /// Tells the breaker what a failed attempt says about the endpoint.
  void give_verdict(AttemptPermit& permit, const Failure& failure);
  /// Success: another attempt follows. Error: the call is over.
  [[nodiscard]] Result<> after_failure(AttemptPermit& permit, ReadReply& read);
  [[nodiscard]] bool adapt(ReadReply& read);

  CallFacts facts_;
  RequestForm form_;
  Admission admission_;
  Booking booking_;
  RetryState retries_;

  bool clamped_ = false;
  int resends_ = 0;
};

}  // namespace skillgrad::llm
