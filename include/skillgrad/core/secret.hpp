// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad {

/// A key or token. Prints as "***"; `reveal` is for the transport only.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] bool empty() const { return value_.empty(); }
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] const char* to_string() const { return value_.empty() ? "" : "***"; }

 private:
  std::string value_;
};

class SecretMatcher;

/// Removes every registered secret from a text, however it is written there (plain, each character
/// URL-encoded or escaped, base64, hex), and what looks like a key (R4.8). Immutable
/// after construction, hence thread-safe.
class Redactor {
 public:
  Redactor() = default;
  explicit Redactor(const std::vector<Secret>& secrets);
  /// For errors, logs, headers, URLs and the console: also the value of any header or parameter
  /// that usually holds a key.
  [[nodiscard]] std::string redact(std::string_view text) const;
  /// For what models say and whatever is read back or goes on to another stage: beside the secrets
  /// only what cannot be anything but a key, because every other change would alter what an agent
  /// does. The result of it stays as it is when it is redacted again.
  [[nodiscard]] std::string redact_content(std::string_view text) const;
  /// For what is sent: the registered secrets and nothing else, since a task may be about what
  /// looks like a key.
  [[nodiscard]] std::string redact_known(std::string_view text) const;
  /// redact() for what an endpoint says when it refuses a key: words that share the first or last
  /// six characters of a secret go, too.
  [[nodiscard]] std::string redact_refusal(std::string_view text) const;

 private:
  std::shared_ptr<const SecretMatcher> secrets_;  ///< null: none are registered
};

}  // namespace skillgrad
