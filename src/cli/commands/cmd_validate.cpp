// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/package.hpp>

#include "cli/ci/sarif.hpp"
#include "cli/commands/commands.hpp"
#include "cli/help/rule_book.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/lint_ignore.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/validated.hpp"

namespace skillgrad::cli {
namespace {

Json validated_json(const Validated& value) {
  return {{"skill", value.path}, {"valid", value.valid()}, {"findings", findings_json(value)}};
}

std::string line_of(const skill::Finding& finding) {
  return fmt::format("  - {} [{}:{}]\n", one_line(finding.message), finding.rule, finding.line);
}

void print_text(const Validated& value, bool quiet) {
  const bool valid = value.valid();
  if (valid) print_out("Valid skill: " + value.path + "\n");
  if (!valid) print_err("Validation failed for " + value.path + ":\n");
  for (const auto& finding : value.rules)
    if (finding.severity == skill::Severity::error) print_err(line_of(finding));
  if (quiet) return;
  std::string notes;
  for (const auto& finding : value.rules)
    if (finding.severity != skill::Severity::error)
      notes += "  warning" + line_of(finding).substr(3);
  for (const auto& finding : value.lint) notes += "  lint" + line_of(finding).substr(3);
  print_err(notes);
}

Result<int> explain(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(const RuleText rule, find_rule(invocation.value("explain")));
  if (settings.get<"json">()) {
    print_out(dump_json({{"schema", "skillgrad.rule/1"},
                         {"rule", rule.id},
                         {"title", rule.title},
                         {"text", rule.text},
                         {"book", rule.book},
                         {"notes", notes_json(notes().all())}},
                        1) +
              "\n");
  } else {
    print_out(fmt::format("{} {}\n\n{}", rule.id, rule.title, rule.text));
  }
  return 0;
}

Result<int> run_validate(const Invocation& invocation) {
  ValidateOptions options;
  SKILLGRAD_TRY(options.profile, parse_profile(invocation.value("profile", "spec")));
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(options.ignored, ignored_lint_rules(settings));
  const bool json = settings.get<"json">();
  bool all_valid = true;
  Json reports = Json::array(), findings = Json::array();
  std::vector<Validated> skills;
  for (const auto& path : invocation.arguments) {
    SKILLGRAD_TRY(const auto result, validate_one(path, options));
    all_valid = all_valid && result.valid();
    skills.push_back(result);
    if (json) {
      reports.push_back(validated_json(result));
      for (auto finding : reports.back()["findings"]) {
        finding["skill"] = path;
        findings.push_back(std::move(finding));
      }
    } else if (invocation.has("github"))
      print_out(github_lines(result));
    else
      print_text(result, settings.get<"quiet">());
  }
  if (invocation.has("sarif"))
    SKILLGRAD_CHECK(write_json(invocation.value("sarif"), sarif_log(skills, fs::current_path())));
  if (json)
    print_out(dump_json({{"schema", "skillgrad.validate/1"},
                         {"profile", invocation.value("profile", "spec")},
                         {"valid", all_valid},
                         {"skill", reports.size() == 1 ? reports[0]["skill"] : Json()},
                         {"findings", findings},
                         {"skills", reports},
                         {"notes", notes_json(notes().all())}},
                        1) +
              "\n");
  return all_valid ? 0 : 1;
}

}  // namespace

Result<int> cmd_validate(const Invocation& invocation) {
  if (!invocation.has("explain")) {
    if (!invocation.arguments.empty()) return run_validate(invocation);
    return fail(
        ErrorCode::usage, "SKILL is required", "validate",
        "name the folder of a skill, as in `skillgrad validate skills/xlsx`, or a rule with "
        "--explain");
  }
  if (invocation.has("sarif"))
    return fail(ErrorCode::usage, "--sarif writes findings, and --explain has none", "--sarif",
                "leave out the one or the other");
  if (invocation.arguments.empty()) return explain(invocation);
  return fail(ErrorCode::usage, "--explain names a rule and takes no skill",
              invocation.arguments.front(), "leave out the one or the other");
}

}  // namespace skillgrad::cli
