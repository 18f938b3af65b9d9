// SPDX-License-Identifier: MIT
// The rules of docs/rules-grading.md 3.3, step 3 and 4, once more and word by word, beside the
// quick form.
#include <random>

#include <gtest/gtest.h>

#include <skillgrad/core/unicode.hpp>

#include "bench/wikitablequestions/denotation.hpp"
#include "fakes/large.hpp"

namespace skillgrad::bench {
namespace {

/// Where the group that starts at `at` ends; npos: none starts there.
std::size_t citation_end(std::string_view text, std::size_t at) {
  if (text[at] == '*' || text[at] == '#' || text[at] == '+') return at + 1;
  const std::size_t close = text.find(']', at);
  if (text[at] != '[' || close == std::string_view::npos) return std::string_view::npos;
  const std::string_view inside = text.substr(at + 1, close - at - 1);
  const bool number =
      !inside.empty() && inside.find_first_not_of("0123456789") == std::string_view::npos;
  return at > 0 || number ? close + 1 : std::string_view::npos;
}

std::size_t remark_end(std::string_view text, std::size_t at) {
  const std::size_t close = text.find(')', at);
  const bool opens = text.substr(at).starts_with(" (") && close != std::string_view::npos;
  return opens ? close + 1 : std::string_view::npos;
}

using GroupEnd = std::size_t (*)(std::string_view, std::size_t);

bool is_run_of_groups(std::string_view text, std::size_t at, GroupEnd group_end) {
  while (at < text.size()) {
    at = group_end(text, at);
    if (at == std::string_view::npos) return false;
  }
  return true;
}

std::string_view without(std::string_view text, GroupEnd group_end) {
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    if (is_run_of_groups(text, cut, group_end)) return text.substr(0, cut);
  return text;
}

std::string by_the_words(std::string_view text) {
  for (std::size_t before = text.size() + 1; before != text.size();) {
    before = text.size();
    text = trim_white_space(without(trim_white_space(text), citation_end));
    text = trim_white_space(without(text, remark_end));
    if (text.size() >= 2 && text.front() == '"' && text.find('"', 1) == text.size() - 1)
      text = text.substr(1, text.size() - 2);
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  return to_utf8(collapse_white_space(to_code_points(text)));
}

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"a", " ", "[", "]",   "(",   ")",    " (", "\"",
                                                   ".", "*", "#", "[1]", "[a]", " (b)", "1"};
  std::string out;
  for (auto left = random() % 12; left > 0; --left) out += kPieces[random() % kPieces.size()];
  return out;
}

TEST(Normalize, CutsWhatTheRulesReadWordByWordCut) {
  std::mt19937 random(1);
  for (int i = 0; i < fakes::large(50'000, 5'000); ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(normalize_answer(text), by_the_words(text)) << text;
    ASSERT_EQ(normalize_answer("\u00DF" + text), "\u00DF" + by_the_words("b" + text).substr(1))
        << text;
  }
}

TEST(Normalize, CountsMarksAndSpacesAsTheReferencesUnicodeDoes) {
  EXPECT_EQ(normalize_answer("a\u180Eb"), "a b");
  EXPECT_EQ(normalize_answer("\u180Ea \u180E"), "a");
  for (const char* mark : {"\u1734", "\u302E", "\u302F", "\u0301"})
    EXPECT_EQ(normalize_answer("a" + std::string(mark) + "b"), "ab") << mark;
  EXPECT_TRUE(parse_amount("\u180E5\u180E")) << "Python 2.7 strips it from numbers";
  EXPECT_FALSE(parse_amount("5\u180E5"));
}

TEST(Normalize, TakesNoLongerForEachOfManyGroups) {
  const std::vector<std::string> ends = {" (a)[1]", " (a)*", "[1]", " (a)", "[[", "]]", " (a)]"};
  const auto size = static_cast<std::size_t>(fakes::large(1'000'000, 50'000));
  for (const std::string& end : ends) {
    for (const char* start : {"x", "\"x", "\u00DF"}) {
      std::string text = start;
      while (text.size() < size) text += end;
      EXPECT_FALSE(normalize_answer(text).empty()) << start << end;
    }
  }
}

}  // namespace
}  // namespace skillgrad::bench
