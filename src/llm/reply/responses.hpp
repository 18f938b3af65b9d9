// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// True for an object of the responses API (R1.20), told by its shape.
[[nodiscard]] bool is_response(const Json& body);

/// The same reply as a chat completion, so that both APIs take one way from there on. The output
/// items go along verbatim in `message.responses_items`, because they are sent back with the turn.
/// A failed response becomes {"error":...}.
[[nodiscard]] Json chat_shape(const Json& response);

/// Puts the typed events of a streamed response together (R1.20). What the terminal event holds
/// decides; where it leaves its output out, items that came one by one stand in, and for items of
/// which only deltas came, what these make.
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
  struct Item {
    std::int64_t index = 0;
    Json begun, whole;  ///< as `output_item.added` and `output_item.done` had it
    std::string text, refusal, arguments, reasoning;  ///< of the deltas
    bool ended = false;                               ///< its text or arguments are whole
    [[nodiscard]] Json made() const;
  };
  /// Servers number all items 0, or give an item another id with each event: the id decides if it
  /// is known, then the latest item at that place as long as it is not whole.
  Item& item_for(const Json& event, const Json* item);
  Item& new_item(std::int64_t index, const std::string& id);
  void add_delta(const std::string& type, const Json& event);

  bool seen_ = false;
  Json terminal_;  ///< the response as it ended
  std::vector<Item> items_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::unordered_map<std::int64_t, std::size_t> by_index_;  ///< the latest
  std::size_t output_bytes_ = 0;
};

}  // namespace skillgrad::llm
