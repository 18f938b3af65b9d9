// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/optim/several.hpp>

namespace skillgrad::optim {
namespace {

constexpr double kLevel = 0.05;
constexpr std::size_t kMostPatterns = 12;

/// The same two sentences, whose lines may have moved; of two descriptions whatever they say now.
bool same_conflict(const skill::Conflict& a, const skill::Conflict& b) {
  if (a.kind != b.kind || a.first.skill != b.first.skill || a.second.skill != b.second.skill)
    return false;
  return a.kind == skill::ConflictKind::trigger ||
         (a.first.text == b.first.text && a.second.text == b.second.text);
}

bool has(const std::vector<skill::Conflict>& list, const skill::Conflict& one) {
  return std::any_of(list.begin(), list.end(),
                     [&](const skill::Conflict& other) { return same_conflict(other, one); });
}

}  // namespace

std::string SkillOutcome::verdict() const {
  if (!tested || tested->n == 0) return "not tested";
  if (tested->p > kLevel || tested->difference == 0) return "not shown";
  return tested->difference > 0 ? "improved" : "worse";
}

std::vector<ConflictOutcome> conflict_outcomes(const skill::SkillPackage& initial,
                                               const skill::SkillPackage& best) {
  std::vector<ConflictOutcome> out;
  const auto before = skill::conflicts_between(initial), after = skill::conflicts_between(best);
  for (const skill::Conflict& conflict : before)
    out.push_back({conflict, has(after, conflict) ? "left" : "mended"});
  for (const skill::Conflict& conflict : after)
    if (!has(before, conflict)) out.push_back({conflict, "new"});
  return out;
}

Json to_json(const SkillOutcome& outcome) {
  Json out = {{"skill", outcome.skill},
              {"changed", outcome.changed},
              {"train_tasks", outcome.train},
              {"verdict", outcome.verdict()},
              {"test", Json()}};
  if (!outcome.tested || outcome.tested->n == 0) return out;
  const stats::PairedResult& test = *outcome.tested;
  out["test"] = {{"n", test.n},
                 {"before", test.before},
                 {"after", test.after},
                 {"difference", test.difference},
                 {"difference_ci95", {test.difference95.low, test.difference95.high}},
                 {"fixed", test.fixed},
                 {"broken", test.broken},
                 {"p", test.p}};
  return out;
}

Json to_json(const ConflictOutcome& outcome) {
  Json out = to_json(outcome.conflict);
  out["text"] = outcome.conflict.sentence();
  out["state"] = outcome.state;
  return out;
}

namespace {

Pattern pattern_of(const skill::Conflict& conflict) {
  const bool rule = conflict.kind == skill::ConflictKind::rule;
  Pattern out;
  out.slug = conflict.slug;
  out.kind = PatternKind::mixed;
  out.line = conflict.sentence();
  out.description =
      "Found by comparing the texts of the skills, not by any task: two rules that look alike may "
      "be for different cases. " +
      conflict.first.skill + " says: \"" + conflict.first.text + "\" " + conflict.second.skill +
      " says: \"" + conflict.second.text + "\"";
  out.action = rule
                   ? "If results show that the two cannot both hold, correct the wrong one, or say "
                     "in both which case each is for."
                   : "If requests were answered with the wrong one of the two, make each "
                     "description say what the other is for.";
  return out;
}

}  // namespace

MomentumMemory memory_of_conflicts(const skill::SkillPackage& set) {
  MomentumMemory out;
  for (const skill::Conflict& conflict : skill::conflicts_between(set)) {
    if (out.patterns.size() == kMostPatterns) break;
    out.patterns.push_back(pattern_of(conflict));
  }
  return out;
}

}  // namespace skillgrad::optim
