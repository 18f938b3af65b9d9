// SPDX-License-Identifier: MIT
// Lint rules of layers 1 and 2 (docs/rules-skill.md), except L2-03.
#include <algorithm>
#include <map>

#include <skillgrad/core/text.hpp>

#include "skill/lint/lint_rules.hpp"
#include "skill/lint/rules.hpp"
#include "skill/package/description_writer.hpp"
#include "skill/package/front_matter.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::size_t kMaxWords = 50;
constexpr std::size_t kMaxClauses = 3;
constexpr std::size_t kMaxSteps = 12;  // "about 10"
constexpr std::size_t kMaxInstructionWords = 150;
constexpr std::size_t kMaxBulletWords = 40;
// Where no template is asked for, only what is hard to use is said.
constexpr std::size_t kLongSentences = 4;
constexpr std::size_t kLongCode = 60;
constexpr std::size_t kLongSection = 600;
constexpr std::size_t kLongList = 25;
constexpr std::size_t kLongBullet = 100;

[[nodiscard]] std::string number(std::size_t n) { return std::to_string(n); }

[[nodiscard]] std::size_t count_of(std::string_view text, std::string_view needle) {
  std::size_t count = 0;
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + needle.size())) {
    ++count;
  }
  return count;
}

/// Full stops, question and exclamation marks with text behind them.
[[nodiscard]] std::size_t inner_sentence_ends(std::string_view text) {
  std::size_t ends = 0;
  for (std::size_t at = 0; at + 2 < text.size(); ++at) {
    const bool mark = text[at] == '.' || text[at] == '!' || text[at] == '?';
    const bool abbreviation = at >= 2 && text[at] == '.' && text[at - 2] == '.';
    ends += mark && !abbreviation && (text[at + 1] == ' ' || text[at + 1] == '\n');
  }
  return ends;
}

/// An identifier directly before an opening bracket, except the plural "file(s)".
[[nodiscard]] bool has_call_syntax(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    const char before = text[at - 1];
    const bool word = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
                      (before >= '0' && before <= '9') || before == '_';
    if (text[at] == '(' && word && text.substr(at, 3) != "(s)") return true;
  }
  return false;
}

[[nodiscard]] bool has_list_item(const std::string& text) {
  for (const std::string& line : split_lines(text)) {
    const std::string_view item = trim(line);
    if (item.starts_with("- ") || item.starts_with("* ") || item.starts_with("1. ")) return true;
  }
  return false;
}

/// What is read in vain on every use, whatever form a skill has.
void lint_long_operation(LintRun& run, const TopSection& top, std::size_t words) {
  const int line = run.body.line(top.section.begin);
  const std::string name = "the section \"" + top.section.title + "\" ";
  for (const Block* block : top.blocks) {
    if (block->kind != BlockKind::code) continue;
    const std::size_t lines = split_lines(block->code).size();
    if (lines > kLongCode) {
      run.soft("L2-01",
               name + "has a code block of " + number(lines) +
                   " lines; keep it in a file of scripts/ or references/",
               line, top.section.slug);
    }
  }
  if (words > kLongSection) {
    run.soft("L2-01",
             name + "has " + number(words) +
                 " words; move what is seldom needed to "
                 "references/",
             line, top.section.slug);
  }
}

void lint_operation(LintRun& run, const TopSection& top) {
  const int line = run.body.line(top.section.begin);
  const std::string name = "the section \"" + top.section.title + "\" ";
  std::size_t words = 0;
  std::vector<const Block*> code;
  const Block* pointer = nullptr;
  for (const Block* block : top.blocks) {
    if (block->kind == BlockKind::code) {
      code.push_back(block);
    } else {
      words += count_words(
          std::string_view(run.body.text).substr(block->begin, block->end - block->begin));
    }
    for (const Pointer& one : run.body.pointers) {
      if (one.block == block && is_reference(one.path)) pointer = block;
    }
  }
  const std::string& anchor = top.section.slug;
  if (code.size() > 1) {
    run.in_procedure("L2-01",
                     name + "has " + number(code.size()) +
                         " code blocks; keep one and move the others to references/",
                     line, anchor);
  }
  if (code.size() == 1) {
    const std::size_t lines = split_lines(code.front()->code).size();
    if (lines < 5 || lines > 15) {
      run.in_procedure("L2-01",
                       name + "has a code block of " + number(lines) +
                           " lines; make it 5 to 15 lines, longer code belongs in references/",
                       line, anchor);
    }
  }
  if (words > kMaxInstructionWords) {
    run.in_procedure("L2-01", name + "has " + number(words) + " words; shorten it", line, anchor);
  }
  if (pointer != nullptr && pointer != top.blocks.back()) {
    run.in_procedure("L2-01", name + "names a reference before its end; put the pointer last", line,
                     anchor);
  }
  if (!run.context.procedure_profile) lint_long_operation(run, top, words);
}

