// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>

#include "llm/responses.hpp"
#include "llm/sse.hpp"

namespace skillgrad::llm {

/// Puts the deltas of a stream together to the reply that the endpoint would have sent without
/// streaming, so that both take the same way from there on (R2.14 to R2.18).
class DeltaAssembler {
 public:
  void event(const SseEvent& event);

  /// Nothing more is to come: [DONE] or a terminal event was seen.
  [[nodiscard]] bool done() const { return done_ || responses_.complete(); }
  [[nodiscard]] bool complete() const {
    return responses_.seen() ? responses_.complete() : done_ || finished_;
  }
  [[nodiscard]] bool has_output() const;
  [[nodiscard]] bool progressed() const { return progressed_; }  ///< since the last call of `rest`
  void rest() { progressed_ = false; }
  /// An error event, as JSON; nullopt if there was none.
  [[nodiscard]] const std::optional<Json>& error() const { return error_; }
  /// A data payload that is no JSON, shortened; "" if there was none.
  [[nodiscard]] const std::string& malformed() const { return malformed_; }
  [[nodiscard]] std::size_t output_bytes() const;
  /// {"id","model","choices":[{"message":{...},"finish_reason":...}],"usage":{...}}, of what came
  /// so far.
  [[nodiscard]] Json reply() const;

 private:
  struct Call {
    std::string id, name, arguments;
    Json arguments_object;  ///< some servers send the object itself
    Json extra_content;
  };
  void chunk(const Json& value);
  void delta(const Json& value);
  void tool_delta(const Json& value);
  Call& call_for(const Json& value);

  std::map<std::string, std::string> texts_;  ///< content, reasoning_content, refusal, ...
  Json content_parts_ = Json::array();
  Json reasoning_details_ = Json::array();
  std::vector<Call> calls_;
  std::map<std::int64_t, std::size_t> by_index_;
  Json function_call_;
  ResponseEvents responses_;  ///< when the stream turns out to be of the responses API
  Json usage_, head_ = Json::object();
  std::string finish_reason_;
  std::optional<Json> error_;
  std::string malformed_;
  bool done_ = false, finished_ = false, progressed_ = false;
};

}  // namespace skillgrad::llm
