// SPDX-License-Identifier: MIT
#include "llm/text_call_reader.hpp"

#include <algorithm>
#include <iterator>

#include <skillgrad/core/text.hpp>

#include "llm/field.hpp"
#include "llm/json_scan.hpp"
#include "llm/tool_calls.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kBlanks = " \t\r\n";

bool has_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer() || integer_of(&value).has_value();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return true;
}

bool fits(const Json& arguments, const Json& schema) {
  if (!arguments.is_object()) return false;
  if (const Json* required = member(&schema, "required"); required && required->is_array()) {
    for (const Json& key : *required) {
      if (!arguments.contains(text_of(&key))) return false;
    }
  }
  const Json* properties = member(&schema, "properties");
  for (const auto& [key, value] : arguments.items()) {
    const Json* property = member(properties, key.c_str());
    if (property == nullptr) continue;
    if (!has_type(value, text_of(member(property, "type")))) return false;
  }
  return true;
}

}  // namespace

TextCallReader::TextCallReader(std::string_view text, const std::vector<ToolSpec>& offered)
    : text_(text), offered_(offered) {
  for (const ToolSpec& tool : offered) {
    auto schema = parse_json(tool.parameters, tool.name);
    offers_.push_back({&tool, schema ? std::move(*schema) : Json()});
  }
}

std::size_t TextCallReader::skip_blanks(std::size_t at) const {
  return std::min(text_.find_first_not_of(kBlanks, at), text_.size());
}

std::size_t TextCallReader::skip_marker(std::size_t at, std::string_view marker) const {
  const std::size_t next = skip_blanks(at);
  return starts_with_icase(rest(next), marker) ? next + marker.size() : at;
}

const TextCallReader::Offer* TextCallReader::offer(const std::string& name) const {
  const auto found = std::find_if(offers_.begin(), offers_.end(),
                                  [&](const Offer& entry) { return entry.tool->name == name; });
  return found == offers_.end() ? nullptr : &*found;
}

std::optional<ToolCall> TextCallReader::make_call(std::string_view name,
                                                  const Json& arguments) const {
  ToolCall call;
  call.name = resolve_tool_name(name, offered_);
  const Offer* meant = offer(call.name);
  if (meant == nullptr) return std::nullopt;
  set_arguments(call, &arguments);
  if (!call.problem.empty()) return std::nullopt;
  const auto object = parse_json(call.arguments, "arguments");
  if (!object || !fits(*object, meant->schema)) return std::nullopt;
  return call;
}

/// False unless every call in the value is acceptable.
bool TextCallReader::read_value(const Json& value, std::vector<ToolCall>& calls) const {
  if (value.is_array()) {
    for (const Json& item : value) {
      if (!read_value(item, calls)) return false;
    }
    return !value.empty();
  }
  const Json* function = member(&value, "function");
  const Json* holder = function != nullptr && function->is_object() ? function : &value;
  const Json* arguments = member_of(holder, {"arguments", "parameters"});
  const std::string name = text_of(member(holder, "name"));
  if (name.empty() || arguments == nullptr) return false;
  auto call = make_call(name, *arguments);
  if (!call) return false;
  calls.push_back(std::move(*call));
  return true;
}

Reading TextCallReader::json_calls(std::size_t at) {
  Reading out{{}, at, at};
  for (std::size_t from = skip_blanks(at); from < text_.size();) {
    if (text_[from] != '{' && text_[from] != '[') break;
    const JsonScan scan = scan_json(text_, from);
    out.looked = std::max(from + 1, scan.end);
    if (scan.ending != JsonScan::Ending::whole) break;
    std::vector<ToolCall> calls;
    const auto value =
        parse_reply_json(text_.substr(from, scan.end - from), "text", DeepValues::refuse);
    const bool good = value && read_value(*value, calls);
    // What is no call is passed over as a whole: markers inside are its data.
    if (good || out.calls.empty()) out.end = scan.end;
    if (!good) break;
    std::move(calls.begin(), calls.end(), std::back_inserter(out.calls));
    from = skip_blanks(scan.end);
    if (from < text_.size() && (text_[from] == ';' || text_[from] == ',')) {
      from = skip_blanks(from + 1);
    }
  }
  return out;
}

Reading TextCallReader::named(std::string_view name, std::size_t at) const {
  Reading out{{}, at, at};
  const std::size_t from = skip_blanks(at);
  if (from >= text_.size() || (text_[from] != '{' && text_[from] != '[')) return out;
  const JsonScan scan = scan_json(text_, from);
  if (scan.ending != JsonScan::Ending::whole) return out;
  out.end = scan.end;
  const auto arguments =
      parse_reply_json(text_.substr(from, scan.end - from), "text", DeepValues::refuse);
  if (!arguments || !arguments->is_object()) return out;
  if (auto call = make_call(name, *arguments)) out.calls.push_back(std::move(*call));
  return out;
}

Reading TextCallReader::closed_only(std::size_t at) {
  if (call_close_.next(text_, at) == kNone) return {{}, at + 1, text_.size()};
  Reading out = json_calls(at);
  const std::size_t end = skip_marker(out.end, kCallClose);
  if (out.calls.empty() || end == out.end) return {{}, at + 1, out.looked};
  out.end = end;
  return out;
}

Reading TextCallReader::fenced(std::size_t at) {
  constexpr std::size_t kLongestName = 20;
  const std::size_t head = at + 3;
  const std::size_t size = rest(head).substr(0, kLongestName).find_first_of("\n{[");
  if (size == kNone) return {{}, head, head};
  const std::string name = to_lower_ascii(trim(text_.substr(head, size)));
  if (!name.empty() && name != "json" && name != "tool_call") return {{}, head, head};
  Reading out = json_calls(head + size);
  const std::size_t end = skip_marker(out.end, "```");
  if (out.calls.empty() || end == out.end) return {{}, head, out.looked};
  out.end = end;
  return out;
}

Reading TextCallReader::bare() {
  Reading out = json_calls(0);
  if (skip_blanks(out.end) < text_.size()) out.calls.clear();
  return out;
}

/// {"name": "an offered one", however it goes on.
bool TextCallReader::begins_named_call(std::size_t at) const {
  for (const std::string_view expected : {"{", "\"name\"", ":", "\""}) {
    const std::size_t next = skip_marker(at, expected);
    if (next == at) return false;
    at = next;
  }
  constexpr std::size_t kLongestName = 100;
  const std::string_view name = rest(at).substr(0, kLongestName);
  const auto end = name.find('"');
  return end != kNone && is_offered(resolve_tool_name(name.substr(0, end), offered_), offered_);
}

}  // namespace skillgrad::llm
