// SPDX-License-Identifier: MIT
// How calls are written inside of a block: JSON, Python, a name and JSON. Elements are in
// text_call_elements.cpp.
#include "llm/text/text_call_reader.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"
#include "llm/text/written_calls.hpp"
#include "llm/wire/field.hpp"
#include "llm/wire/json_scan.hpp"
#include "llm/wire/tool_arguments.hpp"
#include "llm/wire/tool_names.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::string_view kCallBlanks = " \t\r\n";
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

/// The place of a token in a text that does not begin with it.
std::pair<std::size_t, std::size_t> find_token(std::string_view text, std::string_view token) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (const std::size_t end = match_token(text, at, token); end != kNone) return {at, end};
  }
  return {kNone, kNone};
}

/// "functions.name:0" (Kimi), "name <|constrain|>json" (Harmony), "name\n" (Functionary).
std::string_view head_name(std::string_view head) {
  head = trim(head);
  head = head.substr(0, head.find_first_of(" \t\r\n<"));
  const auto colon = head.rfind(':');
  if (colon == kNone) return head;
  const std::string_view number = head.substr(colon + 1);
  return number.find_first_not_of("0123456789") == kNone ? head.substr(0, colon) : head;
}

bool is_json_start(std::string_view text, std::size_t at) {
  return at < text.size() && (text[at] == '{' || text[at] == '[');
}

}  // namespace

TextCallReader::TextCallReader(std::string_view text, const std::vector<ToolSpec>& offered)
    : text_(text), whole_(text), offered_(offered) {
  for (const ToolSpec& tool : offered) offers_.push_back({&tool, std::nullopt});
}

/// Most texts hold no call, and never need it.
const Json& TextCallReader::schema_of(const Offer& offer) {
  if (!offer.schema) {
    auto schema = parse_json(offer.tool->parameters, offer.tool->name);
    offer.schema = schema ? std::move(*schema) : Json();
  }
  return *offer.schema;
}

std::size_t TextCallReader::skip_blanks(std::size_t at) const {
  return std::min(text_.find_first_not_of(kCallBlanks, at), text_.size());
}

std::size_t TextCallReader::skip_marker(std::size_t at, std::string_view marker) const {
  const std::size_t end = match_token(text_, skip_blanks(at), marker);
  return end == kNone ? at : end;
}

const TextCallReader::Offer* TextCallReader::offer(std::string_view name) const {
  const auto found = std::find_if(offers_.begin(), offers_.end(),
                                  [&](const Offer& entry) { return entry.tool->name == name; });
  return found == offers_.end() ? nullptr : &*found;
}

std::string TextCallReader::offered_name(std::string_view name) const {
  std::string resolved = resolve_tool_name(name, offered_);
  if (offer(resolved) == nullptr && name.ends_with(".call")) {
    resolved = resolve_tool_name(name.substr(0, name.size() - 5), offered_);
  }
  return offer(resolved) == nullptr ? std::string() : resolved;
}

const Json* TextCallReader::properties_of(std::string_view name) const {
  const Offer* meant = offer(name);
  return meant == nullptr ? nullptr : member(&schema_of(*meant), "properties");
}

std::string_view TextCallReader::name_at(std::size_t at) const {
  std::size_t end = at;
  while (end < text_.size() && end - at < kLongestHead && is_call_name_char(text_[end])) ++end;
  return text_.substr(std::min(at, text_.size()), end - at);
}

std::optional<ToolCall> TextCallReader::make_call(std::string_view name,
                                                  const Json& arguments) const {
  ToolCall call;
  call.name = offered_name(name);
  const Offer* meant = offer(call.name);
  if (meant == nullptr) return std::nullopt;
  set_arguments(call, &arguments);
  if (!call.problem.empty()) return std::nullopt;
  const auto object = parse_json(call.arguments, "arguments");
  if (!object || !fits(*object, schema_of(*meant))) return std::nullopt;
  return call;
}

