// SPDX-License-Identifier: MIT
#include "skill/lint/quoting.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <skillgrad/core/text.hpp>

#include "skill/lint/lint_rules.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::ptrdiff_t kWordsOfQuotation = 4;

/// A text in plain spelling, and the line of each of its characters.
struct Plain {
  std::string text;
  std::vector<int> lines;
};

[[nodiscard]] Plain plain_spelling(std::string_view text) {
  Plain out;
  int line = 1;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const bool mark = c == '*' || c == '`';
    const bool again = blank && (out.text.empty() || out.text.back() == ' ');
    if (!mark && !again) {
      out.text += blank ? ' ' : c;
      out.lines.push_back(line);
    }
    line += c == '\n' ? 1 : 0;
  }
  out.text = to_lower_ascii(out.text);
  return out;
}

}  // namespace

std::optional<int> line_quoting(std::string_view content, std::string_view text) {
  if (contains_as_word(content, text)) {
    const std::string_view before = content.substr(0, content.find(text));
    return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  }
  const std::string wanted(trim(plain_spelling(text).text));
  if (std::count(wanted.begin(), wanted.end(), ' ') + 1 < kWordsOfQuotation) return std::nullopt;
  const Plain plain = plain_spelling(content);
  if (!contains_as_word(plain.text, wanted)) return std::nullopt;
  return plain.lines[plain.text.find(wanted)];
}

}  // namespace skillgrad::skill
