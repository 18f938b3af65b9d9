// SPDX-License-Identifier: MIT
// The formats in which models tag their calls, one function each.
#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "llm/field.hpp"
#include "llm/text_call_reader.hpp"
#include "llm/tool_calls.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kNone = std::string_view::npos;
/// Names of tools and parameters, and what stands around them, are never longer.
constexpr std::size_t kLongestHead = 300;
/// More are no call: looking a parameter up takes time in proportion to their number.
constexpr std::size_t kMaxParameters = 256;
constexpr std::string_view kParameterOpen = "<parameter=", kParameterClose = "</parameter>";
constexpr std::string_view kKeyOpen = "<arg_key>", kKeyClose = "</arg_key>",
                           kValueOpen = "<arg_value>", kValueClose = "</arg_value>";

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

struct Tag {
  std::string_view open, close;
};
constexpr std::array<Tag, 3> kJsonTags = {{{"[TOOL_REQUEST]", "[END_TOOL_REQUEST]"},
                                           {"<|python_tag|>", "<|eom_id|>"},
                                           {"```tool_call", "```"}}};
constexpr std::string_view kMistral = "[TOOL_CALLS]";

/// "functions.name:0" (Kimi), "function<sep>name\n```json" (older DeepSeek) or "name<sep>" (newer).
std::string_view marker_name(std::string_view head) {
  head = trim(head);
  head = trim(head.substr(0, head.find('\n')));
  return head.substr(0, head.rfind(':'));
}

/// A parameter written as text takes the type its schema asks for.
Json typed_value(std::string_view text, const std::string& type) {
  if (type != "string" && !type.empty()) {
    // A wrong type is found out when the arguments are held against the schema.
    if (auto parsed = parse_json(text, "parameter")) return std::move(*parsed);
  }
  return Json(sanitize_utf8(text));
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

}  // namespace

std::optional<Reading> TextCallReader::tagged(std::size_t at) {
  const std::string_view here = rest(at);
  if (starts_with_icase(here.substr(0, kCallOpen.size()), kCallOpen)) {
    return tool_call_tag(at + kCallOpen.size());
  }
  if (here.starts_with(kMistral)) return mistral(at + kMistral.size());
  if (here.starts_with(kFunctionOpen)) return function_tag(at + kFunctionOpen.size());
  for (const Tag& tag : kJsonTags) {
    if (!here.starts_with(tag.open)) continue;
    const std::size_t body = at + tag.open.size();
    Reading out = json_calls(body);
    out.end = out.calls.empty() ? std::max(out.end, body) : skip_marker(out.end, tag.close);
    return out;
  }
  for (std::size_t format = 0; format < kMarkers.size(); ++format) {
    if (here.starts_with(kMarkers[format].begin)) return marked(at, format);
  }
  return std::nullopt;
}

/// <tool_call> holds JSON, a function tag, or a name with tags for keys and values.
Reading TextCallReader::tool_call_tag(std::size_t body) {
  const std::size_t inner = skip_blanks(body);
  Reading out{{}, body, body};
  if (rest(inner).starts_with(kFunctionOpen)) {
    out = function_tag(inner + kFunctionOpen.size());
  } else if (inner < text_.size() && (text_[inner] == '{' || text_[inner] == '[')) {
    out = json_calls(inner);
  } else {
    out = key_value_tags(inner);
  }
  if (out.calls.empty()) {
    out.end = std::max(out.end, body);
  } else {
    out.end = skip_marker(out.end, kCallClose);
  }
  return out;
}

/// [TOOL_CALLS] holds JSON, or name[ARGS]{..} with an id between them in some versions.
Reading TextCallReader::mistral(std::size_t body) {
  const std::size_t begin = skip_blanks(body);
  std::size_t end = begin;
  while (end < text_.size() && end - begin < kLongestHead && is_name_char(text_[end])) ++end;
  if (end == begin) {
    Reading out = json_calls(begin);
    out.end = std::max(out.end, body);
    return out;
  }
  std::size_t arguments = end;
  if (const std::size_t id = skip_marker(end, "[CALL_ID]"); id != end) {
    arguments = id;
    while (arguments < text_.size() && arguments - id < kLongestHead &&
           is_name_char(text_[arguments])) {
      ++arguments;
    }
  }
  Reading out = named(text_.substr(begin, end - begin), skip_marker(arguments, "[ARGS]"));
  if (out.calls.empty()) out.end = std::max(out.end, end);
  return out;
}

