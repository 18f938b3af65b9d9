// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <utility>

#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/lint/lint_rules.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

using Key = std::pair<std::string, std::string>;  // rule, anchor

[[nodiscard]] bool is_one_of(const std::string& rule, const std::set<std::string>& rules) {
  return rules.count(rule) > 0;
}

/// Rules of section 1 that block whatever the initial package had.
[[nodiscard]] bool always_blocks(const std::string& rule) {
  return is_one_of(rule, {"F0", "F1", "P1"});
}

[[nodiscard]] bool blocks_when_new(const std::string& rule) {
  return is_one_of(rule, {"F2", "F3", "F4", "N1", "N2", "N3", "N4", "N5", "D1", "C1"});
}

/// Rules of section 1 in the profile `spec`. Front matter that only a repair makes readable hides
/// the rules behind the first one: they are judged on what the repair gives.
[[nodiscard]] std::vector<Finding> package_rules(const SkillPackage& package) {
  auto found = validate(package, Profile::spec);
  const bool stopped = std::any_of(found.begin(), found.end(), [](const Finding& finding) {
    return is_one_of(finding.rule, {"F2", "F3"}) && finding.severity == Severity::error;
  });
  if (!stopped) return found;
  for (Finding& finding : validate(package, Profile::lenient)) {
    if (!blocks_when_new(finding.rule) || is_one_of(finding.rule, {"F2", "F3"})) continue;
    finding.severity = Severity::error;
    found.push_back(std::move(finding));
  }
  return found;
}

[[nodiscard]] bool is_ignored(const Finding& finding, const LintContext& context) {
  return std::find(context.ignored.begin(), context.ignored.end(), finding.rule) !=
         context.ignored.end();
}

[[nodiscard]] std::vector<Finding> run_rules(const SkillPackage& package,
                                             const LintContext& context) {
  LintRun run(package, context);
  lint_description(run);
  lint_body(run);
  lint_references(run);
  lint_update(run);
  lint_safety(run);
  lint_leaks(run);
  std::erase_if(run.found, [&](const Finding& finding) { return is_ignored(finding, context); });
  return std::move(run.found);
}

[[nodiscard]] std::set<Key> findings_of_initial(const LintContext& context) {
  std::set<Key> out;
  if (context.initial == nullptr) return out;
  LintContext alone = context;
  alone.previous = nullptr;
  alone.initial = nullptr;
  alone.patches_that_only_added = 0;
  for (const Finding& finding : run_rules(*context.initial, alone)) {
    if (finding.severity == Severity::error) out.insert({finding.rule, finding.anchor});
  }
  for (const Finding& finding : package_rules(*context.initial)) {
    if (finding.severity == Severity::error) out.insert({finding.rule, finding.anchor});
  }
  return out;
}

}  // namespace

LintRun::LintRun(const SkillPackage& linted, const LintContext& lint_context)
    : package(linted), context(lint_context), body(linted) {}

void LintRun::add(const char* rule, Severity severity, std::string message, int line,
                  std::string anchor) {
  found.push_back({rule, severity, std::move(message), file_, line, std::move(anchor)});
}

void LintRun::hard(const char* rule, std::string message, int line, std::string anchor) {
  add(rule, Severity::error, std::move(message), line, std::move(anchor));
}

void LintRun::soft(const char* rule, std::string message, int line, std::string anchor) {
  add(rule, Severity::soft, std::move(message), line, std::move(anchor));
}

void LintRun::judgement(const char* rule, std::string message) {
  add(rule, Severity::judgement, std::move(message), 0, {});
}

void LintRun::in_procedure(const char* rule, std::string message, int line, std::string anchor) {
  if (context.procedure_profile) soft(rule, std::move(message), line, std::move(anchor));
}

void LintRun::by_profile(const char* rule, std::string message, int line, std::string anchor) {
  add(rule, context.procedure_profile ? Severity::error : Severity::soft, std::move(message), line,
      std::move(anchor));
}

