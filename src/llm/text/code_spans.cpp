// SPDX-License-Identifier: MIT
#include "llm/text/code_spans.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"

namespace skillgrad::llm {

namespace {

/// The next run of at least as many backticks that begins or ends a line.
std::size_t fence_end(std::string_view text, std::size_t from, std::size_t ticks) {
  for (std::size_t at = text.find("```", from); at != kNone; at = text.find("```", at)) {
    const std::size_t after = behind_ticks(text, at);
    const std::size_t next = text.find_first_not_of(" \t\r", after);
    const bool ends_line = next == kNone || text[next] == '\n';
    if (after - at >= ticks && (ends_line || begins_line(text, at))) return at;
    at = after;
  }
  return kNone;
}

std::optional<CodeSpan> fence_at(std::string_view text, std::size_t at, std::size_t after) {
  CodeSpan span;
  span.fence = true;
  const std::size_t line_end = std::min(text.find('\n', after), text.size());
  // ```{"a":1}``` on one line has no line of its own for a word.
  const std::string_view first = text.substr(after, line_end - after);
  const std::size_t word_end = std::min(first.find_first_of("{[<(`"), first.size());
  span.info = trim(first.substr(0, word_end));
  span.inner_begin =
      word_end < first.size() ? after + word_end : std::min(line_end + 1, text.size());
  span.inner_end = fence_end(text, span.inner_begin, after - at);
  if (span.inner_end == kNone) return std::nullopt;
  span.end = behind_ticks(text, span.inner_end);
  return span;
}

std::optional<CodeSpan> inline_at(std::string_view text, std::size_t at, std::size_t after) {
  const std::size_t line_end = std::min(text.find('\n', after), text.size());
  for (std::size_t next = text.find('`', after); next < line_end;) {
    const std::size_t behind = behind_ticks(text, next);
    if (behind - next == after - at) return CodeSpan{behind, after, next, {}, false};
    next = text.find('`', behind);
  }
  return std::nullopt;
}

}  // namespace

std::size_t behind_ticks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of('`', at), text.size());
}

bool begins_line(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at == 0 || text[at - 1] == '\n';
}

std::optional<CodeSpan> code_span_at(std::string_view text, std::size_t at) {
  const std::size_t after = behind_ticks(text, at);
  if (after - at >= 3 && begins_line(text, at)) return fence_at(text, at, after);
  auto span = inline_at(text, at, after);
  if (span || after - at < 3) return span;
  // Some models begin a fence behind a word: "Action: ```json".
  const std::string_view line = text.substr(after, text.find('\n', after) - after);
  const std::size_t inner = after + line.size() + 1;
  const bool word = line.size() < 20 && line.find_first_of("`{[<( ") == kNone;
  const std::size_t end = word && inner < text.size() ? text.find("```", inner) : kNone;
  if (end == kNone) return std::nullopt;
  return CodeSpan{behind_ticks(text, end), inner, end, trim(line), true};
}

}  // namespace skillgrad::llm
