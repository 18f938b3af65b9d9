// SPDX-License-Identifier: MIT
// What looks like a tool call and was not read as one: the safety net behind the table of formats.
#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "llm/text/code_spans.hpp"
#include "llm/text/named_calls.hpp"
#include "llm/text/search.hpp"
#include "llm/text/text_call_reader.hpp"
#include "llm/text/text_call_values.hpp"
#include "llm/text/text_calls.hpp"
#include "llm/text/written_calls.hpp"
#include "llm/wire/field.hpp"
#include "llm/wire/json_scan.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kShown = 80;

bool begins_object(std::string_view text, std::size_t at) {
  return at < text.size() && is_one_of(text[at], "{[");
}

/// Looks through one text from its beginning to its end.
class Search {
 public:
  Search(std::string_view text, const std::vector<ToolSpec>& offered)
      : text_(text), offered_(offered), reader_(text, offered), named_(text, reader_) {}

  std::string run() {
    if (reader_.skip_blanks(0) >= text_.size() || is_data(reader_.skip_blanks(0))) return {};
    while (at_ < text_.size() && found_ == kNone) step();
    return found_ == kNone ? std::string()
                           : truncate_middle(sanitize_utf8(trim(text_.substr(found_))), kShown);
  }

 private:
  /// JSON that is all there is, and no call: a mark in its texts is a part of them.
  bool is_data(std::size_t at) {
    if (!begins_object(text_, at)) return false;
    const JsonScan scan = scan_json(text_, at);
    if (scan.ending != JsonScan::Ending::whole || !is_last(scan.end)) return false;
    if (is_call(at, scan.end, CallNames::any)) found_ = at;
    return found_ == kNone;
  }

  [[nodiscard]] bool is_call(std::size_t at, std::size_t end, CallNames names) const {
    const auto value = parse_reply_json(text_.substr(at, end - at), "text", DeepValues::refuse);
    return value && is_call_value(*value, names, reader_);
  }

  /// An object or list of calls at `at`, as JSON or as Python writes it, with which the text ends.
  [[nodiscard]] bool ends_with_calls(std::size_t at) {
    if (!begins_object(text_, at)) return false;
    const JsonScan scan = scan_json(text_, at);
    if (scan.ending == JsonScan::Ending::whole) {
      return only_marks_behind(text_, scan.end) && is_call(at, scan.end, CallNames::offered);
    }
    // Python's strings may be long, so that not every bracket is tried.
    constexpr std::size_t kMostTried = 64;
    const std::size_t inner = reader_.skip_blanks(at + 1);
    if (inner >= text_.size() || !is_one_of(text_[inner], "'\"{") || tried_ >= kMostTried)
      return false;
    ++tried_;
    const auto value = python_value(text_, at);
    return value && only_marks_behind(text_, value->end) &&
           is_call_value(value->value, CallNames::offered, reader_);
  }

  void step() {
    const char c = text_[at_];
    if (c == '`') {
      code();
    } else if (is_one_of(c, "<[{]\xE2")) {
      mark();
    } else if ((c == '>' || is_call_name_char(c)) && begins_line(text_, at_)) {
      word();
    } else if (is_call_name_char(c)) {
      name(at_);
    } else {
      ++at_;
    }
  }

  [[nodiscard]] bool is_last(std::size_t at) const {
    return reader_.skip_closers(at) >= text_.size();
  }

  /// Code that ends the text may be a call; any other code is an example.
  void code() {
    const auto span = code_span_at(text_, at_);
    if (!span) {
      at_ = behind_ticks(text_, at_);
      return;
    }
    const std::size_t inner = reader_.skip_blanks(span->inner_begin);
    const bool alone = at_ == reader_.skip_blanks(0);
    if (span->fence && inner < span->inner_end) {
      const JsonScan scan = begins_object(text_, inner) ? scan_json(text_, inner)
                                                        : JsonScan{JsonScan::Ending::broken, inner};
      const bool whole = scan.ending == JsonScan::Ending::whole && scan.end <= span->inner_end;
      const bool last = is_last(span->end);
      const CallNames names = alone && last ? CallNames::any : CallNames::offered;
      const bool named = whole ? is_call(inner, scan.end, names) : reader_.begins_named_call(inner);
      const bool marked = last && (reader_.opening(inner) || reader_.call_element_at(inner) ||
                                   is_source_call(inner, span->inner_end));
      if (named || marked || (only_marks_behind(text_, span->end) && shows_call(*span)))
        found_ = at_;
    }
    at_ = span->end;
  }

  /// Code with which the text ends, and which ends with a call.
  [[nodiscard]] bool shows_call(const CodeSpan& span) {
    const std::string_view code = text_.substr(span.inner_begin, span.inner_end - span.inner_begin);
    return NamedCalls(code, reader_).any() ||
           ends_with_calls(reader_.skip_blanks(span.inner_begin));
  }

  /// Goes on behind the word at `at`, unless it names a call.
  void name(std::size_t at) {
    const std::string_view word = reader_.name_at(at);
    if (may_be_offered(word) && named_.stands_at(at, word)) found_ = at;
    at_ = std::max(at_ + 1, at + word.size());
  }

