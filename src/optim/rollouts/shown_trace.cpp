// SPDX-License-Identifier: MIT
#include "optim/rollouts/shown_trace.hpp"

#include <skillgrad/core/text.hpp>

namespace skillgrad::optim {
namespace {

using Kind = agent::TraceEvent::Kind;

/// Shorter texts cost no more than the line in their place.
constexpr std::size_t kWorthLeavingOut = 200;
/// What `activate_skill` writes behind the body.
constexpr std::string_view kBehindBody = "\n\n---\nSkill folder: ";

bool holds(const std::string& whole, std::string_view part) {
  return part.size() > kWorthLeavingOut && whole.find(part) != std::string::npos;
}

std::string in_place_of(const agent::TraceEvent& event, const ShownElsewhere& shown) {
  if (event.kind == Kind::message && event.role == "system")
    return "(the assistant's standing instructions, the same for every task)";
  const bool task =
      !trim(shown.task).empty() && event.text.find(trim(shown.task)) != std::string::npos;
  if (event.kind == Kind::message && event.role == "user" && task)
    return "(the task, as shown between the task tags)";
  const bool output = event.kind == Kind::tool_output && !event.is_error;
  if (output && holds(shown.skill, trim(event.text)))
    return "(skill text, as shown between the skill_loaded tags)";
  return {};
}

/// Of an activation the body is shown elsewhere; its folder and list of files are not.
std::string without_body(const std::string& text, const std::string& skill) {
  const std::size_t end = text.rfind(kBehindBody);
  if (end == std::string::npos || !holds(skill, std::string_view(text).substr(0, end))) return text;
  return "(the body, as shown between the skill_loaded tags)" + text.substr(end);
}

}  // namespace

agent::Trajectory without_shown(agent::Trajectory trace, const ShownElsewhere& shown) {
  for (agent::TraceEvent& event : trace.events) {
    if (std::string text = in_place_of(event, shown); !text.empty())
      event.text = std::move(text);
    else if (event.kind == Kind::tool_output)
      event.text = without_body(event.text, shown.skill);
  }
  return trace;
}

}  // namespace skillgrad::optim
