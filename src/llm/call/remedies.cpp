// SPDX-License-Identifier: MIT
#include "llm/call/remedies.hpp"

#include "llm/learn/cap_advice.hpp"
#include "llm/learn/mutations.hpp"

namespace skillgrad::llm {

namespace {

/// Changes of the request that one call may try, learned or its own; they are no retries.
constexpr int kMaxResends = 6;

}  // namespace

Remedies::Remedies(CallFacts& facts, RequestForm& form)
    : facts_(facts),
      form_(form),
      retries_({facts.endpoint.options().max_attempts_transient,
                facts.endpoint.options().max_attempts_rate_limit,
                facts.endpoint.options().max_retry_after}) {}

bool Remedies::clamp(const Failure& failure) {
  const bool refused = failure.status == 400 || failure.status == 402 || failure.status == 403 ||
                       failure.status == 413 || failure.status == 422 || failure.status == 429 ||
                       failure.status == 500;
  const bool about_size = failure.cls == FailureClass::context_overflow ||
                          failure.cls == FailureClass::request_too_large ||
                          failure.cls == FailureClass::bad_request ||
                          failure.cls == FailureClass::unsupported_param;
  if (!refused || !about_size || clamped_) return false;
  const auto advice = advise_cap(failure.body, form_.body().output_cap);
  if (!advice) return false;
  facts_.endpoint.learn_limits(*advice);
  form_.override_cap(advice->cap);
  clamped_ = true;
  return true;
}

bool Remedies::adapt(ReadReply& read) {
  Failure& failure = *read.failure;
  if (resends_ >= kMaxResends) return false;
  if (clamp(failure)) {
    ++resends_;
    return true;
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

}  // namespace skillgrad::llm
