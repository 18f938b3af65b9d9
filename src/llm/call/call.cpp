// SPDX-License-Identifier: MIT
#include "llm/call/call.hpp"

#include <algorithm>

#include <curl/curl.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/preview.hpp>

#include "llm/address/url.hpp"
#include "llm/reply/outcome.hpp"
#include "llm/reply/usage.hpp"
#include "llm/stored/exchange.hpp"
#include "llm/stored/record.hpp"
#include "llm/wire/history.hpp"

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
    : endpoint_(endpoint),
      request_(request),
      context_(context),
      retries_({endpoint.options().max_attempts_transient,
                endpoint.options().max_attempts_rate_limit, endpoint.options().max_retry_after}) {}

Result<ChatReply> Call::run() {
  if (auto error = endpoint_.fatal()) return tl::unexpected(std::move(*error));
  began_at_ = endpoint_.clock().now();
  SKILLGRAD_CHECK(prepare());
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
  if (!result && attempt_ > 0 && result.error().code != ErrorCode::cancelled) {
    endpoint_.accountant().note_failed_call();
  }
  return result;
}

Result<> Call::prepare() {
  wanted_cap_ = request_.max_output_tokens.value_or(
      endpoint_.options().max_output_tokens.value_or(static_cast<int>(kDefaultOutputCap)));
  style_ = endpoint_.initial_style();
  SKILLGRAD_TRY(body_, endpoint_.builder().build(request_, style_, wanted_cap_));
  endpoint_.hide_secrets(body_);
  const auto& options = endpoint_.options();
  address_ = options.identity.empty() ? address_of(endpoint_.url(style_)) : options.identity;
  key_ = request_key(address_, options.model, body_, request_);
  if (!endpoint_.stores().empty()) canonical_ = body_.canonical();
  text_ = body_.text();
  prompt_bytes_ = text_.size();
  prefix_ = system_text(request_.messages);
  if (const std::string* tools = body_.find("tools"); tools != nullptr) prefix_ += *tools;
  return {};
}

Result<std::optional<ChatReply>> Call::replay() {
  if (endpoint_.recorder() == nullptr) return std::optional<ChatReply>{};
  SKILLGRAD_TRY(const std::optional<std::string> found, endpoint_.recorder()->find(key_));
  if (!found) return std::optional<ChatReply>{};
  auto reply = reply_from_json(*found, "recorded reply " + key_);
  if (!reply) {
    // A damaged entry is a miss: the call is made again and its reply replaces it.
    endpoint_.warn_once("a recorded reply cannot be read and is asked for again: " +
                        reply.error().message);
    return std::optional<ChatReply>{};
  }
  endpoint_.hide_secrets(*reply);
  endpoint_.accountant().note_replay();
  warn_if_not_kept();
  return std::optional<ChatReply>(std::move(*reply));
}

Result<ChatReply> Call::attempts() {
  WarmUp::Lead lead = warm_up();
  const Limiter::Presence presence(endpoint_.limiter());
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
  const WireStyle style = endpoint_.style();
  const std::int64_t cap =
      cap_override_.value_or(endpoint_.fitting_cap(wanted_cap_, prompt_bytes_));
  if (style == style_ && cap == body_.output_cap) return {};
  auto body = endpoint_.builder().build(request_, style, cap);
  if (!body) {
    endpoint_.breaker().abandoned();
    return tl::unexpected(body.error());
  }
  style_ = style;
  body_ = std::move(*body);
  endpoint_.hide_secrets(body_);
  text_ = body_.text();
  return {};
}

void Call::estimate() {
  const std::int64_t prompt = estimate_tokens(text_.size());
  reserved_tokens_ = prompt + body_.output_cap;
  Usage most;
  most.input_tokens = prompt;
  most.output_tokens = body_.output_cap;
  const std::optional<double> usd = endpoint_.most_cost(most);
  priced_ = usd.has_value();
  reserved_usd_ = usd.value_or(0);
}

