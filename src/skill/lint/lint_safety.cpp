// SPDX-License-Identifier: MIT
// Lint rules SAF on what a patch brings that no skill may learn by itself (docs/rules-skill.md).
#include <set>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/foreign_words.hpp>
#include <skillgrad/skill/hunks.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/hunks/risky_text.hpp"
#include "skill/lint/lint_rules.hpp"

namespace skillgrad::skill {
namespace {

/// Of a risk that blocks; whatever only deserves a look is SAF-05.
const char* rule_of(RiskKind kind) {
  switch (kind) {
    case RiskKind::hidden:
      return "SAF-01";
    case RiskKind::interpreter:
      return "SAF-02";
    case RiskKind::credential:
      return "SAF-03";
    case RiskKind::agents:
      return "SAF-04";
    case RiskKind::script:
    case RiskKind::command:
    case RiskKind::url:
    case RiskKind::binary:
    case RiskKind::origin:
      break;
  }
  return "SAF-05";
}

/// Lines that were there before, wherever: what moves is nothing new.
std::set<std::string> known_lines(const LintContext& context) {
  std::set<std::string> out;
  for (const SkillPackage* package : {context.initial, context.previous}) {
    if (package == nullptr) continue;
    const std::string text = all_text(*package);
    for (const std::string_view line : lines_of(text)) out.emplace(trim(line));
  }
  return out;
}

/// What led to a finding, so that it can be mended; keys are not repeated.
std::string quoted(const Risk& risk, std::string_view text) {
  if (risk.kind == RiskKind::credential || text.empty()) return {};
  return " (\"" + truncate_middle(visible_controls(sanitize_utf8(trim(text))), 100) + "\")";
}

void report(LintRun& run, const Risk& risk, const std::string& file, std::string_view text) {
  run.set_file(file);
  const char* const rule = risk.blocks ? rule_of(risk.kind) : "SAF-05";
  const std::string anchor = file + ":" + sha256_hex(text).substr(0, 12) + ":" + risk.what;
  const auto line = static_cast<int>(risk.line);
  const std::string message = risk.what + quoted(risk, text);
  if (risk.blocks || run.context.strict)
    run.hard(rule, message + ": a patch must not bring this; state the rule without it", line,
             anchor);
  else
    run.soft(rule, message + ": for the reviewer", line, anchor);
}

/// A line of Markdown that does not go on with the one before.
bool begins_anew(std::string_view text) {
  const std::string_view line = trim(text);
  if (line.empty()) return true;
  const bool numbered =
      line.size() > 1 && is_digit(line[0]) && (line[1] == '.' || is_digit(line[1]));
  return numbered || std::string_view("-*+#|>`~").find(line[0]) != std::string_view::npos;
}

/// Added lines that a reader takes for one: of a paragraph, of a folded value, of a command that
/// goes on behind a pipe or a backslash.
struct Joined {
  std::string text;
  std::size_t line = 0, parts = 0;
};

std::vector<Joined> joined_lines(const Hunk& hunk) {
  constexpr std::size_t kMostParts = 12;
  std::vector<Joined> out;
  std::size_t number = hunk.new_line;
  bool open = false;
  for (const HunkLine& line : hunk.lines) {
    if (line.mark == '-') continue;
    std::string_view text = trim(line.text);
    if (line.mark != '+' || text.empty()) {
      open = false;
    } else {
      const bool goes_on = open && out.back().parts < kMostParts &&
                           (out.back().text.ends_with('|') || !begins_anew(text));
      if (!goes_on) out.push_back({{}, number, 0});
      if (text.ends_with('\\')) text.remove_suffix(1);
      out.back().text += (goes_on ? " " : "") + std::string(text);
      ++out.back().parts;
      open = true;
    }
    ++number;
  }
  return out;
}

void look_at(LintRun& run, const Hunk& hunk) {
  std::set<std::pair<RiskKind, std::string>> seen;
  const auto add = [&](Risk risk, std::size_t line, std::string_view text) {
    risk.line = line;
    if (seen.emplace(risk.kind, risk.what).second) report(run, risk, hunk.file, text);
  };
  std::size_t number = hunk.new_line;
  for (const HunkLine& line : hunk.lines) {
    if (line.mark == '+')
      for (Risk& risk : risks_of_line(line.text)) add(std::move(risk), number, line.text);
    if (line.mark != '-') ++number;
  }
  for (const Joined& joined : joined_lines(hunk))
    if (joined.parts > 1)
      for (Risk& risk : risks_of_line(joined.text)) add(std::move(risk), joined.line, joined.text);
  if (hunk.kind != HunkKind::remove)
    for (Risk& risk :
         risks_of_file(hunk.file, hunk.new_text, hunk.mode, hunk.kind == HunkKind::create))
      add(std::move(risk), 0, {});
}

/// SAF-06: a rule in the words of a stranger. Whoever wrote a file of a task could want it.
void look_at_origin(LintRun& run, const Hunk& hunk) {
  const auto ask = [&](std::string_view text, std::size_t line) {
    const auto origin = run.context.foreign->origin_of(text);
    if (!origin) return;
    const std::string message = "its words stand in what " + origin->where + " (\"" +
                                origin->words + "\"): data of a task must not write the skill";
    const std::string anchor = hunk.file + ":" + sha256_hex(text).substr(0, 12);
    if (run.context.strict)
      run.hard("SAF-06", message + "; state only what the checks bear out", static_cast<int>(line),
               anchor);
    else
      run.soft("SAF-06", message + ": for the reviewer", static_cast<int>(line), anchor);
  };
  run.set_file(hunk.file);
  for (const Joined& joined : joined_lines(hunk)) ask(joined.text, joined.line);
}

}  // namespace

void lint_safety(LintRun& run) {
  if (run.context.previous == nullptr) return;
  const auto known = known_lines(run.context);
  for (Hunk& hunk : hunks_between(*run.context.previous, run.package)) {
    for (HunkLine& line : hunk.lines)  // what is known keeps its place, and says nothing
      if (line.mark == '+' && known.contains(std::string(trim(line.text)))) line.text.clear();
    look_at(run, hunk);
    if (run.context.foreign != nullptr) look_at_origin(run, hunk);
  }
  run.set_file("SKILL.md");
}

}  // namespace skillgrad::skill
