// SPDX-License-Identifier: MIT
#include "llm/limits/breaker.hpp"

namespace skillgrad::llm {

Breaker::Gate Breaker::state(SteadyTime now) const {
  if (failed_probes_ >= kProbes) return {Gate::Kind::dead, Duration{0}};
  if (!open_) return {};
  if (now < open_until_) return {Gate::Kind::wait, open_until_ - now};
  // One request tries the endpoint; the others look again soon.
  if (probing_) return {Gate::Kind::wait, std::chrono::milliseconds(500)};
  return {};
}

Breaker::Gate Breaker::look(SteadyTime now) const {
  const std::scoped_lock lock(mutex_);
  return state(now);
}

Breaker::Gate Breaker::enter(SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  const Gate gate = state(now);
  if (gate.kind == Gate::Kind::go && open_) probing_ = true;
  return gate;
}

void Breaker::answered() {
  const std::scoped_lock lock(mutex_);
  consecutive_ = 0;
  failed_probes_ = 0;
  open_ = false;
  probing_ = false;
  last_.reset();
}

std::optional<Failure> Breaker::last_failure() const {
  const std::scoped_lock lock(mutex_);
  return last_;
}

bool Breaker::failed(SteadyTime now, const Failure& failure) {
  const std::scoped_lock lock(mutex_);
  last_ = failure;
  ++consecutive_;
  if (open_) {
    if (!probing_) return false;  // it had started before the breaker opened
    probing_ = false;
    ++failed_probes_;
    open_until_ = now + kOpenFor;
    return true;
  }
  if (consecutive_ < kFailuresToOpen) return false;
  open_ = true;
  open_until_ = now + kOpenFor;
  return true;
}

void Breaker::abandoned() {
  const std::scoped_lock lock(mutex_);
  probing_ = false;
}

}  // namespace skillgrad::llm
