// SPDX-License-Identifier: MIT
#include "llm/text_calls.hpp"

#include <algorithm>
#include <iterator>

#include <skillgrad/core/text.hpp>

#include "llm/text_call_reader.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// What one pass over a text took out of it.
struct Taken {
  std::vector<ToolCall> calls;
  std::string rest;
};

class Pass {
 public:
  explicit Pass(std::string_view text) : text_(text) {}

  void take(std::size_t at, Reading&& found) {
    std::move(found.calls.begin(), found.calls.end(), std::back_inserter(out_.calls));
    out_.rest += text_.substr(copied_, at - copied_);
    copied_ = found.end;
  }
  Taken finish() {
    out_.rest += text_.substr(copied_);
    return std::move(out_);
  }

 private:
  std::string_view text_;
  std::size_t copied_ = 0;
  Taken out_;
};

Taken take_tagged(std::string_view text, const std::vector<ToolSpec>& offered) {
  TextCallReader reader(text, offered);
  Pass pass(text);
  std::size_t closed_from = 0;  ///< before it no call without its opening tag can begin
  for (auto at = text.find_first_of("<[`{"); at != kNone; at = text.find_first_of("<[`{", at)) {
    std::optional<Reading> found = reader.tagged(at);
    const bool bracket = text[at] == '{' || text[at] == '[';
    if (!found && bracket && at >= closed_from) {
      found = reader.closed_only(at);
      closed_from = std::max(at + 1, found->looked);
    }
    const std::size_t next = found ? std::max(at + 1, found->end) : at + 1;
    if (found && !found->calls.empty()) pass.take(at, std::move(*found));
    at = next;
  }
  return pass.finish();
}

Taken take_fenced(std::string_view text, const std::vector<ToolSpec>& offered) {
  TextCallReader reader(text, offered);
  Pass pass(text);
  for (auto at = text.find("```"); at != kNone; at = text.find("```", at)) {
    Reading found = reader.fenced(at);
    const std::size_t next = std::max(at + 1, found.end);
    if (!found.calls.empty()) pass.take(at, std::move(found));
    at = next;
  }
  return pass.finish();
}

Taken take_bare(std::string_view text, const std::vector<ToolSpec>& offered) {
  return {TextCallReader(text, offered).bare().calls, {}};
}

}  // namespace

std::vector<ToolCall> take_text_calls(std::string& text, const std::vector<ToolSpec>& offered,
                                      std::size_t certain) {
  if (offered.empty()) return {};
  const std::string_view readable = std::string_view(text).substr(0, certain);
  for (const auto format : {take_tagged, take_fenced, take_bare}) {
    Taken taken = format(readable, offered);
    if (taken.calls.empty()) continue;
    taken.rest += std::string_view(text).substr(readable.size());
    text = std::string(trim(without_section_markers(std::move(taken.rest))));
    return std::move(taken.calls);
  }
  return {};
}

bool holds_text_call(const std::string& text, const std::vector<ToolSpec>& offered) {
  if (offered.empty()) return false;
  std::string copy = text;
  return !take_text_calls(copy, offered).empty() || TextCallReader(text, offered).cut_call();
}

}  // namespace skillgrad::llm
