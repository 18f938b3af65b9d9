// SPDX-License-Identifier: MIT
// The part of a call that deals with caches and cassettes (endpoints.md R4.2, R4.3, R4.7).
#include <algorithm>

#include "llm/call.hpp"
#include "llm/exchange.hpp"
#include "llm/record.hpp"

namespace skillgrad::llm {

namespace {

/// Endings that an equal call would meet again, or that belong to what a recording shows. What
/// stopped the run itself is no part of it.
bool belongs_in_a_recording(ErrorCode code) {
  switch (code) {
    case ErrorCode::rate_limit:
    case ErrorCode::transient:
    case ErrorCode::malformed_reply:
    case ErrorCode::context_overflow:
    case ErrorCode::request_too_large:
    case ErrorCode::content_filter:
    case ErrorCode::bad_request:
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

void Call::warn_if_not_kept() {
  for (const ExchangeStore* store : endpoint_.stores()) {
    if (store->writes() && !store->good_only()) {
      endpoint_.warn_once("calls that the run directory answers are not recorded in " +
                          store->dir().string() + "; record a run from its beginning");
    }
  }
}

Result<std::optional<ChatReply>> Call::stored() {
  for (const ExchangeStore* store : endpoint_.stores()) {
    if (!store->reads()) continue;
    auto found = store->find(key_);
    if (!found && store->must_hit()) return tl::unexpected(found.error());
    if (!found) {
      endpoint_.warn_once("a stored call cannot be read and is made again: " +
                          found.error().to_line());
    } else if (*found) {
      played_from_ = store;
      SKILLGRAD_TRY(ChatReply reply, play(**found));
      return std::optional<ChatReply>(std::move(reply));
    } else if (store->must_hit()) {
      Error error = miss(*store);
      endpoint_.set_fatal(error);
      return tl::unexpected(std::move(error));
    }
  }
  return std::optional<ChatReply>{};
}

Error Call::miss(const ExchangeStore& store) {
  Error error;
  error.code = ErrorCode::config;
  error.message = "a call of " + request_.scope + " (" + request_.stage +
                  ") is not recorded: " + store.nearest(stored_call());
  error.where = store.dir().string();
  error.mend =
      "replay with the options, skill and tasks of the recording, or record again with "
      "--record";
  return error;
}

/// As attempts() would go, without waiting and without a connection.
Result<ChatReply> Call::play(const StoredCall& call) {
  const std::size_t count = call.replies.size();
  total_seconds_ = call.seconds;
  for (std::size_t i = 0; i < count; ++i) {
    HttpReply http = reply_of(call.replies[i], endpoint_.options().max_reply_bytes);
    last_ = call.replies[i];
    attempt_ = count == 1 ? call.attempts : static_cast<int>(i) + 1;
    http_status_ = http.status;
    ReadReply read = understand(http);
    if (!read.failure) return played(read, call);
    const bool more = i + 1 < count;
    if (more && (adapt(read) || retries_.decide(*read.failure, 0).retry)) continue;
    if (clamped_ && read.failure->cls == FailureClass::bad_request)
      read.failure->cls = FailureClass::context_overflow;
    LedgerRow ended = row();
    ended.outcome = to_string(code_of(read.failure->cls));
    ended.billed = "no";
    ended.cached = true;
    ended.http_status = http_status_;
    if (endpoint_.recorder() != nullptr)
      SKILLGRAD_CHECK(endpoint_.recorder()->attempt_failed(ended));
    Error error = give_up(*read.failure, "from a recording");
    if (is_fatal(read.failure->cls)) endpoint_.set_fatal(error);
    endpoint_.accountant().note_failed_call();
    SKILLGRAD_CHECK(keep(tl::unexpected(error)));
    return tl::unexpected(std::move(error));
  }
  return tl::unexpected(miss(*endpoint_.stores().front()));
}

Result<ChatReply> Call::played(ReadReply& read, const StoredCall& call) {
  ChatReply& reply = read.reply;
  reply.usage.calls = 1;
  reply.cost_usd = 0;
  reply.seconds = call.seconds;
  reply.attempts = 0;
  LedgerRow paid = row();
  paid.outcome = reply.refused ? "refused" : "ok";
  paid.billed = "no";
  paid.cached = true;
  paid.usage = reply.usage;
  paid.cost_usd = 0;
  paid.http_status = http_status_;
  paid.seconds = call.seconds;
  paid.response_model = endpoint_.redact(reply.model);
  if (endpoint_.recorder() != nullptr) {
    const Redactor* redactor = endpoint_.record_redactor();
    SKILLGRAD_CHECK(endpoint_.recorder()->finish(paid, redact_json(text_, redactor),
                                                 reply_to_json(reply, redactor)));
  }
  endpoint_.accountant().restore(paid);
  SKILLGRAD_CHECK(keep(reply));
  return std::move(reply);
}

StoredCall Call::stored_call() const {
  StoredCall out;
  out.request = canonical_;
  out.stage = request_.stage;
  out.scope = request_.scope;
  out.model = endpoint_.options().model;
  out.sample_index = request_.sample_index;
  out.attempts = std::max(1, attempt_);
  out.seconds = total_seconds_;
  out.replies = {last_};
  return out;
}

Result<> Call::keep(const Result<ChatReply>& result) {
  const bool sent = attempt_ > 0;
  for (const ExchangeStore* store : endpoint_.stores()) {
    if (!sent || !store->writes() || store == played_from_) continue;
    const bool wanted = store->good_only() ? result && is_good(*result)
                                           : result || belongs_in_a_recording(result.error().code);
    if (!wanted) continue;
    auto written = store->put(key_, stored_call());
    if (written) continue;
    // A recording with a hole is useless; a cache only costs money later.
    if (!store->good_only()) return written;
    endpoint_.warn_once("a reply could not be put into the cache: " + written.error().to_line());
  }
  return {};
}

}  // namespace skillgrad::llm
