// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>

#include <skillgrad/core/text.hpp>

#include "llm/body.hpp"
#include "llm/field.hpp"
#include "llm/tool_calls.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxToolResult = 256 * 1024;
constexpr const char* kCancelled = "(the call was cancelled; it has no result)";

/// Providers refuse a whole history for one bad name, so a name that a model made up is made legal.
std::string legal_name(const std::string& name) {
  std::string out = name.substr(0, 64);
  for (char& c : out) {
    const bool legal = (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '_' || c == '-';
    if (!legal) c = '_';
  }
  if (out.empty()) return "unknown";
  if (std::isalpha(static_cast<unsigned char>(out.front())) == 0) {
    out = ("t" + out).substr(0, 64);
  }
  return out;
}

bool nine_alphanumerics(const std::string& id) {
  return id.size() == 9 && std::all_of(id.begin(), id.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0;
         });
}

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
        begin("user");
        field("content", message.content);
        out_ += '}';
        continue;
      }
      if (message.tool_calls.empty() && trim(message.content).empty()) continue;
      write_assistant(message);
      write_results(messages, i);
    }
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
  std::string wire_id(const std::string& id) const {
    return style_.short_ids && !nine_alphanumerics(id) ? short_id("remap:" + id, 0) : id;
  }

  void write_system(const std::vector<Message>& messages) {
    std::string text;
    for (const Message& message : messages) {
      if (message.role != Role::system || message.content.empty()) continue;
      if (!text.empty()) text += "\n\n";
      text += message.content;
    }
    if (text.empty()) return;
    begin("system");
    field("content", text);
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
    const Json mirror = own_mirror(message);
    write_mirrored_fields(message, mirror);
    if (!message.tool_calls.empty()) write_calls(message, mirror);
    out_ += '}';
  }

  Json own_mirror(const Message& message) const {
    if (message.mirror.empty() || !style_.mirror) return {};
    auto parsed = parse_json(message.mirror, "mirror");
    // Fields of another endpoint or model are never sent (R2.7).
    if (!parsed || text_of(member(&*parsed, "from")) != source_) return {};
    return std::move(*parsed);
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
      field("id", wire_id(call.id));
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
      const Message* result = nullptr;
      for (std::size_t j = turn + 1; j < messages.size() && messages[j].role == Role::tool; ++j) {
        if (messages[j].tool_call_id == call.id) {
          result = &messages[j];
          break;
        }
      }
      begin("tool");
      field("tool_call_id", wire_id(call.id));
      if (result == nullptr) {
        field("content", kCancelled);
      } else if (trim(result->content).empty()) {
        field("content", "(no output)");
      } else if (result->content.size() > kMaxToolResult) {
        field("content", truncate_middle(result->content, kMaxToolResult));
      } else {
        field("content", result->content);
      }
      out_ += '}';
    }
  }

  const WireStyle& style_;
  const std::string& source_;
  std::string out_;
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
