// SPDX-License-Identifier: MIT
#include "llm/wire/tool_arguments.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kShownArguments = 500;
/// Arguments that a reply holds as an object; the reply's reader may have cut what is deeper.
constexpr int kMaxObjectDepth = 200;

/// A code fence around the whole text is taken off.
std::string_view strip_fence(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 7) return text;
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return text;
  text.remove_prefix(line_end + 1);
  text.remove_suffix(std::min<std::size_t>(3, text.size()));
  return trim(text);
}

void refuse(ToolCall& call, std::string why, std::string_view sent) {
  call.arguments = "{}";
  call.problem =
      std::move(why) + "; sent: " + truncate_middle(sanitize_utf8(sent), kShownArguments);
}

bool deeper_than(const Json& value, int levels) {
  if (!value.is_structured()) return false;
  return levels == 0 || std::any_of(value.begin(), value.end(), [&](const Json& inner) {
           return deeper_than(inner, levels - 1);
         });
}

void set_from_text(ToolCall& call, std::string_view text, int depth) {
  const std::string_view inner = strip_fence(text);
  if (inner.empty()) {
    call.arguments = "{}";
    return;
  }
  const auto parsed = parse_reply_json(inner, "arguments", DeepValues::refuse);
  if (!parsed) {
    refuse(call, "the arguments are not one JSON object (" + parsed.error().message + ")", text);
  } else if (parsed->is_object()) {
    call.arguments = dump_json(*parsed);
  } else if (parsed->is_string() && depth < 2) {
    set_from_text(call, parsed->get_ref<const std::string&>(), depth + 1);
  } else if (parsed->is_null()) {
    call.arguments = "{}";
  } else {
    refuse(call, std::string("the arguments are a JSON ") + parsed->type_name() + ", not an object",
           text);
  }
}

}  // namespace

void set_arguments(ToolCall& call, const Json* sent) {
  call.problem.clear();
  call.arguments = "{}";
  if (sent == nullptr) return;
  if (sent->is_object() && deeper_than(*sent, kMaxObjectDepth)) {
    refuse(call, "the arguments are nested deeper than 200 levels", {});
  } else if (sent->is_object()) {
    call.arguments = dump_json(*sent);
  } else if (sent->is_string()) {
    set_from_text(call, sent->get_ref<const std::string&>(), 0);
  } else {
    refuse(call, std::string("the arguments are a JSON ") + sent->type_name() + ", not an object",
           dump_json(*sent));
  }
}

}  // namespace skillgrad::llm
