// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// True for an object of the responses API (R1.20), told by its shape.
[[nodiscard]] bool is_response(const Json& body);

/// The same reply as a chat completion, so that both APIs take one way from there on. The output
/// items go along verbatim in `message.responses_items`, because they are sent back with the turn.
/// A failed response becomes {"error":...}.
[[nodiscard]] Json chat_shape(const Json& response);

/// Puts the typed events of a streamed response together (R1.20). What the terminal event holds
/// decides; items that came one by one stand in where it leaves its output out.
class ResponseEvents {
 public:
  /// True if `value` is an event of the responses API.
  [[nodiscard]] static bool is_event(const Json& value);
  /// False: the event brought nothing new of the model's output.
  bool event(const Json& value);

  [[nodiscard]] bool seen() const { return seen_; }
  [[nodiscard]] bool complete() const { return terminal_.is_object(); }
  /// {"error":...} of a failed response; nullopt if there was none.
  [[nodiscard]] std::optional<Json> error() const;
  [[nodiscard]] std::size_t output_bytes() const { return output_bytes_; }
  /// As chat_shape().
  [[nodiscard]] Json reply() const;

 private:
  void add_item(const Json& value);

  bool seen_ = false;
  Json terminal_;  ///< the response as it ended
  std::map<std::int64_t, Json> items_;
  std::size_t output_bytes_ = 0;
};

}  // namespace skillgrad::llm
