// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include <skillgrad/llm/chat.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "llm/call/endpoint.hpp"
#include "llm/errors/classify.hpp"
#include "llm/errors/limit_headers.hpp"
#include "llm/reply/reply.hpp"

namespace skillgrad::llm {

/// What the parts of one call know in common: what is asked of whom, and how it went so far. Call
/// owns it and outlives its parts. For the one thread of the call; only `endpoint` is shared.
struct CallFacts {
  CallFacts(Endpoint& asked, const ChatRequest& wanted, const CallContext& limits)
      : endpoint(asked), request(wanted), context(limits) {}

  /// Some store adds this call, so what its attempts brought is kept until it ends.
  [[nodiscard]] bool keeps_calls() const {
    const auto stores = endpoint.stores();
    return std::any_of(stores.begin(), stores.end(),
                       [](const ExchangeStore* store) { return store->writes(); });
  }
  /// What is not stored ends the run.
  [[nodiscard]] bool replays() const {
    const auto stores = endpoint.stores();
    return std::any_of(stores.begin(), stores.end(),
                       [](const ExchangeStore* store) { return store->must_hit(); });
  }

  Endpoint& endpoint;
  const ChatRequest& request;
  const CallContext& context;

  SteadyTime began_at{};                ///< before any wait
  int attempt = 0;                      ///< number of the latest one; 0: none was made
  bool budgeted_retry = false;          ///< the present attempt took from the run-wide budget
  double total_seconds = 0;             ///< of all attempts
  std::optional<Failure> last_failure;  ///< of this call's attempts
  Exchange last;        ///< the reply of the last attempt; only where calls are kept
  bool hidden = false;  ///< the reply repeated a key
  const ExchangeStore* played_from = nullptr;  ///< where the call was found, if it was
};

/// An attempt that is over: what was understood of its reply, and what is known of the exchange.
struct EndedAttempt {
  ReadReply read;
  LimitHints hints;
  int http_status = 0;
  double seconds = 0, first_byte_seconds = 0;
  std::string request_id;
};

}  // namespace skillgrad::llm
