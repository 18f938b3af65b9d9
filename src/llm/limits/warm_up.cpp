// SPDX-License-Identifier: MIT
#include "llm/limits/warm_up.hpp"

#include <utility>

#include <skillgrad/core/hashing.hpp>

namespace skillgrad::llm {

WarmUp::Lead::Lead(Lead&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), prefix_(std::move(other.prefix_)) {}

void WarmUp::Lead::done() {
  WarmUp* owner = std::exchange(owner_, nullptr);
  if (owner == nullptr) return;
  std::vector<std::stop_source> waiting;
  {
    const std::scoped_lock lock(owner->mutex_);
    Prefix& prefix = owner->prefixes_[prefix_];
    prefix.warm = true;
    waiting.swap(prefix.waiting);
  }
  for (std::stop_source& sleep : waiting) sleep.request_stop();
}

WarmUp::Lead WarmUp::enter(const std::string& prefix, Duration longest, Clock& clock,
                           const std::stop_token& stop) {
  Lead lead;
  if (prefix.size() < kLeastBytes) return lead;
  lead.prefix_ = sha256_hex(prefix);
  std::stop_source sleep;
  {
    const std::scoped_lock lock(mutex_);
    const auto [entry, first] = prefixes_.try_emplace(lead.prefix_);
    if (first) {
      lead.owner_ = this;
      return lead;
    }
    if (entry->second.warm) return lead;
    entry->second.waiting.push_back(sleep);
  }
  const std::stop_callback forward(stop, [&sleep] { sleep.request_stop(); });
  // It does not matter who ended the sleep: the call goes on, and sees for itself if it may.
  if (longest > Duration{0}) [[maybe_unused]]
    const bool whole = clock.sleep_for(longest, sleep.get_token());
  return lead;
}

}  // namespace skillgrad::llm
