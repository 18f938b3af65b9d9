// SPDX-License-Identifier: MIT
#include "llm/call/replay.hpp"

#include <algorithm>

#include "llm/call/call_errors.hpp"
#include "llm/call/reply_reading.hpp"
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

bool is_limited(const Budget& limits) {
  return limits.max_calls > 0 || limits.max_tokens > 0 || limits.max_usd > 0;
}

/// "scope (stage)", for messages.
std::string described(const ChatRequest& request) {
  return request.scope + " (" + request.stage + ")";
}

/// A stored call that a replay needs and cannot read.
Error unreadable(const Error& problem, const ChatRequest& request) {
  Error error = problem;
  // A file that the user gave is at fault, and every further call may need it.
  if (error.code == ErrorCode::input) error.code = ErrorCode::config;
  error.context.push_back("a recorded call of " + described(request) + " cannot be read");
  if (error.mend.empty())
    error.mend =
        "restore the file; with --record of the same folder, too, the call is made and recorded "
        "again";
  return error;
}

}  // namespace

Result<std::optional<ChatReply>> Replay::recorded() {
  Endpoint& endpoint = facts_.endpoint;
  if (endpoint.recorder() == nullptr) return std::optional<ChatReply>{};
  SKILLGRAD_TRY(const std::optional<std::string> found, endpoint.recorder()->find(form_.key()));
  if (!found) return std::optional<ChatReply>{};
  auto reply = reply_from_json(*found, "recorded reply " + form_.key());
  if (!reply) {
    // A damaged entry is a miss: the call is made again and its reply replaces it.
    endpoint.warn_once("a recorded reply cannot be read and is asked for again: " +
                       reply.error().message);
    return std::optional<ChatReply>{};
  }
  endpoint.hide_secrets(*reply);
  endpoint.accountant().note_replay();
  warn_if_not_kept();
  return std::optional<ChatReply>(std::move(*reply));
}

void Replay::warn_if_not_kept() const {
  for (const ExchangeStore* store : facts_.endpoint.stores()) {
    if (store->writes() && !store->good_only() && !store->holds(form_.key())) {
      facts_.endpoint.warn_once("calls that the run directory answers are not recorded in " +
                                store->dir().string() + "; record a run from its beginning");
    }
  }
}

Result<std::optional<ChatReply>> Replay::stored() {
  for (const ExchangeStore* store : facts_.endpoint.stores()) {
    if (!store->reads()) continue;
    SKILLGRAD_TRY(const std::optional<StoredCall> found, look_up(*store));
    if (found) {
      facts_.played_from = store;
      SKILLGRAD_TRY(ChatReply reply, play(*found));
      return std::optional<ChatReply>(std::move(reply));
    }
    if (!store->must_hit()) continue;
    // A run that was recorded up to a limit ends there again.
    const Estimate& most = form_.estimate();
    SKILLGRAD_CHECK(facts_.endpoint.accountant().reserve(most.usd, most.tokens));
    facts_.endpoint.accountant().release(most.usd, most.tokens);
    return tl::unexpected(miss(*store));
  }
  return std::optional<ChatReply>{};
}

/// What the store has for this call, as far as it can be used.
Result<std::optional<StoredCall>> Replay::look_up(const ExchangeStore& store) const {
  auto found = store.find(form_.key());
  if (found && !*found && store.must_hit()) {
    found = store.find(late_key(form_.address(), facts_.request));
  }
  if (!found && store.must_hit()) {
    return tl::unexpected(end_run(facts_.endpoint, unreadable(found.error(), facts_.request)));
  }
  std::string flaw;
  if (!found) {
    flaw = found.error().to_line();
  } else if (*found && store.good_only()) {
    flaw = flaw_of(**found);
    if (!flaw.empty()) flaw += " (" + store.file_of(form_.key()).string() + ")";
  }
  if (!flaw.empty()) {
    facts_.endpoint.warn_once("a stored call cannot be used and is made again: " + flaw);
    return std::optional<StoredCall>{};
  }
  // A limit kept it from being made; where calls can be made, it is.
  const bool refused = *found && (*found)->ending && (*found)->ending->code == ErrorCode::budget;
  if (refused && !store.must_hit()) return std::optional<StoredCall>{};
  return found;
}

