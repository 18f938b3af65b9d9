// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/foreign_words.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/lint/disguise.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kRun = 6;           ///< words in a row
constexpr std::size_t kLeastTelling = 4;  ///< of a sentence that is told in other words
constexpr std::size_t kMostlyOf = 5;      ///< so many of a sentence there, in a longer one here
constexpr double kShare = 0.7;            ///< of its telling words
constexpr std::size_t kCode = 6;          ///< characters at least
constexpr std::size_t kStem = 5;          ///< endings differ: "amount", "amounts"
constexpr std::size_t kShown = 160;
/// Of a text, where disguises are looked for.
constexpr std::size_t kMostHidden = 64 << 10;
/// Bytes of a sentence; a shorter one stands in some text by chance.
constexpr std::size_t kLeastHidden = 24;
/// A table of numbers has many lines and nothing to say; beyond this a text is not read on.
constexpr std::size_t kMostSentences = 200'000;

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t out = 1469598103934665603ULL;  // FNV-1a: the same everywhere
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return out;
}

bool is_of_word(char c) { return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80; }
bool is_sign(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

/// Words in lower case, marks of Markdown and quotes aside.
std::vector<std::string> folded_words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text) {
    if (is_of_word(c)) {
      word += to_lower(c);
    } else if (!word.empty()) {
      out.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::set<std::uint64_t> telling_words(const std::vector<std::string>& words) {
  std::set<std::uint64_t> out;
  for (const std::string& word : words) {
    const auto letters = std::count_if(word.begin(), word.end(), is_sign);
    if (letters >= 4) out.insert(hash_of(std::string_view(word).substr(0, kStem)));
  }
  return out;
}

std::vector<std::uint64_t> runs_of(const std::vector<std::string>& words) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i + kRun <= words.size(); ++i) {
    std::string run;
    bool telling = false;
    for (std::size_t k = 0; k < kRun; ++k) {
      run += words[i + k] + ' ';
      telling = telling || std::any_of(words[i + k].begin(), words[i + k].end(), is_sign);
    }
    if (telling) out.push_back(hash_of(run));
  }
  return out;
}

/// Names that nobody hits on by chance: order numbers, keys, hosts, addresses.
std::vector<std::uint64_t> codes_of(std::string_view text) {
  std::vector<std::uint64_t> out;
  std::string code;
  const auto flush = [&] {
    while (!code.empty() && !is_alnum(code.back())) code.pop_back();
    const auto digits = std::count_if(code.begin(), code.end(), is_digit);
    const bool letters = std::any_of(code.begin(), code.end(), is_letter);
    const bool address =
        code.find('@') != std::string::npos || code.find("://") != std::string::npos;
    if (code.size() >= kCode && letters && (digits >= 2 || address))
      out.push_back(hash_of("code " + code));
    code.clear();
  };
  for (const char c : text) {
    const bool inside =
        !code.empty() && std::string_view("-_.@:/+").find(c) != std::string_view::npos;
    if (is_alnum(c) || inside)
      code += to_lower(c);
    else
      flush();
  }
  flush();
  return out;
}

std::vector<std::uint64_t> marks_of(std::string_view text, const std::vector<std::string>& words) {
  auto out = runs_of(words);
  const auto codes = codes_of(text);
  out.insert(out.end(), codes.begin(), codes.end());
  return out;
}

/// Letters written as tag characters, which are not drawn but read by models, as letters.
std::string with_tags_as_letters(std::string_view text) {
  constexpr std::string_view kTag = "\xF3\xA0";  // U+E0000 to U+E007F and beyond
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) != kTag || at + 3 >= text.size()) {
      out += text[at++];
      continue;
    }
    const int code = ((static_cast<unsigned char>(text[at + 2]) & 0x3F) << 6) |
                     (static_cast<unsigned char>(text[at + 3]) & 0x3F);
    if (code >= 0x20 && code < 0x7F) out += static_cast<char>(code);
    at += 4;
  }
  return out;
}

/// The same words in any order are the same sentence.
std::uint64_t bag_of(const std::set<std::uint64_t>& telling) {
  std::uint64_t out = telling.size();
  for (const std::uint64_t word : telling) out = (out ^ word) * 1099511628211ULL;
  return out;
}

