// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>

#include "llm/body.hpp"
#include "llm/field.hpp"
#include "llm/history.hpp"

namespace skillgrad::llm {

namespace {

class Writer {
 public:
  Writer(const WireStyle& style, const std::string& source) : style_(style), source_(source) {}

  std::string write(const std::vector<Message>& messages) {
    out_ = "[";
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
    out_ += ']';
    return std::move(out_);
  }

  [[nodiscard]] bool null_content() const { return null_content_; }

 private:
  void begin(const char* role) {
    if (out_.size() > 1) out_ += ',';
    out_ += R"({"role":")";
    out_ += role;
    out_ += '"';
  }
  void field(const char* key, std::string_view text) {
    out_ += ",\"";
    out_ += key;
    out_ += "\":";
    append_json_string(out_, text);
  }

  void write_system(const std::vector<Message>& messages) {
    std::string text = system_text(messages);
    if (text.empty()) return;
    if (style_.fold_system) {
      folded_ = std::move(text);
      return;
    }
    begin("system");
    field("content", text);
    out_ += '}';
  }

  void write_user(const Message& message) {
    begin("user");
    field("content", fold_into(std::move(folded_), message.content));
    folded_.clear();
    out_ += '}';
  }

  void write_assistant(const Message& message) {
    begin("assistant");
    const bool blank = message.content.empty();
    if (blank && !style_.empty_content) {
      out_ += ",\"content\":null";
      null_content_ = true;
    } else {
      field("content", message.content);
    }
    const Json mirror = own_mirror(message, style_, source_);
    write_mirrored_fields(message, mirror);
    if (!message.tool_calls.empty()) write_calls(message, mirror);
    out_ += '}';
  }

  void write_mirrored_fields(const Message& message, const Json& mirror) {
    const Json* fields = member(&mirror, "fields");
    bool has_reasoning_content = false;
    if (fields != nullptr && fields->is_object()) {
      for (const auto& [key, value] : fields->items()) {
        has_reasoning_content = has_reasoning_content || key == "reasoning_content";
        out_ += ',';
        append_json_string(out_, key);
        out_ += ':' + dump_json(value);
      }
    }
    if (style_.backfill_reasoning && !has_reasoning_content && !message.tool_calls.empty()) {
      field("reasoning_content", text_of(member(fields, "reasoning")));
    }
  }

  void write_calls(const Message& message, const Json& mirror) {
    const Json* extras = member(&mirror, "extra_content");
    out_ += ",\"tool_calls\":[";
    for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
      const ToolCall& call = message.tool_calls[i];
      if (i > 0) out_ += ',';
      out_ += R"({"type":"function")";
      field("id", wire_id(call.id, style_));
      out_ += R"(,"function":{"name":)";
      append_json_string(out_, legal_name(call.name));
      field("arguments", call.arguments.empty() ? "{}" : call.arguments);
      out_ += '}';
      if (extras != nullptr && extras->is_array() && i < extras->size() &&
          !(*extras)[i].is_null()) {
        out_ += ",\"extra_content\":" + dump_json((*extras)[i]);
      }
      out_ += '}';
    }
    out_ += ']';
  }

  /// Exactly one result per call, in the order of the calls.
  void write_results(const std::vector<Message>& messages, std::size_t turn) {
    for (const ToolCall& call : messages[turn].tool_calls) {
      begin("tool");
      field("tool_call_id", wire_id(call.id, style_));
      field("content", result_text(messages, turn, call));
      out_ += '}';
    }
  }

  const WireStyle& style_;
  const std::string& source_;
  std::string out_;
  std::string folded_;  ///< system text that waits for the first user message
  bool null_content_ = false;
};

}  // namespace

std::string write_messages(const std::vector<Message>& messages, const WireStyle& style,
                           const std::string& source, bool& null_content) {
  Writer writer(style, source);
  std::string text = writer.write(messages);
  null_content = writer.null_content();
  return text;
}

}  // namespace skillgrad::llm
