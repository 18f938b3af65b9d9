// SPDX-License-Identifier: MIT
#include "llm/wire/history.hpp"

#include <algorithm>
#include <cctype>

#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"
#include "llm/wire/tool_ids.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxToolResult = 256 * 1024;
constexpr const char* kCancelled = "(the call was cancelled; it has no result)";

bool alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string legal_name(const std::string& name) {
  std::string out = name.substr(0, 64);
  for (char& c : out) {
    if (!alphanumeric(c) && c != '_' && c != '-') c = '_';
  }
  if (out.empty()) return "unknown";
  if (std::isalpha(static_cast<unsigned char>(out.front())) == 0) {
    out = ("t" + out).substr(0, 64);
  }
  return out;
}

std::string wire_id(const std::string& id, const WireStyle& style) {
  const bool short_enough = id.size() == 9 && std::all_of(id.begin(), id.end(), alphanumeric);
  return style.short_ids && !short_enough ? short_id("remap:" + id, 0) : id;
}

std::string system_text(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& message : messages) {
    if (message.role != Role::system || message.content.empty()) continue;
    if (!text.empty()) text += "\n\n";
    text += message.content;
  }
  return text;
}

std::string fold_into(std::string system, const std::string& user) {
  if (system.empty()) return user;
  return user.empty() ? system : system + "\n\n" + user;
}

std::string result_text(const std::vector<Message>& messages, std::size_t turn,
                        const ToolCall& call) {
  for (std::size_t j = turn + 1; j < messages.size() && messages[j].role == Role::tool; ++j) {
    if (messages[j].tool_call_id != call.id) continue;
    const std::string& text = messages[j].content;
    if (trim(text).empty()) return "(no output)";
    return text.size() > kMaxToolResult ? truncate_middle(text, kMaxToolResult) : text;
  }
  return kCancelled;
}

bool has_substance(const Message& assistant) {
  return !assistant.tool_calls.empty() || !trim(assistant.content).empty();
}

Json own_mirror(const Message& message, const WireStyle& style, const std::string& source) {
  if (message.mirror.empty() || !style.mirror) return {};
  auto parsed = parse_json(message.mirror, "mirror");
  if (!parsed || text_of(member(&*parsed, "from")) != source) return {};
  return std::move(*parsed);
}

}  // namespace skillgrad::llm
