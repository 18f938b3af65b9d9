// SPDX-License-Identifier: MIT
#include "report/interchange/conversation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::report {
namespace {

using Kind = agent::TraceEvent::Kind;

class ConversationMaker {
 public:
  void add(const agent::TraceEvent& event) {
    switch (event.kind) {
      case Kind::message:
        return add_message(event);
      case Kind::reasoning: {
        std::string& reasoning = turn(event.turn, false).reasoning;
        reasoning += (reasoning.empty() ? "" : "\n\n") + event.text;
        return;
      }
      case Kind::tool_call:
        return add_call(event);
      case Kind::tool_output:
        return add_output(event);
      case Kind::error:
        said_.push_back({Speaker::machinery, event.turn, event.text, {}, {}});
        return;
    }
  }
  [[nodiscard]] std::vector<Utterance> take() { return std::move(said_); }

 private:
  /// The turn of the model that goes on; a reply that was asked again begins another one.
  Utterance& turn(int number, bool fresh) {
    if (fresh || said_.empty() || said_.back().by != Speaker::agent || said_.back().turn != number)
      said_.push_back({Speaker::agent, number, {}, {}, {}});
    return said_.back();
  }

  void add_message(const agent::TraceEvent& event) {
    if (event.role == "assistant") {
      const bool again = !said_.empty() && said_.back().by == Speaker::agent &&
                         (!said_.back().text.empty() || !said_.back().calls.empty());
      turn(event.turn, again).text = event.text;
      return;
    }
    const Speaker by = event.role == "system" ? Speaker::system : Speaker::user;
    said_.push_back({by, event.turn, event.text, {}, {}});
  }

  void add_call(const agent::TraceEvent& event) {
    auto& calls = turn(event.turn, false).calls;
    std::string id = event.call_id;
    const auto taken = [&](const std::string& wanted) {
      return std::any_of(calls.begin(), calls.end(),
                         [&](const ToolUse& use) { return use.id == wanted; });
    };
    if (id.empty() || taken(id)) id = fmt::format("call_{}_{}", event.turn, calls.size() + 1);
    calls.push_back({std::move(id), event.name, event.text, {}, false});
    given_.push_back(event.call_id);
    if (calls.size() == 1) first_ = given_.size() - 1;
  }

  void add_output(const agent::TraceEvent& event) {
    if (!said_.empty() && said_.back().by == Speaker::agent) {
      auto& calls = said_.back().calls;
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].output || given_[first_ + i] != event.call_id) continue;
        calls[i].output = event.text;
        calls[i].is_error = event.is_error;
        return;
      }
    }
    said_.push_back({Speaker::machinery, event.turn, event.text, {}, {}});
  }

  std::vector<Utterance> said_;
  std::vector<std::string> given_;  ///< ids of all calls, as the model gave them
  std::size_t first_ = 0;           ///< of them, the first of the turn that goes on
};

}  // namespace

std::vector<Utterance> conversation_of(const agent::Trajectory& trajectory) {
  ConversationMaker maker;
  for (const agent::TraceEvent& event : trajectory.events) maker.add(event);
  return maker.take();
}

Json arguments_object(const ToolUse& use) {
  const auto value = parse_json(use.arguments, "arguments");
  if (value && value->is_object()) return *value;
  return Json{{"text", use.arguments}};
}

std::string task_text(const std::vector<Utterance>& conversation) {
  constexpr std::string_view kOpen = "<task>", kClose = "</task>";
  for (const Utterance& said : conversation) {
    if (said.by != Speaker::user) continue;
    std::string_view text = trim(said.text);
    if (text.starts_with(kOpen) && text.ends_with(kClose)) {
      text.remove_prefix(kOpen.size());
      text.remove_suffix(kClose.size());
    }
    return std::string(trim(text));
  }
  return {};
}

}  // namespace skillgrad::report
