// SPDX-License-Identifier: MIT
#include "llm/learn/effort.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "llm/errors/words.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                      "high", "xhigh",   "max"};
constexpr std::string_view kDefault = "default";

std::optional<std::size_t> rank_of(std::string_view effort) {
  const auto found = std::find(kEfforts.begin(), kEfforts.end(), effort);
  if (found == kEfforts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kEfforts.begin());
}

bool is_value(std::string_view word) { return rank_of(word) || word == kDefault; }

/// Words that stand between values, or between what announces them and the first.
bool is_filler(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kFillers = {
      "and", "or", "is", "are", "be", "one", "of", "the", "following", "either", "values", "only"};
  return std::find(kFillers.begin(), kFillers.end(), word) != kFillers.end();
}

bool announces(std::string_view word) {
  static constexpr std::array<std::string_view, 14> kMarks = {
      "supported", "supports", "support", "allowed", "allows",  "accepted", "accepts",
      "expected",  "valid",    "must",    "should",  "options", "use",      "choose"};
  return std::find(kMarks.begin(), kMarks.end(), word) != kMarks.end();
}

/// One list of values: "must be one of `low`, `medium` or `high`".
struct List {
  std::vector<std::string> values;
  bool announced = false;
  bool quoted = false;
};

/// The lists of a text; a sentence's end, a bracket and any other word end one.
class Lists {
 public:
  explicit Lists(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) at = step(text, at);
    close();
  }
  [[nodiscard]] const std::vector<List>& all() const { return all_; }

 private:
  std::size_t step(const std::string& text, std::size_t at) {
    const auto in_word = [&](std::size_t i) { return i < text.size() && is_word_char(text[i]); };
    if (!in_word(at)) {
      if (std::string_view(".;\n(){}").find(text[at]) != std::string_view::npos) close();
      return at + 1;
    }
    std::size_t end = at;
    while (in_word(end)) ++end;
    const bool quoted =
        at > 0 && std::string_view("'\"`").find(text[at - 1]) != std::string_view::npos;
    word(text.substr(at, end - at), quoted);
    return end;
  }
  void word(std::string word, bool quoted) {
    if (is_value(word)) {
      now_.values.push_back(std::move(word));
      now_.quoted = now_.quoted || quoted;
    } else if (announces(word)) {
      close();
      now_.announced = true;
    } else if (!is_filler(word)) {
      close();
    }
  }
  void close() {
    if (!now_.values.empty()) all_.push_back(now_);
    now_ = {};
  }

  std::vector<List> all_;
  List now_;
};

}  // namespace

OfferedEfforts offered_efforts(const std::string& text, const std::string& sent) {
  OfferedEfforts out;
  const auto rank = rank_of(sent);
  std::set<std::string> offered;
  const Lists lists(text);
  for (const List& list : lists.all()) {
    // A list with the refused value is one of refused values.
    const bool refused =
        std::find(list.values.begin(), list.values.end(), sent) != list.values.end();
    if (refused || !(list.announced || list.quoted || list.values.size() > 1)) continue;
    offered.insert(list.values.begin(), list.values.end());
  }
  out.any = !offered.empty();
  if (!rank) return out;
  std::size_t best = kEfforts.size();
  for (std::size_t i = 1; i < kEfforts.size(); ++i) {
    if (!offered.contains(std::string(kEfforts[i]))) continue;
    const std::size_t distance = i > *rank ? i - *rank : *rank - i;
    if (distance > best) continue;
    out.nearest = kEfforts[i];
    best = distance;
  }
  // Silence is nearer to an effort than none at all where the endpoint offers its default.
  const bool only_none = out.nearest.empty() && offered.contains("none");
  if (only_none && !offered.contains(std::string(kDefault))) out.nearest = "none";
  return out;
}

}  // namespace skillgrad::llm
