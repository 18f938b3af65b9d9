// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/unicode.hpp>

#include "bench/wikitablequestions/denotation.hpp"

namespace skillgrad::bench {
namespace {

// The rules below are written once for both widths of text: most answers are ASCII, for which bytes
// are code points and decomposition changes nothing.

// The reference runs on Python 2.7, whose Unicode (5.2) counts U+180E among the white space.
constexpr char32_t kFormerSpace = U'\u180E';

char32_t unified(char32_t c) {
  if (c == kFormerSpace) return U' ';
  if (c == U'\u2018' || c == U'\u2019' || c == U'\u00B4' || c == U'`') return U'\'';
  if (c == U'\u201C' || c == U'\u201D') return U'"';
  if ((c >= U'\u2010' && c <= U'\u2014') || c == U'\u2212') return U'-';
  return c;
}

// Marks (category Mn) of that Unicode which have become letters or spacing marks since.
bool is_former_mark(char32_t c) { return c == U'\u1734' || c == U'\u302E' || c == U'\u302F'; }

bool is_citation_sign(char32_t c) {
  constexpr std::u32string_view kSigns = U"*#+\u2022\u2666\u2020\u2021";
  return kSigns.find(c) != std::u32string_view::npos;
}

template <class Char>
bool all_ascii_digits(std::basic_string_view<Char> text) {
  for (const Char c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
}

/// The kinds of groups that are cut at an end. A group with a close runs up to the first close
/// behind its start.
template <class Char>
struct Citations {  // "[1]" and signs
  static constexpr Char kClose = ']';
  static bool is_sign(Char c) { return is_citation_sign(static_cast<char32_t>(c)); }
  static bool opens(std::basic_string_view<Char> text, std::size_t at, std::size_t close) {
    return text[at] == '[' && (at > 0 || all_ascii_digits(text.substr(1, close - 1)));
  }
};
template <class Char>
struct Remarks {  // " (text)"
  static constexpr Char kClose = ')';
  static bool is_sign(Char) { return false; }
  static bool opens(std::basic_string_view<Char> text, std::size_t at, std::size_t) {
    return text[at] == ' ' && text[at + 1] == '(';
  }
};

// Without the longest end that consists of groups. Reads no further back than the last close that
// ends no such group, since what stands before it cannot reach the end either: over all rounds of
// without_extras() each part of the text is read a few times at most.
template <class Groups, class Char>
std::basic_string_view<Char> without_groups(std::basic_string_view<Char> text) {
  constexpr auto kNone = std::basic_string_view<Char>::npos;
  std::size_t cut = text.size();
  std::size_t close = kNone;
  bool next_reaches = true;  // what starts behind `at` consists of groups up to the end
  for (std::size_t at = text.size(); at-- > 0;) {
    if (text[at] == Groups::kClose) {
      if (!next_reaches) break;
      close = at;
      next_reaches = false;
      continue;
    }
    next_reaches = (next_reaches && Groups::is_sign(text[at])) ||
                   (close != kNone && Groups::opens(text, at, close));
    if (next_reaches) cut = at;
    if (!next_reaches && close == kNone) break;
  }
  return text.substr(0, cut);
}

template <class Char>
std::basic_string_view<Char> without_quotes(std::basic_string_view<Char> text) {
  // The end is looked at first: most rounds then need no search.
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"' &&
                      text.find('"', 1) == text.size() - 1;
  return quoted ? text.substr(1, text.size() - 2) : text;
}

template <class Char>
std::basic_string_view<Char> without_extras(std::basic_string_view<Char> rest) {
  for (;;) {
    const std::size_t before = rest.size();
    rest = without_groups<Citations<Char>>(trim_white_space(rest));
    rest = without_groups<Remarks<Char>>(trim_white_space(rest));
    rest = without_quotes(trim_white_space(rest));
    if (rest.size() == before) break;
  }
  if (!rest.empty() && rest.back() == '.') rest.remove_suffix(1);
  return rest;
}

std::string normalize_ascii(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '`', '\'');
  std::string out;
  out.reserve(plain.size());
  for (const char c : trim_white_space(without_extras(std::string_view(plain)))) {
    if (!is_white_space(static_cast<char32_t>(c)))
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    else if (out.back() != ' ')
      out.push_back(' ');
  }
  return out;
}

}  // namespace

std::string normalize_answer(std::string_view text) {
  if (is_plain_ascii(text)) return normalize_ascii(text);
  std::u32string plain = nfkd_without_marks(text);
  std::erase_if(plain, is_former_mark);
  std::transform(plain.begin(), plain.end(), plain.begin(), unified);
  const std::u32string_view rest = without_extras(std::u32string_view(plain));
  return to_utf8(simple_lower(collapse_white_space(rest)));
}

}  // namespace skillgrad::bench