/// Why a cache must not answer with this; "" if it may.
std::string Replay::flaw_of(const StoredCall& call) const {
  if (call.ending || call.replies.empty()) return "it holds no reply";
  if (kept_reply(call.replies.back().body)) return {};
  HttpReply http = reply_of(call.replies.back(), facts_.endpoint.options().max_reply_bytes);
  const ReadReply read = understand(facts_, form_, http);
  if (!read.failure) return is_good(read.reply) ? "" : "its reply is not whole";
  const Failure& failure = *read.failure;
  if (!failure.detail.empty()) return failure.detail;
  return "HTTP " + std::to_string(failure.status) + " " + failure.body.text();
}

Error Replay::miss(const ExchangeStore& store) const {
  MissingCall missing = store.missing(stored_call(nullptr));
  // Workers meet a limit in another order each time, so the end may lie before this call.
  if (missing.limit && is_limited(facts_.endpoint.accountant().budget())) {
    return std::move(*missing.limit);
  }
  Error error;
  error.code = ErrorCode::config;
  error.message = "a call of " + described(facts_.request) + " is not recorded: " + missing.nearest;
  error.where = store.dir().string();
  error.mend =
      "replay with the options, skill and tasks of the recording, or record again with "
      "--record";
  return end_run(facts_.endpoint, std::move(error));
}

/// As Call::attempts() went, without waiting and without a connection.
Result<ChatReply> Replay::play(const StoredCall& call) {
  facts_.total_seconds = call.seconds;
  SKILLGRAD_CHECK(form_.rewrite());  // in the form in which it was sent
  const bool by_hand = call.replies.size() > 1 || (!call.made && !call.ending);
  if (by_hand) return play_replies(call);
  const std::vector<StoredAttempt> made = call.made.value_or(std::vector<StoredAttempt>{});
  const std::size_t failed = call.ending || made.empty() ? made.size() : made.size() - 1;
  for (std::size_t i = 0; i < failed; ++i) {
    facts_.attempt = static_cast<int>(i) + 1;
    SKILLGRAD_CHECK(booking_.book_failure(made[i]));
  }
  if (!call.replies.empty()) facts_.last = call.replies.back();
  if (call.ending) return end_as_recorded(*call.ending);
  facts_.attempt = call.attempts;
  HttpReply http = reply_of(facts_.last, facts_.endpoint.options().max_reply_bytes);
  ReadReply read = understand(facts_, form_, http);
  if (read.failure) return play_replies(call);  // changed by hand
  if (read.reply.usage.estimated && !made.empty()) read.reply.usage = made.back().usage;
  return played(read, http.status, call);
}

/// Of a file made by hand: each reply is that of an attempt.
Result<ChatReply> Replay::play_replies(const StoredCall& call) {
  Endpoint& endpoint = facts_.endpoint;
  const std::size_t count = call.replies.size();
  for (std::size_t i = 0; i < count; ++i) {
    HttpReply http = reply_of(call.replies[i], endpoint.options().max_reply_bytes);
    facts_.last = call.replies[i];
    facts_.attempt = count == 1 ? call.attempts : static_cast<int>(i) + 1;
    ReadReply read = understand(facts_, form_, http);
    if (!read.failure) return played(read, http.status, call);
    Failure& failure = *read.failure;
    const bool more = i + 1 < count;
    const bool again = more && (remedies_.adapt(read) || remedies_.retry(failure, 0).retry);
    if (!again && remedies_.clamped() && failure.cls == FailureClass::bad_request)
      failure.cls = FailureClass::context_overflow;
    SKILLGRAD_CHECK(booking_.book_failure(booking_.as_made(read, http.status)));
    if (again) continue;
    Error error = give_up(facts_, form_, failure, "from a recording");
    if (is_fatal(failure.cls)) endpoint.set_fatal(error);
    endpoint.accountant().note_failed_call();
    SKILLGRAD_CHECK(keep(tl::unexpected(error)));
    return tl::unexpected(std::move(error));
  }
  return tl::unexpected(miss(*facts_.played_from));
}