void lint_warnings(LintRun& run, const TopSection& top) {
  const std::string text = to_lower_ascii(
      run.body.text.substr(top.section.content, top.section.end - top.section.content));
  std::size_t warnings = 0;
  for (const std::string& sentence : split(replace_all(text, "\n", " "), '.')) {
    const bool forbids = sentence.find("do not") != std::string::npos ||
                         sentence.find("don't") != std::string::npos ||
                         sentence.find("never") != std::string::npos;
    warnings += forbids && sentence.find("because") != std::string::npos;
  }
  if (warnings > 1) {
    run.soft("L2-02",
             "the section \"" + top.section.title + "\" has " + number(warnings) +
                 " warnings of the kind \"do not ... because ...\"; keep one",
             run.body.line(top.section.begin), top.section.slug);
  }
}

/// In the `general` profile a list is at fault only when nobody follows it to its end.
void lint_long_lists(LintRun& run) {
  for (const TopSection* workflow : run.body.of_kind(SectionKind::workflow)) {
    std::size_t items = 0;
    for (const Block* block : workflow->blocks) items += block->items.size();
    if (items > kLongList) {
      run.soft("L2-05",
               "the list of \"" + workflow->section.title + "\" has " + number(items) +
                   " items; merge steps or divide it",
               run.body.line(workflow->section.begin), workflow->section.slug);
    }
  }
}

void lint_workflows(LintRun& run) {
  if (!run.context.procedure_profile) return lint_long_lists(run);
  const auto workflows = run.body.of_kind(SectionKind::workflow);
  if (workflows.empty() || workflows.size() > 3) {
    run.by_profile("L2-05",
                   "the body has " + number(workflows.size()) +
                       " workflow sections (an H2 that is a list of steps without code), 1 to 3 "
                       "are expected; " +
                       (workflows.empty() ? "add one before the operations"
                                          : "merge them, or turn lists into operation sections"),
                   run.body.first_line, "workflow-count");
  }
  for (const TopSection* workflow : workflows) {
    std::size_t items = 0;
    for (const Block* block : workflow->blocks) items += block->items.size();
    if (items > kMaxSteps) {
      run.by_profile("L2-05",
                     "the workflow \"" + workflow->section.title + "\" has " + number(items) +
                         " items, about 10 are the most; merge steps",
                     run.body.line(workflow->section.begin), workflow->section.slug);
    }
  }
  const auto operations = run.body.of_kind(SectionKind::operation);
  if (workflows.empty() || operations.empty()) return;
  if (workflows.front()->section.begin > operations.front()->section.begin) {
    run.by_profile("L2-05",
                   "the first workflow stands behind an operation section; put it before all "
                   "operations",
                   run.body.line(workflows.front()->section.begin), "workflow-first");
  }
  const bool behind = workflows.back()->section.begin < operations.back()->section.begin;
  if (workflows.size() > 1 && behind) {
    run.by_profile("L2-05",
                   "an operation section follows the last workflow; put the last workflow just "
                   "before the end",
                   run.body.line(workflows.back()->section.begin), "workflow-last");
  }
}

void lint_pitfalls(LintRun& run) {
  const auto pitfalls = run.body.of_kind(SectionKind::pitfalls);
  const bool procedure = run.context.procedure_profile;
  if (!procedure && pitfalls.empty()) return;
  if (pitfalls.size() != 1) {
    run.soft("L2-06",
             "the body has " + number(pitfalls.size()) +
                 " pitfalls sections, exactly one is expected near the end; " +
                 (pitfalls.empty() ? "add one" : "merge them"),
             run.body.first_line, "pitfalls-count");
    return;
  }
  const TopSection& top = *pitfalls.front();
  const int line = run.body.line(top.section.begin);
  const auto position = static_cast<std::size_t>(&top - run.body.sections.data());
  if (position + 3 < run.body.sections.size()) {
    run.in_procedure("L2-06", "the pitfalls section is not near the end; move it down", line,
                     top.section.slug);
  }
  bool compact = false;
  for (const Block* block : top.blocks) {
    compact = compact || is_list(*block);
    for (const std::string& item : block->items) {
      if (count_words(item) > (procedure ? kMaxBulletWords : kLongBullet)) {
        run.soft(
            "L2-06",
            "a pitfall has " + number(count_words(item)) + " words; make it one compact bullet",
            line, top.section.slug);
      }
    }
  }
  if (!compact) {
    run.in_procedure("L2-06", "the pitfalls section is no list; write compact bullets", line,
                     top.section.slug);
  }
}

void lint_twins(LintRun& run) {
  std::map<std::string, int> seen;
  for (const TopSection& top : run.body.sections) {
    if (++seen[top.section.slug] == 2) {
      run.soft("L2-07", "two sections are named \"" + top.section.title + "\"; merge them",
               run.body.line(top.section.begin), top.section.slug);
    }
  }
  if (run.context.procedure_profile && run.body.of_kind(SectionKind::operation).size() > 1) {
    run.judgement("L2-07", "for the reviewer: no two sections may treat one operation domain");
  }
}

