// SPDX-License-Identifier: MIT
#include "llm/learn/refusal.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "llm/errors/words.hpp"

namespace skillgrad::llm {

namespace {

template <std::size_t N>
bool one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What stands between the steps of a path: messages.2.content, input[2].id, body -> seed.
bool joins_path(std::string_view between) {
  static constexpr std::array<std::string_view, 6> kJoints = {".", "[", "].", "][", "->", " -> "};
  return one_of(between, kJoints);
}

bool leads_into_messages(std::string_view step) {
  static constexpr std::array<std::string_view, 6> kLists = {"messages", "message",  "input",
                                                             "inputs",   "contents", "tools"};
  return one_of(step, kLists);
}

/// Keys that are words of everyday texts, too. Names like top_p and temperature are not.
bool is_everyday(std::string_view key) {
  static constexpr std::array<std::string_view, 3> kTechnical = {"temperature", "seed", "logprobs"};
  return key.find('_') == std::string_view::npos && !one_of(key, kTechnical);
}

bool marks_next(std::string_view word) {
  static constexpr std::array<std::string_view, 20> kMarks = {
      "field",     "fields",     "parameter", "parameters", "param",   "argument", "arguments",
      "property",  "properties", "key",       "keys",       "option",  "name",     "supplied",
      "supported", "support",    "supports",  "unexpected", "unknown", "invalid"};
  return one_of(word, kMarks);
}

bool marks_previous(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kMarks = {
      "field",  "parameter", "param", "argument", "property", "key",
      "option", "is",        "are",   "not",      "cannot",   "unsupported"};
  return one_of(word, kMarks);
}

}  // namespace

std::string folded_name(std::string_view name) {
  std::string out = to_lower_ascii(name);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

std::vector<Refusal::Word> Refusal::words_of(const std::string& text) {
  std::vector<Word> out;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_char(text[at])) {
      ++at;
      continue;
    }
    Word word;
    word.begin = at;
    while (at < text.size() && is_word_char(text[at])) ++at;
    word.end = at;
    word.name = folded_name(std::string_view(text).substr(word.begin, at - word.begin));
    if (!out.empty()) {
      const Word& last = out.back();
      word.in_path = joins_path(std::string_view(text).substr(last.end, word.begin - last.end));
      word.in_message = word.in_path && (last.in_message || leads_into_messages(last.name));
    }
    out.push_back(std::move(word));
  }
  return out;
}

Refusal::Refusal(const ErrorBody& error)
    : text_(error.haystack()),
      words_(words_of(text_)),
      param_(words_of(to_lower_ascii(error.param))) {}

bool Refusal::has_any(std::initializer_list<std::string_view> parts) const {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return has(part); });
}

const std::string& Refusal::name_at(std::size_t index) const {
  static const std::string kNone;
  return index < words_.size() ? words_[index].name : kNone;
}

bool Refusal::has_word(std::string_view word) const {
  return std::any_of(words_.begin(), words_.end(), [&](const Word& w) { return w.name == word; });
}

bool Refusal::has_near(std::string_view first, std::string_view second) const {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].name == first && (name_at(i + 1) == second || name_at(i + 2) == second)) {
      return true;
    }
  }
  return false;
}

bool Refusal::refuses() const {
  return has_any({"unsupported",       "not support",         "n't support",
                  "longer support",    "n't allow",           "deprecated",
                  "unknown",           "unrecogni",           "not recogni",
                  "unexpected",        "extraneous",          "not permitted",
                  "not allowed",       "not accept",          "not enabled",
                  "not implemented",   "not compatible",      "incompatible",
                  "cannot find field", "no such field",       "extra_forbidden",
                  "value_error.extra", "not a valid",         "invalid parameter",
                  "invalid field",     "only the default",    "only 1 is allowed",
                  "must be set to",    "cannot be used",      "can't be used",
                  "cannot be set",     "cannot be specified", "cannot both",
                  "can't both",        "cannot specify both", "mutually exclusive"});
}

bool Refusal::out_of_range() const {
  return has_any({"between", "range", "less than", "greater than", "lower than", "at least",
                  "at most", "too large", "too small", "above max", "below min", "exceed",
                  "<=", ">=", "must be positive", "strictly positive", "non-negative"});
}

bool Refusal::is_marked(std::size_t index) const {
  const Word& word = words_[index];
  static constexpr std::string_view kQuotes = "'\"`[";
  const char before = word.begin > 0 ? text_[word.begin - 1] : '\n';
  if (kQuotes.find(before) != std::string_view::npos) return true;
  if (word.in_path || (word.end < text_.size() && text_[word.end] == ':')) return true;
  // "Unknown parameters: n", and the line of the error's param.
  const bool last = word.end >= text_.size() || text_[word.end] == '\n';
  const std::string_view gap = std::string_view(text_).substr(0, word.begin);
  if (last && (gap.empty() || gap.ends_with(": ") || gap.ends_with('\n'))) return true;
  return (index > 0 && marks_next(words_[index - 1].name)) || marks_previous(name_at(index + 1));
}

std::size_t Refusal::key_at(std::size_t index, std::string_view key) const {
  const std::string name = folded_name(key);
  if (words_[index].name == name) return index;
  // "parallel tool calls are not supported"; a cap's name is too near to plain words.
  if (key.find('_') == std::string_view::npos || key.starts_with("max_")) return kNowhere;
  std::string joined = words_[index].name;
  for (std::size_t i = index + 1; i < words_.size() && joined.size() < name.size(); ++i) {
    const std::size_t gap = words_[i].begin - words_[i - 1].end;
    const char between = text_[words_[i - 1].end];
    if (gap != 1 || (between != ' ' && between != '-')) return kNowhere;
    joined += words_[i].name;
    if (joined == name) return i;
  }
  return kNowhere;
}

std::size_t Refusal::find_key(std::string_view key) const {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].in_message || key_at(i, key) == kNowhere) continue;
    if (is_everyday(key) && !is_marked(i)) continue;
    return words_[i].begin;
  }
  return kNowhere;
}

bool Refusal::names_in_message(std::string_view field) const {
  const std::string name = folded_name(field);
  return std::any_of(words_.begin(), words_.end(),
                     [&](const Word& word) { return word.in_message && word.name == name; });
}

bool Refusal::names_message_field(std::string_view field) const {
  const std::string name = folded_name(field);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].name != name) continue;
    if (words_[i].in_message || !is_everyday(field) || is_marked(i)) return true;
  }
  return false;
}

bool Refusal::param_is(std::string_view key) const {
  const std::string name = folded_name(key);
  return std::any_of(param_.begin(), param_.end(),
                     [&](const Word& word) { return word.name == name && !word.in_message; });
}

}  // namespace skillgrad::llm