Result<ChatReply> Replay::end_as_recorded(const Error& ending) const {
  Endpoint& endpoint = facts_.endpoint;
  Error error = ending;
  if (ending.code == ErrorCode::budget && !is_limited(endpoint.accountant().budget())) {
    error.code = ErrorCode::config;
    error.message = "a call of " + described(facts_.request) +
                    " was not made when the run was recorded: " + ending.message;
    error.mend = "replay with the limits of the recording, or record again with --record";
    return tl::unexpected(end_run(endpoint, std::move(error)));
  }
  const bool stops = error.code != ErrorCode::deadline && error.code != ErrorCode::budget;
  if (stops && ends_run(error.code)) endpoint.set_fatal(error);
  if (facts_.attempt > 0) endpoint.accountant().note_failed_call();
  SKILLGRAD_CHECK(keep(tl::unexpected(error)));
  return tl::unexpected(std::move(error));
}

Result<ChatReply> Replay::played(ReadReply& read, int http_status, const StoredCall& call) {
  ChatReply& reply = read.reply;
  facts_.hidden = facts_.endpoint.hide_secrets(reply);
  reply.usage.calls = 1;
  reply.cost_usd = 0;
  reply.seconds = call.seconds;
  reply.attempts = 0;
  say_habits(facts_.endpoint, read, form_.body().output_cap);
  SKILLGRAD_CHECK(booking_.book_answer(read, http_status, call));
  SKILLGRAD_CHECK(keep(reply));
  return std::move(reply);
}

StoredCall Replay::stored_call(const Error* ending) const {
  StoredCall out;
  out.request = form_.canonical();
  out.stage = facts_.request.stage;
  out.scope = facts_.request.scope;
  out.model = facts_.endpoint.options().model;
  out.endpoint = form_.address();
  out.sample_index = facts_.request.sample_index;
  out.attempts = std::max(1, facts_.attempt);
  out.seconds = facts_.total_seconds;
  out.made = booking_.made();
  if (ending != nullptr) out.ending = *ending;
  if (facts_.attempt > 0) out.replies = {facts_.last};
  return out;
}

/// The task's own time limit is a part of what a recording shows, the run's is not.
bool Replay::is_recordable(const Error& error) const {
  if (error.code != ErrorCode::deadline) return belongs_in_a_recording(error.code);
  const CallContext& context = facts_.context;
  const bool run_is_late = context.deadline && facts_.endpoint.clock().now() >= *context.deadline;
  return context.cut_at && !run_is_late;
}

StoredCall Replay::stored_call(const ChatReply& reply) const {
  StoredCall out = stored_call(nullptr);
  // A key may be spread over the chunks of a stream, and hiding it in the bytes alone could change
  // what is read from them.
  const std::string& body = facts_.last.body;
  const bool cleaned = facts_.hidden || facts_.endpoint.redact_content(body) != body;
  if (cleaned && !out.replies.empty()) {
    out.replies.front().body = reply_to_json(reply);
    out.replies.front().headers.erase("content-type");
  }
  return out;
}

Result<> Replay::keep(const Result<ChatReply>& result) const {
  const bool sent = facts_.attempt > 0;
  const Error* ending = result ? nullptr : &result.error();
  for (const ExchangeStore* store : facts_.endpoint.stores()) {
    if (!store->writes() || store == facts_.played_from) continue;
    const bool wanted =
        store->good_only() ? result && is_good(*result) : result || is_recordable(*ending);
    if (!wanted) continue;
    const bool late = !sent && ending != nullptr && ending->code == ErrorCode::deadline;
    const std::string key = late ? late_key(form_.address(), facts_.request) : form_.key();
    // What was recorded of the call says more than that it was not made.
    if (!sent && store->holds(key)) continue;
    auto written = store->put(key, result ? stored_call(*result) : stored_call(ending));
    if (written) continue;
    // A recording with a hole is useless; a cache only costs money later.
    if (!store->good_only()) return written;
    // Without the file, whose name each reply has for itself: one note for all.
    facts_.endpoint.warn_once("a reply could not be put into the cache: " +
                              written.error().message);
  }
  return {};
}

}  // namespace skillgrad::llm
