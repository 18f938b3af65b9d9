// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/run_files.hpp"

namespace skillgrad::report {
namespace {

Result<Json> config_of(const fs::path& run) {
  std::error_code ignored;
  if (!fs::exists(run / "config.json", ignored))
    return fail(ErrorCode::input,
                fs::exists(run, ignored) ? "the folder holds no run: there is no config.json"
                                         : "no such folder",
                run.string(), "give the folder of a run of `optimize`, which its last lines name");
  SKILLGRAD_TRY(Json config, read_json(run / "config.json"));
  if (text_of(config, "command") == "optimize") return config;
  return fail(ErrorCode::input,
              fmt::format("is a run of `{}`, which changes no skill", text_of(config, "command")),
              run.string(), "give the folder of a run of `optimize`");
}

std::vector<std::string> iterations_with_packages(const fs::path& run) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(run, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("iter_") && skill::holds_skills(entry.path() / "skill"))
      out.push_back(std::to_string(std::stoi(name.substr(5))));
  }
  std::sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);
  });
  return out;
}

Result<std::string> source_of(const fs::path& run, std::optional<int> iteration) {
  if (!iteration) {
    if (skill::holds_skills(run / "best")) return "best";
    return fail(ErrorCode::input, "the run has no best package yet", (run / "best").string(),
                "wait for its first lines of progress, or go on with `skillgrad resume RUN`");
  }
  std::string name = iteration_folder(*iteration);
  if (skill::holds_skills(run / name / "skill")) return name;
  const auto known = iterations_with_packages(run);
  return fail(ErrorCode::input, fmt::format("iteration {} made no package", *iteration),
              run.string(),
              known.empty() ? "no iteration of this run did; leave --iter out"
                            : "use one of " + join(known, ", ") + ", or leave --iter out");
}

/// In a run packages lie in folders of other names; they are judged by that of the skill.
Result<skill::SkillPackage> load_as(const fs::path& dir, const std::string& folder) {
  SKILLGRAD_TRY(const auto package, skill::load_skills(dir));
  return skill::SkillPackage::from_files(folder.empty() ? package.folder_name() : folder,
                                         package.skill_md(), package.files());
}

}  // namespace

Result<Proposal> read_proposal(const std::filesystem::path& run, std::optional<int> iteration) {
  SKILLGRAD_TRY(const Json config, config_of(run));
  Proposal out;
  out.run = fs::absolute(run).lexically_normal();
  SKILLGRAD_TRY(out.source, source_of(run, iteration));
  out.skill_path = text_of(config, "skill_path");
  for (const std::string& rule : split(text_of(member(config, "settings"), "lint_ignore"), ','))
    if (!trim(rule).empty()) out.ignored.emplace_back(trim(rule));
  const std::string folder = text_of(config, "skill_folder");
  SKILLGRAD_TRY(out.initial, load_as(run / "initial/skill", folder));
  SKILLGRAD_TRY(
      out.proposed,
      load_as(run / (iteration ? patch_folder(run, *iteration) + "/skill" : out.source), folder));
  out.hunks = skill::hunks_between(out.initial, out.proposed);
  out.foreign = foreign_lines(out.run);
  return out;
}

Proposal waiting_proposal(const WaitingPatch& patch) {
  Proposal out;
  out.run = fs::absolute(patch.run).lexically_normal();
  out.source = iteration_folder(patch.iteration);
  out.initial = *patch.current;
  out.proposed = *patch.proposed;
  out.ignored = patch.ignored;
  out.hunks = skill::hunks_between(out.initial, out.proposed);
  out.foreign = foreign_lines(out.run);
  return out;
}

std::vector<skill::Finding> new_findings(const Proposal& proposal,
                                         const skill::SkillPackage& package,
                                         const skill::SkillPackage& before) {
  skill::LintContext context;
  context.initial = &before;
  context.ignored = proposal.ignored;
  auto out = skill::lint(package, context).blocking;
  if (out.empty() || proposal.undo == 0) return out;
  // What comes back with a step was there before it.
  context.initial = &proposal.proposed;
  return skill::lint(package, context).blocking;
}

Result<> check_package(const Proposal& proposal, const skill::SkillPackage& package,
                       const skill::SkillPackage& before) {
  const auto findings = new_findings(proposal, package, before);
  if (findings.empty()) return {};
  const skill::Finding& first = findings.front();
  std::string where = first.file.empty() ? "SKILL.md" : first.file;
  if (first.line > 0) where += ":" + std::to_string(first.line);
  return fail(
      ErrorCode::invalid_skill,
      fmt::format("the package would break rule {}: {}{}", first.rule, first.message,
                  findings.size() > 1 ? fmt::format(" (and {} more)", findings.size() - 1) : ""),
      where,
      fmt::format("leave out or edit the hunk that does it with `skillgrad review RUN`; "
                  "`skillgrad validate --explain {}` explains the rule",
                  first.rule));
}

}  // namespace skillgrad::report
