// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// The words of a text that it is about, by their beginnings: endings differ ("date", "dates").
/// Each with the word as it stands first.
using TellingWords = std::map<std::string, std::string>;
[[nodiscard]] TellingWords telling_words_of(std::string_view text);

/// A sentence of a body that may be a rule.
struct Statement {
  std::string text;  ///< on one line
  int line = 0;      ///< of SKILL.md, from 1
  TellingWords words;
  std::set<std::string> values;  ///< literals: in code marks or quotes, with digits or capitals
  bool negative = false;         ///< it says what not to do
};
/// Sentences of paragraphs and list items, in order; at most `most`.
[[nodiscard]] std::vector<Statement> statements_of(const SkillPackage& package, std::size_t most);

/// The pair of words with opposite meanings of which `a` has one and `b` has the other, as
/// "first against last"; "" where there is none.
[[nodiscard]] std::string opposites_in(const TellingWords& a, const TellingWords& b);
/// The words without those that opposites_in() knows.
[[nodiscard]] TellingWords without_opposites(TellingWords words);

}  // namespace skillgrad::skill
