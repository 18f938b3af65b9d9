// SPDX-License-Identifier: MIT
#include "llm/reply/tool_calls.hpp"

#include <algorithm>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "llm/reply/call_members.hpp"
#include "llm/reply/reply_texts.hpp"
#include "llm/text/text_call_formats.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kShownArguments = 500;
constexpr std::size_t kLongestName = 256;  ///< longer ones are no tool's and only shown
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

/// One call as an object, or as text that holds it.
Json legacy_call(const Json& message) {
  for (const Json* call : single_calls(message)) {
    if (!call->is_string()) return *call;
    const auto& text = call->get_ref<const std::string&>();
    if (trim(text).empty() || text == "none" || text == "auto") continue;
    auto read = parse_reply_json(text, "function_call", DeepValues::refuse);
    if (read && read->is_object()) return std::move(*read);
    return {{"name", text}, {"arguments", text}};  // which the model is told of
  }
  return {};
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

std::string resolve_tool_name(std::string_view sent, const std::vector<ToolSpec>& offered) {
  std::string name = sanitize_utf8(trim(sent.substr(0, sent.find("<|"))));
  for (const std::string_view prefix : {"functions.", "default_api."}) {
    if (starts_with_icase(name, prefix)) name = name.substr(prefix.size());
  }
  name = std::string(trim(name));
  if (is_offered(name, offered)) return name;
  const std::string lower = to_lower_ascii(name);
  for (const ToolSpec& tool : offered) {
    if (to_lower_ascii(tool.name) == lower) return tool.name;
  }
  return name.size() > kLongestName ? truncate_middle(name, kLongestName) : name;
}

bool is_offered(std::string_view name, const std::vector<ToolSpec>& offered) {
  return std::any_of(offered.begin(), offered.end(),
                     [&](const ToolSpec& tool) { return tool.name == name; });
}

std::string short_id(std::string_view salt, std::size_t number) {
  PartHasher hasher;
  hasher.add(salt).add(std::to_string(number));
  return hasher.finish().substr(0, 9);
}

void assign_ids(std::vector<ToolCall>& calls, const std::vector<Message>& conversation,
                const std::string& salt) {
  std::set<std::string> used;
  for (const Message& message : conversation) {
    for (const ToolCall& call : message.tool_calls) used.insert(call.id);
  }
  std::size_t number = 0;
  for (ToolCall& call : calls) {
    std::string id(trim(call.id));
    while (id.empty() || used.contains(id)) id = short_id(salt, number++);
    call.id = id;
    used.insert(id);
  }
}

std::vector<ToolCall> read_tool_calls(const Json& message, const std::vector<ToolSpec>& offered) {
  std::vector<ToolCall> calls;
  const auto read = [&](const Json* function, std::string id) {
    ToolCall call;
    call.id = std::move(id);
    const Json* arguments = nullptr;
    for (const char* key : name_keys()) {
      if (call.name.empty()) call.name = text_of(member(function, key));
    }
    for (const char* key : argument_keys()) {
      if (arguments == nullptr) arguments = member(function, key);
    }
    call.name = resolve_tool_name(call.name, offered);
    set_arguments(call, arguments);
    calls.push_back(std::move(call));
  };
  const auto read_item = [&](const Json& item) {
    if (!item.is_object()) return;
    const Json* function = member(&item, "function");
    const bool holds = function != nullptr && function->is_object();
    read(holds ? function : &item, text_of(member(&item, "id")));
  };
  for (const Json* list : call_lists(message)) {
    if (!calls.empty()) break;
    if (list->is_object()) read_item(*list);
    if (list->is_array()) std::for_each(list->begin(), list->end(), read_item);
  }
  if (calls.empty()) {
    const Json legacy = legacy_call(message);
    if (legacy.is_object()) read(&legacy, {});
  }
  if (calls.empty()) {
    for (const Json& part : call_parts(message)) read_item(part);
  }
  return calls;
}

}  // namespace skillgrad::llm
