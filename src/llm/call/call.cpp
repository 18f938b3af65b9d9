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
      retries_({endpoint.options().max_attempts_transient,
                endpoint.options().max_attempts_rate_limit, endpoint.options().max_retry_after}) {}

Result<ChatReply> Call::run() {
  if (auto error = facts_.endpoint.fatal()) return tl::unexpected(std::move(*error));
  facts_.began_at = facts_.endpoint.clock().now();
  SKILLGRAD_CHECK(form_.prepare());
  SKILLGRAD_TRY(std::optional<ChatReply> recorded, replay());
  if (recorded) return std::move(*recorded);
  if (is_late()) {
    Result<ChatReply> late = tl::unexpected(may_start().error());
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
  WarmUp::Lead lead = warm_up();
  const Limiter::Presence presence(facts_.endpoint.limiter());
  while (true) {
    SKILLGRAD_TRY(Limiter::Permit permit, admit(presence.turn()));
    SKILLGRAD_CHECK(write_body());
    SKILLGRAD_CHECK(reserve());
    ReadReply read = send();
    lead.done();
    // Nobody follows into an error that ends the run before it is known to all.
    const bool hold = read.failure && is_fatal(read.failure->cls);
    if (!hold) make_room(permit, read);
    SKILLGRAD_CHECK(settle(read));
    if (!read.failure) return std::move(read.reply);
    SKILLGRAD_CHECK(after_failure(read));
    if (hold) make_room(permit, read);
  }
}

Result<> Call::write_body() {
  auto written = form_.rewrite();
  if (!written) facts_.endpoint.breaker().abandoned();
  return written;
}

Result<> Call::reserve() {
  form_.estimate();
  auto reserved = facts_.endpoint.accountant().reserve_or_wait(
      form_.most().usd, form_.most().tokens, facts_.context.stop);
  if (!reserved) {
    facts_.endpoint.breaker().abandoned();
    return reserved;
  }
  // The wait may have been long: a limit may have passed, or another worker may have met an error
  // that ends the run.
  Result<> ready = may_start();
  if (ready && facts_.attempt == 0) facts_.endpoint.accountant().note_call(form_.key());
  if (ready) ++facts_.attempt;
  if (ready && facts_.endpoint.recorder() != nullptr) {
    LedgerRow begin = row();
    begin.reserved_tokens = form_.most().tokens;
    const auto most = form_.most().priced ? std::optional(form_.most().usd) : std::nullopt;
    ready = facts_.endpoint.recorder()->begin(form_.key(), begin, most);
  }
  if (ready) return {};
  facts_.endpoint.breaker().abandoned();
  facts_.endpoint.accountant().release(form_.most().usd, form_.most().tokens);
  return ready;
}

ReadReply Call::send() {
  AttemptLimits limits;
  const EndpointOptions& options = facts_.endpoint.options();
  limits.total = options.attempt_timeout;
  limits.stream = form_.style().stream;
  limits.first_byte = options.first_byte_timeout;
  limits.idle = options.idle_timeout;
  limits.progress = options.progress_timeout;
  bool cut_by_deadline = false;
  if (facts_.context.cut_at) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        *facts_.context.cut_at - facts_.endpoint.clock().now());
    cut_by_deadline = left < limits.total;
    limits.total = std::min(limits.total, left);
  }
  limits.keep_raw = facts_.keeps_calls();
  HttpReply http =
      facts_.endpoint.transport(form_.style()).perform(form_.text(), limits, facts_.context.stop);
  hints_ = limit_hints(http.headers, facts_.endpoint.clock().wall_now());
  if (limits.keep_raw) facts_.last = exchange_of(http);
  http_status_ = http.status;
  seconds_ = http.seconds;
  first_byte_seconds_ = http.first_byte_seconds;
  request_id_ = request_id_of(http.headers);
  facts_.total_seconds += http.seconds;
  ReadReply read = understand(facts_, form_, http);
  if (read.failure && cut_by_deadline && http.curl_code == CURLE_OPERATION_TIMEDOUT) {
    name_cut(*read.failure);
  }
  if (limits.keep_raw && read.failure && http.stream) forget_shown_key(*http.stream);
  return read;
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

Result<> Call::settle(ReadReply& read) {
  LedgerRow paid = row();
  paid.http_status = http_status_;
  paid.seconds = seconds_;
  paid.first_byte_seconds = first_byte_seconds_;
  paid.request_id = facts_.endpoint.redact(request_id_);
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
    made_.push_back({paid.outcome, http_status_, paid.usage, paid.cost_usd});
  facts_.endpoint.accountant().settle(form_.most().usd, form_.most().tokens, paid);
  if (!read.failure) facts_.endpoint.breaker().answered();
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
