// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>

#include "traces/formats/formats.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

using Kind = agent::TraceEvent::Kind;

void read_message_event(const Json& line, SessionBuilder& builder) {
  const std::string role = text_member(line, "role"), text = text_member(line, "text");
  if (role == "user")
    builder.user(text);
  else if (role == "assistant")
    builder.assistant(text);
  else
    builder.system(text);
}

}  // namespace

bool is_skillgrad(const Json& line) {
  return member(line, "kind").is_string() && member(line, "turn").is_number_integer() &&
         member(line, "text").is_string();
}

std::vector<Session> read_skillgrad(const Source& source) {
  SessionBuilder builder(Format::skillgrad, *source.cleaner);
  builder.agent("skillgrad");
  std::int64_t turn = 0;
  for (const Line& line : source.lines) {
    const std::string kind = text_member(line.value, "kind"),
                      text = text_member(line.value, "text"),
                      id = text_member(line.value, "call_id");
    if (const std::int64_t at = count_member(line.value, "turn"); at > turn) {
      if (turn > 0) builder.next_turn();
      turn = at;
    }
    if (kind == "message")
      read_message_event(line.value, builder);
    else if (kind == "reasoning")
      builder.reasoning(text);
    else if (kind == "tool_call")
      builder.call(id, text_member(line.value, "name"), text);
    else if (kind == "tool_output")
      builder.output(id, text, member(line.value, "is_error") == Json(true));
    else if (kind == "error")
      builder.error(text);
    else
      builder.unused("line of kind " + kind);
  }
  std::vector<Session> out;
  if (auto session = builder.finish(source.place, *source.notes))
    out.push_back(std::move(*session));
  return out;
}

}  // namespace skillgrad::traces
