// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/llm/chat.hpp>

#include "llm/wire/messages.hpp"
#include "llm/wire/wire_style.hpp"

namespace skillgrad::llm {

/// A request body as top-level keys with their JSON text, in the order in which they are sent.
struct Body {
  std::vector<std::pair<std::string, std::string>> fields;
  /// What the body allows the model to write, also where the endpoint takes no cap; 0 = no limit.
  std::int64_t output_cap = 0;
  std::string effort;  ///< reasoning effort asked for, "" = none
  MessageFacts facts;

  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] const std::string* find(const std::string& key) const;
  [[nodiscard]] std::string text() const;
  /// Keys sorted, without those that do not change the answer (R4.2): for the request key.
  [[nodiscard]] std::string canonical() const;
};

struct BodyOptions {
  std::string model;
  std::string extra_body;  ///< JSON object merged last, or ""
  std::optional<double> temperature;
  std::optional<std::uint64_t> request_seed;  ///< as EndpointOptions::request_seed
  std::string source;  ///< whose mirrored fields go back (endpoint and model)
};

/// Writes request bodies. Thread-safe.
class BodyBuilder {
 public:
  /// Errors: config (extra_body is no object, touches model, messages, tools or stream, or sets n
  /// above 1).
  [[nodiscard]] static Result<std::unique_ptr<BodyBuilder>> create(BodyOptions options);
  /// `cap` is the output cap to send; one in extra_body beats it. Errors: bad_request (a tool's
  /// name or schema breaks the protocol).
  [[nodiscard]] Result<Body> build(const ChatRequest& request, const WireStyle& style,
                                   std::int64_t cap) const;
  /// True if extra_body has this key.
  [[nodiscard]] bool sets(const std::string& key) const;

 private:
  explicit BodyBuilder(BodyOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<std::shared_ptr<const std::string>> tools_text(
      const std::vector<ToolSpec>& tools, const WireStyle& style) const;

  BodyOptions options_;
  std::vector<std::pair<std::string, std::string>> extra_;
  /// The same in the words of the responses API.
  std::vector<std::pair<std::string, std::string>> responses_extra_;
  std::string effort_, nested_effort_;  ///< extra_body's reasoning_effort, or reasoning.effort
  std::int64_t extra_cap_ = 0;
  mutable std::mutex mutex_;
  /// Tool arrays are few and repeat on every call: their bytes are written once.
  mutable std::unordered_map<std::string, std::shared_ptr<const std::string>> tools_;
};

}  // namespace skillgrad::llm
