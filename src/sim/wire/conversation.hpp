// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <skillgrad/core/json.hpp>

namespace skillgrad::sim {

/// A call of a tool, by either side: `arguments` is JSON text.
struct ToolUse {
  std::string id, name, arguments;
};

struct Turn {
  enum class Role { system, user, assistant, tool };
  Role role = Role::user;
  std::string text;
  std::vector<ToolUse> calls;  ///< assistant only
  std::string call_id;         ///< tool only
};

/// A chat completions request, checked.
struct Conversation {
  std::string model;
  std::vector<Turn> turns;
  std::vector<std::string> tools;  ///< names offered
  bool stream = false;
  bool include_usage = false;
  std::int64_t max_tokens = 0;    ///< 0 = no cap
  std::int64_t prompt_bytes = 0;  ///< of messages and tools: basis of the token count
  std::string key;                ///< SHA-256 of messages and tools
  std::string seed;               ///< as the request gives it; with `key` all that decides a reply

  [[nodiscard]] bool offers(std::string_view tool) const;
  [[nodiscard]] std::string system_text() const;
  /// Text of the first user turn, "" if none.
  [[nodiscard]] std::string_view first_user() const;
};

/// What the simulated model says next.
struct Reply {
  std::string stage = "other";  ///< executor, diagnoser, momentum, patcher, judge or other
  std::string text;
  std::vector<ToolUse> calls;  ///< ids are given by the wire layer
};

/// An error in the form of OpenAI's API.
struct ApiError {
  int status = 400;
  std::string message, type, param, code;
};

/// The error of a request that cannot be taken: status 400, `param` is what it is about.
[[nodiscard]] tl::unexpected<ApiError> refuse(std::string message, std::string param);

/// Reads and checks a request body. History must be valid: each assistant turn with tool calls is
/// followed by exactly one tool message per call, in order; no assistant turn is empty; call
/// arguments are once-encoded JSON objects.
[[nodiscard]] tl::expected<Conversation, ApiError> read_request(const std::string& body);
/// read_request() of a body that is JSON already.
[[nodiscard]] tl::expected<Conversation, ApiError> read_conversation(const Json& body);

/// A tool call of the history with what came back.
struct PastCall {
  std::string name, arguments, result;
  std::size_t turn = 0;  ///< index of the assistant turn
  [[nodiscard]] bool failed() const;
};
[[nodiscard]] std::vector<PastCall> past_calls(const Conversation& conversation);

}  // namespace skillgrad::sim
