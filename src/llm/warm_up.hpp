// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

namespace skillgrad::llm {

/// Lets the first call with a long prompt prefix go ahead alone, so that those that fan out behind
/// it find the prefix in the provider's cache instead of each paying for it (endpoints.md R4.6).
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

  /// Returns at once for the first call with this prefix; the others wait for it, or for the stop.
  [[nodiscard]] Lead enter(const std::string& prefix, const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, bool> warm_;  ///< false: the first call is under way
};

}  // namespace skillgrad::llm
