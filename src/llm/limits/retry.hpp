// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "llm/errors/classify.hpp"

namespace skillgrad::llm {

struct RetryLimits {
  int transient = 6;    ///< attempts
  int rate_limit = 12;  ///< attempts, and at most 300 s of waiting
  Duration max_retry_after = std::chrono::seconds(120);
};

/// What to do after a failed attempt.
struct RetryDecision {
  bool retry = false;
  Duration wait{0};
  bool counts_in_budget = false;  ///< takes from the run-wide retry budget (R3.5)
  std::string note;               ///< why not, when that is not obvious
};

/// Retry rules of one call (R3.5). Not thread-safe.
class RetryState {
 public:
  explicit RetryState(RetryLimits limits) : limits_(limits) {}
  /// `uniform` in [0,1) spreads the wait. May turn `failure` into bad_request when two equal 500s
  /// show that the request itself is at fault.
  [[nodiscard]] RetryDecision decide(Failure& failure, double uniform);

 private:
  [[nodiscard]] RetryDecision rate_limited(const Failure& failure, double uniform);
  [[nodiscard]] int limit_of(FailureClass cls) const;

  RetryLimits limits_;
  std::map<FailureClass, int> failures_;
  Duration rate_waits_{0};
  std::string last_500_;
};

}  // namespace skillgrad::llm
