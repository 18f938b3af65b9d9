// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <set>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/conflicts/statements.hpp"
#include "skill/lint/lint_rules.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kMostConflicts = 40;
/// Of all skills together: each is held against each.
constexpr std::size_t kMostStatements = 1'500;
constexpr std::size_t kLeastStatements = 20;
/// Of the words of both sentences, those that both have.
constexpr double kSameSubject = 0.6;
constexpr std::size_t kSharedWords = 2;
/// A "not" turns one sentence round where next to nothing else differs.
constexpr double kSameSentence = 0.8;
constexpr std::size_t kSharedOfNegation = 3;
/// Of the words of the shorter description, those that the other has.
constexpr double kSameRequests = 0.6;
constexpr std::size_t kSharedTriggers = 4;
constexpr std::size_t kSlugWords = 2, kSlugBytes = 56;
constexpr std::size_t kMostShown = 8;

/// A skill as far as its words go.
struct SkillWords {
  std::string skill, name, description;
  int description_line = 0;
  std::vector<Statement> statements;
};

std::vector<std::string> shared_words(const TellingWords& a, const TellingWords& b) {
  std::vector<std::string> out;
  for (const auto& [stem, word] : a)
    if (b.contains(stem)) out.push_back(word);
  return out;
}

double jaccard(std::size_t shared, std::size_t a, std::size_t b) {
  const std::size_t all = a + b - shared;
  return all == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(all);
}

std::string listed(const std::set<std::string>& values) {
  return list_some({values.begin(), values.end()}, kMostShown);
}

/// Both name literals, and none in common.
bool differ_in_values(const Statement& a, const Statement& b) {
  return !a.values.empty() && !b.values.empty() &&
         std::none_of(a.values.begin(), a.values.end(),
                      [&](const std::string& value) { return b.values.contains(value); });
}

/// One of two sentences that say the same says it with a "not".
std::optional<std::string> negation(const Statement& a, const Statement& b, std::size_t shared) {
  if (a.negative == b.negative) return std::nullopt;
  for (const std::string& value : a.values) shared += b.values.count(value);
  const double same =
      jaccard(shared, a.words.size() + a.values.size(), b.words.size() + b.values.size());
  if (same < kSameSentence || shared < kSharedOfNegation) return std::nullopt;
  return "one says it, the other says not to";
}

/// What two sentences of different skills disagree in; nullopt: nothing.
std::optional<std::string> disagreement(const Statement& a, const Statement& b) {
  std::size_t shared = shared_words(a.words, b.words).size();
  if (shared < kSharedWords) return std::nullopt;
  const std::string opposites = opposites_in(a.words, b.words);
  const bool values = differ_in_values(a, b);
  if (!values && opposites.empty()) return negation(a, b, shared);
  // What one forbids the other does not ask for.
  if (a.negative || b.negative) return std::nullopt;
  const auto mine = opposites.empty() ? a.words : without_opposites(a.words);
  const auto theirs = opposites.empty() ? b.words : without_opposites(b.words);
  shared = shared_words(mine, theirs).size();
  if (jaccard(shared, mine.size(), theirs.size()) < kSameSubject || shared < kSharedWords)
    return std::nullopt;
  return values ? listed(a.values) + " against " + listed(b.values) : opposites;
}

std::string slug_of(const char* kind, const SkillWords& a, const SkillWords& b,
                    const std::vector<std::string>& words) {
  std::string out = std::string(kind) + "-" + a.skill + "-" + b.skill;
  for (std::size_t i = 0; i < std::min(words.size(), kSlugWords); ++i) out += "-" + words[i];
  out = slugify(out);
  while (out.size() > kSlugBytes && out.rfind('-') != std::string::npos) out.resize(out.rfind('-'));
  return out;
}

/// What the description asks for, without the clauses that name the other skill: these say where
/// that one is the right one.
TellingWords triggers_beside(const SkillWords& of, const SkillWords& other) {
  std::string own, clause;
  const auto end_clause = [&] {
    const std::string lower = to_lower_ascii(clause);
    if (!contains_as_word(lower, to_lower_ascii(other.skill)) &&
        !contains_as_word(lower, to_lower_ascii(other.name)))
      own += clause + " ";
    clause.clear();
  };
  for (const char c : of.description) {
    clause += c;
    if (std::string_view(".;!?").find(c) != std::string_view::npos) end_clause();
  }
  end_clause();
  return telling_words_of(own);
}