  [[nodiscard]] bool may_be_offered(std::string_view word) const {
    return word.starts_with("functions.") ||
           std::any_of(offered_.begin(), offered_.end(), [&](const ToolSpec& tool) {
             return word.size() >= tool.name.size() &&
                    starts_with_icase(word.substr(word.size() - tool.name.size()), tool.name);
           });
  }

  void mark() {
    if (const auto block = reader_.opening(at_); block && !begins_with_letter(at_)) {
      const bool named = block->format != nullptr && !block->format->separator.empty() &&
                         !reader_.name_at(reader_.skip_blanks(block->body)).empty();
      if (named ? begins_line(text_, at_) || is_meant(block->body, block->closer)
                : is_meant(block->body, block->closer)) {
        found_ = at_;
      }
      at_ = block->body;
      return;
    }
    if (begins_line(text_, at_) && is_named_element()) {
      found_ = at_;
      return;
    }
    if (const auto call = reader_.call_element_at(at_)) {
      const bool own_name = call_element(call->local) == CallElement::other;
      const auto inner = call_tag(text_, reader_.skip_blanks(call->end));
      const bool closed = reader_.next(call->closer, call->end) != kNone ||
                          (inner && reader_.has_parameter(call->local, inner->local));
      if ((!own_name || (closed && begins_line(text_, at_))) && is_meant(call->end, call->closer)) {
        found_ = at_;
      }
      at_ = call->end;
      return;
    }
    if (is_left_closer()) {
      found_ = at_;
      return;
    }
    if (!begins_line(text_, at_)) {
      ++at_;
    } else if (begins_object(text_, at_)) {
      object();
    } else {
      const std::size_t end = behind_any_mark(text_, at_);
      const bool holds = end != kNone && ends_with_calls(reader_.skip_blanks(end));
      if (holds) found_ = at_;
      ++at_;
    }
  }

  /// <shell>ls</shell>, <execute_bash>ls</execute_bash>: an element with the name of an offered
  /// tool, or of a shell where one is offered, around all that the text ends with.
  [[nodiscard]] bool is_bare_element(const CallTag& tag) {
    static constexpr std::array<std::string_view, 7> kShells = {
        "bash", "shell", "execute_bash", "run_command", "execute_command", "run_bash", "terminal"};
    const bool shell = std::find(kShells.begin(), kShells.end(), tag.local) != kShells.end() &&
                       std::any_of(offered_.begin(), offered_.end(), [&](const ToolSpec& tool) {
                         return reader_.has_parameter(tool.name, "command");
                       });
    if (!shell && reader_.offered_name(tag.local).empty()) return false;
    const std::size_t close = reader_.next(tag.closer, tag.end);
    return close != kNone && reader_.skip_blanks(tag.end) < close &&
           only_marks_behind(text_, close);
  }

  /// <action name="shell">{"command":"ls"}</action>, <shell command="ls"/>: an element of any kind
  /// with the name of an offered tool and its arguments, with which the text ends.
  [[nodiscard]] bool is_named_element() {
    const auto tag = call_tag(text_, at_);
    if (!tag || tag->closes) return false;
    if (is_bare_element(*tag)) return true;
    const std::string own = reader_.offered_name(tag->local);
    if (!own.empty() && only_marks_behind(text_, tag->end)) {
      return NamedCalls(text_, reader_).has_key(own, at_ + 1 + tag->local.size(), tag->end);
    }
    const std::string named = tag->value.empty() ? "" : reader_.offered_name(tag->value);
    const std::size_t inner = reader_.skip_blanks(tag->end);
    if (named.empty() || !begins_object(text_, inner)) return false;
    const JsonScan scan = scan_json(text_, inner);
    return scan.ending == JsonScan::Ending::whole && only_marks_behind(text_, scan.end) &&
           NamedCalls(text_, reader_).has_key(named, inner, scan.end);
  }

  [[nodiscard]] bool begins_with_letter(std::size_t at) const {
    return is_call_name_char(text_[at]);
  }

  void object() {
    const JsonScan scan = scan_json(text_, at_);
    if (scan.ending == JsonScan::Ending::whole) {
      if (is_last(scan.end) && is_call(at_, scan.end, CallNames::offered)) found_ = at_;
      at_ = scan.end;
      return;
    }
    const std::size_t inner = reader_.skip_blanks(at_ + 1);
    const bool list = text_[at_] == '[' && is_source_call(inner, text_.size());
    if (list || reader_.begins_named_call(at_) || ends_with_calls(at_)) found_ = at_;
    ++at_;
  }

