// SPDX-License-Identifier: MIT
#include "llm/limits/limits.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

struct Limits::State {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Limiter>> limiters;
  std::size_t processes = 1;
};

Limits::Limits() : state_(std::make_unique<State>()) {}
Limits::~Limits() = default;

void Limits::share(std::size_t processes) {
  const std::scoped_lock lock(state_->mutex);
  state_->processes = processes;
  for (const auto& [account, limiter] : state_->limiters) limiter->share(processes);
}

namespace {

/// Scheme, host and port in one spelling.
std::string account_origin(const Url& url) {
  const std::string& authority = url.authority;
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  std::string port = colon == std::string::npos ? "" : authority.substr(colon + 1);
  if (port.empty()) port = url.scheme == "https" ? "443" : "80";
  return url.scheme + "://" + url.host + " " + port;
}

bool names_key(const std::string& line) {
  static constexpr std::array<const char*, 4> kNames = {
      "authorization:", "api-key:", "x-api-key:", "x-goog-api-key:"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](const char* name) { return starts_with_icase(line, name); });
}

}  // namespace

std::shared_ptr<Limiter> limiter_of(Limits& limits, const Url& url,
                                    const std::vector<std::string>& headers,
                                    std::uint64_t jitter_seed) {
  std::string account = account_origin(url) + "\n";
  for (const std::string& line : headers) {
    if (names_key(line)) account += line + "\n";
  }
  const std::scoped_lock lock(limits.state_->mutex);
  std::shared_ptr<Limiter>& limiter = limits.state_->limiters[sha256_hex(account)];
  if (!limiter) {
    limiter = std::make_shared<Limiter>(jitter_seed);
    limiter->share(limits.state_->processes);
  }
  return limiter;
}

}  // namespace skillgrad::llm