/// False unless every call in the value is acceptable.
bool TextCallReader::read_value(const Json& value, std::vector<ToolCall>& calls) const {
  if (!value.is_array()) return value.is_object() && read_object(value, calls);
  return !value.empty() && std::all_of(value.begin(), value.end(),
                                       [&](const Json& item) { return read_value(item, calls); });
}

bool TextCallReader::read_object(const Json& value, std::vector<ToolCall>& calls) const {
  for (const char* key : {"function", "tool"}) {
    if (const Json* inner = member(&value, key); inner != nullptr && inner->is_object()) {
      return read_object(*inner, calls);
    }
  }
  for (const char* key : holder_keys()) {
    const Json* held = member(&value, key);
    if (held != nullptr && held->is_structured()) return read_value(*held, calls);
  }
  std::string name;
  for (const char* key : name_keys()) {
    if (name.empty()) name = text_of(member(&value, key));
  }
  const Json* arguments = nullptr;
  for (const char* key : argument_keys()) {
    if (arguments == nullptr) arguments = member(&value, key);
  }
  std::optional<ToolCall> call;
  if (!name.empty() && arguments != nullptr) {
    call = make_call(name, *arguments);
  } else if (value.size() == 1 && value.front().is_object()) {
    call = make_call(value.items().begin().key(), value.front());  // Apertus: {"name":{..}}
  }
  if (!call) return false;
  calls.push_back(std::move(*call));
  return true;
}

