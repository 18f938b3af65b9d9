// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "cli/ci/ci_report.hpp"
#include "cli/screen/console.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kMostNames = 12;     ///< of tasks in a cell
constexpr std::size_t kMostFindings = 20;  ///< of one skill
constexpr std::size_t kLongestText = 400;
/// Bytes of rows and remarks. GitHub refuses a comment of more than 65536 characters.
constexpr std::size_t kLongestComment = 60'000;

/// Text of others as text and nothing else: every character that Markdown, its tables, its
/// automatic links or HTML give a meaning stands as an entity, which Markdown does not read again.
std::string inert(const std::string& text) {
  constexpr std::string_view kHarmless = " -/.,;=()%+?'";
  const std::string plain = replace_all(
      truncate_middle(one_line(strip_control(sanitize_utf8(text))), kLongestText), "\t", " ");
  std::string out;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool of_sentence = c == ':' && (i + 1 == plain.size() || plain[i + 1] == ' ');
    if (letter || of_sentence || kHarmless.find(c) != std::string_view::npos ||
        static_cast<unsigned char>(c) >= 0x80)
      out += c == '\n' ? ' ' : c;
    else
      out += fmt::format("&#{};", static_cast<int>(c));
  }
  return replace_all(std::move(out), "www.", "www&#46;");
}

/// A name: within <code> nobody is mentioned and nothing is linked.
std::string name(const std::string& text) { return "<code>" + inert(text) + "</code>"; }

std::string names(const std::vector<std::string>& all) {
  if (all.empty()) return "0";
  std::string out = fmt::format("{}: ", all.size());
  for (std::size_t i = 0; i < all.size() && i < kMostNames; ++i)
    out += (i > 0 ? ", " : "") + name(all[i]);
  if (all.size() > kMostNames) out += fmt::format(" and {} more", all.size() - kMostNames);
  return out;
}

std::string score(const std::optional<MeasuredSkill>& side) {
  if (!side) return "–";
  const auto& summary = side->summary;
  if (summary.graded == 0) return "nothing graded";
  std::string out = report::percent_ci(summary.score, summary.score_ci95);
  if (summary.errors() > 0) out += fmt::format(", {}", counted(summary.errors(), "error"));
  return out;
}

std::string difference(const SkillReport& skill) {
  if (!skill.compared) return "–";
  const auto& paired = skill.compared->paired;
  if (paired.n == 0) return "no task graded in both";
  const std::string verdict = skill.compared->verdict();
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}], {} ({}, n = {})", 100 * paired.difference,
                     100 * paired.difference95.low, 100 * paired.difference95.high,
                     verdict == "not shown" ? "no difference shown" : "**" + verdict + "**",
                     report::p_text(paired.p), paired.n);
}

template <class Value, class Shown>
std::string change(const SkillReport& skill, Value value, Shown shown) {
  const auto of = [&](const std::optional<MeasuredSkill>& side) {
    const auto known = side ? value(*side) : std::nullopt;
    return known ? shown(*known) : std::string("–");
  };
  if (!skill.after) return "–";
  return skill.before ? of(skill.before) + " → " + of(skill.after) : of(skill.after);
}

std::string row(const SkillReport& skill) {
  std::string what = name_of(skill.skill.change);
  if (skill.skill.change == SkillChange::renamed) what = "was " + name(skill.skill.before);
  const std::string status = skill.status();
  const bool bad = status == "fail" || status == "error";
  return fmt::format("| {} ({}) | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                     name(skill.skill.folder), what, bad ? "**" + status + "**" : status,
                     score(skill.before), score(skill.after), difference(skill),
                     skill.compared ? names(skill.compared->fixed) : "–",
                     skill.compared ? names(skill.compared->broken) : "–",
                     change(
                         skill, [](const MeasuredSkill& side) { return side.usd(); },
                         [](double usd) { return fmt::format("${:.4f}", usd); }),
                     change(
                         skill, [](const MeasuredSkill& side) { return side.turns(); },
                         [](double turns) { return fmt::format("{:.1f}", turns); }));
}

std::string remarks(const SkillReport& skill) {
  std::string out;
  const auto say = [&](const std::string& text) {
    out += "- " + name(skill.skill.folder) + ": " + text + "\n";
  };
  for (const auto& failure : skill.failures) say("**fails**: " + inert(failure));
  if (skill.error) say("**could not be judged**: " + inert(skill.error->to_line()));
  if (!skill.unmeasured.empty() && !skill.error) say(inert(skill.unmeasured));
  if (skill.validated) {
    std::size_t count = 0;
    for (const auto& finding : skill.validated->rules)
      if (++count <= kMostFindings)
        say(fmt::format("{} {} in {}, line {}: {}", name_of(finding.severity), inert(finding.rule),
                        name(finding.file), finding.line, inert(finding.message)));
    if (count > kMostFindings)
      say(fmt::format("{} more findings: `skillgrad validate SKILL` lists them",
                      count - kMostFindings));
  }
  if (skill.compared && skill.compared->paired.n > 0 &&
      2 * stats::least_sign_p(skill.compared->paired.n) > 0.05)
    say(fmt::format("{} can show nothing, however they end: 6 are the least",
                    counted(skill.compared->paired.n, "task")));
  return out;
}

std::string footer(const CiReport& report) {
  std::string out =
      fmt::format("Compared with {} ({}); {} did not change.", name(report.base.substr(0, 12)),
                  name(report.since), counted(report.unchanged, "skill"));
  if (report.model.empty()) return out + " No model was asked.\n";
  out += fmt::format(
      " Model {}{}, split {}, {} a task; score with its 95 % interval; difference in "
      "points, paired by task; cost and turns of a rollout.",
      name(report.model),
      report.simulated  ? " (a simulation)"
      : report.replayed ? " (replayed)"
                        : "",
      name(report.split), counted(static_cast<std::size_t>(report.trials), "trial"));
  std::size_t kept = 0;
  for (const auto& skill : report.skills) kept += skill.before && skill.before->kept ? 1U : 0U;
  if (kept > 0) out += fmt::format(" {} came from the cache.", counted(kept, "baseline"));
  return out + fmt::format(" Paid now: {}, {}.\n",
                           counted(static_cast<std::size_t>(report.paid.calls), "call"),
                           report::money(report.paid.usd));
}

}  // namespace

std::string ci_markdown(const CiReport& report) {
  std::string out = "<!-- skillgrad ci -->\n### skillgrad: " + report.verdict() + "\n\n";
  if (!report.skills.empty())
    out +=
        "| skill | result | before | after | difference | fixed | broken | cost | turns |\n"
        "|---|---|---|---|---|---|---|---|---|\n";
  std::size_t rows_left_out = 0, remarks_left_out = 0;
  for (const auto& skill : report.skills) {
    const std::string one = row(skill);
    if (out.size() + one.size() > kLongestComment)
      ++rows_left_out;
    else
      out += one;
  }
  std::string list;
  for (const auto& skill : report.skills) {
    const std::string one = remarks(skill);
    if (out.size() + list.size() + one.size() > kLongestComment)
      ++remarks_left_out;
    else
      list += one;
  }
  if (rows_left_out > 0)
    list += fmt::format("- {} more in the table of `skillgrad ci --json`\n",
                        counted(rows_left_out, "skill"));
  if (remarks_left_out > 0)
    list += fmt::format("- remarks on {} more: `skillgrad ci --json` has them\n",
                        counted(remarks_left_out, "skill"));
  if (!list.empty()) out += "\n" + list;
  if (!report.skills.empty()) out += "\n";
  return out + footer(report);
}

}  // namespace skillgrad::cli
