// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

enum class ConflictKind {
  rule,    ///< two rules on one subject that say different things
  trigger  ///< two descriptions that ask for the same requests
};

/// What one of the two skills says.
struct ConflictSide {
  std::string skill;  ///< its folder
  int line = 0;       ///< of its SKILL.md, from 1
  std::string text;  ///< the sentence as it stands there, on one line; of a trigger the description
};

/// Two skills of a set that may contradict each other.
struct Conflict {
  ConflictKind kind = ConflictKind::rule;
  std::string slug;     ///< "conflict-invoices-letters-write-date": its name as a pattern
  std::string subject;  ///< words that both have
  std::string why;      ///< what the two differ in, or share
  ConflictSide first, second;
  /// "invoices and letters may contradict each other on ...", one sentence.
  [[nodiscard]] std::string sentence() const;
};

/// What the texts of a set's skills show by their words alone: rules about the same words that have
/// other values, opposite words, or a "not" in one of them, and descriptions of mostly the same
/// words. A finding is a question for whoever reads both: rules for different cases look alike, and
/// a contradiction in other words is not seen. Code blocks and bundled files are not looked at.
/// Sorted; at most 40. Empty for a package that is no set.
[[nodiscard]] std::vector<Conflict> conflicts_between(const SkillPackage& set);
[[nodiscard]] Json to_json(const Conflict& conflict);

}  // namespace skillgrad::skill

namespace skillgrad {

template <>
struct EnumText<skill::ConflictKind> {
  using enum skill::ConflictKind;
  static constexpr EnumName<skill::ConflictKind> kTable[] = {{rule, "rule"}, {trigger, "trigger"}};
};

}  // namespace skillgrad
