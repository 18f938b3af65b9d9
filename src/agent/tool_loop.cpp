// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>

#include "agent/unknown_arguments.hpp"

namespace skillgrad::agent {
namespace {

using Kind = TraceEvent::Kind;
constexpr int kBadTurnsInARow = 3;
/// Where an output cap was met that nobody configured, the retry asks for at least this much.
constexpr int kLeastRaisedCap = 2048;
constexpr int kMostRaisedCap = 1 << 20;

/// What one tool call came to inside the loop.
struct Answer {
  ToolOutcome outcome;
  bool usable = true;  ///< false: no tool of that name, or unreadable arguments
};

Answer error_answer(std::string text, bool usable) {
  Answer answer;
  answer.outcome.text = std::move(text);
  answer.outcome.is_error = true;
  answer.usable = usable;
  return answer;
}

bool is_tool_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || name.size() > 64 || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string_view bare_name(std::string_view name) {
  name = trim(name);
  for (const std::string_view prefix : {"functions.", "default_api."}) {
    if (starts_with_icase(name, prefix)) name.remove_prefix(prefix.size());
  }
  return trim(name.substr(0, name.find("<|")));
}

/// The conversation of one task. Small steps over one state: messages, calls, what is left of
/// limits.
class Loop {
 public:
  Loop(llm::ChatModel& model, const LoopRequest& request, const Clock& clock,
       const llm::CallContext& context)
      : model_(model),
        request_(request),
        clock_(clock),
        stop_(context.stop),
        cap_(request.max_output_tokens) {
    if (request.limits.time.count() > 0) own_deadline_ = clock.now() + request.limits.time;
    outer_deadline_ = context.deadline;
    result_.messages = request.messages;
    for (Tool* tool : request.tools) specs_.push_back(tool->spec());
  }

  LoopResult run() {
    record_opening();
    while (true) {
      if (const auto limit = limit_met()) return end(*limit);
      Result<llm::ChatReply> reply = next_reply();
      if (!reply) return end_by_error(std::move(reply).error());
      if (const auto ended = take(std::move(*reply))) return end(*ended);
    }
  }

 private:
  void record_opening() {
    for (const llm::Message& message : request_.messages) {
      if (message.role == llm::Role::system) record(Kind::message, message.content, "system");
      if (message.role == llm::Role::user) record(Kind::message, message.content, "user");
    }
  }

  TraceEvent& record(Kind kind, std::string_view text, std::string role = {}) {
    TraceEvent event;
    event.kind = kind;
    event.turn = result_.turns;
    event.role = std::move(role);
    event.text = sanitize_utf8(text);
    event.is_error = kind == Kind::error;
    result_.trajectory.events.push_back(std::move(event));
    return result_.trajectory.events.back();
  }

  /// The model looks at the time: only it knows whether time passes or is played.
  std::optional<EndState> limit_met() {
    const LoopLimits& limits = request_.limits;
    if (result_.turns >= limits.turns) {
      record(Kind::error, "the limit of " + std::to_string(limits.turns) + " turns is reached");
      return EndState::turn_limit;
    }
    if (limits.tokens > 0 &&
        result_.usage.input_tokens + result_.usage.output_tokens >= limits.tokens) {
      record(Kind::error, "the limit of " + std::to_string(limits.tokens) + " tokens is reached");
      return EndState::token_limit;
    }
    return std::nullopt;
  }

  /// One call; a reply that was cut before it could be used is asked for once more.
  Result<llm::ChatReply> next_reply() {
    Result<llm::ChatReply> reply = ask();
    if (!reply || !is_useless_cut(*reply)) return reply;
    record(Kind::error, "the reply was cut at the output limit; asked again with a doubled limit");
    cap_ = raised_cap(*reply);
    reply = ask();
    if (!reply || !is_useless_cut(*reply)) return reply;
    const bool calls = !reply->message.tool_calls.empty();
    return fail(ErrorCode::malformed_reply,
                std::string("the reply was cut at the output limit twice, ") +
                    (calls ? "so its tool calls were not executed"
                           : "before it held any text or tool call"),
                request_.scope, "raise --max-output-tokens; it counts hidden reasoning too");
  }

  Result<llm::ChatReply> ask() {
    llm::ChatRequest chat;
    chat.stage = request_.stage;
    chat.scope = request_.scope;
    chat.sample_index = request_.sample_index;
    chat.messages = result_.messages;
    chat.tools = specs_;
    chat.max_output_tokens = cap_;
    llm::CallContext context;
    context.stop = stop_;
    context.deadline = outer_deadline_;
    context.cut_at = own_deadline_;
    if (own_deadline_) context.patience = patience();
    const SteadyTime asked = clock_.now();
    Result<llm::ChatReply> reply = model_.complete(chat, context);
    if (!reply) return reply;
    answered_ = true;
    longest_ = std::max<Duration>(longest_, clock_.now() - asked);
    result_.usage += reply->usage;
    if (reply->attempts == 0) ++result_.replayed_calls;
    if (reply->finish == llm::Finish::length && !reply->refused) {
      ++result_.cut_replies;
      result_.cut_at = std::max(result_.cut_at, reply->usage.output_tokens);
    }
    if (result_.cost_usd && reply->cost_usd) {
      *result_.cost_usd += *reply->cost_usd;
    } else {
      result_.cost_usd.reset();
    }
    return reply;
  }