class Search {
 public:
  explicit Search(const SkillPackage& set) {
    const auto members = members_of(set);
    const std::size_t most = std::max(kLeastStatements, kMostStatements / members.size());
    for (const SkillPackage& member : members) {
      SkillWords one;
      one.skill = member.folder_name();
      one.description = replace_all(std::string(trim(member.description())), "\n", " ");
      one.description_line = line_of_description(member);
      one.name = member.name();
      one.statements = statements_of(member, most);
      readings_.push_back(std::move(one));
    }
  }

  std::vector<Conflict> run() {
    for (std::size_t i = 0; i < readings_.size(); ++i)
      for (std::size_t k = i + 1; k < readings_.size(); ++k) {
        rules(readings_[i], readings_[k]);
        triggers(readings_[i], readings_[k]);
      }
    return std::move(out_);
  }

 private:
  static int line_of_description(const SkillPackage& package) {
    int line = 0;
    for (const std::string& text : split_lines(package.front_matter())) {
      ++line;
      if (text.starts_with("description:")) return line;
    }
    return 1;
  }

  void rules(const SkillWords& a, const SkillWords& b) {
    for (const Statement& mine : a.statements)
      for (const Statement& theirs : b.statements) {
        const auto why = disagreement(mine, theirs);
        if (!why) continue;
        const auto words = shared_words(mine.words, theirs.words);
        Conflict one;
        one.kind = ConflictKind::rule;
        one.slug = slug_of("conflict", a, b, words);
        one.subject = join(words, " ");
        one.why = *why;
        one.first = {a.skill, mine.line, mine.text};
        one.second = {b.skill, theirs.line, theirs.text};
        add(std::move(one));
      }
  }

  void triggers(const SkillWords& a, const SkillWords& b) {
    const TellingWords mine = triggers_beside(a, b), theirs = triggers_beside(b, a);
    const auto words = shared_words(mine, theirs);
    const std::size_t least = std::min(mine.size(), theirs.size());
    if (words.size() < kSharedTriggers ||
        static_cast<double>(words.size()) < kSameRequests * static_cast<double>(least))
      return;
    Conflict one;
    one.kind = ConflictKind::trigger;
    one.slug = slug_of("overlap", a, b, {});
    one.subject = join(words, " ");
    one.why = "both descriptions have: " + list_some(words, kMostShown);
    one.first = {a.skill, a.description_line, a.description};
    one.second = {b.skill, b.description_line, b.description};
    add(std::move(one));
  }

  void add(Conflict conflict) {
    if (out_.size() == kMostConflicts) return;
    const std::string slug = conflict.slug;
    for (int n = 2; !slugs_.insert(conflict.slug).second; ++n)
      conflict.slug = slug + "-" + std::to_string(n);
    out_.push_back(std::move(conflict));
  }

  std::vector<SkillWords> readings_;
  std::vector<Conflict> out_;
  std::set<std::string> slugs_;
};

Json side_json(const ConflictSide& side) {
  return {{"skill", side.skill}, {"line", side.line}, {"text", side.text}};
}

}  // namespace

std::string Conflict::sentence() const {
  const std::string both = first.skill + " and " + second.skill;
  if (kind == ConflictKind::trigger)
    return both + " may be chosen for the same requests (" + why + ")";
  return both + " may contradict each other on \"" + subject + "\": " + why + " (" + first.skill +
         "/SKILL.md:" + std::to_string(first.line) + ", " + second.skill +
         "/SKILL.md:" + std::to_string(second.line) + ")";
}

std::vector<Conflict> conflicts_between(const SkillPackage& set) {
  if (!is_set(set)) return {};
  return Search(set).run();
}

Json to_json(const Conflict& conflict) {
  return {{"slug", conflict.slug},
          {"kind", name_of(conflict.kind)},
          {"subject", conflict.subject},
          {"why", conflict.why},
          {"sides", Json::array({side_json(conflict.first), side_json(conflict.second)})}};
}

}  // namespace skillgrad::skill