/// One or more JSON calls in a row; a semicolon or comma may stand between them.
Reading TextCallReader::json_calls(std::size_t at) const {
  Reading out{{}, at, at};
  for (std::size_t from = skip_blanks(at); is_json_start(text_, from);) {
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
  if (!is_json_start(text_, from)) return out;
  const JsonScan scan = scan_json(text_, from);
  if (scan.ending != JsonScan::Ending::whole) return out;
  out.end = scan.end;
  const auto arguments =
      parse_reply_json(text_.substr(from, scan.end - from), "text", DeepValues::refuse);
  if (!arguments || !arguments->is_object()) return out;
  if (auto call = make_call(name, *arguments)) out.calls.push_back(std::move(*call));
  return out;
}

Reading TextCallReader::marked(std::size_t head, std::string_view token) {
  const std::string_view window = rest(head).substr(0, kLongestHead);
  const auto [separator, behind] = find_token(window, token);
  if (separator == kNone) return {{}, head, head};
  std::string_view name = head_name(window.substr(0, separator));
  std::size_t from = head + behind;
  if (name == "function") {  // older DeepSeek: function<sep>name\n```json; Step 3: an element
    const std::size_t inner = skip_blanks(from);
    if (call_tag(text_, inner)) {
      Reading out = element(inner);
      if (out.calls.empty()) out.end = head;
      return out;
    }
    const std::size_t size =
        std::min(rest(from).substr(0, kLongestHead).find_first_of("\n{"), text_.size() - from);
    name = head_name(text_.substr(from, size));
    from += size;
  }
  if (const std::size_t fence = skip_marker(from, "```"); fence != from) {
    from = skip_marker(fence, "json");
  }
  Reading out = named(name, from);
  out.end = out.calls.empty() ? std::max(out.end, head) : skip_marker(out.end, "```");
  return out;
}

/// A call in the syntax of source code: name(key="value"), or name{key:value}.
Reading TextCallReader::written(std::size_t at, bool braced) const {
  Reading out{{}, at, at};
  const auto call = braced ? braced_call(text_, at) : python_call(text_, at);
  if (!call) return out;
  out.end = call->end;
  Json arguments = call->named;
  const Json* properties = properties_of(offered_name(call->name));
  if (!call->positional.empty()) {
    if (properties == nullptr || call->positional.size() > properties->size()) return out;
    auto key = properties->items().begin();
    for (const Json& value : call->positional) {
      if (arguments.contains(key.key())) return out;
      arguments[key.key()] = value;
      ++key;
    }
  }
  if (auto made = make_call(call->name, arguments)) out.calls.push_back(std::move(*made));
  return out;
}

/// [name(..), other(..)], or such calls behind each other.
Reading TextCallReader::python_calls(std::size_t at) const {
  const bool list = at < text_.size() && text_[at] == '[';
  Reading out{{}, at + 1, at + 1};
  std::vector<ToolCall> calls;
  std::size_t from = skip_blanks(list ? at + 1 : at);
  while (true) {
    Reading one = written(from, false);
    out.looked = std::max(out.looked, one.end);
    if (one.calls.empty()) return out;
    std::move(one.calls.begin(), one.calls.end(), std::back_inserter(calls));
    from = one.end;
    if (!list) break;
    from = skip_blanks(from);
    const bool more = from < text_.size() && text_[from] == ',';
    if (more) from = skip_blanks(from + 1);
    if (from < text_.size() && text_[from] == ']') {
      ++from;
      break;
    }
    if (!more) return out;
  }
  out.calls = std::move(calls);
  out.end = from;
  return out;
}

/// A name, and behind it Python's brackets, JSON, or tags for keys and values.
Reading TextCallReader::word_call(std::size_t at) {
  if (const std::size_t call = match_token(text_, at, "call:"); call != kNone) {
    return written(skip_blanks(call), true);  // Gemma
  }
  const std::string_view name = name_at(at);
  std::size_t behind = at + name.size();
  if (name.empty()) return {{}, at, at};
  if (behind < text_.size() && text_[behind] == '(') return python_calls(at);
  if (const std::size_t id = skip_marker(behind, "[CALL_ID]"); id != behind) {
    behind = id + name_at(id).size();
  }
  behind = skip_marker(behind, "[ARGS]");
  // Kimi's "functions.name:0{..}", without the tokens around it
  if (const auto digits = rest(behind).substr(0, 6); digits.starts_with(':')) {
    const auto end = digits.find_first_not_of("0123456789", 1);
    if (end != kNone && end > 1 && digits[end] == '{') behind += end;
  }
  if (is_json_start(text_, skip_blanks(behind))) {
    Reading out = named(name, behind);
    if (out.calls.empty()) out.end = std::max(out.end, behind);
    return out;
  }
  return key_value_tags(name, behind);
}

Reading TextCallReader::one_call(std::size_t at) {
  Reading none{{}, at, at};
  if (at >= text_.size()) return none;
  const char c = text_[at];
  if (c == '{' || c == '[') {
    Reading out = json_calls(at);
    if (!out.calls.empty() || c == '{') return out;
    Reading python = python_calls(at);
    python.looked = std::max(python.looked, out.looked);
    if (python.calls.empty()) python.end = std::max(python.end, out.end);
    return python;
  }
  for (const CallFormat& format : call_formats()) {
    if (format.separator.empty()) continue;
    const std::size_t head = match_token(text_, at, format.open);
    if (head == kNone) continue;
    Reading out = marked(head, format.separator);
    if (!out.calls.empty()) return out;
    none.end = std::max(none.end, out.end);
  }
  if (none.end > at) return none;
  if (c == '<' || c == ']') return element(at);
  if (rest(at).starts_with("```")) {
    const std::size_t line =
        std::min(rest(at).substr(0, kLongestHead).find_first_of("\n{["), text_.size() - at);
    Reading out = one_call(skip_blanks(at + std::max<std::size_t>(line, 3)));
    if (!out.calls.empty()) out.end = skip_marker(out.end, "```");
    return out;
  }
  return word_call(at);
}

Reading TextCallReader::calls_at(std::size_t at) {
  Reading out{{}, at, at};
  std::size_t from = at;
  while (true) {
    from = skip_openers(from);
    Reading one = one_call(from);
    out.looked = std::max({out.looked, one.looked, one.end});
    if (one.calls.empty()) {
      // From every opening on the way one comes to the same place.
      if (out.calls.empty()) out.end = std::max({out.end, one.end, from});
      break;
    }
    std::move(one.calls.begin(), one.calls.end(), std::back_inserter(out.calls));
    from = out.end = skip_closers(one.end);
  }
  return out;
}

std::optional<Reading> TextCallReader::tagged(std::size_t at) {
  const auto block = opening(at);
  if (!block && !call_element_at(at)) return std::nullopt;
  Reading out = calls_at(at);
  if (out.calls.empty()) out.end = std::max(block ? block->body : at + 1, out.end);
  return out;
}

Reading TextCallReader::closed_only(std::size_t at) {
  if (next("</tool_call>", at) == kNone) return {{}, at + 1, text_.size()};
  Reading out = json_calls(at);
  const std::size_t end = skip_marker(out.end, "</tool_call>");
  if (out.calls.empty() || end == out.end) return {{}, at + 1, out.looked};
  out.end = end;
  return out;
}

Reading TextCallReader::fenced(const CodeSpan& fence) {
  text_ = whole_.substr(0, fence.inner_end);
  Reading out = calls_at(fence.inner_begin);
  const bool all = skip_blanks(out.end) >= text_.size();
  text_ = whole_;
  if (!all) out.calls.clear();
  out.end = fence.end;
  return out;
}

Reading TextCallReader::last_lines(std::size_t at) {
  const Reading none{{}, at, at + 1};
  std::size_t from = at;
  if (const std::size_t mark = match_token(text_, at, ">>>"); mark != kNone) {
    from = mark;  // Functionary
  } else if (const std::size_t action = match_token(text_, at, "Action:"); action != kNone) {
    const std::size_t begin = skip_blanks(action);
    const std::string_view name = name_at(begin);
    const std::size_t input = skip_marker(begin + name.size(), "Action Input:");
    if (offered_name(name).empty() || input == begin + name.size()) return none;
    Reading out = named(name, input);
    if (skip_closers(out.end) < text_.size()) out.calls.clear();
    return out;
  } else if (const std::size_t phi = match_token(text_, at, "functools"); phi != kNone) {
    from = skip_blanks(phi);
  } else if (!is_json_start(text_, at) && offered_name(name_at(at)).empty() &&
             !rest(at).starts_with("print(")) {
    return none;
  }
  Reading out = calls_at(from);
  out.looked = std::max(out.looked, from + 1);
  if (skip_closers(out.end) < text_.size()) out.calls.clear();
  return out;
}

bool TextCallReader::begins_named_call(std::size_t at) const {
  const std::string_view head = rest(at).substr(0, kLongestHead);
  if (!is_json_start(head, 0)) return false;
  const auto is_name_key = [](std::string_view key) {
    return std::any_of(name_keys().begin(), name_keys().end(),
                       [&](const char* word) { return key == word; });
  };
  for (auto open = head.find('"'); open != kNone; open = head.find('"', open + 1)) {
    const auto close = head.find('"', open + 1);
    if (close == kNone) return false;
    if (!is_name_key(head.substr(open + 1, close - open - 1))) continue;
    const std::size_t behind = skip_marker(at + close + 1, ":");
    const std::size_t value = skip_marker(behind, "\"");
    if (behind == at + close + 1 || value == behind) continue;
    const std::string_view name = name_at(value);
    if (rest(value + name.size()).starts_with('"') && !offered_name(name).empty()) return true;
  }
  return false;
}

bool TextCallReader::has_parameter(std::string_view tool, std::string_view name) const {
  return member(properties_of(offered_name(tool)), std::string(name).c_str()) != nullptr;
}

std::string without_section_markers(std::string text) {
  std::string out;
  static constexpr std::array<std::string_view, 4> kSections = {
      "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_calls_begin|>",
      "<|tool_calls_end|>"};
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = kNone;
    if (text[at] == '<') {
      for (const std::string_view section : kSections) {
        if (end == kNone) end = match_token(text, at, section);
      }
    }
    if (end == kNone) {
      out += text[at++];
    } else {
      at = end;
    }
  }
  return out;
}

}  // namespace skillgrad::llm