Result<> Call::reserve() {
  estimate();
  auto reserved =
      endpoint_.accountant().reserve_or_wait(reserved_usd_, reserved_tokens_, context_.stop);
  if (!reserved) {
    endpoint_.breaker().abandoned();
    return reserved;
  }
  // The wait may have been long: a limit may have passed, or another worker may have met an error
  // that ends the run.
  Result<> ready = may_start();
  if (ready && attempt_ == 0) endpoint_.accountant().note_call(key_);
  if (ready) ++attempt_;
  if (ready && endpoint_.recorder() != nullptr) {
    LedgerRow begin = row();
    begin.reserved_tokens = reserved_tokens_;
    const auto most = priced_ ? std::optional(reserved_usd_) : std::nullopt;
    ready = endpoint_.recorder()->begin(key_, begin, most);
  }
  if (ready) return {};
  endpoint_.breaker().abandoned();
  endpoint_.accountant().release(reserved_usd_, reserved_tokens_);
  return ready;
}

ReadReply Call::send() {
  AttemptLimits limits;
  const EndpointOptions& options = endpoint_.options();
  limits.total = options.attempt_timeout;
  limits.stream = style_.stream;
  limits.first_byte = options.first_byte_timeout;
  limits.idle = options.idle_timeout;
  limits.progress = options.progress_timeout;
  bool cut_by_deadline = false;
  if (context_.cut_at) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        *context_.cut_at - endpoint_.clock().now());
    cut_by_deadline = left < limits.total;
    limits.total = std::min(limits.total, left);
  }
  limits.keep_raw = keeps_calls();
  HttpReply http = endpoint_.transport(style_).perform(text_, limits, context_.stop);
  hints_ = limit_hints(http.headers, endpoint_.clock().wall_now());
  if (limits.keep_raw) last_ = exchange_of(http);
  http_status_ = http.status;
  seconds_ = http.seconds;
  first_byte_seconds_ = http.first_byte_seconds;
  request_id_ = request_id_of(http.headers);
  total_seconds_ += http.seconds;
  ReadReply read = understand(http);
  if (read.failure && cut_by_deadline && http.curl_code == CURLE_OPERATION_TIMEDOUT) {
    name_cut(*read.failure);
  }
  if (limits.keep_raw && read.failure && http.stream) forget_shown_key(*http.stream);
  return read;
}

ReadReply Call::understand(HttpReply& http) {
  if (played_from_ != nullptr) {
    if (auto kept = kept_reply(http.body)) {
      ReadReply read;
      read.reply = std::move(*kept);
      return read;
    }
  }
  ReplyContext context;
  context.request = &request_;
  context.salt = key_;
  context.source = endpoint_.source();
  context.request_bytes = text_.size();
  context.output_cap = body_.output_cap;
  context.context_tokens = endpoint_.options().context_tokens;
  ReadReply read = read_outcome(http, context, endpoint_.clock().wall_now());
  // Once the model has answered, such words are about something in this call.
  if (read.failure && read.failure->cls == FailureClass::model_not_found &&
      endpoint_.has_answered()) {
    read.failure->cls =
        http.status == 404 ? FailureClass::bad_request : FailureClass::unsupported_param;
  }
  check_truncation(read);
  return read;
}

/// In the chunks of a stream a key may stand in parts that no look at its bytes would find.
void Call::forget_shown_key(const DeltaAssembler& stream) {
  const std::string text = dump_json(stream.reply());
  if (endpoint_.redact_content(text) != text) last_.body.clear();
}

/// An endpoint that silently drops the beginning of a prompt judges another skill than ours.
void Call::check_truncation(ReadReply& read) {
  if (read.failure) return;
  const auto cut = endpoint_.truncation(read.reply.usage, read.cached_outside_tokens, text_.size());
  if (!cut) return;
  if (!endpoint_.options().truncation_is_error) {
    endpoint_.warn_once(cut->warning);
    return;
  }
  read.failure = make_failure(
      FailureClass::context_overflow, http_status_,
      "context_truncated: the endpoint seems to read only a part of the prompt: " + cut->why);
  read.failure->possibly_billed = true;
}

