// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "traces/formats/formats.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

bool is_message(const Json& value) {
  return member(value, "role").is_string() &&
         (value.contains("content") || value.contains("tool_calls"));
}

bool is_message_list(const Json& value) {
  return value.is_array() && !value.empty() && std::any_of(value.begin(), value.end(), is_message);
}

class MessagesReader {
 public:
  explicit MessagesReader(const Source& source) : source_(source) {}

  std::vector<Session> read() {
    Json loose = Json::array();  // one message a line
    for (const Line& line : source_.lines) {
      const std::string place = source_.lines.size() == 1
                                    ? source_.place
                                    : fmt::format("{}:{}", source_.place, line.number);
      if (is_message(line.value))
        loose.push_back(line.value);
      else if (is_message_list(line.value))
        read_list(line.value, Json(), place);
      else if (is_message_list(member(line.value, "messages")))
        read_list(member(line.value, "messages"), line.value, place);
      else if (line.value.is_array() && !line.value.empty())
        read_nested(line.value, place);
      else
        source_.notes->push_back(place + ": not used: no list of messages");
    }
    if (!loose.empty()) read_list(loose, Json(), source_.place);
    return std::move(sessions_);
  }

 private:
  void read_nested(const Json& lists, const std::string& place) {
    for (const Json& item : lists) {
      if (is_message_list(member(item, "messages")))
        read_list(member(item, "messages"), item, place);
      else if (is_message_list(item))
        read_list(item, Json(), place);
      else
        source_.notes->push_back(place + ": not used: an item that is no list of messages");
    }
  }

  /// `around`: the object that holds the list, or null.
  void read_list(const Json& messages, const Json& around, const std::string& place) {
    SessionBuilder builder(Format::messages, *source_.cleaner);
    for (const char* key : {"id", "session_id", "conversation_id"})
      if (const std::string id = text_member(around, key); !id.empty()) {
        builder.name(id);
        break;
      }
    if (const std::string model = text_member(around, "model"); !model.empty())
      builder.model(model);
    calls_ = 0;
    for (const Json& message : messages) read_message(message, builder);
    if (around.is_object()) read_around(around, builder);
    if (auto session = builder.finish(place, *source_.notes))
      sessions_.push_back(std::move(*session));
  }

  /// A grade that the record holds, and what nobody uses.
  static void read_around(const Json& around, SessionBuilder& builder) {
    const std::string why = text_member(around, "feedback");
    for (const auto& [key, value] : around.items()) {
      if (key == "reward" || key == "score") {
        if (value.is_number())
          builder.outcome(value.get<double>(), why);
        else
          builder.unused(key + " that is no number");
      } else if (key == "passed" && value.is_boolean()) {
        builder.outcome(value.get<bool>() ? 1 : 0, why);
      } else if (key != "messages" && key != "id" && key != "session_id" &&
                 key != "conversation_id" && key != "model" && key != "feedback") {
        builder.unused("\"" + key + "\"");
      }
    }
  }

  void read_message(const Json& message, SessionBuilder& builder) {
    const std::string role = text_member(message, "role");
    if (role == "tool" || role == "function") return read_tool(message, builder);
    const std::string text = text_of_content(member(message, "content"), builder);
    if (role == "user") return builder.user(text);
    if (role == "system" || role == "developer") return builder.system(text);
    if (role != "assistant")
      return builder.unused(role.empty() ? "message without a role" : "message of role " + role);
    builder.next_turn();
    for (const char* key : {"reasoning_content", "reasoning"})
      if (const std::string thought = text_member(message, key); !thought.empty()) {
        builder.reasoning(thought);
        break;
      }
    builder.assistant(text.empty() ? text_member(message, "refusal") : text);
    if (const Json& calls = member(message, "tool_calls"); calls.is_array())
      for (const Json& call : calls) read_call(call, builder);
    if (const Json& call = member(message, "function_call"); call.is_object()) {
      open_ = fmt::format("call_{}", ++calls_);
      builder.call(open_, text_member(call, "name"), member(call, "arguments"));
    }
  }

  void read_call(const Json& call, SessionBuilder& builder) {
    const Json& function = member(call, "function");
    std::string id = text_member(call, "id");
    if (id.empty()) id = fmt::format("call_{}", ++calls_);
    open_ = id;
    if (function.is_object())
      return builder.call(id, text_member(function, "name"), member(function, "arguments"));
    if (const Json& custom = member(call, "custom"); custom.is_object())
      return builder.call(id, text_member(custom, "name"), member(custom, "input"));
    // Inspect writes {"function": "name", "arguments": {...}}.
    builder.call(id, function.is_string() ? function.get<std::string>() : text_member(call, "name"),
                 member(call, "arguments"));
  }

  void read_tool(const Json& message, SessionBuilder& builder) {
    std::string id = text_member(message, "tool_call_id");
    if (id.empty()) id = open_;
    const Json& failed = member(message, "is_error");
    builder.output(id, text_of_content(member(message, "content"), builder),
                   failed == Json(true) || member(message, "error").is_object());
  }

  const Source& source_;
  std::vector<Session> sessions_;
  int calls_ = 0;
  std::string open_;  ///< the last call, for results that name none
};

}  // namespace

bool is_messages(const Json& value) {
  if (is_message(value) || is_message_list(value) || is_message_list(member(value, "messages")))
    return true;
  return value.is_array() && std::any_of(value.begin(), value.end(), [](const Json& item) {
           return is_message_list(member(item, "messages")) || is_message_list(item);
         });
}

std::vector<Session> read_messages(const Source& source) { return MessagesReader(source).read(); }

}  // namespace skillgrad::traces