/// What a patch may let the body grow to: the advised size, or the seed's where that is larger.
void lint_size_bound(LintRun& run) {
  const SkillPackage& seed =
      run.context.initial != nullptr ? *run.context.initial : *run.context.previous;
  const LayerSize had = seed.sizes().l2;
  const LayerSize has = run.package.sizes().l2;
  const std::size_t lines = std::max(kMaxBodyLines, had.lines);
  const std::size_t tokens = std::max(kMaxBodyTokens, had.tokens);
  if (has.lines <= lines && has.tokens <= tokens) return;
  run.hard("L2-08",
           "the patch lets the body grow to " + number(has.lines) + " lines and about " +
               number(has.tokens) + " tokens, at most " + number(lines) + " and " + number(tokens) +
               " are allowed; shorten it, or move detail to a file below references/",
           run.body.first_line, "size");
}

void lint_budget(LintRun& run) {
  for (const Finding& finding : validate(run.package, Profile::spec)) {
    if (finding.rule == "B1") run.soft("L2-08", finding.message, finding.line, "body");
  }
  if (run.context.previous == nullptr) return;
  lint_size_bound(run);
  const std::size_t before = run.context.previous->body().size();
  const std::size_t after = run.body.text.size();
  if (before > 0 && after * 10 > before * 13) {
    run.soft("L2-08",
             "the patch grows the body from " + number(before) + " to " + number(after) +
                 " bytes, more than 30 %; word the changes more tightly",
             run.body.first_line, "growth");
  }
}

}  // namespace

void lint_description(LintRun& run) {
  const std::string& file = run.package.skill_md();
  const Reading reading = read_front_matter(file, Profile::lenient);
  const auto line_for = [&](const char* key) {
    const yaml::Entry* entry = reading.find(key);
    return entry == nullptr ? 1 : line_of(file, entry->begin);
  };
  if (!file.starts_with("---")) {
    run.hard("L1-01", "the front matter does not start at byte 0; remove what precedes it", 1,
             "front-matter");
  }
  for (const char* key : {"name", "description"}) {
    const yaml::Entry* entry = reading.find(key);
    if (entry == nullptr || entry->value.kind != yaml::Kind::scalar || entry->value.value.empty()) {
      run.hard("L1-01", std::string("`") + key + "` is not a text; write `" + key + ": text`",
               line_for(key), key);
    }
  }
  const SkillPackage* before =
      run.context.previous != nullptr ? run.context.previous : run.context.initial;
  if (before != nullptr && before->name() != run.package.name()) {
    run.hard("L1-01",
             "the patch changes the name from " + before->name() + " to " + run.package.name() +
                 "; a patch never renames a skill",
             line_for("name"), "name-changed");
  }
  const std::string& text = run.package.description();
  const int line = line_for("description");
  if (const std::size_t words = count_words(text); words > kMaxWords) {
    run.by_profile(
        "L1-02",
        "the description has " + number(words) + " words, at most 50 are allowed; shorten it", line,
        "description");
  }
  const std::size_t clauses = count_of(text, ",") + count_of(text, ";") + count_of(text, " and ");
  const std::size_t ends = inner_sentence_ends(trim(text));
  if (ends > 0 || clauses > kMaxClauses) {
    run.in_procedure("L1-03",
                     "the description is more than one plain sentence; say only what the skill "
                     "is for and when to use it",
                     line, "description");
  }
  if (ends >= kLongSentences && !run.context.procedure_profile) {
    run.soft("L1-03",
             "the description has " + number(ends + 1) +
                 " sentences; it is always in view, so say only what the skill does and when to "
                 "use it",
             line, "description");
  }
  if (text.find('`') != std::string::npos || text.find('=') != std::string::npos ||
      has_call_syntax(text) || has_list_item(text)) {
    run.hard("L1-04", "the description holds code, a formula or a list; move rules to the body",
             line, "description");
  }
}

void lint_body(LintRun& run) {
  const auto operations = run.body.of_kind(SectionKind::operation);
  for (const TopSection* top : operations) lint_operation(run, *top);
  for (const TopSection& top : run.body.sections) lint_warnings(run, top);
  lint_task_values(run);
  if (operations.size() < 4 || operations.size() > 8) {
    run.in_procedure("L2-04",
                     "the body has " + number(operations.size()) +
                         " operation sections, 4 to 8 are expected; " +
                         (operations.size() < 4 ? "treat each kind of operation in its own H2"
                                                : "merge related ones"),
                     run.body.first_line, "operation-count");
  }
  lint_workflows(run);
  lint_pitfalls(run);
  lint_twins(run);
  lint_budget(run);
}

}  // namespace skillgrad::skill
