// SPDX-License-Identifier: MIT
#include "llm/text/named_calls.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/text/code_spans.hpp"
#include "llm/text/search.hpp"
#include "llm/text/written_calls.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kLongestCallMark = 80;
/// What stands around a name is never longer.
constexpr std::size_t kLongestNamedHead = 240;

/// What announces a call, with or without its arguments' names.
constexpr std::array<std::string_view, 5> kAnnouncing = {"action", "call", "toolcall",
                                                         "functioncall", "invoke"};
constexpr std::array<std::string_view, 9> kLabels = {
    "tool", "function", "name", "toolname", "functionname", "to", "calling", "apirequest", "print"};
constexpr std::array<std::string_view, 13> kArguments = {
    "arguments", "args",   "parameters", "params",   "input",  "actioninput", "toolinput",
    "toolargs",  "kwargs", "json",       "withargs", "python", "toolcall"};

/// tool_call, Tool-Call and toolcall are one word.
std::string plain(std::string_view word) {
  std::string out;
  for (const char c : to_lower_ascii(word)) {
    if (c != '_' && c != '-') out += c;
  }
  return out;
}

std::string_view word_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestNamedHead && is_call_name_char(text[end])) ++end;
  return text.substr(at, end - at);
}

std::size_t skip_spaces(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r", at), text.size());
}

/// Behind ":0" with an object to come, as Kimi numbers calls; or npos.
std::size_t behind_number(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != ':') return kNone;
  std::size_t end = at + 1;
  while (end < text.size() && end - at < 6 && text[end] >= '0' && text[end] <= '9') ++end;
  return end > at + 1 && end < text.size() && text[end] == '{' ? end : kNone;
}

/// Lines of YAML, from the key's on.
bool is_yaml(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view said = trim(line);
    const std::size_t word = word_at(said, 0).size();
    const bool indented = !line.empty() && is_one_of(line.front(), " \t-");
    if (said.empty() || indented || said.starts_with("```")) continue;
    if (word == 0 || word >= said.size() || said[word] != ':') return false;
  }
  return true;
}

/// Statements of source code: each line begins with a name and goes on with a bracket or a sign.
bool is_code(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view said = trim(line);
    const std::size_t word = word_at(said, 0).size();
    const std::size_t sign = skip_spaces(said, word);
    if (said.empty() || said.starts_with("#") || said.starts_with("```")) continue;
    if (word == 0 || sign >= said.size() || !is_one_of(said[sign], "(=[")) return false;
  }
  return true;
}

}  // namespace

std::size_t behind_any_mark(std::string_view text, std::size_t at) {
  if (at >= text.size()) return kNone;
  if (text[at] == '[') {  // [TOOL_REQUEST]
    const auto end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_-/", at + 1);
    return end != kNone && end > at + 2 && text[end] == ']' ? end + 1 : kNone;
  }
  if (text[at] != '<') return kNone;
  const auto size = text.substr(at + 1, kLongestCallMark).find_first_of("<>\n");
  if (size == kNone || size == 0 || text[at + 1 + size] != '>' || text[at + 1] == ' ') return kNone;
  return at + size + 2;
}

bool only_marks_behind(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (const std::size_t end = behind_any_mark(text, at); end != kNone) {
      at = end;
    } else if (is_one_of(text[at], " \t\r\n)]};,'\"|`")) {
      ++at;
    } else {
      return false;
    }
  }
  return true;
}

bool NamedCalls::take_word_before(std::size_t& at, std::size_t end, Before& out,
                                  bool after_mark) const {
  const std::string_view word = word_at(text_.substr(0, end), at);
  if (word.empty()) return false;
  const std::size_t next = skip_spaces(text_, at + word.size());
  const std::string name = plain(word);
  if (holds(kAnnouncing, name)) {
    out.announced = out.labelled = true;
  } else if (text_[next] == '=' && next + 1 <= end && text_[next + 1] != '=') {
    out.assigned = true;
  } else if (holds(kLabels, name)) {
    out.labelled = true;
  } else if (name != "await" && !(after_mark && text_[next] == '<')) {
    return false;
  }
  out.open = name != "await";
  at += word.size();
  return true;
}

NamedCalls::Before NamedCalls::before(std::size_t at) const {
  Before out;
  const std::size_t from = at > kLongestNamedHead ? at - kLongestNamedHead : 0;
  const auto line_end = text_.substr(from, at - from).rfind('\n');
  if (line_end == kNone && from > 0) return out;
  std::size_t place = line_end == kNone ? 0 : from + line_end + 1;
  bool after_mark = false;
  while (place < at) {
    const char c = text_[place];
    const bool was_after_mark = std::exchange(after_mark, false);
    if (c == ' ' || c == '\t') {
      ++place;
      continue;
    }
    out.marked = true;
    if (const std::size_t end = behind_any_mark(text_, place); end != kNone && end <= at) {
      place = end;
      after_mark = true;
      out.open = false;
    } else if (is_one_of(c, "[(:=@")) {
      ++place;
      out.open = false;
    } else if (!take_word_before(place, at, out, was_after_mark)) {
      return out;
    }
  }
  out.good = !out.open;
  return out;
}

