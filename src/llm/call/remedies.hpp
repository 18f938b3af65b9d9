// SPDX-License-Identifier: MIT
#pragma once

#include "llm/call/call_facts.hpp"
#include "llm/call/request_form.hpp"
#include "llm/limits/retry.hpp"
#include "llm/reply/reply.hpp"

namespace skillgrad::llm {

/// What may help after a failed attempt: the request in another form (R1.7, R1.19), or the same
/// once more (R3.5). For the one thread of the call.
class Remedies {
 public:
  Remedies(CallFacts& facts, RequestForm& form);

  /// True: the rejection asks for a change of the request, and the next attempt has it. Such an
  /// attempt is no retry. May turn the failure into bad_request.
  [[nodiscard]] bool adapt(ReadReply& read);
  /// Whether the same is tried once more; as RetryState::decide().
  [[nodiscard]] RetryDecision retry(Failure& failure, double uniform) {
    return retries_.decide(failure, uniform);
  }
  /// The output cap was cut to what a rejection named: what is refused still is the prompt.
  [[nodiscard]] bool clamped() const { return clamped_; }

 private:
  [[nodiscard]] bool clamp(const Failure& failure);

  CallFacts& facts_;
  RequestForm& form_;
  RetryState retries_;
  int resends_ = 0;
  bool clamped_ = false;
};

}  // namespace skillgrad::llm
