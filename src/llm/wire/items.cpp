// SPDX-License-Identifier: MIT
#include "llm/wire/items.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"
#include "llm/wire/history.hpp"
#include "llm/wire/list_writer.hpp"

namespace skillgrad::llm {

namespace {

bool is_call(const Json& item) { return text_of(member(&item, "type")) == "function_call"; }

bool holds_object(const Json* arguments) {
  if (arguments == nullptr || !arguments->is_string()) return false;
  const auto parsed = parse_json(arguments->get_ref<const std::string&>(), "arguments");
  return parsed && parsed->is_object();
}

class ItemWriter {
 public:
  ItemWriter(const std::vector<Message>& messages, const WireStyle& style,
             const std::string& source)
      : messages_(messages), style_(style), source_(source) {}

  ResponsesInput write() {
    std::string system = system_text(messages_);
    std::string folded;
    if (style_.fold_system) folded.swap(system);
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      const Message& message = messages_[i];
      if (message.role == Role::user) {
        write_message("user", fold_into(std::move(folded), message.content));
        folded.clear();
      } else if (message.role == Role::assistant && has_substance(message)) {
        write_assistant(message);
        write_outputs(i);
      }
    }
    if (!folded.empty()) write_message("user", folded);
    return {std::move(system), list_.take()};
  }

 private:
  void write_message(const char* role, std::string_view text) {
    list_.begin("type", "message");
    list_.field("role", role);
    list_.field("content", text);
    list_.end();
  }

  void write_assistant(const Message& message) {
    const Json mirror = own_mirror(message, style_, source_);
    if (const Json* items = member(&mirror, "items"); items != nullptr && items->is_array()) {
      const auto calls = std::count_if(items->begin(), items->end(), is_call);
      // Calls that stood in the text have no item of their own; such a turn is written anew.
      if (static_cast<std::size_t>(calls) == message.tool_calls.size()) {
        write_verbatim(*items, message);
        return;
      }
    }
    if (!trim(message.content).empty()) write_message("assistant", message.content);
    for (const ToolCall& call : message.tool_calls) {
      list_.begin("type", "function_call");
      list_.field("call_id", wire_id(call.id, style_));
      list_.field("name", legal_name(call.name));
      list_.field("arguments", call.arguments.empty() ? "{}" : call.arguments);
      list_.end();
    }
  }

  /// Only what the endpoint would refuse, or what was read as something else, is changed: ids that
  /// were missing or repeated, names that are not those of a tool, and arguments that are no JSON
  /// object in a string.
  void write_verbatim(const Json& items, const Message& message) {
    std::size_t number = 0;
    for (Json item : items) {
      if (is_call(item)) {
        const ToolCall& call = message.tool_calls[number++];
        item["call_id"] = wire_id(call.id, style_);
        item["name"] = legal_name(call.name);
        if (!holds_object(member(&item, "arguments"))) {
          item["arguments"] = call.arguments.empty() ? "{}" : call.arguments;
        }
      }
      list_.object(dump_json(item));
    }
  }

  void write_outputs(std::size_t turn) {
    for (const ToolCall& call : messages_[turn].tool_calls) {
      list_.begin("type", "function_call_output");
      list_.field("call_id", wire_id(call.id, style_));
      list_.field("output", result_text(messages_, turn, call));
      list_.end();
    }
  }

  const std::vector<Message>& messages_;
  const WireStyle& style_;
  const std::string& source_;
  ListWriter list_;
};

}  // namespace

ResponsesInput write_items(const std::vector<Message>& messages, const WireStyle& style,
                           const std::string& source) {
  return ItemWriter(messages, style, source).write();
}

}  // namespace skillgrad::llm
