// SPDX-License-Identifier: MIT
#include "skill/hunks/read_text.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::skill {
namespace {

/// Look-alikes of a small Latin letter, in the order of `kLatin`.
constexpr std::u32string_view kAlike =
    U"\u0430\u0435\u043E\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04BB\u0501\u051B\u051D\u0432"
    U"\u043A\u043C\u043D\u0442"
    U"\u03B1\u03B5\u03B9\u03BA\u03BD\u03BF\u03C1\u03C4\u03C5\u03C7\u03B3\u03B7\u03C9"
    U"\u0261\u0131\u017F\u1D00\u0299\u1D04\u1D05\u1D07\uA730\u0262\u029C\u026A\u1D0A\u1D0B\u029F"
    U"\u1D0D\u0274\u1D0F\u1D18\u0280\uA731\u1D1B\u1D1C\u1D20\u1D21\u028F\u1D22";
constexpr std::string_view kLatin =
    "aeopcyxijshdqw"
    "bkmht"
    "aeiknopt"
    "uxynw"
    "gisabcdefghijklmnoprstuvwyz";
static_assert(kAlike.size() == kLatin.size());

/// Of letters in boxes, which no normal form takes apart; regional indicators are drawn as letters.
struct TextBlock {
  char32_t first, last;
};
constexpr std::array<TextBlock, 4> kBoxed = {
    {{0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}, {0x1F1E6, 0x1F1FF}}};

std::optional<char> boxed(char32_t c) {
  for (const TextBlock& block : kBoxed)
    if (c >= block.first && c <= block.last) return static_cast<char>('a' + (c - block.first));
  return std::nullopt;
}

bool is_small_latin(char32_t c) { return c >= 'a' && c <= 'z'; }
bool is_small_letter(char32_t c) {
  return is_small_latin(c) || (c >= 0x80 && is_letter_or_number(c));
}

/// A Latin letter without its accents, or the code point as it is.
char32_t without_accents(char32_t c) {
  if (c < 0xC0) return c;
  // Letters of Latin blocks alone: marks of other scripts are a part of the letter.
  if (c > 0x24F && !(c >= 0x1E00 && c <= 0x1EFF)) return c;
  const std::u32string plain = nfkd_without_marks(to_utf8(std::u32string_view(&c, 1)));
  return plain.size() == 1 && is_small_latin(plain[0]) ? plain[0] : c;
}

/// In a word with Latin letters, those of other scripts that look like one are one.
void plain_look_alikes(std::u32string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    if (!is_small_letter(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    bool latin = false;
    for (; end < text.size() && is_small_letter(text[end]); ++end)
      latin = latin || is_small_latin(text[end]) || (text[end] >= 0x1D00 && text[end] < 0x1D80);
    for (std::size_t at = begin; latin && at < end; ++at)
      if (const auto found = kAlike.find(text[at]); found != std::u32string_view::npos)
        text[at] = static_cast<unsigned char>(kLatin[found]);
    begin = end;
  }
}

/// Letters that stand one by one, with the same sign between them: "i g n o r e", "i-g-n-o-r-e".
std::u32string put_together(std::u32string_view text) {
  constexpr std::size_t kLeast = 4;
  constexpr std::u32string_view kSigns = U" -._|/\u00B7\u2022\u2027";
  std::u32string out;
  const auto alone = [&](std::size_t at, char32_t sign) {
    return at < text.size() && is_small_latin(text[at]) && at + 1 < text.size() &&
           text[at + 1] == sign;
  };
  for (std::size_t at = 0; at < text.size();) {
    const bool starts = at == 0 || !is_small_letter(text[at - 1]);
    const char32_t sign = at + 1 < text.size() ? text[at + 1] : 0;
    if (!starts || !is_small_latin(text[at]) || kSigns.find(sign) == std::u32string_view::npos) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (alone(end, sign)) end += 2;
    // The last one has none behind it, or another word has.
    const bool last = end < text.size() && is_small_latin(text[end]) &&
                      (end + 1 == text.size() || !is_small_letter(text[end + 1]));
    const std::size_t letters = (end - at) / 2 + (last ? 1 : 0);
    if (letters < kLeast) {
      out += text[at++];
      continue;
    }
    for (std::size_t k = 0; k < letters; ++k) out += text[at + 2 * k];
    at = last ? end + 1 : end - 1;
  }
  return out;
}

/// `<b>` and the like; not a comparison, and not a placeholder of several words.
std::size_t tag_end(std::string_view text, std::size_t at) {
  constexpr std::size_t kLongest = 24;
  std::size_t end = at + 1;
  if (end < text.size() && text[end] == '/') ++end;
  if (end >= text.size() || !is_alnum(text[end])) return at;
  while (end < text.size() && end - at < kLongest && is_alnum(text[end])) ++end;
  return end < text.size() && text[end] == '>' ? end + 1 : at;
}

/// Marks of Markdown and tags of HTML are not read.
std::string without_markup(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '<') {
      if (const std::size_t end = tag_end(text, at); end != at) {
        at = end;
        continue;
      }
    }
    const bool mark = std::string_view("*`~\\").find(text[at]) != std::string_view::npos;
    const bool emphasis = text[at] == '_' && (out.empty() || !is_alnum(out.back()) ||
                                              at + 1 == text.size() || !is_alnum(text[at + 1]));
    if (!mark && !emphasis) out += text[at];
    ++at;
  }
  return out;
}

