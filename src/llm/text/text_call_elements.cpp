// SPDX-License-Identifier: MIT
// Blocks of calls, and calls that are written as XML-like elements.
#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"
#include "llm/text/text_call_reader.hpp"
#include "llm/text/written_calls.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

/// More are no call: looking a parameter up takes time in proportion to their number.
constexpr std::size_t kMaxParameters = 256;
/// Different spellings of closing tags that are looked for in one text.
constexpr std::size_t kMaxClosers = 64;
constexpr std::string_view kKeyOpen = "<arg_key>", kKeyClose = "</arg_key>",
                           kValueOpen = "<arg_value>";

/// A parameter written as text takes the type its schema asks for.
Json typed_value(std::string_view text, const std::string& type) {
  if (type != "string" && !type.empty()) {
    // A wrong type is found out when the arguments are held against the schema.
    if (auto parsed = parse_json(text, "parameter")) return std::move(*parsed);
    const std::string word = to_lower_ascii(text);
    if (type == "boolean" && (word == "true" || word == "false")) return Json(word == "true");
  }
  return Json(sanitize_utf8(text));
}

/// Templates put a value on lines of its own.
std::string_view without_line_ends(std::string_view text) {
  if (text.starts_with("\r\n")) text.remove_prefix(1);
  if (text.starts_with('\n')) text.remove_prefix(1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::size_t TextCallReader::next(const std::string& wanted, std::size_t from) {
  auto known = places_.find(wanted);
  if (known == places_.end()) {
    if (wanted.empty() || places_.size() >= kMaxClosers) return kNone;
    known = places_.emplace(wanted, std::vector<std::size_t>{}).first;
    for (auto at = whole_.find(wanted); at != kNone; at = whole_.find(wanted, at + 1)) {
      known->second.push_back(at);
    }
  }
  const auto found = std::lower_bound(known->second.begin(), known->second.end(), from);
  if (found == known->second.end() || *found + wanted.size() > text_.size()) return kNone;
  return *found;
}

std::optional<BlockOpening> TextCallReader::opening(std::size_t at) const {
  for (const CallFormat& format : call_formats()) {
    const std::size_t end = match_token(text_, at, format.open);
    if (end != kNone) return BlockOpening{end, &format, std::string(format.close)};
  }
  const auto tag = call_tag(text_, at);
  if (!tag || tag->closes || call_element(tag->local) != CallElement::block) return std::nullopt;
  // <tool_call name="x"> is a call by itself, and <calls> an everyday word.
  if (!tag->value.empty() || (tag->local == "calls" && text_[at + 1] == 'c')) return std::nullopt;
  return BlockOpening{tag->end, nullptr, tag->closer};
}

std::optional<CallTag> TextCallReader::call_element_at(std::size_t at) const {
  auto tag = call_tag(text_, at);
  if (!tag || tag->closes) return std::nullopt;
  const CallElement kind = call_element(tag->local);
  // <function name="..">, <tool name=".."> and the like stand in many texts.
  const bool ours = tag->local == "invoke" || kind == CallElement::block || tag->assigned ||
                    !offered_name(tag->value).empty();
  const bool names =
      (kind == CallElement::call || kind == CallElement::block) && !tag->value.empty();
  if (ours && (names || tag->local == "invoke")) return tag;
  if (tag->value.empty() && !offered_name(tag->local).empty()) {
    tag->value = std::string(tag->local);
    return tag;
  }
  return std::nullopt;
}

std::size_t TextCallReader::skip_openers(std::size_t at) const {
  while (true) {
    const std::size_t from = skip_blanks(at);
    if (from >= text_.size()) return from;
    if (text_[from] == ',' || text_[from] == ';') {
      at = from + 1;
      continue;
    }
    const auto block = opening(from);
    if (!block || (block->format != nullptr && !block->format->separator.empty())) return from;
    at = block->body;
  }
}

std::size_t TextCallReader::skip_closers(std::size_t at) const {
  while (true) {
    const std::size_t from = skip_blanks(at);
    std::size_t end = kNone;
    if (const auto tag = call_tag(text_, from); tag && tag->closes) {
      const CallElement kind = call_element(tag->local);
      if (kind == CallElement::block || kind == CallElement::call || tag->local == "tools") {
        end = tag->end;
      }
    }
    for (const CallFormat& format : call_formats()) {
      if (end == kNone && !format.close.empty()) end = match_token(text_, from, format.close);
    }
    for (const std::string_view token : closing_tokens()) {
      if (end == kNone) end = match_token(text_, from, token);
    }
    if (end == kNone) return from >= text_.size() ? from : at;
    at = end;
  }
}

Reading TextCallReader::element(std::size_t at) {
  const auto tag = call_element_at(at);
  if (!tag) return {{}, at, at};
  Reading out = element_body(*tag, tag->end);
  if (out.calls.empty()) out.end = std::max(out.end, tag->end);
  return out;
}

/// {..}</function> (Llama), or <parameter=key>value</parameter>... (Qwen) and its relatives.
Reading TextCallReader::element_body(const CallTag& tag, std::size_t at) {
  std::string name = tag.value;
  const std::size_t content = skip_blanks(at);
  Reading out{{}, at, content};
  if (content < text_.size() && text_[content] == '{') {
    out = named(name, content);
  } else {
    Json arguments = Json::object();
    const std::size_t end = parameters(content, tag, name, arguments);
    // A name alone is a call only with its closing tag: text may just mention the function.
    if (end == content && !rest(content).starts_with(tag.closer)) return out;
    out.end = end;
    if (auto call = make_call(name, arguments)) out.calls.push_back(std::move(*call));
  }
  if (out.calls.empty()) return out;
  // An element with a tool's own name is an everyday tag: it counts where it is closed.
  const std::size_t end = skip_marker(out.end, tag.closer);
  if (end == out.end && call_element(tag.local) == CallElement::other) out.calls.clear();
  out.end = end;
  return out;
}

std::size_t TextCallReader::parameters(std::size_t at, const CallTag& call, std::string& name,
                                       Json& arguments) {
  while (true) {
    const auto tag = call_tag(text_, at);
    if (!tag || tag->closes) return at;
    if (arguments.size() >= kMaxParameters) {
      arguments = Json();
      return at;
    }
    const CallElement kind = call_element(tag->local);
    const std::string resolved = offered_name(name);
    const Json* properties = properties_of(resolved);
    const bool property = member(properties, std::string(tag->local).c_str()) != nullptr;
    if (kind == CallElement::parameter && !tag->value.empty()) {
      at = skip_blanks(parameter_value(call, *tag, resolved, arguments));
    } else if (kind == CallElement::name && name.empty()) {
      const std::size_t close = next(tag->closer, tag->end);
      if (close == kNone) return at;
      name = std::string(trim(text_.substr(tag->end, close - tag->end)));
      at = skip_blanks(close + tag->closer.size());
    } else if (kind == CallElement::arguments && !property && tag->value.empty()) {
      const std::size_t inner = skip_blanks(tag->end);
      const Reading json = named(name, inner);
      if (!json.calls.empty()) {
        if (auto read = parse_json(json.calls.front().arguments, "arguments")) {
          arguments = std::move(*read);
        }
        at = skip_blanks(skip_marker(json.end, tag->closer));
      } else {
        const std::size_t end = parameters(inner, *tag, name, arguments);
        if (end == inner) return at;
        at = skip_blanks(skip_marker(end, tag->closer));
      }
    } else if (property && tag->value.empty()) {
      CallTag renamed = *tag;
      renamed.value = std::string(tag->local);
      at = skip_blanks(parameter_value(call, renamed, resolved, arguments));
    } else {
      return at;
    }
  }
}

std::size_t TextCallReader::parameter_value(const CallTag& call, const CallTag& tag,
                                            std::string_view name, Json& arguments) {
  const Json* properties = properties_of(name);
  const auto [value_end, end] = value_ends(call, tag, properties, arguments);
  const std::string_view raw = text_.substr(tag.end, value_end - tag.end);
  const std::string type = text_of(member(member(properties, tag.value.c_str()), "type"));
  if (tag.is_text) {
    arguments[tag.value] = Json(sanitize_utf8(raw));
  } else if (type == "string" || type.empty()) {
    arguments[tag.value] = Json(sanitize_utf8(without_line_ends(raw)));
  } else {
    arguments[tag.value] = typed_value(trim(raw), type);
  }
  return end;
}

std::pair<std::size_t, std::size_t> TextCallReader::value_ends(const CallTag& call,
                                                               const CallTag& tag,
                                                               const Json* properties,
                                                               const Json& arguments) {
  const std::size_t begin = tag.end;
  const std::size_t close = next(tag.closer, begin);
  const std::size_t outer = next(call.closer, begin);
  if (close == kNone) {
    const std::size_t end = std::min({outer, next("</tool_call>", begin), text_.size()});
    return {end, end};
  }
  // The closing tag of another call's parameter does not close this one's.
  if (outer < close && next(call.opener, outer) < close) return {outer, outer};
  // Nor is a parameter that follows without it a part of the value; other such text is.
  const std::string following = "\n" + tag.opener;
  for (std::size_t at = next(following, begin); at < close; at = next(following, at + 1)) {
    const auto other = call_tag(text_, at + 1);
    if (!other || member(properties, other->value.c_str()) == nullptr) continue;
    if (other->value == tag.value || arguments.contains(other->value)) continue;
    return {at, at + 1};
  }
  return {close, close + tag.closer.size()};
}

/// name<arg_key>key</arg_key><arg_value>value</arg_value>... (GLM; Hunyuan with <tool_sep>)
Reading TextCallReader::key_value_tags(std::string_view written, std::size_t at) {
  Reading out{{}, at, at};
  const std::string name = offered_name(written);
  if (name.empty()) return out;
  const Json* properties = properties_of(name);
  Json arguments = Json::object();
  at = skip_blanks(skip_marker(at, "<tool_sep>"));
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
    const std::size_t close = next("</arg_value>", begin);
    const std::size_t end =
        close == kNone ? std::min(next("</tool_call>", begin), text_.size()) : close;
    const Json* property = member(properties, key.c_str());
    arguments[key] =
        typed_value(trim(text_.substr(begin, end - begin)), text_of(member(property, "type")));
    at = skip_blanks(close == kNone ? end : end + std::string_view("</arg_value>").size());
  }
  out.end = at;
  if (at == first && !rest(at).starts_with("</tool_call>")) return out;
  if (auto call = make_call(name, arguments)) out.calls.push_back(std::move(*call));
  return out;
}

}  // namespace skillgrad::llm
