// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/llm/exchange_store.hpp>

#include "llm/call/booking.hpp"
#include "llm/call/call_facts.hpp"
#include "llm/call/remedies.hpp"
#include "llm/call/request_form.hpp"

namespace skillgrad::llm {

/// What the run's record, cassettes and caches have for one call, and what they get of it
/// (R4.2, R4.3, R4.7). For the one thread of the call.
class Replay {
 public:
  Replay(CallFacts& facts, RequestForm& form, Booking& booking, Remedies& remedies)
      : facts_(facts), form_(form), booking_(booking), remedies_(remedies) {}

  /// Answered from the run's own record; nullopt: it has no such call. Errors: those of the record
  /// (io).
  [[nodiscard]] Result<std::optional<ChatReply>> recorded();
  /// Answered from a cassette or cache; nullopt: ask the endpoint. Errors: how the stored call
  /// ended; config (a replay has no such call, or one that cannot be read); budget, cancelled; io.
  [[nodiscard]] Result<std::optional<ChatReply>> stored();
  /// Keeps how the call ended where calls are kept. Errors: io, disk_full (a recording).
  [[nodiscard]] Result<> keep(const Result<ChatReply>& result) const;

 private:
  void warn_if_not_kept() const;
  [[nodiscard]] Result<std::optional<StoredCall>> look_up(const ExchangeStore& store) const;
  [[nodiscard]] std::string flaw_of(const StoredCall& call) const;
  [[nodiscard]] Result<ChatReply> play(const StoredCall& call);
  [[nodiscard]] Result<ChatReply> play_replies(const StoredCall& call);
  [[nodiscard]] Result<ChatReply> played(ReadReply& read, int http_status, const StoredCall& call);
  [[nodiscard]] Result<ChatReply> end_as_recorded(const Error& ending) const;
  [[nodiscard]] Error miss(const ExchangeStore& store) const;
  [[nodiscard]] bool is_recordable(const Error& error) const;
  /// `ending` is how the call ended without a reply, else null.
  [[nodiscard]] StoredCall stored_call(const Error* ending) const;
  /// Of a good reply: as it came; as it was heard, where something was hidden.
  [[nodiscard]] StoredCall stored_call(const ChatReply& reply) const;

  CallFacts& facts_;
  RequestForm& form_;
  Booking& booking_;
  Remedies& remedies_;
};

}  // namespace skillgrad::llm
