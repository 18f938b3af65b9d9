// SPDX-License-Identifier: MIT
#include "skill/conflicts/statements.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

#include "skill/package/front_matter.hpp"
#include "skill/package/outline.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kStemBytes = 4;
constexpr std::size_t kLeastWord = 3;
constexpr std::size_t kLongestSentence = 400;

/// Words that say nothing of what a sentence is about.
constexpr std::array kCommon = {
    "about", "all",   "also",  "always", "and",    "any",   "are",    "asks",  "because",
    "been",  "but",   "can",   "does",   "each",   "else",  "every",  "for",   "from",
    "has",   "have",  "into",  "its",    "make",   "makes", "must",   "need",  "needs",
    "never", "not",   "only",  "other",  "should", "skill", "skills", "some",  "such",
    "task",  "tasks", "than",  "that",   "the",    "their", "them",   "then",  "there",
    "these", "they",  "this",  "those",  "use",    "used",  "user",   "using", "was",
    "when",  "where", "which", "will",   "with",   "you",   "your"};

/// Words of which one cannot hold where the other does, by their beginnings.
constexpr std::array<std::pair<const char*, const char*>, 15> kOpposites = {{{"firs", "last"},
                                                                             {"asce", "desc"},
                                                                             {"befo", "afte"},
                                                                             {"uppe", "lowe"},
                                                                             {"capi", "smal"},
                                                                             {"keep", "drop"},
                                                                             {"keep", "remo"},
                                                                             {"incl", "excl"},
                                                                             {"left", "righ"},
                                                                             {"comm", "poin"},
                                                                             {"comm", "semi"},
                                                                             {"newe", "olde"},
                                                                             {"incr", "decr"},
                                                                             {"sing", "doub"},
                                                                             {"roun", "trun"}}};

bool is_letter_like(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

bool is_common(const std::string& word) {
  return std::find(kCommon.begin(), kCommon.end(), word) != kCommon.end();
}

/// "YYYY-MM-DD", "UTC", "2.5", "R105": names and numbers that are taken as they are.
bool is_literal(std::string_view token) {
  const auto capitals =
      std::count_if(token.begin(), token.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return capitals >= 2 || std::any_of(token.begin(), token.end(), is_digit);
}

std::string_view without_marks(std::string_view token) {
  const auto mark = [](char c) {
    return std::string_view(".,;:!?()[]{}*_\"'`<>").find(c) != std::string_view::npos;
  };
  while (!token.empty() && mark(token.front())) token.remove_prefix(1);
  while (!token.empty() && mark(token.back())) token.remove_suffix(1);
  return token;
}

void add_words(std::string_view token, TellingWords& out) {
  std::string word;
  const auto flush = [&] {
    const std::string lower = to_lower_ascii(std::exchange(word, {}));
    if (lower.size() >= kLeastWord && !is_common(lower))
      out.emplace(lower.substr(0, kStemBytes), lower);
  };
  for (const char c : token) {
    if (is_letter_like(c))
      word += c;
    else
      flush();
  }
  flush();
}

/// What stands in code marks or quotes is a literal; the rest, word by word.
void read_tokens(std::string_view text, Statement& out) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const std::size_t close = c == '`' || c == '"' ? text.find(c, at + 1) : std::string_view::npos;
    if (close == std::string_view::npos) {
      plain += c;
      continue;
    }
    const std::string_view inside = trim(text.substr(at + 1, close - at - 1));
    if (!inside.empty()) out.values.emplace(inside);
    plain += ' ';
    at = close;
  }
  for (const std::string& token : split(plain, ' ')) {
    const std::string_view bare = without_marks(token);
    if (bare.empty()) continue;
    if (is_literal(bare))
      out.values.emplace(bare);
    else
      add_words(bare, out.words);
  }
}

bool says_not(const std::string& text) {
  const std::string padded = " " + to_lower_ascii(text) + " ";
  constexpr std::array kNots = {" not ",     " never ", " no ",     "n't ",
                                " without ", " avoid ", " neither "};
  return std::any_of(kNots.begin(), kNots.end(),
                     [&](const char* word) { return padded.find(word) != std::string::npos; });
}