bool NamedCalls::take_mark_behind(std::size_t& at, const std::string& tool, Behind& out) const {
  const std::size_t end = behind_any_mark(text_, at);
  if (end == kNone) return false;
  const std::string_view name = word_at(text_, at + 1);
  out.structure = true;
  out.key = out.tag_key = !name.empty() && reader_.has_parameter(tool, name);
  at = end;
  return true;
}

bool NamedCalls::take_word_behind(std::size_t& at, const std::string& tool, Behind& out) const {
  const std::string_view word = word_at(text_, at);
  if (word.empty()) return false;
  std::size_t sign = at + word.size();
  if (sign < text_.size() && is_one_of(text_[sign], "\"'")) ++sign;
  sign = skip_spaces(text_, sign);
  const char c = sign < text_.size() ? text_[sign] : '\0';
  // name(key: type) is how signatures are written.
  const bool typed = out.bracket != kNone && text_[out.bracket] == '(';
  if (reader_.has_parameter(tool, word) && (c == '=' || (c == ':' && !typed))) {
    out.key = true;
    return true;
  }
  if (!holds(kArguments, plain(word))) return false;
  at += word.size();
  return true;
}

NamedCalls::Behind NamedCalls::behind(std::size_t at, const std::string& tool) const {
  Behind out;
  const std::size_t limit = std::min(at + kLongestNamedHead, text_.size());
  if (const std::size_t number = behind_number(text_, at); number != kNone) {
    out.numbered = true;
    at = number;
  }
  while (at < limit && !out.key) {
    const char c = text_[at];
    if (is_one_of(c, "({[")) {
      if (out.bracket == kNone || (c == '{' && text_[out.bracket] == '(')) out.bracket = at;
      out.structure = true;
      ++at;
    } else if (is_one_of(c, " \t\r\n\"',")) {
      out.line_end = out.line_end || c == '\n';
      ++at;
    } else if (is_one_of(c, ":=|>)]") || text_.substr(at, 2) == "->") {
      out.structure = true;
      ++at;
    } else if (c == '`') {
      if (!text_.substr(at).starts_with("```")) return out;
      out.structure = true;
      at = behind_ticks(text_, at);
    } else if (!take_mark_behind(at, tool, out) && !take_word_behind(at, tool, out)) {
      return out;
    }
  }
  return out;
}

/// Behind the bracket that closes the one at `at`; the text's end where none does.
std::size_t NamedCalls::behind_bracket(std::size_t at) {
  const std::size_t begin = at;
  std::size_t depth = 0;
  char quote = '\0';
  for (; at < text_.size(); ++at) {
    const char c = text_[at];
    if (quote != '\0') {
      if (c == '\\') ++at;
      if (c == quote) quote = '\0';
    } else if (is_one_of(c, "\"'")) {
      quote = c;
    } else if (is_one_of(c, "({[")) {
      ++depth;
    } else if (is_one_of(c, ")}]") && --depth == 0) {
      ++at;
      break;
    }
  }
  at = std::min(at, text_.size());
  looked_at_ += at - begin;
  return at;
}

bool NamedCalls::ends_text(const Before& before, const Behind& behind, std::size_t name_end) {
  if (behind.bracket != kNone) {
    // So many open brackets behind names are no answer; and they shall not take their time.
    if (looked_at_ > 8 * text_.size()) return true;
    const std::size_t end = behind_bracket(behind.bracket);
    return only_marks_behind(text_, end) || (before.assigned && is_code(text_.substr(end)));
  }
  const std::string_view all = trim(text_);
  if (behind.tag_key) return all.ends_with('>');
  const std::string_view rest = trim(text_.substr(name_end));
  if (!behind.line_end) return rest.find('\n') == kNone;
  return is_yaml(rest);
}

bool NamedCalls::stands_at(std::size_t at, std::string_view word) {
  const std::size_t end = at + word.size();
  if (word.starts_with("functions.") && behind_number(text_, end) != kNone) return before(at).good;
  const std::string tool = reader_.offered_name(word);
  if (tool.empty()) return false;
  const Before front = before(at);
  if (!front.good) return false;
  const Behind back = behind(end, tool);
  const bool keyed = back.key && back.structure &&
                     (back.bracket != kNone || front.announced || (back.tag_key && front.marked));
  const bool yaml = back.key && back.line_end && back.bracket == kNone && front.labelled;
  const bool announced = front.announced && back.bracket == end;
  return (keyed || yaml || announced) && ends_text(front, back, end);
}

bool NamedCalls::has_key(const std::string& tool, std::size_t from, std::size_t end) const {
  Behind out;
  while (from < end && !out.key) {
    const std::size_t size = word_at(text_, from).size();
    std::size_t at = from;
    static_cast<void>(take_word_behind(at, tool, out));
    from += std::max<std::size_t>(size, 1);
  }
  return out.key;
}

bool NamedCalls::any() {
  for (std::size_t at = 0; at < text_.size();) {
    const std::string_view word = word_at(text_, at);
    if (!word.empty() && stands_at(at, word)) return true;
    at += std::max<std::size_t>(word.size(), 1);
  }
  return false;
}

}  // namespace skillgrad::llm
