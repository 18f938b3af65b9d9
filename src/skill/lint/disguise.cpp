// SPDX-License-Identifier: MIT
#include "skill/lint/disguise.hpp"

#include <algorithm>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "skill/edit/line_script.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kLeast = 8, kLeastWithoutDigit = 12;
constexpr std::size_t kLeastCode = 10;  ///< characters of a word that may be a code

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

std::string from_base64(std::string_view code) {
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : code) {
    bits = (bits << 6U) | static_cast<unsigned>(base64_value(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFFU);
  }
  return out;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string from_hex(std::string_view code) {
  std::string out;
  for (std::size_t i = 0; i + 1 < code.size(); i += 2)
    out += static_cast<char>((hex_value(code[i]) << 4) | hex_value(code[i + 1]));
  return out;
}

std::string shifted_letters(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
  return text;
}

/// By code points, so that a letter stays a letter.
std::string backwards(const std::string& text) {
  std::u32string points = to_code_points(text);
  std::reverse(points.begin(), points.end());
  return to_utf8(points);
}

}  // namespace

Squeezed squeeze(std::string_view text) {
  Squeezed out;
  int line = 1;
  for (const std::string_view one : lines_of(text)) {
    const std::string clean = case_folded(without_invisible(one));
    for (std::size_t at = 0; at < clean.size();) {
      const std::size_t begin = at;
      if (!is_letter_or_number(next_code_point(clean, at))) continue;
      out.text += clean.substr(begin, at - begin);
      out.lines.resize(out.text.size(), line);
    }
    ++line;
  }
  return out;
}

Disguise::Disguise(std::string_view text) : plain_(squeeze(text)) {
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    if (base64_value(text[at]) < 0) {
      line += text[at] == '\n' ? 1 : 0;
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && base64_value(text[at]) >= 0) ++at;
    const std::string_view word = text.substr(begin, at - begin);
    if (word.size() < kLeastCode) continue;
    for (const std::size_t skipped : {0U, 1U, 2U, 3U}) {
      std::string found = squeeze(sanitize_utf8(from_base64(word.substr(skipped)))).text;
      if (found.size() >= kLeast) decoded_.push_back({std::move(found), line});
    }
    if (std::all_of(word.begin(), word.end(), [](char c) { return hex_value(c) >= 0; }))
      decoded_.push_back({squeeze(sanitize_utf8(from_hex(word))).text, line});
  }
}

std::optional<int> Disguise::line_of(std::string_view needle) const {
  const std::string wanted = squeeze(needle).text;
  const bool digit = std::any_of(wanted.begin(), wanted.end(), is_digit);
  if (count_code_points(wanted) < (digit ? kLeast : kLeastWithoutDigit)) return std::nullopt;
  for (const std::string& form : {wanted, backwards(wanted), shifted_letters(wanted)})
    if (const std::size_t at = plain_.text.find(form); at != std::string::npos)
      return plain_.lines[at];
  for (const Run& run : decoded_)
    if (run.text.find(wanted) != std::string::npos) return run.line;
  return std::nullopt;
}

}  // namespace skillgrad::skill