/// name>{..}</function> (Llama) or name><parameter=key>value</parameter>...</function> (Qwen).
Reading TextCallReader::function_tag(std::size_t body) {
  const auto size = rest(body).substr(0, kLongestHead).find('>');
  if (size == kNone) return {{}, body, body};
  const std::string name = resolve_tool_name(text_.substr(body, size), offered_);
  const Offer* meant = offer(name);
  const std::size_t content = skip_blanks(body + size + 1);
  Reading out{{}, body + size + 1, content};
  if (content < text_.size() && text_[content] == '{') {
    out = named(name, content);
  } else {
    Json arguments = Json::object();
    const Json* properties = meant == nullptr ? nullptr : member(&meant->schema, "properties");
    const std::size_t end = parameters(content, properties, arguments);
    // A name alone is a call only with its closing tag: text may just mention the function.
    if (end == content && !rest(content).starts_with(kFunctionClose)) return out;
    out.end = end;
    if (auto call = make_call(name, arguments)) out.calls.push_back(std::move(*call));
  }
  if (out.calls.empty()) return out;
  out.end = skip_marker(skip_marker(out.end, kFunctionClose), kCallClose);
  return out;
}

std::size_t TextCallReader::parameters(std::size_t at, const Json* properties, Json& arguments) {
  while (rest(at).starts_with(kParameterOpen)) {
    if (arguments.size() >= kMaxParameters) {
      arguments = Json();
      break;
    }
    const std::size_t key_begin = at + kParameterOpen.size();
    const auto key_size = rest(key_begin).substr(0, kLongestHead).find('>');
    if (key_size == kNone) break;
    const std::string key(trim(text_.substr(key_begin, key_size)));
    const std::size_t begin = key_begin + key_size + 1;
    const auto [value_end, end] = value_ends(begin, properties, arguments);
    const Json* property = member(properties, key.c_str());
    arguments[key] = typed_value(trim(text_.substr(begin, value_end - begin)),
                                 text_of(member(property, "type")));
    at = skip_blanks(end);
  }
  return at;
}

std::pair<std::size_t, std::size_t> TextCallReader::value_ends(std::size_t begin,
                                                               const Json* properties,
                                                               const Json& arguments) {
  const std::size_t close = parameter_close_.next(text_, begin);
  const std::size_t function = function_close_.next(text_, begin);
  if (close == kNone) {
    const std::size_t end = std::min({function, call_close_.next(text_, begin), text_.size()});
    return {end, end};
  }
  // The closing tag of another function's parameter does not close this one's.
  if (function < close && function_open_.next(text_, function) < close) return {function, function};
  // Nor is a parameter that follows without it a part of the value; other such text is.
  const std::string_view value = text_.substr(begin, close - begin);
  static constexpr std::string_view kNext = "\n<parameter=";
  for (auto at = value.find(kNext); at != kNone; at = value.find(kNext, at + 1)) {
    const std::string_view key = value.substr(at + kNext.size(), kLongestHead);
    const std::string name(trim(key.substr(0, key.find('>'))));
    if (member(properties, name.c_str()) == nullptr || arguments.contains(name)) continue;
    return {begin + at, begin + at + 1};
  }
  return {close, close + kParameterClose.size()};
}

