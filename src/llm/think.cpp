// SPDX-License-Identifier: MIT
#include "llm/think.hpp"

#include <string_view>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";

/// A tag in the middle of a sentence or of code is text about thinking, not thinking.
std::size_t find_open(const std::string& text, std::size_t from) {
  for (auto at = text.find(kOpen, from); at != std::string::npos; at = text.find(kOpen, at + 1)) {
    const auto before = text.find_last_not_of(" \t", at == 0 ? std::string::npos : at - 1);
    if (at == 0 || before == std::string::npos || text[before] == '\n') return at;
  }
  return std::string::npos;
}

void add_reasoning(ThinkSplit& out, std::string_view text) {
  text = trim(text);
  if (text.empty()) return;
  if (!out.reasoning.empty()) out.reasoning += '\n';
  out.reasoning += text;
}

}  // namespace

ThinkSplit split_think(const std::string& content) {
  ThinkSplit out;
  const auto close = content.find(kClose);
  if (close == std::string::npos && content.find(kOpen) == std::string::npos) {
    out.visible = content;
    return out;
  }
  std::size_t from = 0;
  const auto first = content.find(kOpen);
  if (close != std::string::npos && (first == std::string::npos || first > close)) {
    add_reasoning(out, std::string_view(content).substr(0, close));
    from = close + kClose.size();
  }
  while (true) {
    const auto open = find_open(content, from);
    if (open == std::string::npos) break;
    out.visible += content.substr(from, open - from);
    const auto end = content.find(kClose, open);
    if (end == std::string::npos) {
      add_reasoning(out, std::string_view(content).substr(open + kOpen.size()));
      from = content.size();
      break;
    }
    add_reasoning(out,
                  std::string_view(content).substr(open + kOpen.size(), end - open - kOpen.size()));
    from = end + kClose.size();
  }
  out.visible += content.substr(from);
  out.visible = std::string(trim(out.visible));
  return out;
}

}  // namespace skillgrad::llm