  /// A task did not take the time itself if no call was answered, or if it was cut in a call that
  /// had taken as long as all the rest, or far longer than any call that was answered.
  [[nodiscard]] Duration patience() const {
    if (!answered_) return Duration(0);
    const Duration limit(request_.limits.time);
    return std::min<Duration>(limit / 2, std::max<Duration>(limit / 10, 3 * longest_));
  }

  static bool is_useless_cut(const llm::ChatReply& reply) {
    return !reply.refused && reply.finish == llm::Finish::length &&
           (!reply.message.tool_calls.empty() || trim(reply.message.content).empty());
  }

  [[nodiscard]] int raised_cap(const llm::ChatReply& reply) const {
    // What a server counts may leave out the reasoning that filled the cap.
    const std::int64_t met =
        cap_ ? *cap_ : std::max<std::int64_t>(reply.usage.output_tokens, model_.output_cap());
    return static_cast<int>(
        std::clamp<std::int64_t>(met * 2, cap_ ? 1 : kLeastRaisedCap, kMostRaisedCap));
  }

  std::optional<EndState> take(llm::ChatReply reply) {
    ++result_.turns;
    if (!reply.reasoning.empty()) record(Kind::reasoning, reply.reasoning);
    llm::Message message = std::move(reply.message);
    message.role = llm::Role::assistant;
    if (!message.content.empty()) record(Kind::message, message.content, "assistant");
    if (reply.refused || reply.finish == llm::Finish::filtered) return refuse(message.content);
    const bool done = message.tool_calls.empty();
    if (done || !message.content.empty()) result_.final_message = message.content;
    result_.truncated = done && reply.finish == llm::Finish::length;
    if (result_.truncated) record(Kind::error, "the message was cut at the output limit");
    if (done) {
      // A message with neither text nor calls is not valid history.
      if (!message.content.empty()) result_.messages.push_back(std::move(message));
      return EndState::finished;
    }
    for (llm::ToolCall& call : message.tool_calls) resolve_name(call);
    const std::vector<llm::ToolCall> calls = message.tool_calls;
    result_.messages.push_back(std::move(message));
    return answer_all(calls);
  }

  EndState refuse(const std::string& text) {
    Error error;
    error.code = ErrorCode::content_filter;
    error.message = "the model refused or its reply was filtered";
    if (!text.empty()) error.message += ": " + truncate_middle(sanitize_utf8(text), 300);
    error.where = request_.scope;
    error.mend = "reword the task or use another model";
    record(Kind::error, error.message);
    result_.error = std::move(error);
    return EndState::refused;
  }

  void resolve_name(llm::ToolCall& call) const {
    const std::string bare(bare_name(call.name));
    for (const llm::ToolSpec& spec : specs_) {
      if (spec.name == bare) {
        call.name = bare;
        return;
      }
    }
    for (const llm::ToolSpec& spec : specs_) {
      if (to_lower_ascii(spec.name) == to_lower_ascii(bare)) {
        call.name = spec.name;
        return;
      }
    }
    // The name goes back with the history, where endpoints refuse what is not a legal name.
    call.name = is_tool_name(bare) ? bare : "unknown_tool";
  }

  /// Carries out the calls in order; every one gets its result, also after the end.
  std::optional<EndState> answer_all(const std::vector<llm::ToolCall>& calls) {
    std::optional<EndState> ended;
    bool any_usable = false;
    turn_failed_ = false;
    const auto allowed = static_cast<std::size_t>(std::max(1, request_.limits.calls_per_turn));
    for (std::size_t i = 0; i < calls.size(); ++i) {
      Answer answer =
          ended ? error_answer("cancelled: the conversation ended before this call", true)
          : i >= allowed
              ? error_answer("not executed: at most " + std::to_string(allowed) +
                                 " tool calls in one turn; repeat this call in a later turn",
                             true)
          : i + 1 < calls.size() && hands_in(calls[i])
              ? error_answer(
                    "not executed: what stands behind it in this turn would be lost; call " +
                        calls[i].name + " last, or alone in the next turn",
                    true)
              : answer_one(calls[i]);
      any_usable = any_usable || answer.usable;
      turn_failed_ = turn_failed_ || answer.outcome.is_error;
      if (!ended && answer.outcome.infra) {
        result_.error = std::move(answer.outcome.infra);
        ended = EndState::infra_error;
      } else if (!ended && answer.outcome.ends_loop) {
        ended = EndState::finished;
      }
      put_result(calls[i], answer.outcome);
    }
    if (ended) return ended;
    bad_turns_ = any_usable ? 0 : bad_turns_ + 1;
    if (bad_turns_ < kBadTurnsInARow) return std::nullopt;
    result_.error = unusable_turns();
    record(Kind::error, result_.error->message);
    return EndState::infra_error;
  }

