// SPDX-License-Identifier: MIT
#include "cli/workbench/validated.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/archive.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "cli/workbench/run_package.hpp"

namespace skillgrad::cli {
namespace {

Json finding_json(const skill::Finding& finding) {
  return {{"rule", finding.rule},
          {"severity", name_of(finding.severity)},
          {"message", finding.message},
          {"file", finding.file},
          {"line", finding.line}};
}

}  // namespace

bool Validated::valid() const {
  return std::none_of(rules.begin(), rules.end(), [](const auto& finding) {
    return finding.severity == skill::Severity::error;
  });
}

Result<skill::Profile> parse_profile(const std::string& text) {
  if (const auto known = named<skill::Profile>(text)) return *known;
  return fail(ErrorCode::usage,
              "got --profile " + text + ", expected " + join_or(names_of<skill::Profile>()),
              "--profile", "for example --profile strict");
}

Result<Validated> validate_one(const std::string& path, const ValidateOptions& options) {
  Validated out;
  out.path = path;
  if (skill::is_archive(path)) {
    SKILLGRAD_TRY(const auto packed, load_package(path));
    out.rules = skill::validate(packed, options.profile);
  } else {
    SKILLGRAD_TRY(out.rules, skill::validate(fs::path(path), options.profile));
  }
  const auto package = load_package(path);
  if (!package) return out;
  if (!folder_in_run(path).empty()) out.rules = skill::validate(*package, options.profile);
  skill::LintContext context;
  context.ignored = options.ignored;
  out.lint = skill::lint(*package, context).findings;
  return out;
}

Json findings_json(const Validated& value) {
  Json findings = Json::array();
  for (const auto& finding : value.rules) findings.push_back(finding_json(finding));
  for (const auto& finding : value.lint) {
    Json item = finding_json(finding);
    if (finding.severity == skill::Severity::error) item["severity"] = "hard";
    item["lint"] = true;
    findings.push_back(std::move(item));
  }
  return findings;
}

std::string one_line(const std::string& text) {
  return skill::visible_controls(replace_all(text, "\n", "\\n"));
}

std::string github_text(const std::string& text) { return replace_all(one_line(text), "%", "%25"); }

std::string github_property(const std::string& text) {
  // A line break in the name of a file is a part of it, and no other form of it is found.
  const std::string whole = one_line(replace_all(replace_all(text, "%", "%25"), "\n", "%0A"));
  return replace_all(replace_all(whole, ",", "%2C"), ":", "%3A");
}

std::string github_lines(const Validated& value) {
  std::error_code ignored;
  const fs::path dir = fs::is_directory(value.path, ignored) ? fs::path(value.path)
                                                             : fs::path(value.path).parent_path();
  std::string out;
  for (const auto& finding : value.rules)
    out += fmt::format("::{} file={},line={}::{} [{}]\n",
                       finding.severity == skill::Severity::error ? "error" : "warning",
                       github_property((dir / finding.file).string()), std::max(finding.line, 1),
                       github_text(finding.message), finding.rule);
  return out;
}

}  // namespace skillgrad::cli
