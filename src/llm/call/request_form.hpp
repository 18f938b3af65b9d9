// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "llm/call/call_facts.hpp"

namespace skillgrad::llm {

/// What an attempt may use and cost at most.
struct Estimate {
  std::int64_t tokens = 0;  ///< prompt and output cap
  double usd = 0;           ///< 0 where no price is known
  bool priced = false;
};

/// The request of one call as it is sent: its body in the style that the endpoint takes, the output
/// cap, and the key that stands for it. For the one thread of the call.
class RequestForm {
 public:
  explicit RequestForm(CallFacts& facts) : facts_(facts) {}

  /// Writes the body before anything learned from the endpoint, from which the key is made. Once,
  /// before all else. Errors: bad_request.
  [[nodiscard]] Result<> prepare();
  /// Writes the body again where the endpoint has taught another style or cap. Errors: bad_request.
  [[nodiscard]] Result<> rewrite();
  /// What the present bytes may use and cost at most.
  const Estimate& estimate();
  /// The latest estimate; all 0 before the first.
  [[nodiscard]] const Estimate& most() const { return most_; }

  /// The output cap that the next attempt is sent with.
  [[nodiscard]] std::int64_t next_cap() const;
  /// From now on this cap, whatever the endpoint's limits are.
  void override_cap(std::int64_t cap) { cap_override_ = cap; }

  [[nodiscard]] const Body& body() const { return body_; }
  /// The bytes that are sent; equal for equal attempts.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// How the body is written.
  [[nodiscard]] const WireStyle& style() const { return style_; }
  /// Stands for the endpoint in keys.
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  /// What many calls begin with: tools and system text.
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  /// Of the first body; only where there are stores.
  [[nodiscard]] const std::string& canonical() const { return canonical_; }

 private:
  CallFacts& facts_;
  Body body_;
  std::string text_, address_, key_, prefix_, canonical_;
  WireStyle style_;
  std::int64_t wanted_cap_ = 0;
  std::optional<std::int64_t> cap_override_;
  std::size_t prompt_bytes_ = 0;  ///< of the first body
  Estimate most_;
};

}  // namespace skillgrad::llm