  [[nodiscard]] bool hands_in(const llm::ToolCall& call) const {
    for (std::size_t i = 0; i < specs_.size(); ++i)
      if (specs_[i].name == call.name) return request_.tools[i]->hands_in();
    return false;
  }

  /// A server without the right tool parser looks just like this, so it is no wrong answer .
  [[nodiscard]] Error unusable_turns() const {
    Error error;
    error.code = ErrorCode::malformed_reply;
    error.message = "three turns in a row held no usable tool call";
    error.where = request_.scope;
    error.mend =
        "look at the trajectory; start the endpoint with the tool call parser of this model, or "
        "use a model that follows tool schemas";
    return error;
  }

  Answer answer_one(const llm::ToolCall& call) {
    if (stop_.stop_requested()) {
      Answer answer = error_answer("cancelled", true);
      answer.outcome.infra = fail(ErrorCode::cancelled, "the run was stopped").value();
      return answer;
    }
    const auto found = std::find_if(specs_.begin(), specs_.end(),
                                    [&](const auto& spec) { return spec.name == call.name; });
    if (found == specs_.end()) {
      std::vector<std::string> names;
      for (const llm::ToolSpec& spec : specs_) names.push_back(spec.name);
      return error_answer("there is no tool \"" + call.name +
                              "\"; the tools are: " + (names.empty() ? "none" : join(names, ", ")),
                          false);
    }
    if (!call.problem.empty()) {
      return error_answer("the arguments could not be read: " + call.problem +
                              "; call the tool again with one JSON object that fits its parameters",
                          false);
    }
    Tool& tool = *request_.tools[static_cast<std::size_t>(found - specs_.begin())];
    if (tool.hands_in() && turn_failed_) {
      return error_answer(
          "not executed: an earlier call of this turn failed; look at its result, "
          "then call " +
              call.name + " again",
          true);
    }
    Answer answer;
    const SteadyTime began = clock_.now();
    answer.outcome = tool.call(call.arguments, stop_);
    ++tools_run_;
    if (request_.watch != nullptr)
      request_.watch->tool_ended({request_.scope, tools_run_, call.id, call.name,
                                  answer.outcome.is_error, clock_.now() - began});
    if (!answer.outcome.is_error && !answer.outcome.infra)
      answer.outcome.text += note_on_arguments(*found, call.arguments);
    return answer;
  }

  void put_result(const llm::ToolCall& call, const ToolOutcome& outcome) {
    TraceEvent& asked = record(Kind::tool_call, call.arguments);
    asked.call_id = call.id;
    asked.name = call.name;
    std::string text = sanitize_utf8(outcome.text);
    if (trim(text).empty()) text = outcome.infra ? outcome.infra->to_line() : "(no output)";
    TraceEvent& answered = record(Kind::tool_output, text);
    answered.call_id = call.id;
    answered.name = call.name;
    answered.is_error = outcome.is_error || outcome.infra;
    llm::Message message;
    message.role = llm::Role::tool;
    message.tool_call_id = call.id;
    message.content =
        outcome.whole ? text : truncate_middle(text, request_.limits.tool_output_bytes);
    result_.messages.push_back(std::move(message));
  }

  static Error unanswered(Error error) {
    error.code = ErrorCode::transient;
    error.message = "no call was answered within the task's time limit: " + error.message;
    error.mend = "raise --task-timeout, or lower -j";
    return error;
  }

  LoopResult end_by_error(Error error) {
    // Only the model knows when: transfers are cut in whole milliseconds, recordings are played.
    const bool own_limit =
        error.code == ErrorCode::deadline && !(outer_deadline_ && clock_.now() >= *outer_deadline_);
    if (own_limit && !answered_) error = unanswered(std::move(error));
    if (own_limit && answered_) {
      record(Kind::error, "the time limit is reached");
      return end(EndState::time_limit);
    }
    record(Kind::error, error.to_line());
    if (error.code == ErrorCode::context_overflow && result_.turns > 0) {
      return end(EndState::token_limit);
    }
    const bool filtered = error.code == ErrorCode::content_filter;
    result_.error = std::move(error);
    return end(filtered ? EndState::refused : EndState::infra_error);
  }

  LoopResult end(EndState state) {
    result_.end = state;
    return std::move(result_);
  }

  llm::ChatModel& model_;
  const LoopRequest& request_;
  const Clock& clock_;
  int tools_run_ = 0;
  std::stop_token stop_;
  std::optional<SteadyTime> own_deadline_, outer_deadline_;
  std::optional<int> cap_;
  std::vector<llm::ToolSpec> specs_;
  LoopResult result_;
  int bad_turns_ = 0;
  bool answered_ = false;     ///< any call of this loop
  Duration longest_{0};       ///< of the calls that were answered
  bool turn_failed_ = false;  ///< a call of the present turn got an error result
};

}  // namespace

LoopResult run_tool_loop(llm::ChatModel& model, const LoopRequest& request, const Clock& clock,
                         const llm::CallContext& context) {
  return Loop(model, request, clock, context).run();
}

}  // namespace skillgrad::agent
