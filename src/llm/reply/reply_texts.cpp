// SPDX-License-Identifier: MIT
#include "llm/reply/reply_texts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/errors/error_body.hpp"
#include "llm/text/harmony.hpp"
#include "llm/text/think.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr int kMaxPartDepth = 4;

std::string part_type(const Json& part) { return to_lower_ascii(text_of(member(&part, "type"))); }

bool is_thinking(const Json& part, const std::string& type) {
  if (const Json* thought = member(&part, "thought"); thought != nullptr) {
    if (thought->is_boolean() && thought->get<bool>()) return true;
  }
  return type == "thinking" || type == "thought" || type == "redacted_thinking" ||
         type.starts_with("reasoning");
}

/// A call in one part: the object that names it, or nullptr.
const Json* call_in(const Json& part) {
  for (const char* key : {"functionCall", "function_call", "tool_call", "toolCall", "function"}) {
    if (const Json* inner = member(&part, key); inner != nullptr && inner->is_object())
      return inner;
  }
  static constexpr std::array<std::string_view, 7> kTypes = {
      "tool_use",      "tool_call",    "toolcall", "tool-call",
      "function_call", "functioncall", "function"};
  const std::string type = part_type(part);
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end() ? &part : nullptr;
}

std::string shown_value(const Json& value) {
  return truncate_middle(sanitize_utf8(dump_json(value)), 200);
}

class Parts {
 public:
  explicit Parts(ReplyTexts& out) : out_(out) {}

  /// Also nested: {"type":"thinking","thinking":[{"type":"text","text":".."}]}.
  void read(const Json& parts, bool thinking, int depth) {
    if (depth > kMaxPartDepth) return;
    for (const Json& part : parts) read_part(part, thinking, depth);
  }
  [[nodiscard]] bool any() const { return any_; }

 private:
  void read_part(const Json& part, bool thinking, int depth) {
    if (part.is_string()) {
      any_ = true;
      (thinking ? out_.reasoning : out_.visible) += part.get_ref<const std::string&>();
      return;
    }
    const std::string type = part_type(part);
    const Json* error = member(&part, "error");
    if (type == "error" || (error != nullptr && names_an_error(*error))) {
      out_.problem = "the reply's content holds an error: " + shown_value(part);
      return;
    }
    const bool inner_thinking = thinking || is_thinking(part, type);
    if (!inner_thinking && call_in(part) != nullptr) {
      any_ = true;
      return;
    }
    const Json* body = member_of(&part, {"text", "thinking", "reasoning", "refusal", "content"});
    if (body == nullptr) {
      if (inner_thinking || part.is_null() || part.empty() || part.contains("text")) {
        any_ = true;
      } else {
        leave_out(type.empty() ? "unnamed" : type);
      }
      return;
    }
    any_ = true;
    if (body->is_array()) {
      read(*body, inner_thinking, depth + 1);
    } else if (body->is_object()) {
      read(Json::array({*body}), inner_thinking, depth + 1);
    } else if (type == "refusal") {
      out_.refusal += text_of(body);
    } else {
      (inner_thinking ? out_.reasoning : out_.visible) += text_of(body);
    }
  }

  void leave_out(const std::string& type) {
    if (std::find(out_.left_out.begin(), out_.left_out.end(), type) == out_.left_out.end()) {
      out_.left_out.push_back(truncate_middle(sanitize_utf8(type), 60));
    }
  }

  ReplyTexts& out_;
  bool any_ = false;
};

/// Text, or parts that are all thinking.
std::string reasoning_of(const Json* field) {
  if (field == nullptr || !field->is_structured()) return text_of(field);
  ReplyTexts out;
  Parts(out).read(field->is_array() ? *field : Json::array({*field}), true, 0);
  return out.reasoning;
}

