// SPDX-License-Identifier: MIT
#include "llm/text_calls.hpp"

#include <array>
#include <optional>

#include <skillgrad/core/text.hpp>

#include "llm/field.hpp"
#include "llm/tool_calls.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kNone = std::string::npos;

/// A format's finding: the calls and the bytes of the text they took.
struct Found {
  std::vector<ToolCall> calls;
  std::size_t begin = 0, end = 0;
};

bool has_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer() || integer_of(&value).has_value();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return true;
}

bool fits(const Json& arguments, const ToolSpec& tool) {
  if (!arguments.is_object()) return false;
  const auto schema = parse_json(tool.parameters, tool.name);
  if (!schema) return true;
  if (const Json* required = member(&*schema, "required"); required && required->is_array()) {
    for (const Json& key : *required) {
      if (!arguments.contains(text_of(&key))) return false;
    }
  }
  const Json* properties = member(&*schema, "properties");
  for (const auto& [key, value] : arguments.items()) {
    const Json* property = member(properties, key.c_str());
    if (property == nullptr) continue;
    if (!has_type(value, text_of(member(property, "type")))) return false;
  }
  return true;
}

std::optional<ToolCall> make_call(std::string_view name, const Json& arguments,
                                  const std::vector<ToolSpec>& offered) {
  ToolCall call;
  call.name = resolve_tool_name(name, offered);
  for (const ToolSpec& tool : offered) {
    if (tool.name != call.name) continue;
    set_arguments(call, &arguments);
    if (!call.problem.empty()) return std::nullopt;
    const auto object = parse_json(call.arguments, "arguments");
    if (!object || !fits(*object, tool)) return std::nullopt;
    return call;
  }
  return std::nullopt;
}

/// {"name":..,"arguments"|"parameters":..}, the same inside "function", or an array of these.
bool read_json_calls(const Json& value, const std::vector<ToolSpec>& offered,
                     std::vector<ToolCall>& calls) {
  if (value.is_array()) {
    for (const Json& item : value) {
      if (!read_json_calls(item, offered, calls)) return false;
    }
    return !value.empty();
  }
  const Json* function = member(&value, "function");
  const Json* holder = function != nullptr && function->is_object() ? function : &value;
  const Json* arguments = member_of(holder, {"arguments", "parameters"});
  const std::string name = text_of(member(holder, "name"));
  if (name.empty() || arguments == nullptr) return false;
  auto call = make_call(name, *arguments, offered);
  if (!call) return false;
  calls.push_back(std::move(*call));
  return true;
}

/// The JSON value at `start` as calls; nullopt unless every call in it is acceptable.
std::optional<Found> json_calls_at(const std::string& text, std::size_t start,
                                   const std::vector<ToolSpec>& offered) {
  start = text.find_first_not_of(" \t\r\n", start);
  if (start == kNone || (text[start] != '{' && text[start] != '[')) return std::nullopt;
  const std::size_t end = json_end(text, start);
  if (end == kNone) return std::nullopt;
  const auto parsed = parse_reply_json(std::string_view(text).substr(start, end - start), "text");
  Found found;
  if (!parsed || !read_json_calls(*parsed, offered, found.calls)) return std::nullopt;
  found.begin = start;
  found.end = end;
  return found;
}

/// Skips white space and then `marker`, if it is there.
std::size_t skip_marker(const std::string& text, std::size_t at, std::string_view marker) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", at);
  if (next != kNone && std::string_view(text).substr(next).starts_with(marker)) {
    return next + marker.size();
  }
  return at;
}

struct Tag {
  std::string_view open, close;
};
constexpr std::array<Tag, 5> kTags = {{{"<tool_call>", "</tool_call>"},
                                       {"[TOOL_CALLS]", ""},
                                       {"[TOOL_REQUEST]", "[END_TOOL_REQUEST]"},
                                       {"<|python_tag|>", ""},
                                       {"```tool_call", "```"}}};