/// The program that a pattern of file names stands for, or "": "/usr/bin/c?rl", "/???/b*h".
std::string_view program_by_pattern(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kPrograms = {
      "curl",    "wget",   "bash", "sh", "dash", "zsh",
      "python3", "python", "perl", "nc", "ncat", "env"};
  const std::size_t slash = word.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view name = word.substr(slash + 1);
  if (name.find('?') == std::string_view::npos) return {};
  for (const std::string_view program : kPrograms) {
    const bool same =
        program.size() == name.size() &&
        std::equal(name.begin(), name.end(), program.begin(),
                   [](char pattern, char c) { return pattern == '?' || pattern == c; });
    if (same) return program;
  }
  return {};
}

std::string without_patterns(std::string_view lower) {
  if (lower.find('?') == std::string_view::npos) return std::string(lower);
  std::string out;
  for (std::size_t at = 0; at < lower.size();) {
    const std::size_t end = std::min(lower.find_first_of(" |;&(", at), lower.size());
    const std::string_view word = lower.substr(at, end - at);
    const std::string_view program = program_by_pattern(word);
    out += program.empty() ? word : program;
    if (end < lower.size()) out += lower[end];
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string without_references(std::string_view line) {
  constexpr std::size_t kLongest = 12;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNamed = {
      {{"&shy;", ""},
       {"&zwj;", ""},
       {"&zwnj;", ""},
       {"&zerowidthspace;", ""},
       {"&nobreak;", ""},
       {"&nbsp;", " "}}};
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view rest = line.substr(at);
    const std::size_t end = rest.starts_with("&#") ? rest.find(';') : std::string_view::npos;
    if (end != std::string_view::npos && end <= kLongest) {
      const bool hex = rest.size() > 2 && (rest[2] == 'x' || rest[2] == 'X');
      const std::string digits(rest.substr(hex ? 3 : 2, end - (hex ? 3 : 2)));
      char* stop = nullptr;
      const unsigned long code = std::strtoul(digits.c_str(), &stop, hex ? 16 : 10);
      const bool whole = !digits.empty() && is_alnum(digits.front()) && *stop == '\0';
      if (whole && code >= 32 && code < 0x110000 && !(code >= 0xD800 && code < 0xE000)) {
        append_utf8(out, static_cast<char32_t>(code));
        at += end + 1;
        continue;
      }
    }
    const auto named = std::find_if(kNamed.begin(), kNamed.end(), [&](const auto& one) {
      return rest.front() == '&' && to_lower_ascii(rest.substr(0, one.first.size())) == one.first;
    });
    if (named != kNamed.end()) {
      out += named->second;
      at += named->first.size();
      continue;
    }
    out += line[at++];
  }
  return out;
}

std::string as_read(std::string_view line) {
  const std::string shown = without_markup(without_references(line));
  std::u32string text;
  for (const char32_t c : to_code_points(case_folded(without_invisible(shown)))) {
    const auto letter = boxed(c);
    text += letter ? static_cast<char32_t>(*letter) : without_accents(c);
  }
  plain_look_alikes(text);
  const std::string joined = to_utf8(put_together(text));
  std::string out;
  for (const char c : joined) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank || (!out.empty() && out.back() != ' ')) out += blank ? ' ' : c;
  }
  return out;
}

std::string as_a_shell_reads(std::string_view text) {
  const std::string lower = without_patterns(text);
  std::string out;
  for (std::size_t at = 0; at < lower.size();) {
    const std::string_view rest = std::string_view(lower).substr(at);
    const auto takes = [&](std::string_view word) {
      if (!rest.starts_with(word)) return false;
      at += word.size();
      return true;
    };
    if (takes("${ifs}") || takes("$ifs")) {
      out += ' ';
    } else if (takes("$@") || takes("$*") || takes("''") || takes("\"\"")) {
      continue;
    } else if ((rest[0] == '\'' || rest[0] == '"' || rest[0] == '\\') && rest.size() > 1 &&
               is_alnum(rest[1]) && !out.empty() && is_alnum(out.back())) {
      ++at;  // within a word
    } else if ((rest[0] == '\'' || rest[0] == '"') && rest.size() > 1 && is_alnum(rest[1]) &&
               at > 0 && (lower[at - 1] == '\'' || lower[at - 1] == '"')) {
      ++at;
    } else if (rest[0] == '\\' && rest.size() > 1 && is_alnum(rest[1])) {
      ++at;
    } else {
      out += lower[at++];
    }
  }
  return out;
}

}  // namespace skillgrad::skill