  void word() {
    const auto block = reader_.opening(at_);
    if (block) {
      found_ = at_;
      return;
    }
    std::size_t name = at_;
    if (const std::size_t end = match_token(text_, at_, ">>>"); end != kNone) name = end;
    if (const std::size_t phi = match_token(text_, at_, "functools["); phi != kNone) {
      if (begins_object(text_, reader_.skip_blanks(phi))) found_ = at_;
    } else if (const std::size_t end = match_token(text_, at_, "Action:"); end != kNone) {
      name = reader_.skip_blanks(end);
      const std::size_t behind = reader_.skip_blanks(name + reader_.name_at(name).size());
      const bool input = match_token(text_, behind, "Action Input:") != kNone;
      if (input && !reader_.offered_name(reader_.name_at(name)).empty()) found_ = at_;
    } else if (is_source_call(name, text_.size())) {
      found_ = at_;
    }
    if (found_ == kNone) this->name(name);
  }

  /// The name of an offered tool with brackets behind it, up to the end of the text: name("..", or
  /// name\n{...
  [[nodiscard]] bool is_source_call(std::size_t at, std::size_t end) {
    if (const std::size_t print = match_token(text_, at, "print("); print != kNone) at = print;
    const std::string_view name = reader_.name_at(at);
    if (name.empty() || reader_.offered_name(name).empty()) return false;
    const std::string_view all = trim(text_.substr(0, end));
    std::size_t behind = at + name.size();
    if (behind >= all.size()) return false;
    if (all[behind] != '(') {
      const std::size_t object = reader_.skip_blanks(behind);
      if (all[behind] != '\n' || !begins_object(all, object)) return false;
      return is_one_of(all.back(), "}]") || scan_json(all, object).ending == JsonScan::Ending::cut;
    }
    behind = reader_.skip_blanks(behind + 1);
    if (behind >= all.size()) return true;
    const std::string_view key = reader_.name_at(behind);
    const std::size_t sign = reader_.skip_blanks(behind + key.size());
    const bool written =
        is_one_of(all[behind], "\"'{[)") || (!key.empty() && sign < all.size() && all[sign] == '=');
    if (!written) return false;
    return is_one_of(all.back(), ")]};") || reader_.next(")", behind) == kNone;
  }

  /// Whether the mark that ends at `body` begins something, and is not only spoken of.
  [[nodiscard]] bool is_meant(std::size_t body, const std::string& closer) {
    const bool quoted = at_ > 0 && is_one_of(text_[at_ - 1], "\"'");
    if (quoted) return false;
    const bool line = begins_line(text_, at_);
    const std::size_t after = reader_.skip_blanks(body);
    if (after >= text_.size()) return line;
    const bool own_line = line && text_.substr(body, after - body).find('\n') != kNone;
    if (!own_line && !begins_body(after)) return false;
    return line || !goes_on_behind(body, closer);
  }

  [[nodiscard]] bool begins_body(std::size_t at) const {
    if (begins_object(text_, at) || match_token(text_, at, "call:") != kNone) return true;
    if (const auto tag = call_tag(text_, at)) {
      return !tag->closes && call_element(tag->local) != CallElement::other;
    }
    if (reader_.opening(at)) return true;
    const std::string_view name = reader_.name_at(at);
    const std::size_t behind = at + name.size();
    if (name.empty()) return false;
    if (behind < text_.size() && is_one_of(text_[behind], "({[")) return true;
    return !reader_.offered_name(name).empty() &&
           (behind >= text_.size() || is_one_of(text_[behind], "\n<:"));
  }

  /// The sentence around a mention goes on behind what it mentions.
  [[nodiscard]] bool goes_on_behind(std::size_t body, const std::string& closer) {
    if (line_end_ < body) line_end_ = std::min(text_.find('\n', body), text_.size());
    const std::size_t close = reader_.next(closer, body);
    if (close == kNone || close >= line_end_) return false;
    const std::size_t behind = text_.find_first_not_of(" \t\r", close + closer.size());
    return behind < line_end_ && text_[behind] != '<';
  }

  /// A closing mark whose opening one the server has taken away.
  [[nodiscard]] bool is_left_closer() const {
    const auto before = at_ == 0 ? kNone : text_.find_last_not_of(" \t\r\n", at_ - 1);
    if (before == kNone || !is_one_of(text_[before], "}])")) return false;
    std::size_t end = kNone;
    if (const auto tag = call_tag(text_, at_); tag && tag->closes) {
      const CallElement kind = call_element(tag->local);
      if (kind == CallElement::block || tag->local == "invoke") end = tag->end;
    }
    for (const CallFormat& format : call_formats()) {
      if (end == kNone && !format.close.empty()) end = match_token(text_, at_, format.close);
    }
    return end != kNone && (is_last(end) || text_[end] == '\n');
  }

  std::string_view text_;
  const std::vector<ToolSpec>& offered_;
  TextCallReader reader_;
  NamedCalls named_;
  std::size_t at_ = 0;
  std::size_t tried_ = 0;  ///< objects that were read as Python's
  std::size_t found_ = kNone;
  std::size_t line_end_ = 0;  ///< of the line looked at last
};

}  // namespace

std::string unread_call(const std::string& text, const std::vector<ToolSpec>& offered) {
  if (offered.empty()) return {};
  return Search(text, offered).run();
}

}  // namespace skillgrad::llm
