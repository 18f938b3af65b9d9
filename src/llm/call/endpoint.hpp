// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <skillgrad/llm/client.hpp>
#include <skillgrad/llm/exchange_store.hpp>
#include <skillgrad/llm/prices.hpp>

#include "llm/learn/cap_advice.hpp"
#include "llm/learn/mutations.hpp"
#include "llm/limits/breaker.hpp"
#include "llm/limits/limiter.hpp"
#include "llm/limits/warm_up.hpp"
#include "llm/transport/transport.hpp"
#include "llm/wire/body.hpp"

namespace skillgrad::llm {

/// What all calls of one client share: the resolved endpoint and what its replies have taught.
/// Each part of it is a class of its own (Limiter, Breaker, Mutations, ...); the many small methods
/// hand these out, or ask several of them one question. Thread-safe.
class Endpoint {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Endpoint>> create(EndpointOptions options,
                                                                ClientDependencies dependencies);

  [[nodiscard]] const EndpointOptions& options() const { return options_; }
  /// The resource that requests in this style go to.
  [[nodiscard]] const std::string& url(const WireStyle& style) const {
    return style.responses ? responses_url_ : chat_url_;
  }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] const WireStyle& initial_style() const { return initial_style_; }
  [[nodiscard]] const BodyBuilder& builder() const { return *builder_; }
  [[nodiscard]] Transport& transport(const WireStyle& style) {
    return style.responses ? *responses_transport_ : *chat_transport_;
  }
  [[nodiscard]] Breaker& breaker() { return breaker_; }
  [[nodiscard]] WarmUp& warm_up() { return warm_up_; }
  [[nodiscard]] Limiter& limiter() { return *limiter_; }
  [[nodiscard]] Clock& clock() { return *clock_; }
  [[nodiscard]] Accountant& accountant() { return *accountant_; }
  /// Cassette and cache, as far as there are any, in the order in which they are asked.
  [[nodiscard]] std::vector<ExchangeStore*> stores() const;
  [[nodiscard]] CallRecorder* recorder() { return dependencies_.recorder; }
  [[nodiscard]] std::uint64_t jitter_seed() const { return dependencies_.jitter_seed; }
  [[nodiscard]] const Redactor* record_redactor() const;
  /// For errors and logs; for what models say; for what an endpoint says that refuses the key.
  [[nodiscard]] std::string redact(const std::string& text) const;
  [[nodiscard]] std::string redact_content(const std::string& text) const;
  [[nodiscard]] std::string redact_refusal(const std::string& text) const;
  /// Takes the keys of all accounts out of what a request shows the model: a command may have found
  /// one, and it is not for this endpoint.
  void hide_secrets(Body& body);
  /// An endpoint may show the model the key it was called with; what the model then repeats must
  /// not reach files, commands or other endpoints. True: something was hidden. What is kept of a
  /// reply is made from the result, so that every later use of it sees the same bytes.
  bool hide_secrets(ChatReply& reply);
  void warn_once(const std::string& line);

  [[nodiscard]] std::optional<double> cost(const Usage& usage, std::int64_t cache_write) const;
  /// What a call cost that the endpoint says to have billed `said` for. Many say 0 where they know
  /// no price: it counts only where none is known here either.
  [[nodiscard]] std::optional<double> charged(const std::optional<double>& said, const Usage& usage,
                                              std::int64_t cache_write) const;
  /// What a call that takes so much may cost at most.
  [[nodiscard]] std::optional<double> most_cost(const Usage& usage) const;

  /// The error after which no request of this client starts any more.
  [[nodiscard]] std::optional<Error> fatal() const;
  /// The first one stays.
  void set_fatal(const Error& error);

  [[nodiscard]] WireStyle style() const;
  /// This endpoint and model have answered a call: neither can be called unknown any more.
  void note_answer() { answered_.store(true); }
  [[nodiscard]] bool has_answered() const { return answered_.load(); }
  /// False: the endpoint has taught enough changes (4), or has refused this form before.
  [[nodiscard]] bool learn(const WireStyle& sent, const Mutation& mutation);
  void learn_limits(const CapAdvice& advice);
  /// `wanted`, cut to the limits learned for a prompt of this size.
  [[nodiscard]] std::int64_t fitting_cap(std::int64_t wanted, std::size_t prompt_bytes) const;
  void check_model(const std::string& answered);
  /// Why these counts of a reply to so many bytes show that the endpoint read only a part of the
  /// prompt (R2.23), or that it is longer than the configured context; nullopt if they do not.
  /// `outside`: prompt tokens that may not be part of the usage.
  struct Truncation {
    std::string why, warning;
  };
  [[nodiscard]] std::optional<Truncation> truncation(const Usage& usage, std::int64_t outside,
                                                     std::size_t prompt_bytes) const;

 private:
  Endpoint(EndpointOptions options, ClientDependencies dependencies);
  [[nodiscard]] Result<> resolve();
  [[nodiscard]] Result<> resolve_price();
  /// Takes over what an earlier process learned, if its requests began in the same style.
  [[nodiscard]] Result<> recall_changes();
  [[nodiscard]] std::string learned_name() const;

  EndpointOptions options_;
  ClientDependencies dependencies_;
  std::unique_ptr<Clock> own_clock_;
  std::unique_ptr<Accountant> own_accountant_;
  Clock* clock_ = nullptr;
  Accountant* accountant_ = nullptr;
  Redactor own_redactor_;
  std::string chat_url_, responses_url_, source_;
  WireStyle initial_style_;
  std::unique_ptr<BodyBuilder> builder_;
  std::unique_ptr<Transport> chat_transport_, responses_transport_;
  std::optional<PriceEntry> price_;
  Breaker breaker_;
  WarmUp warm_up_;
  std::shared_ptr<Limiter> limiter_;  ///< shared with the other clients of this origin and key

  mutable std::mutex mutex_;
  WireStyle style_;
  std::vector<WireStyle> tried_;  ///< every style so far: none is returned to
  int learned_ = 0;
  std::optional<Error> fatal_;
  std::atomic<bool> has_fatal_{false}, answered_{false};
  std::set<std::string> warned_;
  std::atomic<std::int64_t> output_limit_{0}, context_limit_{0};
};

}  // namespace skillgrad::llm
