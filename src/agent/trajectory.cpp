// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {
namespace {

using Kind = TraceEvent::Kind;
/// Standing instructions are the same for every task: a reader of the trace needs no more of them.
constexpr std::size_t kSystemBytes = 160;
constexpr std::size_t kLeastPerEvent = 160;
constexpr std::size_t kNameBytes = 80;
constexpr int kMostTurns = 1'000'000;

Result<TraceEvent> event_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  TraceEvent event;
  const std::string kind = reader.string("kind");
  if (const auto known = named<Kind>(kind))
    event.kind = *known;
  else
    reader.reject("kind", "unknown kind \"" + kind + "\"", "use " + join_or(names_of<Kind>()));
  event.turn = static_cast<int>(reader.integer("turn", 0, 0, kMostTurns));
  event.role = reader.string("role", "");
  event.call_id = reader.string("call_id", "");
  event.name = reader.string("name", "");
  event.text = reader.string("text", "");
  event.is_error = reader.boolean("is_error", false);
  SKILLGRAD_CHECK(reader.finish());
  return event;
}

std::string render_step(const TraceEvent& event, std::size_t number, std::size_t most) {
  std::string head = "[" + std::to_string(number) + "] " + name_of(event.kind);
  const std::string& name = event.kind == Kind::message ? event.role : event.name;
  // A model or a recording may call a tool anything.
  if (!name.empty())
    head += " " + truncate_middle(replace_all(strip_control(name), "\n", " "), kNameBytes);
  if (event.is_error && event.kind != Kind::error) head += " (error)";
  // Indented, so that no line of a text looks like a step of its own.
  const std::string text = replace_all(truncate_middle(trim(event.text), most), "\n", "\n  ");
  return head + ": " + text + "\n";
}

std::vector<std::string> render_steps(const std::vector<TraceEvent>& events,
                                      std::size_t per_event) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool standing = events[i].kind == Kind::message && events[i].role == "system";
    const std::size_t most = standing ? std::min(per_event, kSystemBytes) : per_event;
    out.push_back(render_step(events[i], i + 1, most));
  }
  return out;
}

std::size_t total_bytes(const std::vector<std::string>& parts) {
  std::size_t sum = 0;
  for (const std::string& part : parts) sum += part.size();
  return sum;
}

/// Steps from the start and from the end that fit, with one line for those between.
std::string leave_out_middle(const std::vector<std::string>& steps, std::size_t total) {
  constexpr std::size_t kNote = 80;
  const std::size_t half = total > kNote ? (total - kNote) / 2 : 0;
  std::size_t head = 0, used = 0;
  while (head < steps.size() && used + steps[head].size() <= half) used += steps[head++].size();
  std::size_t tail = steps.size();
  used = 0;
  while (tail > head && used + steps[tail - 1].size() <= half) used += steps[--tail].size();
  std::string out;
  for (std::size_t i = 0; i < head; ++i) out += steps[i];
  if (tail > head) {
    out += "[steps " + std::to_string(head + 1) + " to " + std::to_string(tail) +
           " are left out here]\n";
  }
  for (std::size_t i = tail; i < steps.size(); ++i) out += steps[i];
  return out;
}

}  // namespace

std::string Trajectory::to_json_lines() const {
  std::string out;
  for (const TraceEvent& event : events) {
    Json line = {{"kind", name_of(event.kind)}, {"turn", event.turn}};
    if (!event.role.empty()) line["role"] = event.role;
    if (!event.call_id.empty()) line["call_id"] = event.call_id;
    if (!event.name.empty()) line["name"] = event.name;
    line["text"] = event.text;
    if (event.is_error) line["is_error"] = true;
    out += dump_json(line) + "\n";
  }
  return out;
}

Result<Trajectory> Trajectory::from_json_lines(const std::string& text) {
  Trajectory out;
  std::size_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string where = "trajectory:" + std::to_string(number);
    SKILLGRAD_TRY(const Json value, parse_json(line, where));
    SKILLGRAD_TRY(TraceEvent event, event_from_json(value, where));
    out.events.push_back(std::move(event));
  }
  return out;
}

std::string Trajectory::render(std::size_t per_event, std::size_t total) const {
  std::vector<std::string> steps = render_steps(events, per_event);
  while (total_bytes(steps) > total && per_event > kLeastPerEvent) {
    per_event = std::max(kLeastPerEvent, per_event / 2);
    steps = render_steps(events, per_event);
  }
  if (total_bytes(steps) <= total) return join(steps, "");
  return leave_out_middle(steps, total);
}

std::string Trajectory::render_range(int from, int to, std::size_t total) const {
  const int last = static_cast<int>(events.size());
  from = std::max(from, 1);
  to = std::min(to, last);
  if (from > to) return {};
  const auto count = static_cast<std::size_t>(to - from) + 1;
  constexpr std::size_t kHead = 64;
  const std::size_t share = std::max(total / count, kHead * 2) - kHead;
  std::string out;
  for (int i = from; i <= to; ++i) {
    const auto index = static_cast<std::size_t>(i - 1);
    out += render_step(events[index], index + 1, share);
  }
  return truncate_middle(out, total);
}

}  // namespace skillgrad::agent