/// Lines, and within a line what stands between full stops and the like.
void each_sentence(std::string_view text, const std::function<void(std::string_view)>& use) {
  for (const std::string_view line : lines_of(text)) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool ends = line[i] == '!' || line[i] == '?' || line[i] == ';' ||
                        (line[i] == '.' && (i + 1 == line.size() || line[i + 1] == ' '));
      if (!ends) continue;
      use(line.substr(from, i + 1 - from));
      from = i + 1;
    }
    use(line.substr(from));
  }
}

}  // namespace

void ForeignWords::add(std::string_view given, const std::string& where) {
  const std::string text = with_tags_as_letters(given);
  places_.push_back(where);
  const auto place = static_cast<std::uint32_t>(places_.size() - 1);
  each_sentence(text, [&](std::string_view one) { add_sentence(one, place); });
  if (seen_.insert(hash_of(text)).second)
    hidden_.push_back(
        {std::make_shared<const Disguise>(std::string_view(text).substr(0, kMostHidden)), place});
}

void ForeignWords::add_sentence(std::string_view text, std::uint32_t where) {
  if (sentences_.size() >= kMostSentences) return;
  const auto words = folded_words(text);
  const auto telling = telling_words(words);
  const auto marks = marks_of(text, words);
  if (telling.size() < 2 && marks.empty()) return;
  std::uint64_t bag = bag_of(telling);
  if (vouched_sentences_.contains(bag)) return;
  for (const std::uint64_t mark : marks) bag = (bag ^ mark) * 1099511628211ULL;
  if (!seen_.insert(bag).second) return;
  const auto id = static_cast<Id>(sentences_.size());
  sentences_.push_back({where, static_cast<std::uint32_t>(telling.size()),
                        truncate_middle(visible_controls(sanitize_utf8(trim(text))), kShown)});
  for (const std::uint64_t mark : marks)
    if (!vouched_marks_.contains(mark)) marks_.emplace(mark, id);
  for (const std::uint64_t word : telling) by_word_[word].push_back(id);
}

void ForeignWords::vouch(std::string_view text) {
  each_sentence(text, [&](std::string_view one) {
    const auto words = folded_words(one);
    for (const std::uint64_t mark : marks_of(one, words))
      if (!marks_.contains(mark)) vouched_marks_.insert(mark);
    const auto telling = telling_words(words);
    if (telling.size() >= 2) vouched_sentences_.insert(bag_of(telling));
  });
}

std::optional<ForeignWords::Origin> ForeignWords::origin_of(std::string_view text) const {
  for (const std::uint64_t mark : marks_of(text, folded_words(text)))
    if (const auto found = marks_.find(mark); found != marks_.end()) return told(found->second);
  std::optional<Id> found;
  each_sentence(text, [&](std::string_view one) {
    if (!found) found = told_in_other_words(one);
  });
  if (found) return told(*found);
  std::optional<Origin> out;
  each_sentence(text, [&](std::string_view one) {
    if (!out) out = told_in_disguise(one);
  });
  return out;
}

std::optional<ForeignWords::Origin> ForeignWords::told_in_disguise(
    std::string_view sentence) const {
  if (trim(sentence).size() < kLeastHidden ||
      vouched_sentences_.contains(bag_of(telling_words(folded_words(sentence)))))
    return std::nullopt;
  for (const Hidden& one : hidden_)
    if (one.text->line_of(sentence)) return Origin{places_[one.where], "in another spelling"};
  return std::nullopt;
}

ForeignWords::Origin ForeignWords::told(Id id) const {
  return {places_[sentences_[id].where], sentences_[id].text};
}

std::optional<ForeignWords::Id> ForeignWords::told_in_other_words(std::string_view sentence) const {
  const auto telling = telling_words(folded_words(sentence));
  if (telling.size() < kLeastTelling) return std::nullopt;
  std::unordered_map<Id, std::size_t> shared;
  for (const std::uint64_t word : telling)
    if (const auto found = by_word_.find(word); found != by_word_.end())
      for (const Id id : found->second) ++shared[id];
  // Of several the first, so that the answer does not hang on the order of a hash table.
  std::optional<Id> best;
  std::size_t most = 0;
  for (const auto& [id, count] : shared) {
    const auto of = static_cast<double>(count);
    const bool most_here =
        count >= kLeastTelling && of >= kShare * static_cast<double>(telling.size());
    const bool most_there = count >= kMostlyOf && of >= kShare * sentences_[id].telling;
    if (!most_here && !most_there) continue;
    if (count < most || (count == most && best && id > *best)) continue;
    best = id;
    most = count;
  }
  return best;
}

}  // namespace skillgrad::skill
