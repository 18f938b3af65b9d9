// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>

namespace skillgrad::llm {

/// Lets the first call with a long prompt prefix go ahead alone, so that those that fan out behind
/// it find the prefix in the provider's cache instead of each paying for it (R4.6).
/// Thread-safe.
class WarmUp {
 public:
  /// Shorter prefixes are not worth a wait: providers cache from about 1024 tokens on.
  static constexpr std::size_t kLeastBytes = 4096;

  /// The first call of a prefix; ends when its first attempt is over, however that went.
  class Lead {
   public:
    Lead() = default;
    ~Lead() { done(); }
    Lead(Lead&& other) noexcept;
    Lead& operator=(Lead&&) = delete;
    void done();

   private:
    friend class WarmUp;
    WarmUp* owner_ = nullptr;
    std::string prefix_;
  };

  /// How long a call may wait. A cheaper prompt is worth no more than that, and a first call that
  /// hangs must not hold up all others.
  static constexpr Duration kLongestWait = std::chrono::seconds(30);

  /// Returns at once for the first call with this prefix; the others wait for it, for `longest` at
  /// the most, or for the stop.
  [[nodiscard]] Lead enter(const std::string& prefix, Duration longest, Clock& clock,
                           const std::stop_token& stop);

 private:
  struct Prefix {
    bool warm = false;                      ///< false: the first call is under way
    std::vector<std::stop_source> waiting;  ///< ends their sleeps
  };
  std::mutex mutex_;
  std::map<std::string, Prefix> prefixes_;  ///< by hash
};

}  // namespace skillgrad::llm
