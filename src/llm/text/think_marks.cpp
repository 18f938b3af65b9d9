// SPDX-License-Identifier: MIT
#include "llm/text/think_marks.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kLongestMark = 60;
constexpr std::size_t kLongestAttributes = 200;
constexpr std::array<std::string_view, 8> kThinkNames = {
    "think",     "thinking",   "thought",    "thoughts",
    "reasoning", "reflection", "scratchpad", "redacted_thinking"};

bool is_mark_char(char c) { return is_alnum(c) || c == '_' || c == ':' || c == '-'; }

/// Takes the words off with which tokens begin or end something. True: it ends.
bool take_ending(std::string& name) {
  for (const std::string_view word : {"begin_of_", "start_of_", "begin_", "start_"}) {
    if (name.starts_with(word)) name.erase(0, word.size());
  }
  for (const std::string_view word : {"_begin", "_start"}) {
    if (name.ends_with(word)) name.resize(name.size() - word.size());
  }
  for (const std::string_view word : {"end_of_", "end_", "stop_"}) {
    if (!name.starts_with(word)) continue;
    name.erase(0, word.size());
    return true;
  }
  for (const std::string_view word : {"_end", "_stop"}) {
    if (!name.ends_with(word)) continue;
    name.resize(name.size() - word.size());
    return true;
  }
  return false;
}

class MarkReader {
 public:
  MarkReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::optional<ThinkMark> read() {
    if (at_ >= text_.size() || (text_[at_] != '<' && text_[at_] != '[')) return std::nullopt;
    const char end = text_[at_++] == '<' ? '>' : ']';
    ThinkMark mark;
    mark.closes = take("/");
    const bool bar = take_bar();
    mark.closes = take("/") || mark.closes;
    if (!take_name(mark)) return std::nullopt;
    const bool bar_behind = take_bar();
    // <|think> opens and <think|> closes in the style of Gemma.
    mark.closes = mark.closes || (bar_behind && !bar);
    mark.token = bar || bar_behind;
    if (!mark.token && end == '>') skip_attributes();
    if (!take(std::string_view(&end, 1))) return std::nullopt;
    mark.end = at_;
    return mark;
  }

 private:
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool take_bar() { return take("|") || take("\xEF\xBD\x9C"); }

  bool take_name(ThinkMark& mark) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && at_ - begin < kLongestMark && is_mark_char(text_[at_])) ++at_;
    std::string name = to_lower_ascii(text_.substr(begin, at_ - begin));
    if (const auto space = name.rfind(':'); space != kNone) name.erase(0, space + 1);
    if (take_ending(name)) mark.closes = true;
    mark.name = std::move(name);
    return std::find(kThinkNames.begin(), kThinkNames.end(), mark.name) != kThinkNames.end();
  }

  void skip_attributes() {
    if (at_ >= text_.size() || text_[at_] != ' ') return;
    const auto size = text_.substr(at_, kLongestAttributes).find_first_of("<>\n");
    if (size != kNone) at_ += size;
  }

  std::string_view text_;
  std::size_t at_;
};

bool is_quoted(std::string_view text, std::size_t begin, std::size_t end) {
  return begin > 0 && text[begin - 1] == '`' && end < text.size() && text[end] == '`';
}

std::optional<ThinkBlock> marked(std::string_view text, std::size_t at) {
  const auto open = think_mark_at(text, at);
  if (!open || open->closes) return std::nullopt;
  const char bracket = text[at];
  for (auto next = text.find(bracket, open->end); next != kNone;
       next = text.find(bracket, next + 1)) {
    const auto close = think_mark_at(text, next);
    if (!close || !close->closes || close->name != open->name) continue;
    if (!is_quoted(text, next, close->end)) return ThinkBlock{at, open->end, next, close->end};
  }
  if (!open->token) return std::nullopt;
  return ThinkBlock{at, open->end, text.size(), text.size()};
}

/// Granite 3.2 writes "Here is my thought process: .. Here is my response: ..".
std::optional<ThinkBlock> worded(std::string_view text, std::size_t at) {
  const auto words_at = [&](std::size_t from, std::string_view what) {
    for (const std::string_view begin : {"Here is my ", "Here's my "}) {
      if (!starts_with_icase(text.substr(from), begin)) continue;
      const std::size_t behind = from + begin.size();
      if (starts_with_icase(text.substr(behind), what)) return behind + what.size();
    }
    return kNone;
  };
  const std::size_t body = words_at(at, "thought process:");
  if (body == kNone) return std::nullopt;
  for (auto line = text.find('\n', body); line != kNone; line = text.find('\n', line + 1)) {
    const std::size_t end = words_at(line + 1, "response:");
    if (end != kNone) return ThinkBlock{at, body, line, end};
  }
  return std::nullopt;
}

}  // namespace

std::optional<ThinkMark> think_mark_at(std::string_view text, std::size_t at) {
  return MarkReader(text, at).read();
}

std::optional<ThinkBlock> leading_thinking(std::string_view text, std::size_t at) {
  if (auto block = marked(text, at)) return block;
  return worded(text, at);
}

}  // namespace skillgrad::llm
