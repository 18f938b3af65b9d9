// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::agent {

/// An ordered record of what happened, with call ids so that parallel tool calls pair correctly.
/// Outputs are stored whole and shown truncated.
struct TraceEvent {
  enum class Kind { message, reasoning, tool_call, tool_output, error };
  Kind kind = Kind::message;
  int turn = 0;      ///< 1-based model turn
  std::string role;  ///< system, user, assistant for messages
  std::string call_id;
  std::string name;  ///< tool name
  std::string text;  ///< message text, JSON arguments, tool output or error
  bool is_error = false;
};
struct Trajectory {
  std::vector<TraceEvent> events;
  [[nodiscard]] std::string to_json_lines() const;
  [[nodiscard]] static Result<Trajectory> from_json_lines(const std::string& text);
  /// Numbered steps for a prompt, each text at most `per_event` bytes, the whole at most `total`.
  [[nodiscard]] std::string render(std::size_t per_event, std::size_t total) const;
  /// Steps from..to (1-based, inclusive) at greater length.
  [[nodiscard]] std::string render_range(int from, int to, std::size_t total) const;
};

/// What a tool call came to. `text` goes back to the model; `ends_loop` ends the conversation
/// (a submit tool). `infra` set: the tool could not do its work, the loop stops with that error.
struct ToolOutcome {
  std::string text;
  bool is_error = false;
  bool ends_loop = false;
  bool whole = false;  ///< shown to the model without truncation (skill text)
  std::optional<Error> infra;
};
/// Used by one conversation at a time.
class Tool {
 public:
  virtual ~Tool() = default;
  [[nodiscard]] virtual llm::ToolSpec spec() const = 0;
  /// True for a tool that hands in the work: it is not called in a turn in which an earlier call
  /// failed, since the model has not seen that failure yet.
  [[nodiscard]] virtual bool hands_in() const { return false; }
  [[nodiscard]] virtual ToolOutcome call(const std::string& arguments_json,
                                         std::stop_token stop) = 0;
};
/// Data between `<tag>` and `</tag>` on lines of their own, as valid UTF-8; a closing tag inside it
/// is written `<\/tag>`, so that data cannot end its section.
[[nodiscard]] std::string tagged(std::string_view tag, std::string_view data);

/// A tool from a function, with its parameters' JSON Schema text.
[[nodiscard]] std::unique_ptr<Tool> make_tool(
    llm::ToolSpec spec,
    std::function<ToolOutcome(const std::string& arguments_json, std::stop_token stop)> call);

/// A call of a tool that was carried out; refused ones are none.
struct ToolRun {
  std::string scope;  ///< of the conversation
  int number = 0;     ///< in the conversation, from 1
  std::string call_id, name;
  bool is_error = false;
  Duration took{0};
};
/// Is told of each as it ends. Thread-safe.
class ToolWatch {
 public:
  virtual ~ToolWatch() = default;
  virtual void tool_ended(const ToolRun& run) = 0;
};

enum class EndState {
  finished,  ///< the model ended its work
  turn_limit,
  time_limit,
  token_limit,
  infra_error,  ///< not the agent's doing; never graded
  refused
};

struct LoopLimits {
  int turns = 30;
  std::chrono::milliseconds time{0};       ///< 0 = none
  std::int64_t tokens = 0;                 ///< 0 = none
  std::size_t tool_output_bytes = 30'000;  ///< shown to the model, head and tail
  int calls_per_turn = 16;
};
struct LoopRequest {
  std::string stage, scope;
  int sample_index = 0;
  std::vector<llm::Message> messages;  ///< system and user
  std::vector<Tool*> tools;
  LoopLimits limits;
  std::optional<int> max_output_tokens;
  ToolWatch* watch = nullptr;  ///< may be null
};
struct LoopResult {
  EndState end = EndState::infra_error;
  std::optional<Error> error;  ///< set for infra_error and refused
  Trajectory trajectory;
  std::string final_message;  ///< last assistant text
  bool truncated = false;     ///< final_message was cut at the output limit: not to be acted on
  int cut_replies = 0;        ///< replies that were cut there, asked again or not
  std::int64_t cut_at = 0;    ///< tokens of the longest of them; 0 without one, or not known
  std::vector<llm::Message> messages;  ///< whole conversation, for a repair turn
  llm::Usage usage;
  std::optional<double> cost_usd = 0.0;
  int turns = 0;
  int replayed_calls = 0;  ///< answered without asking the endpoint, so in no time
};
/// Model turn, tool calls, tool results, until the model stops calling tools, a tool ends the loop
/// or a limit is met. Limits are looked at before each model turn, so the calls of the last turn
/// are still carried out. Rules (R1.17, R2.9-R2.12):
/// - tool calls of a reply cut at the output limit are never executed: the turn is asked once more
///   with a doubled cap (not counted as a turn), then it is infra_error (malformed_reply);
/// - filtered replies, refusals and error content_filter end it as `refused`;
/// - an unknown tool, bad arguments and calls beyond `calls_per_turn` get an error result; each
///   call gets exactly one result; three turns in a row whose calls were all unusable end it as
///   infra_error (malformed_reply);
/// - error context_overflow after the first turn is `token_limit` (the conversation outgrew the
///   model), on the first turn infra_error; error deadline is `time_limit` unless the limit of the
///   context has passed or no call was answered; every other error is infra_error, and so is a call
///   that the time limit cut before any was answered, or after it had waited for half of the limit,
///   or for a tenth of it and three times as long as the longest answered one (transient).
/// The time limit is handed to the model, which ends a call with error deadline when it has passed
/// (or, from a recording, when it had passed).
[[nodiscard]] LoopResult run_tool_loop(llm::ChatModel& model, const LoopRequest& request,
                                       const Clock& clock, const llm::CallContext& context);

}  // namespace skillgrad::agent

namespace skillgrad {

template <>
struct EnumText<agent::TraceEvent::Kind> {
  using enum agent::TraceEvent::Kind;
  static constexpr EnumName<agent::TraceEvent::Kind> kTable[] = {{message, "message"},
                                                                 {reasoning, "reasoning"},
                                                                 {tool_call, "tool_call"},
                                                                 {tool_output, "tool_output"},
                                                                 {error, "error"}};
};

template <>
struct EnumText<agent::EndState> {
  using enum agent::EndState;
  static constexpr EnumName<agent::EndState> kTable[] = {
      {finished, "finished"},       {turn_limit, "turn_limit"},   {time_limit, "time_limit"},
      {token_limit, "token_limit"}, {infra_error, "infra_error"}, {refused, "refused"}};
};

}  // namespace skillgrad
