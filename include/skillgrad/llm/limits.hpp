// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skillgrad::llm {

class Limiter;
struct Url;

/// Holds requests to the limits of the endpoints' accounts (EndpointOptions::requests_per_minute
/// and its neighbours, and what the endpoints themselves say). Clients that are given the same
/// object share one limiter per origin and key. Thread-safe.
class Limits {
 public:
  Limits();
  ~Limits();
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;
  /// So many processes, this one among them, keep to the configured rates together: each to its
  /// part of them. The number may change at any time.
  void share(std::size_t processes);

 private:
  friend std::shared_ptr<Limiter> limiter_of(Limits& limits, const Url& url,
                                             const std::vector<std::string>& headers,
                                             std::uint64_t jitter_seed);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skillgrad::llm
