// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::llm {

enum class Role { system, user, assistant, tool };

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  ///< JSON text of an object; "{}" when the model sent nothing
  std::string problem;    ///< not empty: arguments were unusable, and why; `arguments` is "{}"
};

struct Message {
  Role role = Role::user;
  std::string content;
  std::vector<ToolCall> tool_calls;  ///< assistant only
  std::string tool_call_id;          ///< tool only
  /// assistant only: JSON object of provider fields to mirror back (reasoning_content, ...), or "".
  std::string mirror;
};

struct ToolSpec {
  std::string name;  ///< ^[A-Za-z][A-Za-z0-9_-]{0,63}$
  std::string description;
  std::string
      parameters;  ///< JSON Schema text: {"type":"object","properties":{...},"required":[...]}
};

/// One chat completion to ask for.
struct ChatRequest {
  std::string stage;     ///< executor, diagnoser, momentum, patcher, judge, doctor: ledger column
  std::string scope;     ///< where in the run, e.g. "iter_003/diagnose/t1": ledger column, not sent
  int sample_index = 0;  ///< keeps repeated rollouts of one request apart in cache and record
  std::vector<Message> messages;
  std::vector<ToolSpec> tools;
  std::optional<int> max_output_tokens;
  /// Stands for `scope` in the call record's key: requests that differ in `scope` alone then share
  /// one recorded reply.
  std::optional<std::string> record_scope = std::nullopt;
};

enum class Finish { stop, length, tools, filtered, unknown };

struct Usage {
  std::int64_t input_tokens = 0;  ///< includes cached
  std::int64_t cached_tokens = 0;
  std::int64_t output_tokens = 0;  ///< includes reasoning
  std::int64_t calls = 0;          ///< finished calls, whether paid now or replayed from the run
  bool estimated = false;          ///< the endpoint sent no usage for some call
  Usage& operator+=(const Usage& other);
};

struct ChatReply {
  Message message;
  std::string reasoning;  ///< never part of message.content
  Finish finish = Finish::unknown;
  bool refused = false;
  Usage usage;
  std::optional<double> cost_usd;  ///< nullopt: price unknown
  std::string model;               ///< as the endpoint named it
  double seconds = 0;
  int attempts = 0;  ///< HTTP attempts made now; 0 when replayed
};

struct CallContext {
  std::stop_token stop;
  /// The run's limit: no attempt starts and no wait ends after it; one in flight may finish.
  std::optional<SteadyTime> deadline;
  /// The task's limit: no attempt starts after it, and one in flight is cut.
  std::optional<SteadyTime> cut_at;
  /// A call that waited this long when `cut_at` cut it was left unanswered, which is the endpoint's
  /// failure (transient) and not the end of the task (deadline). nullopt: always the task's end.
  std::optional<Duration> patience = std::nullopt;
  /// When `stop` is requested because a hard limit of time passes: what it ends met a limit.
  std::optional<SteadyTime> hard_limit = std::nullopt;
};

/// Something that answers chat requests. Thread-safe. Errors: auth, quota, model_not_found,
/// wrong_url, tls, rate_limit, transient, malformed_reply, context_overflow, request_too_large,
/// content_filter, bad_request, budget, cancelled, deadline.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  [[nodiscard]] virtual Result<ChatReply> complete(const ChatRequest& request,
                                                   const CallContext& context) = 0;
  [[nodiscard]] virtual std::string model_name() const = 0;
  /// Tokens that a reply may have where the request sets no limit; 0: not known.
  [[nodiscard]] virtual std::int64_t output_cap() const { return 0; }
};

/// True for errors after which no further call can succeed: the run stops with a checkpoint.
[[nodiscard]] bool ends_run(ErrorCode code);

}  // namespace skillgrad::llm

namespace skillgrad {

template <>
struct EnumText<llm::Finish> {
  using enum llm::Finish;
  static constexpr EnumName<llm::Finish> kTable[] = {{stop, "stop"},
                                                     {length, "length"},
                                                     {tools, "tools"},
                                                     {filtered, "filtered"},
                                                     {unknown, "unknown"}};
};

}  // namespace skillgrad
