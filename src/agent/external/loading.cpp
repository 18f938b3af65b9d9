// SPDX-License-Identifier: MIT
#include "agent/external/loading.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {
namespace {

/// Between a number and its line.
constexpr std::array<std::string_view, 5> kMarks = {"\u2192", "\t", "| ", ": ", "|"};

/// Where a line begins behind its number; 0 without one.
std::size_t number_end(std::string_view line) {
  std::size_t at = std::min(line.find_first_not_of(" L"), line.size());
  const std::size_t digits = at;
  while (at < line.size() && line[at] >= '0' && line[at] <= '9') ++at;
  if (at == digits) return 0;
  for (const std::string_view mark : kMarks)
    if (line.substr(at).starts_with(mark)) return at + mark.size();
  return 0;
}

/// Some argument is the skill's name, alone or behind that of a plug-in.
bool names_skill(const Json& arguments, const std::string& skill) {
  if (!arguments.is_object()) return false;
  return std::any_of(arguments.begin(), arguments.end(), [&](const Json& value) {
    if (!value.is_string()) return false;
    const std::string text = to_lower_ascii(trim(value.get<std::string>())),
                      name = to_lower_ascii(skill);
    return text == name || text.ends_with(":" + name);
  });
}

}  // namespace

std::string without_line_numbers(const std::string& text) {
  std::string out;
  bool any = false;
  const auto lines = split_lines(text);
  for (const std::string& line : lines) {
    const std::size_t begin = number_end(line);
    // What a tool puts around the file has no numbers, and is no part of it.
    if (begin == 0) continue;
    any = true;
    out += line.substr(begin) + "\n";
  }
  return any ? out : text;
}

void note_loaded(const Transcript& transcript, const AgentProfile& profile, LoadedSkill& loaded) {
  if (loaded.skill() == nullptr) return;
  std::map<std::string, const TraceEvent*> calls;
  for (const TraceEvent& event : transcript.trajectory.events) {
    if (event.kind == TraceEvent::Kind::tool_call) calls[event.call_id] = &event;
    if (event.kind != TraceEvent::Kind::tool_output || event.is_error) continue;
    const auto found = calls.find(event.call_id);
    if (found == calls.end()) continue;
    const TraceEvent& call = *found->second;
    const auto& tools = profile.skill_tools;
    const auto arguments = parse_tolerant_json(call.text, "arguments", DeepValues::make_null);
    if (arguments && std::find(tools.begin(), tools.end(), call.name) != tools.end() &&
        names_skill(*arguments, loaded.skill()->name()))
      loaded.activate();
    loaded.note_command(call.text, event.text);
    loaded.note_command(call.text, without_line_numbers(event.text));
  }
}

}  // namespace skillgrad::agent
