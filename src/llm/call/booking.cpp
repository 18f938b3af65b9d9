// SPDX-License-Identifier: MIT
#include "llm/call/booking.hpp"

#include "llm/call/reply_reading.hpp"
#include "llm/stored/record.hpp"

namespace skillgrad::llm {

namespace {

AttemptOutcome outcome_of(const ReadReply& read) {
  if (!read.failure) return read.reply.refused ? AttemptOutcome::refused : AttemptOutcome::ok;
  if (read.failure->cls == FailureClass::unanswered) return AttemptOutcome::unanswered;
  return code_of(read.failure->cls);
}

/// Nothing was sent or paid for it now.
void mark_cached(LedgerRow& row) {
  row.billed = Billed::no;
  row.cached = true;
  row.cost_usd = 0;
}

}  // namespace

LedgerRow Booking::row() const {
  LedgerRow row;
  row.key = form_.key();
  row.stage = facts_.request.stage;
  row.scope = facts_.request.scope;
  row.model = facts_.endpoint.options().model;
  row.attempt = facts_.attempt;
  row.budgeted_retry = facts_.budgeted_retry;
  return row;
}

Result<> Booking::begin() {
  if (facts_.attempt == 0) facts_.endpoint.accountant().note_call(form_.key());
  ++facts_.attempt;
  if (facts_.endpoint.recorder() == nullptr) return {};
  LedgerRow begun = row();
  begun.reserved_tokens = form_.most().tokens;
  const auto most = form_.most().priced ? std::optional(form_.most().usd) : std::nullopt;
  return facts_.endpoint.recorder()->begin(form_.key(), begun, most);
}

void Booking::charge_failure(const ReadReply& read, LedgerRow& row) const {
  const Failure& failure = *read.failure;
  row.outcome = outcome_of(read);
  row.usage = read.reply.usage;
  if (!failure.possibly_billed) {
    row.billed = Billed::no;
    row.usage = {};
    return;
  }
  const bool known = row.usage.input_tokens > 0 && !row.usage.estimated;
  row.billed = known ? Billed::yes : Billed::unknown;
  const Estimate& most = form_.most();
  if (row.usage.input_tokens == 0) row.reserved_tokens = most.tokens;
  const bool said = read.provider_cost && (*read.provider_cost > 0 || !most.priced);
  if (said || row.usage.input_tokens > 0) {
    row.cost_usd = facts_.endpoint.charged(read.provider_cost, row.usage, read.cache_write_tokens);
  } else if (most.priced) {
    row.cost_usd = most.usd;
  }
}

Result<> Booking::settle(AttemptPermit& permit, EndedAttempt& attempt) {
  Endpoint& endpoint = facts_.endpoint;
  ReadReply& read = attempt.read;
  LedgerRow paid = row();
  paid.http_status = attempt.http_status;
  paid.seconds = attempt.seconds;
  paid.first_byte_seconds = attempt.first_byte_seconds;
  paid.request_id = endpoint.redact(attempt.request_id);
  paid.response_model = endpoint.redact(read.reply.model);
  paid.response_id = endpoint.redact(read.response_id);
  paid.provider = endpoint.redact(read.provider);
  paid.system_fingerprint = endpoint.redact(read.system_fingerprint);
  Result<> recorded;
  if (read.failure) {
    charge_failure(read, paid);
    if (endpoint.recorder() != nullptr) recorded = endpoint.recorder()->attempt_failed(paid);
  } else {
    complete(read);
    ChatReply& reply = read.reply;
    paid.outcome = outcome_of(read);
    paid.billed = Billed::yes;
    paid.usage = reply.usage;
    paid.cache_write_tokens = read.cache_write_tokens;
    paid.cost_usd = reply.cost_usd;
    recorded = finish(paid, reply);
  }
  if (facts_.keeps_calls()) {
    made_.push_back({outcome_of(read), attempt.http_status, paid.usage, paid.cost_usd});
  }
  permit.settle(paid);
  if (!read.failure) permit.answered();
  return recorded;
}

/// A reply that came now, with what is known of the call besides.
void Booking::complete(ReadReply& read) const {
  Endpoint& endpoint = facts_.endpoint;
  ChatReply& reply = read.reply;
  facts_.hidden = endpoint.hide_secrets(reply);
  reply.usage.calls = 1;
  reply.cost_usd = endpoint.charged(read.provider_cost, reply.usage, read.cache_write_tokens);
  reply.seconds = facts_.total_seconds;
  reply.attempts = facts_.attempt;
  endpoint.note_answer();
  say_habits(endpoint, read, form_.body().output_cap);
}

Result<> Booking::finish(const LedgerRow& row, const ChatReply& reply) const {
  Endpoint& endpoint = facts_.endpoint;
  if (endpoint.recorder() == nullptr) return {};
  const Redactor* redactor = endpoint.record_redactor();
  return endpoint.recorder()->finish(row, redact_json(form_.text(), redactor),
                                     reply_to_json(reply));
}

StoredAttempt Booking::as_made(const ReadReply& read, int http_status) const {
  LedgerRow ended = row();
  charge_failure(read, ended);
  return {outcome_of(read), http_status, ended.usage, ended.cost_usd};
}

/// Only a replay counts towards the limits: with a cache, nothing was used now.
Result<> Booking::book(LedgerRow& row, std::optional<double> usd) {
  Accountant& accountant = facts_.endpoint.accountant();
  mark_cached(row);
  if (!facts_.played_from->must_hit()) {
    accountant.restore(row);
    return {};
  }
  row.recorded_usd = usd.value_or(0);
  const Estimate& most = form_.estimate();
  SKILLGRAD_CHECK(accountant.reserve_or_wait(most.usd, most.tokens, facts_.context.stop));
  accountant.settle(most.usd, most.tokens, row);
  return {};
}

Result<> Booking::book_failure(const StoredAttempt& attempt) {
  Endpoint& endpoint = facts_.endpoint;
  LedgerRow ended = row();
  ended.outcome = attempt.outcome;
  ended.http_status = attempt.http_status;
  ended.usage = attempt.usage;
  SKILLGRAD_CHECK(
      book(ended, attempt.cost_usd ? attempt.cost_usd : endpoint.cost(attempt.usage, 0)));
  return endpoint.recorder() == nullptr ? Result<>{} : endpoint.recorder()->attempt_failed(ended);
}

Result<> Booking::book_answer(const ReadReply& read, int http_status, const StoredCall& call) {
  const ChatReply& reply = read.reply;
  LedgerRow paid = row();
  paid.outcome = outcome_of(read);
  paid.usage = reply.usage;
  paid.cache_write_tokens = read.cache_write_tokens;
  paid.http_status = http_status;
  paid.seconds = call.seconds;
  paid.response_model = facts_.endpoint.redact(reply.model);
  SKILLGRAD_CHECK(book_stored(paid, read, call));
  return finish(paid, reply);
}

Result<> Booking::book_stored(LedgerRow& row, const ReadReply& read, const StoredCall& call) {
  if (call.made && call.made->empty()) {
    // A cache answered it when it was recorded, so it counted towards no limit.
    mark_cached(row);
    facts_.endpoint.accountant().restore(row);
    return {};
  }
  if (call.made && call.made->back().cost_usd) return book(row, call.made->back().cost_usd);
  return book(row, facts_.endpoint.charged(read.provider_cost, row.usage, read.cache_write_tokens));
}

}  // namespace skillgrad::llm
