// SPDX-License-Identifier: MIT
// Lint rules SAF on what a patch brings that no skill may learn by itself (docs/rules-skill.md).
#include <set>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/hunks.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/lint/lint_rules.hpp"

namespace skillgrad::skill {
namespace {

const char* rule_of(RiskKind kind) {
  switch (kind) {
    case RiskKind::hidden:
    case RiskKind::binary:
      return "SAF-01";
    case RiskKind::interpreter:
    case RiskKind::command:
      return "SAF-02";
    case RiskKind::credential:
      return "SAF-03";
    case RiskKind::agents:
      return "SAF-04";
    case RiskKind::script:
    case RiskKind::url:
      break;
  }
  return "SAF-05";
}

/// Lines that were there before, wherever: what moves is nothing new.
std::set<std::string> known_lines(const LintContext& context) {
  std::set<std::string> out;
  for (const SkillPackage* package : {context.initial, context.previous}) {
    if (package == nullptr) continue;
    for (const std::string_view line : lines_of(all_text(*package))) out.emplace(trim(line));
  }
  return out;
}

void report(LintRun& run, const Risk& risk, const Hunk& hunk, std::string_view text) {
  run.set_file(hunk.file);
  const bool asks = risk.blocks || run.context.strict;
  const char* const rule = risk.blocks ? rule_of(risk.kind) : "SAF-05";
  const std::string anchor = hunk.file + ":" + sha256_hex(text).substr(0, 12) + ":" + risk.what;
  const auto line = static_cast<int>(risk.line);
  if (asks)
    run.hard(rule, risk.what + ": a patch must not bring this; state the rule without it", line,
             anchor);
  else
    run.soft(rule, risk.what + ": for the reviewer", line, anchor);
}

}  // namespace

void lint_safety(LintRun& run) {
  if (run.context.previous == nullptr) return;
  const auto known = known_lines(run.context);
  for (Hunk& hunk : hunks_between(*run.context.previous, run.package)) {
    std::string added;
    for (HunkLine& line : hunk.lines) {
      if (line.mark != '+') continue;
      if (known.contains(std::string(trim(line.text))))
        line.text.clear();  // it keeps its place, and says nothing
      else
        added += line.text;
    }
    for (const Risk& risk : risks_of(hunk)) report(run, risk, hunk, added);
  }
  run.set_file("SKILL.md");
}

}  // namespace skillgrad::skill