const std::vector<std::string>& lint_rules() {
  static const std::vector<std::string> rules = {
      "L1-01",  "L1-02",  "L1-03",  "L1-04",  "L2-01",  "L2-02",  "L2-03",  "L2-04",
      "L2-05",  "L2-06",  "L2-07",  "L2-08",  "L3-01",  "L3-02",  "L3-03",  "L3-04",
      "L3-05",  "L3-06",  "UPD-01", "UPD-02", "UPD-03", "UPD-04", "UPD-05", "UPD-06",
      "SAF-01", "SAF-02", "SAF-03", "SAF-04", "SAF-05", "SAF-06"};
  return rules;
}

bool contains_as_word(std::string_view text, std::string_view needle) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = text.find(needle); at != std::string_view::npos && !needle.empty();
       at = text.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    const bool open = at == 0 || !is_word(needle.front()) || !is_word(text[at - 1]);
    const bool closed = end == text.size() || !is_word(needle.back()) || !is_word(text[end]);
    if (open && closed) return true;
  }
  return false;
}

std::string all_text(const SkillPackage& package) {
  std::string out = package.skill_md();
  for (const auto& [path, file] : package.files()) {
    if (!is_below_evals(path) && is_text(file.bytes)) out += "\n" + path + "\n" + file.bytes;
  }
  return out;
}

std::string earlier_text(const LintContext& context) {
  std::string out;
  if (context.initial != nullptr) out += all_text(*context.initial);
  if (context.previous != nullptr) out += "\n" + all_text(*context.previous);
  return out;
}

namespace {

LintReport lint_one(const SkillPackage& package, const LintContext& context) {
  LintReport report;
  report.findings = run_rules(package, context);
  const auto old = findings_of_initial(context);
  for (Finding& finding : package_rules(package)) {
    const bool new_error = blocks_when_new(finding.rule) && finding.severity == Severity::error &&
                           old.count({finding.rule, finding.anchor}) == 0;
    // A control character in the body is F0 too, but only a warning.
    const bool fatal = always_blocks(finding.rule) &&
                       (finding.severity == Severity::error || finding.rule == "P1");
    if (fatal || new_error) report.blocking.push_back(std::move(finding));
  }
  for (const Finding& finding : report.findings) {
    if (finding.severity != Severity::error) continue;
    if (old.count({finding.rule, finding.anchor}) == 0) report.blocking.push_back(finding);
  }
  return report;
}

/// The same skill of another state of the set; of a package that is no set, that package.
[[nodiscard]] std::optional<SkillPackage> same_skill(const SkillPackage* state,
                                                     const SkillPackage& member) {
  if (state == nullptr) return std::nullopt;
  for (SkillPackage& other : members_of(*state))
    if (other.folder_name() == member.folder_name()) return std::move(other);
  return std::nullopt;
}

void add_of_member(const std::vector<Finding>& findings, const std::string& prefix,
                   std::vector<Finding>& out) {
  for (Finding finding : findings) {
    finding.file = prefix + (finding.file.empty() ? "SKILL.md" : finding.file);
    out.push_back(std::move(finding));
  }
}

}  // namespace

LintReport lint(const SkillPackage& package, const LintContext& context) {
  if (!is_set(package)) return lint_one(package, context);
  LintReport report;
  for (const SkillPackage& member : members_of(package)) {
    const auto previous = same_skill(context.previous, member);
    const auto initial = same_skill(context.initial, member);
    LintContext own = context;
    own.previous = previous ? &*previous : nullptr;
    own.initial = initial ? &*initial : nullptr;
    const LintReport found = lint_one(member, own);
    const std::string prefix = member_prefix(package, member);
    add_of_member(found.findings, prefix, report.findings);
    add_of_member(found.blocking, prefix, report.blocking);
  }
  return report;
}

}  // namespace skillgrad::skill
