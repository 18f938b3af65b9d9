// SPDX-License-Identifier: MIT
#pragma once

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

/// Removes every registered secret (plain, URL-encoded, base64, JSON-escaped) and well-known key
/// patterns (endpoints.md R4.8) from a text. Immutable after construction, hence thread-safe.
class Redactor {
 public:
  Redactor() = default;
  explicit Redactor(const std::vector<Secret>& secrets);
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  std::vector<std::string> needles_;
};

}  // namespace skillgrad
