// SPDX-License-Identifier: MIT
// The part of a call that deals with an attempt that failed: whether another one follows, and what
// the user is told.
#include <algorithm>

#include <fmt/format.h>

#include "llm/call/call.hpp"
#include "llm/call/call_errors.hpp"
#include "llm/learn/cap_advice.hpp"

namespace skillgrad::llm {

namespace {

/// Changes of the request that one call may try, learned or its own; they are no retries.
constexpr int kMaxResends = 6;

}  // namespace

/// What the task's time limit cut: a task that took too long, or a call that nobody answered.
void Call::name_cut(Failure& failure) const {
  const Duration here = facts_.endpoint.clock().now() - facts_.began_at;
  const double waited = std::max(facts_.total_seconds, std::chrono::duration<double>(here).count());
  const bool owed = facts_.context.patience &&
                    waited >= std::chrono::duration<double>(*facts_.context.patience).count();
  failure.cls = owed ? FailureClass::unanswered : FailureClass::deadline;
  failure.detail = owed ? fmt::format(
                              "no answer came within {:.1f} s, and the task's time limit "
                              "passed",
                              waited)
                        : "the time limit passed before the reply was complete";
}

bool Call::adapt(ReadReply& read) {
  Failure& failure = *read.failure;
  if (resends_ >= kMaxResends) return false;
  const bool refused = failure.status == 400 || failure.status == 402 || failure.status == 403 ||
                       failure.status == 413 || failure.status == 422 || failure.status == 429 ||
                       failure.status == 500;
  const bool about_size = failure.cls == FailureClass::context_overflow ||
                          failure.cls == FailureClass::request_too_large ||
                          failure.cls == FailureClass::bad_request ||
                          failure.cls == FailureClass::unsupported_param;
  if (refused && about_size && !clamped_) {
    if (const auto advice = advise_cap(failure.body, form_.body().output_cap)) {
      facts_.endpoint.learn_limits(*advice);
      form_.override_cap(advice->cap);
      clamped_ = true;
      ++resends_;
      return true;
    }
  }
  const bool no_such_api = failure.cls == FailureClass::wrong_url;
  if (failure.cls != FailureClass::unsupported_param && !no_such_api) return false;
  const auto mutation = no_such_api ? leave_responses(form_.style())
                                    : find_mutation(failure.body, form_.body(), form_.style());
  if (no_such_api && !mutation) return false;
  if (!mutation || !facts_.endpoint.learn(form_.style(), *mutation)) {
    failure.cls = FailureClass::bad_request;
    return false;
  }
  ++resends_;
  return true;
}

Result<> Call::after_failure(AttemptPermit& permit, ReadReply& read) {
  Failure& failure = *read.failure;
  facts_.last_failure = failure;
  if (failure.cls != FailureClass::cancelled)
    facts_.endpoint.accountant().note_failure(reason_of(facts_.endpoint, failure));
  facts_.budgeted_retry = false;
  give_verdict(permit, failure);
  if (adapt(read)) return {};
  if (clamped_ && (failure.cls == FailureClass::bad_request ||
                   failure.cls == FailureClass::request_too_large)) {
    failure.cls = FailureClass::context_overflow;
  }
  if (is_fatal(failure.cls)) {
    Error error = give_up(facts_, form_, failure, {});
    facts_.endpoint.set_fatal(error);
    return tl::unexpected(std::move(error));
  }
  const double uniform = jitter_number(facts_.endpoint.jitter_seed(), form_.key(), facts_.attempt);
  const RetryDecision decision = retries_.decide(failure, uniform);
  if (!decision.retry) return tl::unexpected(give_up(facts_, form_, failure, decision.note));
  if (decision.counts_in_budget && !facts_.endpoint.accountant().take_retry()) {
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
  if (failure.cls == FailureClass::rate_limit) return admission_.check_room(decision.wait, failure);
  return admission_.wait(decision.wait, failure);
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

}  // namespace skillgrad::llm
