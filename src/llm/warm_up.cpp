// SPDX-License-Identifier: MIT
#include "llm/warm_up.hpp"

#include <utility>

#include <skillgrad/core/hashing.hpp>

namespace skillgrad::llm {

WarmUp::Lead::Lead(Lead&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), prefix_(std::move(other.prefix_)) {}

void WarmUp::Lead::done() {
  WarmUp* owner = std::exchange(owner_, nullptr);
  if (owner == nullptr) return;
  {
    const std::scoped_lock lock(owner->mutex_);
    owner->warm_[prefix_] = true;
  }
  owner->changed_.notify_all();
}

WarmUp::Lead WarmUp::enter(const std::string& prefix, const std::stop_token& stop) {
  Lead lead;
  if (prefix.size() < kLeastBytes) return lead;
  lead.prefix_ = sha256_hex(prefix);
  std::unique_lock lock(mutex_);
  const auto [entry, first] = warm_.try_emplace(lead.prefix_, false);
  if (first) {
    lead.owner_ = this;
    return lead;
  }
  const bool& warm = entry->second;
  changed_.wait(lock, stop, [&warm] { return warm; });
  return lead;
}

}  // namespace skillgrad::llm
