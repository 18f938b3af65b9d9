// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <optional>

#include <skillgrad/core/clock.hpp>

#include "llm/errors/classify.hpp"

namespace skillgrad::llm {

/// Keeps workers from hammering an endpoint that is down (R3.5). Thread-safe; time comes from the
/// caller.
class Breaker {
 public:
  static constexpr Duration kOpenFor = std::chrono::seconds(30);
  struct Gate {
    enum class Kind { go, wait, dead };
    Kind kind = Kind::go;
    Duration wait{0};
  };
  /// What enter() would say, without entering.
  [[nodiscard]] Gate look(SteadyTime now) const;
  /// May an attempt start now? After `go` the caller must report success, failure or neither.
  [[nodiscard]] Gate enter(SteadyTime now);
  /// The endpoint answered, whatever it said.
  void answered();
  /// Connection failure or 5xx. True: it opens the breaker, or a probe keeps it open.
  bool failed(SteadyTime now, const Failure& failure);
  /// The latest of them since the endpoint last answered.
  [[nodiscard]] std::optional<Failure> last_failure() const;
  /// The attempt told nothing about the endpoint (cancelled).
  void abandoned();

 private:
  static constexpr int kFailuresToOpen = 8;
  static constexpr int kProbes = 3;

  [[nodiscard]] Gate state(SteadyTime now) const;

  mutable std::mutex mutex_;
  int consecutive_ = 0;
  int failed_probes_ = 0;
  bool open_ = false;
  bool probing_ = false;
  SteadyTime open_until_{};
  std::optional<Failure> last_;
};

}  // namespace skillgrad::llm
