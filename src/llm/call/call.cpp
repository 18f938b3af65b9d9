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
    SKILLGRAD_CHECK(begin());
    EndedAttempt attempt = send();
    lead.done();
    ReadReply& read = attempt.read;
    // Nobody follows into an error that ends the run before it is known to all.
    const bool hold = read.failure && is_fatal(read.failure->cls);
    if (!hold) admission_.make_room(permit, attempt);
    SKILLGRAD_CHECK(settle(permit, attempt));
    if (!read.failure) return std::move(read.reply);
    SKILLGRAD_CHECK(after_failure(permit, read));
    if (hold) admission_.make_room(permit, attempt);
  }
}

AttemptLimits Call::limits() const {
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
  AttemptLimits limits = this->limits();
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

Result<> Call::begin() {
  if (facts_.attempt == 0) facts_.endpoint.accountant().note_call(form_.key());
  ++facts_.attempt;
  if (facts_.endpoint.recorder() == nullptr) return {};
  LedgerRow begun = row();
  begun.reserved_tokens = form_.most().tokens;
  const auto most = form_.most().priced ? std::optional(form_.most().usd) : std::nullopt;
  return facts_.endpoint.recorder()->begin(form_.key(), begun, most);
}

/// In the chunks of a stream a key may stand in parts that no look at its bytes would find.
void Call::forget_shown_key(const DeltaAssembler& stream) {
  const std::string text = dump_json(stream.reply());
  if (facts_.endpoint.redact_content(text) != text) facts_.last.body.clear();
}

LedgerRow Call::row() const {
  LedgerRow row;
  row.key = form_.key();
  row.stage = facts_.request.stage;
  row.scope = facts_.request.scope;
  row.model = facts_.endpoint.options().model;
  row.attempt = facts_.attempt;
  row.budgeted_retry = facts_.budgeted_retry;
  return row;
}

void Call::charge_failure(const ReadReply& read, LedgerRow& row) const {
  const Failure& failure = *read.failure;
  row.outcome =
      failure.cls == FailureClass::unanswered ? kUnanswered : to_string(code_of(failure.cls));
  row.usage = read.reply.usage;
  if (!failure.possibly_billed) {
    row.billed = "no";
    row.usage = {};
    return;
  }
  const bool known = row.usage.input_tokens > 0 && !row.usage.estimated;
  row.billed = known ? "yes" : "unknown";
  if (row.usage.input_tokens == 0) row.reserved_tokens = form_.most().tokens;
  const bool said = read.provider_cost && (*read.provider_cost > 0 || !form_.most().priced);
  if (said || row.usage.input_tokens > 0) {
    row.cost_usd = facts_.endpoint.charged(read.provider_cost, row.usage, read.cache_write_tokens);
  } else if (form_.most().priced) {
    row.cost_usd = form_.most().usd;
  }
}

Result<> Call::settle(AttemptPermit& permit, EndedAttempt& attempt) {
  ReadReply& read = attempt.read;
  LedgerRow paid = row();
  paid.http_status = attempt.http_status;
  paid.seconds = attempt.seconds;
  paid.first_byte_seconds = attempt.first_byte_seconds;
  paid.request_id = facts_.endpoint.redact(attempt.request_id);
  paid.response_model = facts_.endpoint.redact(read.reply.model);
  paid.response_id = facts_.endpoint.redact(read.response_id);
  paid.provider = facts_.endpoint.redact(read.provider);
  paid.system_fingerprint = facts_.endpoint.redact(read.system_fingerprint);
  Result<> recorded;
  if (read.failure) {
    charge_failure(read, paid);
    if (facts_.endpoint.recorder() != nullptr)
      recorded = facts_.endpoint.recorder()->attempt_failed(paid);
  } else {
    report_success(read);
    ChatReply& reply = read.reply;
    paid.outcome = reply.refused ? "refused" : "ok";
    paid.billed = "yes";
    paid.usage = reply.usage;
    paid.cache_write_tokens = read.cache_write_tokens;
    paid.cost_usd = reply.cost_usd;
    if (facts_.endpoint.recorder() != nullptr) {
      const Redactor* redactor = facts_.endpoint.record_redactor();
      recorded = facts_.endpoint.recorder()->finish(paid, redact_json(form_.text(), redactor),
                                                    reply_to_json(reply));
    }
  }
  if (facts_.keeps_calls())
    made_.push_back({paid.outcome, attempt.http_status, paid.usage, paid.cost_usd});
  permit.settle(paid);
  if (!read.failure) permit.answered();
  return recorded;
}

void Call::report_success(ReadReply& read) {
  ChatReply& reply = read.reply;
  facts_.hidden = facts_.endpoint.hide_secrets(reply);
  reply.usage.calls = 1;
  reply.cost_usd =
      facts_.endpoint.charged(read.provider_cost, reply.usage, read.cache_write_tokens);
  reply.seconds = facts_.total_seconds;
  reply.attempts = facts_.attempt;
  facts_.endpoint.note_answer();
  say_habits(facts_.endpoint, read, form_.body().output_cap);
}

}  // namespace skillgrad::llm
