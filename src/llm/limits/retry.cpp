// SPDX-License-Identifier: MIT
#include "llm/limits/retry.hpp"

#include <fmt/format.h>

namespace skillgrad::llm {

namespace {

constexpr Duration kRateLimitTotal = std::chrono::seconds(300);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

bool at_fault_by_text(const std::string& text) {
  for (const char* word : {"template", "grammar", "parse error", "failed to parse"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

/// The endpoint is well: the model is asked for another sample, which no outage multiplies.
bool is_of_the_model(FailureClass cls) {
  return cls == FailureClass::truncated_call || cls == FailureClass::tool_use_failed ||
         cls == FailureClass::unread_call || cls == FailureClass::empty_reply;
}

}  // namespace

int RetryState::limit_of(FailureClass cls) const {
  switch (cls) {
    case FailureClass::transient:
      return limits_.transient;
    case FailureClass::rate_limit:
      return limits_.rate_limit;
    case FailureClass::malformed:
    case FailureClass::empty_choices:
    case FailureClass::empty_tool_calls:
    case FailureClass::tool_use_failed:
    case FailureClass::unread_call:
    case FailureClass::empty_reply:
      return 3;
    case FailureClass::bad_encoding:
    case FailureClass::truncated_call:
      return 2;
    default:
      return 1;
  }
}

RetryDecision RetryState::rate_limited(const Failure& failure, double uniform) {
  RetryDecision decision;
  const int count = failures_[FailureClass::rate_limit];
  if (failure.delay && *failure.delay > limits_.max_retry_after) {
    decision.note =
        fmt::format("the endpoint asks to wait {:.0f} s, more than the limit of {:.0f} s",
                    seconds(*failure.delay), seconds(limits_.max_retry_after));
    return decision;
  }
  decision.wait =
      failure.delay ? with_jitter(*failure.delay, uniform) : backoff(count + 1, uniform);
  if (count >= limits_.rate_limit || rate_waits_ + decision.wait > kRateLimitTotal) {
    decision.note = fmt::format("gave up after waiting {:.0f} s", seconds(rate_waits_));
    return decision;
  }
  rate_waits_ += decision.wait;
  decision.retry = true;
  return decision;
}

RetryDecision RetryState::decide(Failure& failure, double uniform) {
  if (failure.status == 500 && failure.cls == FailureClass::transient) {
    const std::string text = failure.body.haystack();
    if (at_fault_by_text(text) && text == last_500_) {
      failure.cls = FailureClass::bad_request;
      return {};
    }
    last_500_ = text;
  }
  const bool stops =
      failure.cls == FailureClass::cancelled || failure.cls == FailureClass::deadline;
  if (stops || (failure.should_retry && !*failure.should_retry)) return {};
  const int count = ++failures_[failure.cls];
  if (failure.cls == FailureClass::rate_limit) return rate_limited(failure, uniform);
  const bool told_to = failure.should_retry && *failure.should_retry;
  const int limit = told_to ? limits_.transient : limit_of(failure.cls);
  if (count >= limit) return {};
  RetryDecision decision;
  decision.retry = true;
  decision.counts_in_budget = !is_of_the_model(failure.cls);
  if (failure.cls == FailureClass::truncated_call || failure.cls == FailureClass::unread_call) {
    return decision;
  }
  if (failure.delay && *failure.delay > limits_.max_retry_after) {
    return {.retry = false,
            .wait = Duration{0},
            .counts_in_budget = false,
            .note = fmt::format("the endpoint asks to wait {:.0f} s", seconds(*failure.delay))};
  }
  decision.wait = failure.delay ? with_jitter(*failure.delay, uniform) : backoff(count, uniform);
  return decision;
}

}  // namespace skillgrad::llm
