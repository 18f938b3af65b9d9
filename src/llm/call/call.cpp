// SPDX-License-Identifier: MIT
#include "llm/call/call.hpp"

#include <algorithm>

#include <curl/curl.h>

#include <skillgrad/core/json.hpp>

#include "llm/call/call_errors.hpp"
#include "llm/call/reply_reading.hpp"
#include "llm/stored/exchange.hpp"
#include "llm/stored/record.hpp"

namespace skillgrad::llm {

namespace {

/// What support wants to know about a request, under the name that this provider gives it.
std::string request_id_of(const Headers& headers) {
  for (const char* name : {"x-request-id", "apim-request-id", "x-generation-id", "cf-ray"}) {
    if (const auto found = headers.find(name); found != headers.end()) return found->second;
  }
  return {};
}

}  // namespace

Call::Call(Endpoint& endpoint, const ChatRequest& request, const CallContext& context)
    : facts_(endpoint, request, context),
      form_(facts_),
      admission_(facts_, form_),
      booking_(facts_, form_),
      retries_({endpoint.options().max_attempts_transient,
                endpoint.options().max_attempts_rate_limit, endpoint.options().max_retry_after}) {}

Result<ChatReply> Call::run() {
  if (auto error = facts_.endpoint.fatal()) return tl::unexpected(std::move(*error));
  facts_.began_at = facts_.endpoint.clock().now();
  SKILLGRAD_CHECK(form_.prepare());
  SKILLGRAD_TRY(std::optional<ChatReply> recorded, replay());
  if (recorded) return std::move(*recorded);
  if (admission_.is_late()) {
    Result<ChatReply> late = tl::unexpected(admission_.may_start().error());
    SKILLGRAD_CHECK(keep(late));
    return late;
  }
  SKILLGRAD_TRY(std::optional<ChatReply> kept, stored());
  if (kept) return std::move(*kept);
  Result<ChatReply> result = attempts();
  SKILLGRAD_CHECK(keep(result));
  if (!result && facts_.attempt > 0 && result.error().code != ErrorCode::cancelled) {
    facts_.endpoint.accountant().note_failed_call();
  }
  return result;
}

Result<std::optional<ChatReply>> Call::replay() {
  if (facts_.endpoint.recorder() == nullptr) return std::optional<ChatReply>{};
  SKILLGRAD_TRY(const std::optional<std::string> found,
                facts_.endpoint.recorder()->find(form_.key()));
  if (!found) return std::optional<ChatReply>{};
  auto reply = reply_from_json(*found, "recorded reply " + form_.key());
  if (!reply) {
    // A damaged entry is a miss: the call is made again and its reply replaces it.
    facts_.endpoint.warn_once("a recorded reply cannot be read and is asked for again: " +
                              reply.error().message);
    return std::optional<ChatReply>{};
  }
  facts_.endpoint.hide_secrets(*reply);
  facts_.endpoint.accountant().note_replay();
  warn_if_not_kept();
  return std::optional<ChatReply>(std::move(*reply));
}

Result<ChatReply> Call::attempts() {
  WarmUp::Lead lead = admission_.warm_up();
  const Limiter::Presence presence(facts_.endpoint.limiter());
  while (true) {
    SKILLGRAD_TRY(AttemptPermit permit, admission_.enter(presence.turn()));
    SKILLGRAD_CHECK(form_.rewrite());
    SKILLGRAD_CHECK(admission_.reserve(permit));
    SKILLGRAD_CHECK(booking_.begin());
    EndedAttempt attempt = send();
    lead.done();
    ReadReply& read = attempt.read;
    // Nobody follows into an error that ends the run before it is known to all.
    const bool hold = read.failure && is_fatal(read.failure->cls);
    if (!hold) admission_.make_room(permit, attempt);
    SKILLGRAD_CHECK(booking_.settle(permit, attempt));
    if (!read.failure) return std::move(read.reply);
    SKILLGRAD_CHECK(after_failure(permit, read));
    if (hold) admission_.make_room(permit, attempt);
  }
}

AttemptLimits Call::attempt_limits() const {
  const EndpointOptions& options = facts_.endpoint.options();
  AttemptLimits limits;
  limits.keep_raw = facts_.keeps_calls();
  limits.total = options.attempt_timeout;
  limits.stream = form_.style().stream;
  limits.first_byte = options.first_byte_timeout;
  limits.idle = options.idle_timeout;
  limits.progress = options.progress_timeout;
  return limits;
}

EndedAttempt Call::send() {
  Endpoint& endpoint = facts_.endpoint;
  const CallContext& context = facts_.context;
  AttemptLimits limits = attempt_limits();
  bool cut_by_deadline = false;
  if (context.cut_at) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*context.cut_at -
                                                                            endpoint.clock().now());
    cut_by_deadline = left < limits.total;
    limits.total = std::min(limits.total, left);
  }
  HttpReply http = endpoint.transport(form_.style()).perform(form_.text(), limits, context.stop);
  EndedAttempt attempt;
  attempt.hints = limit_hints(http.headers, endpoint.clock().wall_now());
  if (limits.keep_raw) facts_.last = exchange_of(http);
  attempt.http_status = http.status;
  attempt.seconds = http.seconds;
  attempt.first_byte_seconds = http.first_byte_seconds;
  attempt.request_id = request_id_of(http.headers);
  facts_.total_seconds += http.seconds;
  attempt.read = understand(facts_, form_, http);
  auto& failure = attempt.read.failure;
  if (failure && cut_by_deadline && http.curl_code == CURLE_OPERATION_TIMEDOUT) {
    name_cut(*failure);
  }
  if (limits.keep_raw && failure && http.stream) forget_shown_key(*http.stream);
  return attempt;
}

/// In the chunks of a stream a key may stand in parts that no look at its bytes would find.
void Call::forget_shown_key(const DeltaAssembler& stream) {
  const std::string text = dump_json(stream.reply());
  if (facts_.endpoint.redact_content(text) != text) facts_.last.body.clear();
}

}  // namespace skillgrad::llm
