// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/llm/client.hpp>
#include <skillgrad/llm/exchange_store.hpp>

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
  [[nodiscard]] Result<ChatReply> played(ReadReply& read, const StoredCall& call);
  [[nodiscard]] Result<> book(LedgerRow& row, std::optional<double> usd);
  [[nodiscard]] Result<> book_failure(const StoredAttempt& attempt);
  [[nodiscard]] Result<> book_answer(LedgerRow& row, const ReadReply& read, const StoredCall& call);
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
  /// After this moment no attempt starts.
  [[nodiscard]] std::optional<SteadyTime> start_limit() const;
  /// The task's time is over, and nothing replays what it did then.
  [[nodiscard]] bool is_late() const;
  /// An error when no attempt may start any more.
  [[nodiscard]] Result<> may_start();
  [[nodiscard]] Error waited_too_long();
  [[nodiscard]] WarmUp::Lead warm_up();
  /// Waits until the endpoint is up, then until its limits let an attempt start.
  [[nodiscard]] Result<Limiter::Permit> admit(std::uint64_t turn);
  [[nodiscard]] Result<> wait_for_breaker();
  [[nodiscard]] Result<Limiter::Permit> wait_for_turn(std::uint64_t turn);
  [[nodiscard]] Limiter::Entry enter_line(const Entrant& entrant);
  /// Makes room for the next attempt of any call; a rate limit first halts all of them.
  void make_room(Limiter::Permit& permit, const ReadReply& read);
  [[nodiscard]] Result<> write_body();
  [[nodiscard]] Result<> reserve();
  [[nodiscard]] ReadReply send();
  void name_cut(Failure& failure) const;
  [[nodiscard]] Result<> settle(ReadReply& read);
  [[nodiscard]] LedgerRow row() const;
  void charge_failure(const ReadReply& read, LedgerRow& row) const;
  /// The endpoint was not there for an attempt.
  void note_down(const Failure& failure);
  /// Success: another attempt follows. Error: the call is over.
  [[nodiscard]] Result<> after_failure(ReadReply& read);
  [[nodiscard]] bool adapt(ReadReply& read);
  /// An error when a wait would end after the time limit.
  [[nodiscard]] Result<> check_room(Duration duration, const Failure& failure);
  [[nodiscard]] Result<> wait(Duration duration, const Failure& failure);
  void report_success(ReadReply& read);

  CallFacts facts_;
  RequestForm form_;
  RetryState retries_;

  bool clamped_ = false;
  int resends_ = 0;

  int rate_limits_ = 0;
  LimitHints hints_;  ///< of the last reply
  int http_status_ = 0;
  double seconds_ = 0, first_byte_seconds_ = 0;
  std::string request_id_;
  std::vector<StoredAttempt> made_;  ///< the attempts so far; only where calls are kept
};

}  // namespace skillgrad::llm