/// Where each sentence of the text begins and ends: a full stop ends one where the next begins with
/// a capital, so that dates and numbers stay whole.
std::vector<std::pair<std::size_t, std::size_t>> sentences_of(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    const bool mark = std::string_view(".!?;").find(text[at]) != std::string_view::npos;
    if (!mark || (text[at + 1] != ' ' && text[at + 1] != '\n')) continue;
    const std::size_t next = text.find_first_not_of(" \n\r\t", at + 1);
    if (next == std::string_view::npos) break;
    const bool starts = text[at] == ';' || (text[next] >= 'A' && text[next] <= 'Z') ||
                        text[next] == '`' || text[next] == '"' || text[next] == '*' ||
                        static_cast<unsigned char>(text[next]) >= 0x80;
    if (!starts) continue;
    out.emplace_back(begin, at + 1);
    begin = next;
  }
  if (begin < text.size()) out.emplace_back(begin, text.size());
  return out;
}

std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// Without the mark of a list item: "- ", "12. ".
std::size_t item_text_begin(std::string_view item) {
  std::size_t at = std::min(item.find_first_not_of("0123456789"), item.size());
  const bool numbered = at > 0 && at < item.size() && (item[at] == '.' || item[at] == ')');
  if (numbered) ++at;
  if (!numbered && !item.empty() &&
      std::string_view("-*+").find(item.front()) != std::string_view::npos)
    at = 1;
  else if (!numbered)
    at = 0;
  return std::min(item.find_first_not_of(" \t", at), item.size());
}

class StatementReader {
 public:
  StatementReader(const SkillPackage& package, std::size_t most)
      : body_(package.body()),
        first_line_(line_of(package.skill_md(), package.skill_md().size() - body_.size())),
        most_(most) {}

  std::vector<Statement> read() {
    for (const Block& block : markdown_blocks(body_)) {
      const std::string_view text =
          std::string_view(body_).substr(block.begin, block.end - block.begin);
      if (block.kind == BlockKind::paragraph) add(block.begin, text);
      std::size_t from = 0;
      for (const std::string& item : block.items) {
        const std::size_t at = text.find(item, from);
        if (at == std::string_view::npos) continue;
        const std::size_t begin = item_text_begin(item);
        // A list or code inside an item is a text of another kind.
        const std::size_t end = std::min(item.find("\n\n"), item.size());
        if (begin < end) add(block.begin + at + begin, text.substr(at + begin, end - begin));
        from = at + item.size();
      }
    }
    return std::move(out_);
  }

 private:
  void add(std::size_t offset, std::string_view text) {
    for (const auto& [begin, end] : sentences_of(text)) {
      if (out_.size() == most_) return;
      Statement one;
      one.text = on_one_line(text.substr(begin, end - begin));
      if (one.text.size() > kLongestSentence) continue;
      one.line = first_line_ + line_of(body_, offset + begin) - 1;
      read_tokens(one.text, one);
      one.negative = says_not(one.text);
      if (one.words.size() >= 2) out_.push_back(std::move(one));
    }
  }

  std::string body_;
  int first_line_;
  std::size_t most_;
  std::vector<Statement> out_;
};

}  // namespace

TellingWords telling_words_of(std::string_view text) {
  TellingWords out;
  for (const std::string& token : split(on_one_line(text), ' ')) add_words(token, out);
  return out;
}

std::vector<Statement> statements_of(const SkillPackage& package, std::size_t most) {
  return StatementReader(package, most).read();
}

std::string opposites_in(const TellingWords& a, const TellingWords& b) {
  const auto word = [](const TellingWords& words, const char* stem) {
    const auto found = words.find(stem);
    return found == words.end() ? std::string() : found->second;
  };
  for (const auto& [left, right] : kOpposites) {
    const std::string a_left = word(a, left), a_right = word(a, right);
    const std::string b_left = word(b, left), b_right = word(b, right);
    // A sentence that has both weighs one against the other itself.
    if ((!a_left.empty() && !a_right.empty()) || (!b_left.empty() && !b_right.empty())) continue;
    if (!a_left.empty() && !b_right.empty()) return a_left + " against " + b_right;
    if (!a_right.empty() && !b_left.empty()) return a_right + " against " + b_left;
  }
  return {};
}

TellingWords without_opposites(TellingWords words) {
  for (const auto& [left, right] : kOpposites) {
    words.erase(left);
    words.erase(right);
  }
  return words;
}

}  // namespace skillgrad::skill
