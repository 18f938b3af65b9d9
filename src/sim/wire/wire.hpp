// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "sim/wire/conversation.hpp"

namespace skillgrad::sim {

/// What goes over the wire for one reply, in both forms; made from the same values, so that a
/// streaming client sees what a non-streaming one sees.
struct Completion {
  std::string id, model, finish;  ///< finish: stop, tool_calls or length
  Reply reply;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
};

/// Gives ids to the reply's calls, counts tokens (4 bytes each, rounded up) and applies the cap.
[[nodiscard]] Completion complete(const Conversation& conversation, Reply reply);
[[nodiscard]] std::string completion_json(const Completion& completion);
/// The events of a stream, each with its blank line; the last is "data: [DONE]".
[[nodiscard]] std::vector<std::string> completion_events(const Completion& completion,
                                                         bool include_usage);
[[nodiscard]] std::string error_json(const ApiError& error);
[[nodiscard]] std::string models_json(const std::string& model);

}  // namespace skillgrad::sim
