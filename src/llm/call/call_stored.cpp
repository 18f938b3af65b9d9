// SPDX-License-Identifier: MIT
// The part of a call that deals with caches and cassettes (R4.2, R4.3, R4.7).
#include <algorithm>

#include "llm/call/call.hpp"
#include "llm/stored/exchange.hpp"
#include "llm/stored/record.hpp"

namespace skillgrad::llm {

namespace {

/// Endings that an equal call would meet again, or that belong to what a recording shows. Other
/// things that stopped the run itself are no part of it.
bool belongs_in_a_recording(ErrorCode code) {
  switch (code) {
    case ErrorCode::rate_limit:
    case ErrorCode::transient:
    case ErrorCode::malformed_reply:
    case ErrorCode::context_overflow:
    case ErrorCode::request_too_large:
    case ErrorCode::content_filter:
    case ErrorCode::bad_request:
    case ErrorCode::budget:
      return true;
    default:
      return false;
  }
}

bool is_good(const ChatReply& reply) {
  return !reply.refused && (reply.finish == Finish::stop || reply.finish == Finish::tools);
}

}  // namespace

bool Call::keeps_calls() const {
  const auto stores = endpoint_.stores();
  return std::any_of(stores.begin(), stores.end(),
                     [](const ExchangeStore* store) { return store->writes(); });
}

bool Call::replays() const {
  const auto stores = endpoint_.stores();
  return std::any_of(stores.begin(), stores.end(),
                     [](const ExchangeStore* store) { return store->must_hit(); });
}

void Call::warn_if_not_kept() {
  for (const ExchangeStore* store : endpoint_.stores()) {
    if (store->writes() && !store->good_only() && !store->holds(key_)) {
      endpoint_.warn_once("calls that the run directory answers are not recorded in " +
                          store->dir().string() + "; record a run from its beginning");
    }
  }
}

Result<std::optional<ChatReply>> Call::stored() {
  for (const ExchangeStore* store : endpoint_.stores()) {
    if (!store->reads()) continue;
    SKILLGRAD_TRY(const std::optional<StoredCall> found, look_up(*store));
    if (found) {
      played_from_ = store;
      SKILLGRAD_TRY(ChatReply reply, play(*found));
      return std::optional<ChatReply>(std::move(reply));
    }
    if (!store->must_hit()) continue;
    // A run that was recorded up to a limit ends there again.
    estimate();
    SKILLGRAD_CHECK(endpoint_.accountant().reserve(reserved_usd_, reserved_tokens_));
    endpoint_.accountant().release(reserved_usd_, reserved_tokens_);
    return tl::unexpected(miss(*store));
  }
  return std::optional<ChatReply>{};
}

/// What the store has for this call, as far as it can be used.
Result<std::optional<StoredCall>> Call::look_up(const ExchangeStore& store) {
  auto found = store.find(key_);
  if (found && !*found && store.must_hit()) found = store.find(late_key(address_, request_));
  if (!found && store.must_hit()) return tl::unexpected(end_run(unreadable(found.error())));
  std::string flaw;
  if (!found) {
    flaw = found.error().to_line();
  } else if (*found && store.good_only()) {
    flaw = flaw_of(**found);
    if (!flaw.empty()) flaw += " (" + store.file_of(key_).string() + ")";
  }
  if (!flaw.empty()) {
    endpoint_.warn_once("a stored call cannot be used and is made again: " + flaw);
    return std::optional<StoredCall>{};
  }
  // A limit kept it from being made; where calls can be made, it is.
  const bool refused = *found && (*found)->ending && (*found)->ending->code == ErrorCode::budget;
  if (refused && !store.must_hit()) return std::optional<StoredCall>{};
  return found;
}

/// Why a cache must not answer with this; "" if it may.
std::string Call::flaw_of(const StoredCall& call) {
  if (call.ending || call.replies.empty()) return "it holds no reply";
  if (kept_reply(call.replies.back().body)) return {};
  HttpReply http = reply_of(call.replies.back(), endpoint_.options().max_reply_bytes);
  const ReadReply read = understand(http);
  if (!read.failure) return is_good(read.reply) ? "" : "its reply is not whole";
  const Failure& failure = *read.failure;
  if (!failure.detail.empty()) return failure.detail;
  return "HTTP " + std::to_string(failure.status) + " " + failure.body.text();
}

Error Call::end_run(Error error) {
  endpoint_.set_fatal(error);
  return error;
}

Error Call::unreadable(const Error& problem) {
  Error error = problem;
  // A file that the user gave is at fault, and every further call may need it.
  if (error.code == ErrorCode::input) error.code = ErrorCode::config;
  error.context.push_back("a recorded call of " + request_.scope + " (" + request_.stage +
                          ") cannot be read");
  if (error.mend.empty())
    error.mend =
        "restore the file; with --record of the same folder, too, the call is made and recorded "
        "again";
  return error;
}

bool Call::is_limited() const {
  const Budget& limits = endpoint_.accountant().budget();
  return limits.max_calls > 0 || limits.max_tokens > 0 || limits.max_usd > 0;
}

Error Call::miss(const ExchangeStore& store) {
  MissingCall missing = store.missing(stored_call(nullptr));
  // Workers meet a limit in another order each time, so the end may lie before this call.
  if (missing.limit && is_limited()) return std::move(*missing.limit);
  Error error;
  error.code = ErrorCode::config;
  error.message = "a call of " + request_.scope + " (" + request_.stage +
                  ") is not recorded: " + missing.nearest;
  error.where = store.dir().string();
  error.mend =
      "replay with the options, skill and tasks of the recording, or record again with "
      "--record";
  return end_run(std::move(error));
}

/// As attempts() went, without waiting and without a connection.
Result<ChatReply> Call::play(const StoredCall& call) {
  total_seconds_ = call.seconds;
  SKILLGRAD_CHECK(write_body());  // in the form in which it was sent
  const bool by_hand = call.replies.size() > 1 || (!call.made && !call.ending);
  if (by_hand) return play_replies(call);
  const std::vector<StoredAttempt> made = call.made.value_or(std::vector<StoredAttempt>{});
  const std::size_t failed = call.ending || made.empty() ? made.size() : made.size() - 1;
  for (std::size_t i = 0; i < failed; ++i) {
    attempt_ = static_cast<int>(i) + 1;
    SKILLGRAD_CHECK(book_failure(made[i]));
  }
  if (!call.replies.empty()) last_ = call.replies.back();
  if (call.ending) return end_as_recorded(*call.ending);
  attempt_ = call.attempts;
  HttpReply http = reply_of(last_, endpoint_.options().max_reply_bytes);
  http_status_ = http.status;
  ReadReply read = understand(http);
  if (read.failure) return play_replies(call);  // changed by hand
  if (read.reply.usage.estimated && !made.empty()) read.reply.usage = made.back().usage;
  return played(read, call);
}

/// Of a file made by hand: each reply is that of an attempt.
Result<ChatReply> Call::play_replies(const StoredCall& call) {
  const std::size_t count = call.replies.size();
  for (std::size_t i = 0; i < count; ++i) {
    HttpReply http = reply_of(call.replies[i], endpoint_.options().max_reply_bytes);
    last_ = call.replies[i];
    attempt_ = count == 1 ? call.attempts : static_cast<int>(i) + 1;
    http_status_ = http.status;
    ReadReply read = understand(http);
    if (!read.failure) return played(read, call);
    const bool more = i + 1 < count;
    const bool again = more && (adapt(read) || retries_.decide(*read.failure, 0).retry);
    if (!again && clamped_ && read.failure->cls == FailureClass::bad_request)
      read.failure->cls = FailureClass::context_overflow;
    LedgerRow ended = row();
    charge_failure(read, ended);
    SKILLGRAD_CHECK(book_failure({ended.outcome, http_status_, ended.usage, ended.cost_usd}));
    if (again) continue;
    Error error = give_up(*read.failure, "from a recording");
    if (is_fatal(read.failure->cls)) endpoint_.set_fatal(error);
    endpoint_.accountant().note_failed_call();
    SKILLGRAD_CHECK(keep(tl::unexpected(error)));
    return tl::unexpected(std::move(error));
  }
  return tl::unexpected(miss(*played_from_));
}

Result<ChatReply> Call::end_as_recorded(const Error& ending) {
  Error error = ending;
  if (ending.code == ErrorCode::budget && !is_limited()) {
    error.code = ErrorCode::config;
    error.message = "a call of " + request_.scope + " (" + request_.stage +
                    ") was not made when the run was recorded: " + ending.message;
    error.mend = "replay with the limits of the recording, or record again with --record";
    return tl::unexpected(end_run(std::move(error)));
  }
  const bool stops = error.code != ErrorCode::deadline && error.code != ErrorCode::budget;
  if (stops && ends_run(error.code)) endpoint_.set_fatal(error);
  if (attempt_ > 0) endpoint_.accountant().note_failed_call();
  SKILLGRAD_CHECK(keep(tl::unexpected(error)));
  return tl::unexpected(std::move(error));
}

/// Books an attempt that was not made now. In a replay it takes the place within the run's limits
/// that it had when it was recorded.
Result<> Call::book(LedgerRow& row, std::optional<double> usd) {
  row.billed = "no";
  row.cached = true;
  row.cost_usd = 0;
  if (!played_from_->must_hit()) {
    endpoint_.accountant().restore(row);
    return {};
  }
  row.recorded_usd = usd.value_or(0);
  estimate();
  SKILLGRAD_CHECK(
      endpoint_.accountant().reserve_or_wait(reserved_usd_, reserved_tokens_, context_.stop));
  endpoint_.accountant().settle(reserved_usd_, reserved_tokens_, row);
  return {};
}

Result<> Call::book_failure(const StoredAttempt& attempt) {
  LedgerRow ended = row();
  ended.outcome = attempt.outcome;
  ended.http_status = attempt.http_status;
  ended.usage = attempt.usage;
  SKILLGRAD_CHECK(
      book(ended, attempt.cost_usd ? attempt.cost_usd : endpoint_.cost(attempt.usage, 0)));
  return endpoint_.recorder() == nullptr ? Result<>{} : endpoint_.recorder()->attempt_failed(ended);
}

Result<ChatReply> Call::played(ReadReply& read, const StoredCall& call) {
  ChatReply& reply = read.reply;
  hidden_ = endpoint_.hide_secrets(reply);
  reply.usage.calls = 1;
  reply.cost_usd = 0;
  reply.seconds = call.seconds;
  reply.attempts = 0;
  say_habits(read);
  LedgerRow paid = row();
  paid.outcome = reply.refused ? "refused" : "ok";
  paid.usage = reply.usage;
  paid.cache_write_tokens = read.cache_write_tokens;
  paid.http_status = http_status_;
  paid.seconds = call.seconds;
  paid.response_model = endpoint_.redact(reply.model);
  SKILLGRAD_CHECK(book_answer(paid, read, call));
  if (endpoint_.recorder() != nullptr) {
    const Redactor* redactor = endpoint_.record_redactor();
    SKILLGRAD_CHECK(
        endpoint_.recorder()->finish(paid, redact_json(text_, redactor), reply_to_json(reply)));
  }
  SKILLGRAD_CHECK(keep(reply));
  return std::move(reply);
}

Result<> Call::book_answer(LedgerRow& row, const ReadReply& read, const StoredCall& call) {
  if (call.made && call.made->empty()) {
    // A cache answered it when it was recorded, so it counted towards no limit.
    row.billed = "no";
    row.cached = true;
    row.cost_usd = 0;
    endpoint_.accountant().restore(row);
    return {};
  }
  if (call.made && call.made->back().cost_usd) return book(row, call.made->back().cost_usd);
  return book(row, endpoint_.charged(read.provider_cost, row.usage, read.cache_write_tokens));
}

/// `ending` is how the call ended without a reply, else null.
StoredCall Call::stored_call(const Error* ending) const {
  StoredCall out;
  out.request = canonical_;
  out.stage = request_.stage;
  out.scope = request_.scope;
  out.model = endpoint_.options().model;
  out.endpoint = address_;
  out.sample_index = request_.sample_index;
  out.attempts = std::max(1, attempt_);
  out.seconds = total_seconds_;
  out.made = made_;
  if (ending != nullptr) out.ending = *ending;
  if (attempt_ > 0) out.replies = {last_};
  return out;
}

/// The task's own time limit is a part of what a recording shows, the run's is not.
bool Call::is_recordable(const Error& error) const {
  if (error.code != ErrorCode::deadline) return belongs_in_a_recording(error.code);
  const bool run_is_late = context_.deadline && endpoint_.clock().now() >= *context_.deadline;
  return context_.cut_at && !run_is_late;
}

StoredCall Call::stored_call(const ChatReply& reply) const {
  StoredCall out = stored_call(nullptr);
  // A key may be spread over the chunks of a stream, and hiding it in the bytes alone could change
  // what is read from them.
  const bool cleaned = hidden_ || endpoint_.redact_content(last_.body) != last_.body;
  if (cleaned && !out.replies.empty()) {
    out.replies.front().body = reply_to_json(reply);
    out.replies.front().headers.erase("content-type");
  }
  return out;
}

Result<> Call::keep(const Result<ChatReply>& result) {
  const bool sent = attempt_ > 0;
  const Error* ending = result ? nullptr : &result.error();
  for (const ExchangeStore* store : endpoint_.stores()) {
    if (!store->writes() || store == played_from_) continue;
    const bool wanted =
        store->good_only() ? result && is_good(*result) : result || is_recordable(*ending);
    if (!wanted) continue;
    const bool late = !sent && ending != nullptr && ending->code == ErrorCode::deadline;
    const std::string key = late ? late_key(address_, request_) : key_;
    // What was recorded of the call says more than that it was not made.
    if (!sent && store->holds(key)) continue;
    auto written = store->put(key, result ? stored_call(*result) : stored_call(ending));
    if (written) continue;
    // A recording with a hole is useless; a cache only costs money later.
    if (!store->good_only()) return written;
    // Without the file, whose name each reply has for itself: one note for all.
    endpoint_.warn_once("a reply could not be put into the cache: " + written.error().message);
  }
  return {};
}

}  // namespace skillgrad::llm
