// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <skillgrad/core/json.hpp>

#include "llm/reply/responses.hpp"
#include "llm/wire/json_scan.hpp"
#include "llm/wire/sse.hpp"

namespace skillgrad::llm {

/// Puts the deltas of a stream together to the reply that the endpoint would have sent without
/// streaming, so that both take the same way from there on (R2.14 to R2.18). Its many fields are
/// what a reply has, as far as it came.
class DeltaAssembler {
 public:
  void event(const SseEvent& event);

  /// Nothing more is to come: [DONE] or a terminal event was seen.
  [[nodiscard]] bool done() const { return done_ || responses_.complete(); }
  [[nodiscard]] bool complete() const {
    return responses_.seen() ? responses_.complete() : done_ || finished_;
  }
  [[nodiscard]] bool progressed() const { return progressed_; }  ///< since the last call of `rest`
  void rest() { progressed_ = false; }
  /// An error event, as JSON; nullopt if there was none.
  [[nodiscard]] const std::optional<Json>& error() const { return error_; }
  /// What is no part of a reply, shortened; "" if there was none.
  [[nodiscard]] const std::string& malformed() const { return malformed_; }
  [[nodiscard]] std::size_t output_bytes() const;
  /// {"id","model","choices":[{"message":{...},"finish_reason":...}],"usage":{...}}, of what came
  /// so far.
  [[nodiscard]] Json reply() const;

 private:
  struct Call {
    std::string id, name, arguments;
    ObjectProgress progress;   ///< of `arguments`
    Json arguments_object;     ///< some servers send the object itself
    Json mirrored;             ///< fields that go back, see mirrored_of_call
    std::size_t named_in = 0;  ///< the last delta that named it
    bool named_again = false;  ///< named once more after its arguments were whole

    [[nodiscard]] bool has_arguments() const {
      return !arguments.empty() || !arguments_object.is_null();
    }
    /// Nothing can follow but another call; that alone never ends one.
    [[nodiscard]] bool whole() const { return progress.closed() || !arguments_object.is_null(); }
  };
  /// What one piece of a call says.
  struct Piece {
    explicit Piece(const Json& value);
    std::string id, name;
    std::optional<std::int64_t> index;
    const Json* arguments = nullptr;
    Json mirrored;
    /// It begins an object of arguments.
    [[nodiscard]] bool begins_object() const;
  };
  /// A field that comes as text, as parts, or as both.
  struct Mixed {
    std::string text;
    Json parts = Json::array();  ///< not empty: everything, in order
    void add(const Json& value);
    [[nodiscard]] Json value() const { return parts.empty() ? Json(text) : parts; }
    [[nodiscard]] bool empty() const { return text.empty() && parts.empty(); }
  };
  /// A payload or a line that is no JSON object.
  void other_data(const SseEvent& event, std::string_view data);
  void fail(Json error);
  void note_malformed(std::string_view what);
  void chunk(const Json& value);
  void choice(const Json& value);
  void other_choice(std::int64_t index, const Json& value);
  void whole_message(const Json& value);
  [[nodiscard]] static bool says_other(const Mixed& came, const Json& whole);
  void delta(const Json& value);
  void call_deltas(const Json& value);
  void legacy_delta(const Json& value);
  void tool_delta(const Json& value);
  Call& call_for(const Piece& piece);
  /// A call that is known by the piece's id and that the piece goes on with.
  Call* call_of_id(const Piece& piece);
  Call& call_at_index(const Piece& piece);
  [[nodiscard]] bool is_another(const Call& call, const Piece& piece) const;
  Call& new_call() { return calls_.emplace_back(); }

  std::map<std::string, Mixed> texts_;  ///< content, reasoning_content, refusal, ...
  std::size_t text_bytes_ = 0;
  Json mirrored_ = Json::object();  ///< other fields that go back, put together
  std::vector<Call> calls_;
  std::size_t deltas_ = 0;
  std::map<std::int64_t, std::size_t> by_index_;
  std::unordered_map<std::string, std::size_t> by_id_;
  Json function_call_;
  std::string role_ = "assistant";
  std::map<std::int64_t, std::shared_ptr<DeltaAssembler>> others_;  ///< choices, by index
  bool in_deltas_ = false;     ///< text or calls came as deltas
  bool calls_beside_ = false;  ///< the calls stand beside the deltas, not in them
  ResponseEvents responses_;   ///< when the stream turns out to be of the responses API
  Json usage_, head_ = Json::object();
  Json ends_ = {{"finish_reason", nullptr}};  ///< what was said of the end, the worst of each
  std::optional<Json> error_;
  std::string malformed_;
  bool done_ = false, finished_ = false, progressed_ = false;
};

}  // namespace skillgrad::llm
