// SPDX-License-Identifier: MIT
#include "llm/call/call.hpp"

#include <algorithm>

#include <curl/curl.h>
#include <fmt/format.h>

#include <skillgrad/core/json.hpp>

#include "llm/call/call_errors.hpp"
#include "llm/call/reply_reading.hpp"
#include "llm/stored/exchange.hpp"

namespace skillgrad::llm {

namespace {

/// What support wants to know about a request, under the name that this provider gives it.
std::string request_id_of(const Headers& headers) {
  for (const char* name : {"x-request-id", "apim-request-id", "x-generation-id", "cf-ray"}) {
    if (const auto found = headers.find(name); found != headers.end()) return found->second;
  }
  return {};
}

/// What the task's time limit cut: a task that took too long, or a call that nobody answered.
void name_cut(const CallFacts& facts, Failure& failure) {
  const Duration here = facts.endpoint.clock().now() - facts.began_at;
  const double waited = std::max(facts.total_seconds, std::chrono::duration<double>(here).count());
  const auto& patience = facts.context.patience;
  const bool owed = patience && waited >= std::chrono::duration<double>(*patience).count();
  failure.cls = owed ? FailureClass::unanswered : FailureClass::deadline;
  failure.detail = owed ? fmt::format(
                              "no answer came within {:.1f} s, and the task's time limit "
                              "passed",
                              waited)
                        : "the time limit passed before the reply was complete";
}

/// In the chunks of a stream a key may stand in parts that no look at its bytes would find.
void forget_shown_key(CallFacts& facts, const DeltaAssembler& stream) {
  const std::string text = dump_json(stream.reply());
  if (facts.endpoint.redact_content(text) != text) facts.last.body.clear();
}

}  // namespace

Call::Call(Endpoint& endpoint, const ChatRequest& request, const CallContext& context)
    : facts_(endpoint, request, context),
      form_(facts_),
      admission_(facts_, form_),
      booking_(facts_, form_),
      remedies_(facts_, form_),
      replay_(facts_, form_, booking_, remedies_) {}

Result<ChatReply> Call::run() {
  Endpoint& endpoint = facts_.endpoint;
  if (auto error = endpoint.fatal()) return tl::unexpected(std::move(*error));
  facts_.began_at = endpoint.clock().now();
  SKILLGRAD_CHECK(form_.prepare());
  SKILLGRAD_TRY(std::optional<ChatReply> recorded, replay_.recorded());
  if (recorded) return std::move(*recorded);
  if (admission_.is_late()) {
    Result<ChatReply> late = tl::unexpected(admission_.may_start().error());
    SKILLGRAD_CHECK(replay_.keep(late));
    return late;
  }
  SKILLGRAD_TRY(std::optional<ChatReply> stored, replay_.stored());
  if (stored) return std::move(*stored);
  Result<ChatReply> result = attempts();
  SKILLGRAD_CHECK(replay_.keep(result));
  if (!result && facts_.attempt > 0 && result.error().code != ErrorCode::cancelled) {
    endpoint.accountant().note_failed_call();
  }
  return result;
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
    name_cut(facts_, *failure);
  }
  if (limits.keep_raw && failure && http.stream) forget_shown_key(facts_, *http.stream);
  return attempt;
}

Result<> Call::after_failure(AttemptPermit& permit, ReadReply& read) {
  Endpoint& endpoint = facts_.endpoint;
  Failure& failure = *read.failure;
  facts_.last_failure = failure;
  if (failure.cls != FailureClass::cancelled)
    endpoint.accountant().note_failure(reason_of(endpoint, failure));
  facts_.budgeted_retry = false;
  give_verdict(permit, failure);
  if (remedies_.adapt(read)) return {};
  if (remedies_.clamped() && (failure.cls == FailureClass::bad_request ||
                              failure.cls == FailureClass::request_too_large)) {
    failure.cls = FailureClass::context_overflow;
  }
  if (is_fatal(failure.cls)) {
    return tl::unexpected(end_run(endpoint, give_up(facts_, form_, failure, {})));
  }
  return try_again(read);
}

void Call::give_verdict(AttemptPermit& permit, const Failure& failure) {
  if (failure.cls == FailureClass::cancelled || failure.cls == FailureClass::deadline) {
    permit.abandoned();
    return;
  }
  const bool down =
      failure.cls == FailureClass::unanswered ||
      (failure.cls == FailureClass::transient && (failure.status == 0 || failure.status >= 500));
  if (!down) {
    permit.answered();
    return;
  }
  if (!permit.failed(failure)) return;
  facts_.endpoint.warn_once(
      "the endpoint seems to be down; calls wait for it, and one tries it every " +
      std::to_string(Breaker::kOpenFor / std::chrono::seconds(1)) +
      " s: " + reason_of(facts_.endpoint, failure));
}

/// Waits as long as the rules of retries say, if they allow one.
Result<> Call::try_again(ReadReply& read) {
  Endpoint& endpoint = facts_.endpoint;
  Failure& failure = *read.failure;
  const double uniform = jitter_number(endpoint.jitter_seed(), form_.key(), facts_.attempt);
  const RetryDecision decision = remedies_.retry(failure, uniform);
  if (!decision.retry) {
    return tl::unexpected(give_up(facts_, form_, failure, decision.note));
  }
  if (decision.counts_in_budget && !endpoint.accountant().take_retry()) {
    Error error = give_up(facts_, form_, failure, "the run-wide retry budget is spent");
    error.mend += "; --retry-budget allows more retries";
    return tl::unexpected(std::move(error));
  }
  facts_.budgeted_retry = decision.counts_in_budget;
  if (failure.cls == FailureClass::truncated_call) {
    form_.override_cap(2 * std::max(form_.body().output_cap, read.reply.usage.output_tokens));
    return {};
  }
  // A rate limit is waited out in the line of all calls, see Admission::make_room().
  if (failure.cls == FailureClass::rate_limit) {
    return admission_.check_room(decision.wait, failure);
  }
  return admission_.wait(decision.wait, failure);
}

}  // namespace skillgrad::llm
