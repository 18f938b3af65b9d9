// SPDX-License-Identifier: MIT
#include "bench/code_points.hpp"
#include "bench/wikitablequestions/denotation.hpp"

namespace skillgrad::bench {
namespace {

void unify_signs(std::u32string& text) {
  for (char32_t& c : text) {
    if (c == U'\u2018' || c == U'\u2019' || c == U'\u00B4' || c == U'`')
      c = U'\'';
    else if (c == U'\u201C' || c == U'\u201D')
      c = U'"';
    else if ((c >= U'\u2010' && c <= U'\u2014') || c == U'\u2212')
      c = U'-';
  }
}

bool all_ascii_digits(std::u32string_view text) {
  for (const char32_t c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
}

// Longest end of `text` that consists of groups; group_end(p) is where the group at p ends, or 0.
template <class GroupEnd>
std::u32string_view without_groups(std::u32string_view text, const GroupEnd& group_end) {
  std::vector<bool> reaches_end(text.size() + 1, false);
  reaches_end[text.size()] = true;
  std::size_t cut = text.size();
  for (std::size_t p = text.size(); p-- > 0;) {
    const std::size_t end = group_end(p);
    if (end == 0 || !reaches_end[end]) continue;
    reaches_end[p] = true;
    cut = p;
  }
  return text.substr(0, cut);
}

std::u32string_view without_citations(std::u32string_view text) {
  constexpr std::u32string_view kSigns = U"\u2022\u2666\u2020\u2021*#+";
  std::size_t close = std::u32string_view::npos;  // first ']' at or after p
  return without_groups(text, [&](std::size_t p) -> std::size_t {
    if (text[p] == ']') close = p;
    if (kSigns.find(text[p]) != std::u32string_view::npos) return p + 1;
    if (text[p] != '[' || close == std::u32string_view::npos) return 0;
    return p > 0 || all_ascii_digits(text.substr(1, close - 1)) ? close + 1 : 0;
  });
}

std::u32string_view without_remarks(std::u32string_view text) {
  std::size_t close = std::u32string_view::npos;  // first ')' after p
  return without_groups(text, [&](std::size_t p) -> std::size_t {
    if (text[p] == ')') close = p;
    const bool opens = text[p] == ' ' && p + 1 < text.size() && text[p + 1] == '(';
    return opens && close != std::u32string_view::npos ? close + 1 : 0;
  });
}

std::u32string_view without_quotes(std::u32string_view text) {
  const bool quoted =
      text.size() >= 2 && text.front() == '"' && text.find('"', 1) == text.size() - 1;
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::string normalize_answer(std::string_view text) {
  std::u32string plain = nfkd_without_marks(text);
  unify_signs(plain);
  std::u32string_view rest = plain;
  for (;;) {
    const std::u32string_view before = rest;
    rest = without_citations(trim_white_space(rest));
    rest = without_remarks(trim_white_space(rest));
    rest = without_quotes(trim_white_space(rest));
    if (rest == before) break;
  }
  if (rest.ends_with(U'.')) rest.remove_suffix(1);
  return to_utf8(simple_lower(collapse_white_space(rest)));
}

}  // namespace skillgrad::bench