void read_content(const Json& message, ReplyTexts& out) {
  const Json* content = member(&message, "content");
  if (content == nullptr) return;
  if (!content->is_structured()) {
    out.visible = text_of(content);
    if (!content->is_string()) out.problem = "the reply's content is no text: " + out.visible;
    return;
  }
  Parts parts(out);
  parts.read(content->is_array() ? *content : Json::array({*content}), false, 0);
  if (parts.any() || out.left_out.empty()) return;
  if (!out.problem.empty()) return;
  out.problem =
      "the reply's content is neither text nor a list of text parts: " + shown_value(*content);
}

/// Blanks, too.
bool is_control(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }

/// Length of the token that begins a text: <|name|>, or a name that tokenizers use; 0: none.
std::size_t token_size(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "<pad>", "[PAD]", "</s>",  "<bos>",           "<eos>",
      "<unk>", "[UNK]", "[EOS]", "<start_of_turn>", "<end_of_turn>"};
  constexpr std::size_t kLongest = 40;
  const auto name = std::find_if(kNames.begin(), kNames.end(),
                                 [&](std::string_view known) { return text.starts_with(known); });
  if (name != kNames.end()) return name->size();
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"<|", "|>"},
                                    {"<\xEF\xBD\x9C", "\xEF\xBD\x9C>"}}) {
    if (!text.starts_with(open)) continue;
    const auto end = text.substr(0, kLongest).find(close, open.size());
    const std::string_view inner = text.substr(0, end);
    if (end == std::string_view::npos || inner.find_first_of(" \n{(\"") != std::string_view::npos)
      return 0;
    return end + close.size();
  }
  return 0;
}

}  // namespace

ReplyTexts read_texts(const Json& message) {
  ReplyTexts out;
  read_content(message, out);
  if (auto channels = split_harmony(out.visible)) {
    out.visible = std::move(channels->visible);
    out.reasoning += channels->reasoning;
  }
  ThinkSplit split = split_think(out.visible);
  out.visible = without_end_tokens(std::move(split.visible));
  out.certain = split.certain;
  out.reasoning += split.reasoning;
  for (const char* key : {"reasoning_content", "reasoning", "reasoning_text", "thinking"}) {
    const std::string text = reasoning_of(member(&message, key));
    if (text.empty()) continue;
    out.reasoning = out.reasoning.empty() ? text : text + "\n" + out.reasoning;
    break;
  }
  for (const char* key : {"reasoning_details", "thinking_blocks"}) {
    const Json* details = member(&message, key);
    if (!out.reasoning.empty() || details == nullptr || !details->is_array()) continue;
    for (const Json& detail : *details) {
      out.reasoning += text_of(member_of(&detail, {"text", "thinking", "summary"}));
    }
  }
  if (const std::string text = text_of(member(&message, "refusal")); !text.empty()) {
    out.refusal = text;
  }
  return out;
}

std::vector<Json> call_parts(const Json& message) {
  std::vector<Json> out;
  const Json* content = member(&message, "content");
  if (content == nullptr || !content->is_structured()) return out;
  const auto take = [&](const Json& part) {
    const Json* call =
        part.is_object() && !is_thinking(part, part_type(part)) ? call_in(part) : nullptr;
    if (call == nullptr) return;
    Json found = *call;
    if (const Json* id = member_of(&part, {"id", "call_id", "tool_call_id"})) found["id"] = *id;
    out.push_back(std::move(found));
  };
  if (content->is_object()) {
    take(*content);
  } else {
    for (const Json& part : *content) take(part);
  }
  return out;
}

bool only_tokens(std::string_view text) {
  bool any = false;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const std::size_t size = token_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
    any = true;
  }
  return any;
}

bool is_blank(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kInvisible = {
      "\xEF\xBB\xBF", "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D",
      "\xE2\x81\xA0", "\xC2\xA0",     "\xE3\x80\x80"};
  while (true) {
    while (!text.empty() && is_control(text.front())) text.remove_prefix(1);
    const auto mark = std::find_if(kInvisible.begin(), kInvisible.end(),
                                   [&](std::string_view word) { return text.starts_with(word); });
    if (mark == kInvisible.end()) return text.empty();
    text.remove_prefix(mark->size());
  }
}

}  // namespace skillgrad::llm