std::optional<Found> find_tagged(const std::string& text, const std::vector<ToolSpec>& offered) {
  for (const Tag& tag : kTags) {
    for (auto at = text.find(tag.open); at != kNone; at = text.find(tag.open, at + 1)) {
      auto found = json_calls_at(text, at + tag.open.size(), offered);
      if (!found) continue;
      found->begin = at;
      if (!tag.close.empty()) found->end = skip_marker(text, found->end, tag.close);
      return found;
    }
  }
  // The opening tag went missing, as happens when a template swallows it.
  static constexpr std::string_view kClose = "</tool_call>";
  if (const auto close = text.find(kClose); close != kNone) {
    for (auto at = text.rfind('{', close); at != kNone; at = text.rfind('{', at - 1)) {
      if (auto found = json_calls_at(text, at, offered)) {
        if (skip_marker(text, found->end, kClose) == found->end) return std::nullopt;
        found->end = close + kClose.size();
        return found;
      }
      if (at == 0) break;
    }
  }
  return std::nullopt;
}

/// A fence ```json ... ``` (or without a language) whose whole content is a call.
std::optional<Found> find_fenced(const std::string& text, const std::vector<ToolSpec>& offered) {
  for (const std::string_view open : {"```json", "```JSON", "```\n"}) {
    for (auto at = text.find(open); at != kNone; at = text.find(open, at + 3)) {
      auto found = json_calls_at(text, at + open.size(), offered);
      if (!found) continue;
      const std::size_t end = skip_marker(text, found->end, "```");
      if (end == found->end) continue;
      found->begin = at;
      found->end = end;
      return found;
    }
  }
  return std::nullopt;
}

std::optional<Found> find_bare(const std::string& text, const std::vector<ToolSpec>& offered) {
  auto found = json_calls_at(text, 0, offered);
  if (!found || !trim(text.substr(found->end)).empty()) return std::nullopt;
  if (!trim(text.substr(0, found->begin)).empty()) return std::nullopt;
  return found;
}

/// A parameter written as text takes the type its schema asks for.
Json typed_value(std::string_view text, const std::string& type) {
  if (type != "string" && !type.empty()) {
    if (auto parsed = parse_json(text, "parameter"); parsed && has_type(*parsed, type)) {
      return *parsed;
    }
  }
  return Json(sanitize_utf8(text));
}

/// <function=name><parameter=key>value</parameter>...</function>
std::optional<Found> find_function_tag(const std::string& text,
                                       const std::vector<ToolSpec>& offered) {
  static constexpr std::string_view kOpen = "<function=";
  static constexpr std::string_view kParameter = "<parameter=";
  const auto at = text.find(kOpen);
  const auto name_end = at == kNone ? kNone : text.find('>', at);
  if (name_end == kNone) return std::nullopt;
  const std::string name =
      resolve_tool_name(text.substr(at + kOpen.size(), name_end - at - kOpen.size()), offered);
  Json schema;
  for (const ToolSpec& tool : offered) {
    if (tool.name != name) continue;
    if (auto parsed = parse_json(tool.parameters, tool.name)) schema = *parsed;
  }
  auto end = text.find("</function>", name_end);
  const std::size_t body_end = end == kNone ? text.size() : end;
  Json arguments = Json::object();
  for (auto p = text.find(kParameter, name_end); p != kNone && p < body_end;
       p = text.find(kParameter, p + 1)) {
    const auto key_end = text.find('>', p);
    if (key_end == kNone) return std::nullopt;
    auto value_end = text.find("</parameter>", key_end);
    if (value_end == kNone || value_end > body_end) value_end = body_end;
    const std::string key = text.substr(p + kParameter.size(), key_end - p - kParameter.size());
    const Json* property = member(member(&schema, "properties"), key.c_str());
    const std::string_view value =
        trim(std::string_view(text).substr(key_end + 1, value_end - key_end - 1));
    arguments[key] = typed_value(value, text_of(member(property, "type")));
  }
  auto call = make_call(name, arguments, offered);
  if (!call) return std::nullopt;
  Found found;
  found.calls.push_back(std::move(*call));
  found.begin = at;
  found.end = end == kNone ? text.size() : end + std::string_view("</function>").size();
  if (const auto open = text.rfind("<tool_call>", at);
      open != kNone && trim(text.substr(open + 11, at - open - 11)).empty()) {
    found.begin = open;
  }
  found.end = skip_marker(text, found.end, "</tool_call>");
  return found;
}

