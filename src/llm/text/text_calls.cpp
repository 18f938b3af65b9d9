// SPDX-License-Identifier: MIT
#include "llm/text/text_calls.hpp"

#include <algorithm>
#include <iterator>

#include <skillgrad/core/text.hpp>

#include "llm/text/code_spans.hpp"
#include "llm/text/text_call_reader.hpp"
#include "llm/text/written_calls.hpp"

namespace skillgrad::llm {

namespace {

/// One pass over a text, which takes the calls out of it.
class Pass {
 public:
  Pass(std::string_view text, const std::vector<ToolSpec>& offered)
      : text_(text), reader_(text, offered) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '`') {
        code();
      } else if (c == '<' || c == '[' || c == '{' || c == ']' || c == '\xE2') {
        mark(c);
      } else if (c == '>' || is_call_name_char(c)) {
        word();
      } else {
        ++at_;
      }
    }
    rest_ += text_.substr(copied_);
  }

  std::vector<ToolCall> calls_;
  std::string rest_;

 private:
  /// Goes on behind what was read; takes it out if it holds calls.
  bool take(Reading&& found) {
    const std::size_t end = std::max(at_ + 1, found.end);
    const bool any = !found.calls.empty();
    if (any) {
      std::move(found.calls.begin(), found.calls.end(), std::back_inserter(calls_));
      rest_ += text_.substr(copied_, at_ - copied_);
      copied_ = end;
    }
    at_ = std::min(end, text_.size());
    return any;
  }

  /// A code fence may be how a model writes its call; code on a line is quoted.
  void code() {
    const auto span = code_span_at(text_, at_);
    if (!span) {
      at_ = behind_ticks(text_, at_);
      return;
    }
    const bool alone = reader_.skip_blanks(0) == at_ && last(span->end);
    if (!span->fence && !alone) {
      at_ = span->end;
      return;
    }
    const std::string info = to_lower_ascii(span->info);
    const std::size_t inner = reader_.skip_blanks(span->inner_begin);
    const bool object = inner < text_.size() && (text_[inner] == '{' || text_[inner] == '[');
    const bool names_calls = info == "tool_call" || info == "tool_code" || info == "json";
    if (!names_calls && !(info.empty() && object) && !last(span->end)) {
      at_ = span->end;
      return;
    }
    take(reader_.fenced(*span));
  }

  [[nodiscard]] bool last(std::size_t at) const { return reader_.skip_closers(at) >= text_.size(); }

  void mark(char c) {
    if (auto found = reader_.tagged(at_)) {
      take(std::move(*found));
      return;
    }
    const bool object = c == '{' || c == '[';
    if (object && at_ >= closed_from_) {
      Reading found = reader_.closed_only(at_);
      closed_from_ = std::max(at_ + 1, found.looked);
      if (!found.calls.empty()) {
        take(std::move(found));
        return;
      }
    }
    if (object && begins_line(text_, at_) && at_ >= lines_from_) {
      last_lines();
    } else {
      ++at_;
    }
  }

  void word() {
    if (begins_line(text_, at_)) {
      if (auto found = reader_.tagged(at_)) {
        take(std::move(*found));
        return;
      }
      if (at_ >= lines_from_) {
        last_lines();
        return;
      }
    }
    // Whatever else the word is, a mark cannot begin inside of it.
    ++at_;
    while (at_ < text_.size() && is_call_name_char(text_[at_])) ++at_;
  }

  void last_lines() {
    Reading found = reader_.last_lines(at_);
    lines_from_ = std::max(at_ + 1, found.looked);
    take(std::move(found));
  }

  std::string_view text_;
  TextCallReader reader_;
  std::size_t at_ = 0, copied_ = 0;
  std::size_t closed_from_ = 0;  ///< before it no call without its opening tag can begin
  std::size_t lines_from_ = 0;   ///< before it no call without any mark can begin
};

}  // namespace

std::vector<ToolCall> take_text_calls(std::string& text, const std::vector<ToolSpec>& offered,
                                      std::size_t certain) {
  if (offered.empty()) return {};
  const std::string_view readable = std::string_view(text).substr(0, certain);
  Pass pass(readable, offered);
  pass.run();
  if (pass.calls_.empty()) return {};
  std::string rest = std::move(pass.rest_);
  rest += std::string_view(text).substr(readable.size());
  text = std::string(trim(without_section_markers(std::move(rest))));
  return std::move(pass.calls_);
}

bool holds_text_call(const std::string& text, const std::vector<ToolSpec>& offered) {
  if (offered.empty()) return false;
  std::string copy = text;
  return !take_text_calls(copy, offered).empty() || !unread_call(text, offered).empty();
}

}  // namespace skillgrad::llm
