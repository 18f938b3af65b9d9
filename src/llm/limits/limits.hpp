// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <skillgrad/llm/limits.hpp>

#include "llm/address/url.hpp"
#include "llm/limits/limiter.hpp"

namespace skillgrad::llm {

/// The limiter of an endpoint's account: one per origin and key. `headers` are the request's lines,
/// from which the key is taken.
[[nodiscard]] std::shared_ptr<Limiter> limiter_of(Limits& limits, const Url& url,
                                                  const std::vector<std::string>& headers,
                                                  std::uint64_t jitter_seed);

}  // namespace skillgrad::llm