struct Markers {
  std::string_view begin, separator, end, section_begin, section_end;
};
/// Kimi's and DeepSeek's own markers; the latter use the full-width bar and the lower one block.
constexpr std::array<Markers, 2> kMarkers = {
    {{"<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>",
      "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"},
     {"<\xEF\xBD\x9Ctool\xE2\x96\x81"
      "call\xE2\x96\x81"
      "begin\xEF\xBD\x9C>",
      "<\xEF\xBD\x9Ctool\xE2\x96\x81sep\xEF\xBD\x9C>",
      "<\xEF\xBD\x9Ctool\xE2\x96\x81"
      "call\xE2\x96\x81"
      "end\xEF\xBD\x9C>",
      "<\xEF\xBD\x9Ctool\xE2\x96\x81"
      "calls\xE2\x96\x81"
      "begin\xEF\xBD\x9C>",
      "<\xEF\xBD\x9Ctool\xE2\x96\x81"
      "calls\xE2\x96\x81"
      "end\xEF\xBD\x9C>"}}};

/// "functions.name:0" (Kimi), "function<sep>name\n```json" (older DeepSeek) or "name<sep>" (newer).
std::string marker_name(std::string_view head) {
  std::string name(trim(head));
  if (const auto line = name.find('\n'); line != kNone)
    name = std::string(trim(name.substr(0, line)));
  if (const auto colon = name.rfind(':'); colon != kNone) name.resize(colon);
  return name;
}

std::optional<Found> find_marked(const std::string& text, const std::vector<ToolSpec>& offered) {
  for (const Markers& m : kMarkers) {
    const auto at = text.find(m.begin);
    if (at == kNone) continue;
    const std::size_t head = at + m.begin.size();
    const auto separator = text.find(m.separator, head);
    const auto brace = text.find('{', head);
    if (separator == kNone || brace == kNone || separator > brace) continue;
    const std::size_t end = json_end(text, brace);
    if (end == kNone) continue;
    std::string name = marker_name(std::string_view(text).substr(head, separator - head));
    if (name == "function") {
      const std::size_t from = separator + m.separator.size();
      name = marker_name(std::string_view(text).substr(from, brace - from));
    }
    const auto parsed = parse_reply_json(std::string_view(text).substr(brace, end - brace), "text");
    if (!parsed) continue;
    auto call = make_call(name, *parsed, offered);
    if (!call) continue;
    Found found;
    found.calls.push_back(std::move(*call));
    found.begin = at;
    found.end = skip_marker(text, skip_marker(text, end, "```"), m.end);
    return found;
  }
  return std::nullopt;
}

void drop_section_markers(std::string& text) {
  for (const Markers& m : kMarkers) {
    text = replace_all(std::move(text), m.section_begin, "");
    text = replace_all(std::move(text), m.section_end, "");
  }
}

}  // namespace

std::size_t json_end(std::string_view text, std::size_t start) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::vector<ToolCall> take_text_calls(std::string& text, const std::vector<ToolSpec>& offered) {
  std::vector<ToolCall> calls;
  if (offered.empty() || text.find_first_of("{<[") == kNone) return calls;
  static constexpr std::array kFormats = {find_tagged, find_function_tag, find_marked, find_fenced,
                                          find_bare};
  for (const auto format : kFormats) {
    while (auto found = format(text, offered)) {
      for (ToolCall& call : found->calls) calls.push_back(std::move(call));
      text.erase(found->begin, found->end - found->begin);
    }
    if (!calls.empty()) break;
  }
  if (!calls.empty()) {
    drop_section_markers(text);
    text = std::string(trim(text));
  }
  return calls;
}

}  // namespace skillgrad::llm
