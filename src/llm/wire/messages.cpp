// SPDX-License-Identifier: MIT
#include "llm/wire/messages.hpp"

#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"
#include "llm/wire/history.hpp"
#include "llm/wire/list_writer.hpp"

namespace skillgrad::llm {

namespace {

class MessageWriter {
 public:
  MessageWriter(const WireStyle& style, const std::string& source, MessageFacts& facts)
      : style_(style), source_(source), facts_(facts) {}

  std::string write(const std::vector<Message>& messages) {
    write_system(messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      // A tool message that answers no call just before it would be refused: it is left out.
      if (message.role == Role::system || message.role == Role::tool) continue;
      if (message.role == Role::user) {
        write_user(message);
      } else if (has_substance(message)) {
        write_assistant(message);
        write_results(messages, i);
      }
    }
    if (!folded_.empty()) write_user({});
    return list_.take();
  }

 private:
  void write_system(const std::vector<Message>& messages) {
    std::string text = system_text(messages);
    if (text.empty()) return;
    if (style_.fold_system) {
      folded_ = std::move(text);
      return;
    }
    facts_.system = true;
    list_.begin("role", "system");
    list_.field("content", text);
    list_.end();
  }

  void write_user(const Message& message) {
    list_.begin("role", "user");
    list_.field("content", fold_into(std::move(folded_), message.content));
    folded_.clear();
    list_.end();
  }

  void write_assistant(const Message& message) {
    list_.begin("role", "assistant");
    const Json mirror = own_mirror(message, style_, source_);
    const bool blank = message.content.empty();
    if (member(member(&mirror, "fields"), "content") != nullptr) {
      // It goes back as it came, with the other fields.
    } else if (blank && !style_.empty_content) {
      list_.json("content", "null");
      facts_.null_content = true;
    } else {
      list_.field("content", message.content);
    }
    write_mirrored_fields(message, mirror);
    if (!message.tool_calls.empty()) list_.json("tool_calls", calls_text(message, mirror));
    list_.end();
  }

  void write_mirrored_fields(const Message& message, const Json& mirror) {
    const Json* fields = member(&mirror, "fields");
    bool has_reasoning_content = false;
    if (fields != nullptr && fields->is_object()) {
      for (const auto& [key, value] : fields->items()) {
        has_reasoning_content = has_reasoning_content || key == "reasoning_content";
        facts_.mirrored.insert(key);
        list_.json(key, dump_json(value));
      }
    }
    if (style_.backfill_reasoning && !has_reasoning_content && !message.tool_calls.empty()) {
      facts_.mirrored.insert("reasoning_content");
      list_.field("reasoning_content", text_of(member(fields, "reasoning")));
    }
  }

  [[nodiscard]] std::string calls_text(const Message& message, const Json& mirror) {
    const Json* mirrored = member(&mirror, "calls");
    ListWriter calls;
    for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
      const ToolCall& call = message.tool_calls[i];
      const bool any = mirrored != nullptr && mirrored->is_array() && i < mirrored->size();
      const Json extra = any ? (*mirrored)[i] : Json();
      calls.begin("type", "function");
      calls.field("id", wire_id(call.id, style_));
      std::string function = "{\"name\":";
      append_json_string(function, legal_name(call.name));
      function += ",\"arguments\":";
      append_json_string(function, call.arguments.empty() ? "{}" : call.arguments);
      if (const Json* inner = member(&extra, "function"); inner != nullptr) {
        for (const auto& [key, value] : inner->items()) {
          facts_.mirrored.insert(key);
          function += ",";
          append_json_string(function, key);
          function += ":" + dump_json(value);
        }
      }
      calls.json("function", function + "}");
      for (const auto& [key, value] : extra.items()) {
        if (key == "function") continue;
        facts_.mirrored.insert(key);
        calls.json(key.c_str(), dump_json(value));
      }
      calls.end();
    }
    return calls.take();
  }

  /// Exactly one result per call, in the order of the calls.
  void write_results(const std::vector<Message>& messages, std::size_t turn) {
    for (const ToolCall& call : messages[turn].tool_calls) {
      list_.begin("role", "tool");
      list_.field("tool_call_id", wire_id(call.id, style_));
      list_.field("content", result_text(messages, turn, call));
      list_.end();
    }
  }

  const WireStyle& style_;
  const std::string& source_;
  ListWriter list_;
  std::string folded_;  ///< system text that waits for the first user message
  MessageFacts& facts_;
};

}  // namespace

std::string write_messages(const std::vector<Message>& messages, const WireStyle& style,
                           const std::string& source, MessageFacts& facts) {
  return MessageWriter(style, source, facts).write(messages);
}

}  // namespace skillgrad::llm
