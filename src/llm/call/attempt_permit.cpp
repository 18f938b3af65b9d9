// SPDX-License-Identifier: MIT
#include "llm/call/attempt_permit.hpp"

#include <utility>

namespace skillgrad::llm {

AttemptPermit::AttemptPermit(AttemptPermit&& other) noexcept
    : endpoint_(std::exchange(other.endpoint_, nullptr)),
      place_(std::move(other.place_)),
      owes_verdict_(other.owes_verdict_),
      reserved_(other.reserved_) {}

AttemptPermit::~AttemptPermit() {
  if (endpoint_ == nullptr) return;
  if (owes_verdict_) abandoned();
  if (reserved_) endpoint_->accountant().release(reserved_->usd, reserved_->tokens);
}

Result<> AttemptPermit::reserve(const Estimate& most, const std::stop_token& stop) {
  SKILLGRAD_CHECK(endpoint_->accountant().reserve_or_wait(most.usd, most.tokens, stop));
  reserved_ = most;
  return {};
}

void AttemptPermit::settle(const LedgerRow& row) {
  const Estimate taken = reserved_.value_or(Estimate{});
  reserved_.reset();
  endpoint_->accountant().settle(taken.usd, taken.tokens, row);
}

void AttemptPermit::answered() {
  owes_verdict_ = false;
  endpoint_->breaker().answered();
}

bool AttemptPermit::failed(const Failure& failure) {
  owes_verdict_ = false;
  return endpoint_->breaker().failed(endpoint_->clock().now(), failure);
}

void AttemptPermit::abandoned() {
  owes_verdict_ = false;
  endpoint_->breaker().abandoned();
}

}  // namespace skillgrad::llm