LedgerRow Call::row() const {
  LedgerRow row;
  row.key = key_;
  row.stage = request_.stage;
  row.scope = request_.scope;
  row.model = endpoint_.options().model;
  row.attempt = attempt_;
  row.budgeted_retry = budgeted_retry_;
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
  if (row.usage.input_tokens == 0) row.reserved_tokens = reserved_tokens_;
  const bool said = read.provider_cost && (*read.provider_cost > 0 || !priced_);
  if (said || row.usage.input_tokens > 0) {
    row.cost_usd = endpoint_.charged(read.provider_cost, row.usage, read.cache_write_tokens);
  } else if (priced_) {
    row.cost_usd = reserved_usd_;
  }
}

Result<> Call::settle(ReadReply& read) {
  LedgerRow paid = row();
  paid.http_status = http_status_;
  paid.seconds = seconds_;
  paid.first_byte_seconds = first_byte_seconds_;
  paid.request_id = endpoint_.redact(request_id_);
  paid.response_model = endpoint_.redact(read.reply.model);
  paid.response_id = endpoint_.redact(read.response_id);
  paid.provider = endpoint_.redact(read.provider);
  paid.system_fingerprint = endpoint_.redact(read.system_fingerprint);
  Result<> recorded;
  if (read.failure) {
    charge_failure(read, paid);
    if (endpoint_.recorder() != nullptr) recorded = endpoint_.recorder()->attempt_failed(paid);
  } else {
    report_success(read);
    ChatReply& reply = read.reply;
    paid.outcome = reply.refused ? "refused" : "ok";
    paid.billed = "yes";
    paid.usage = reply.usage;
    paid.cache_write_tokens = read.cache_write_tokens;
    paid.cost_usd = reply.cost_usd;
    if (endpoint_.recorder() != nullptr) {
      const Redactor* redactor = endpoint_.record_redactor();
      recorded =
          endpoint_.recorder()->finish(paid, redact_json(text_, redactor), reply_to_json(reply));
    }
  }
  if (keeps_calls()) made_.push_back({paid.outcome, http_status_, paid.usage, paid.cost_usd});
  endpoint_.accountant().settle(reserved_usd_, reserved_tokens_, paid);
  if (!read.failure) endpoint_.breaker().answered();
  return recorded;
}

void Call::report_success(ReadReply& read) {
  ChatReply& reply = read.reply;
  hidden_ = endpoint_.hide_secrets(reply);
  reply.usage.calls = 1;
  reply.cost_usd = endpoint_.charged(read.provider_cost, reply.usage, read.cache_write_tokens);
  reply.seconds = total_seconds_;
  reply.attempts = attempt_;
  endpoint_.note_answer();
  say_habits(read);
}

/// What a user should know of how this endpoint answers.
void Call::say_habits(const ReadReply& read) {
  const ChatReply& reply = read.reply;
  endpoint_.check_model(reply.model);
  if (read.text_tool_call) {
    endpoint_.warn_once(
        "text_tool_call: the endpoint leaves tool calls in the text; they are read "
        "from there (start the server with its tool call parser)");
  }
  for (const std::string& note : read.notes) endpoint_.warn_once(note);
  if (reply.usage.estimated) {
    endpoint_.warn_once(read.usage_note.empty()
                            ? "the endpoint sends no usage; tokens are estimated from bytes"
                            : read.usage_note);
  }
  if (reply.finish == Finish::length && trim(reply.message.content).empty()) {
    endpoint_.warn_once("the output cap of " + std::to_string(body_.output_cap) +
                        " tokens was spent without any visible text, on " +
                        std::to_string(read.reasoning_tokens) +
                        " tokens of reasoning; raise --max-output-tokens");
  }
}

}  // namespace skillgrad::llm