/// name<arg_key>key</arg_key><arg_value>value</arg_value>... (GLM)
Reading TextCallReader::key_value_tags(std::size_t body) {
  std::size_t at = body;
  while (at < text_.size() && at - body < kLongestHead && is_name_char(text_[at])) ++at;
  Reading out{{}, at, at};
  const std::string name = resolve_tool_name(text_.substr(body, at - body), offered_);
  const Offer* meant = offer(name);
  if (meant == nullptr) return out;
  const Json* properties = member(&meant->schema, "properties");
  Json arguments = Json::object();
  at = skip_blanks(at);
  const std::size_t first = at;
  while (rest(at).starts_with(kKeyOpen)) {
    if (arguments.size() >= kMaxParameters) return out;
    out.end = at;
    const std::size_t key_begin = at + kKeyOpen.size();
    const auto key_size = rest(key_begin).substr(0, kLongestHead).find(kKeyClose);
    if (key_size == kNone) break;
    const std::string key(trim(text_.substr(key_begin, key_size)));
    const std::size_t open = skip_blanks(key_begin + key_size + kKeyClose.size());
    const std::size_t begin = skip_marker(open, kValueOpen);
    if (begin == open) break;
    const std::size_t close = value_close_.next(text_, begin);
    const std::size_t end =
        close == kNone ? std::min(call_close_.next(text_, begin), text_.size()) : close;
    const Json* property = member(properties, key.c_str());
    arguments[key] =
        typed_value(trim(text_.substr(begin, end - begin)), text_of(member(property, "type")));
    at = skip_blanks(close == kNone ? end : end + kValueClose.size());
  }
  out.end = at;
  if (at == first && !rest(at).starts_with(kCallClose)) return out;
  if (auto call = make_call(name, arguments)) out.calls.push_back(std::move(*call));
  return out;
}

Reading TextCallReader::marked(std::size_t at, std::size_t format) const {
  const Markers& m = kMarkers[format];
  const std::size_t head = at + m.begin.size();
  const std::string_view window = rest(head).substr(0, kLongestHead);
  const auto separator = window.find(m.separator);
  if (separator == kNone) return {{}, head, head};
  std::string_view name = marker_name(window.substr(0, separator));
  std::size_t from = head + separator + m.separator.size();
  if (name == "function") {
    const std::size_t size =
        std::min(rest(from).substr(0, kLongestHead).find_first_of("\n{"), text_.size() - from);
    name = marker_name(text_.substr(from, size));
    from += size;
  }
  if (const std::size_t fence = skip_marker(from, "```"); fence != from) {
    from = skip_marker(fence, "json");
  }
  Reading out = named(name, from);
  if (out.calls.empty()) {
    out.end = std::max(out.end, head);
  } else {
    out.end = skip_marker(skip_marker(out.end, "```"), m.end);
  }
  return out;
}

bool TextCallReader::cut_call() {
  std::vector<std::string_view> tags = {kCallOpen, kMistral, kFunctionOpen};
  for (const Tag& tag : kJsonTags) tags.push_back(tag.open);
  for (const Markers& m : kMarkers) tags.push_back(m.begin);
  for (const std::string_view tag : tags) {
    const auto last = text_.rfind(tag);
    if (last == kNone || rest(last).find(kCallClose) != kNone) continue;
    const std::size_t body = skip_blanks(last + tag.size());
    if (body >= text_.size() || text_[body] == '{' || text_[body] == '[' || text_[body] == '<') {
      return true;
    }
    std::size_t end = body;
    while (end < text_.size() && end - body < kLongestHead && is_name_char(text_[end])) ++end;
    const std::string name = resolve_tool_name(text_.substr(body, end - body), offered_);
    if (end > body && is_offered(name, offered_)) return true;
  }
  if (begins_named_call(0)) return true;
  const auto fence = text_.rfind("```");
  if (fence == kNone) return false;
  const auto object = rest(fence).find('{');
  return object != kNone && object < kLongestHead && begins_named_call(fence + object);
}

std::string without_section_markers(std::string text) {
  for (const Markers& m : kMarkers) {
    text = replace_all(std::move(text), m.section_begin, "");
    text = replace_all(std::move(text), m.section_end, "");
  }
  return text;
}

}  // namespace skillgrad::llm
