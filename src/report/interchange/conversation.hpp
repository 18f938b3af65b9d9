// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::report {

/// A tool as it was called, with its result once there is one.
struct ToolUse {
  std::string id, name, arguments;
  std::optional<std::string> output;
  bool is_error = false;
};
enum class Speaker { system, user, agent, machinery };
/// What one side said before another one spoke; of the agent, a turn of the model with its calls.
struct Utterance {
  Speaker by = Speaker::user;
  int turn = 0;
  std::string text, reasoning;
  std::vector<ToolUse> calls;
};

/// The trajectory as formats of conversations want it: calls with their results, and ids that are
/// unique in their turn, which endpoints do not grant.
[[nodiscard]] std::vector<Utterance> conversation_of(const agent::Trajectory& trajectory);
/// Always an object; what the model wrote in its place stands under `text`.
[[nodiscard]] Json arguments_object(const ToolUse& use);
/// The text of the task, without the tags that its prompt puts around it.
[[nodiscard]] std::string task_text(const std::vector<Utterance>& conversation);

}  // namespace skillgrad::report
