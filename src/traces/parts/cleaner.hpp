// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>

namespace skillgrad::traces {

/// What every text of a recording goes through before it is kept: valid UTF-8, without keys. People
/// paste more kinds of secrets into sessions than endpoints are called with, so beside what the
/// redactor knows this takes out private key blocks, tokens of well-known forms, and what is
/// assigned to a name that says secret (PASSWORD=...).
class Cleaner {
 public:
  explicit Cleaner(const Redactor& redactor) : redactor_(redactor) {}
  [[nodiscard]] std::string text(std::string_view raw);
  /// JSON text of a value, cleaned in its strings and names and then as a whole.
  [[nodiscard]] std::string json(const Json& value);
  /// Secrets that were taken out so far.
  [[nodiscard]] std::size_t redacted() const { return redacted_; }

 private:
  [[nodiscard]] Json cleaned(const Json& value);

  const Redactor& redactor_;
  std::size_t redacted_ = 0;
};

/// The part of Cleaner that the redactor does not know.
[[nodiscard]] std::string redact_pasted_secrets(std::string_view text);

}  // namespace skillgrad::traces
