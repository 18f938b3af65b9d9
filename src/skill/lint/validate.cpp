// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/lint/rules.hpp"
#include "skill/package/package_files.hpp"
#include "skill/package/package_path.hpp"

namespace skillgrad::skill {

namespace {

/// E, W or '-' (not checked) in the profiles spec, strict, lenient.
struct Levels {
  std::string_view rule;
  char spec, strict, lenient;
};

constexpr Levels kLevels[] = {
    {"F1", '-', 'E', '-'}, {"F4", 'E', 'E', 'W'}, {"F5", 'W', 'E', 'W'}, {"F8", 'W', 'E', '-'},
    {"N1", 'E', 'E', 'W'}, {"N2", 'E', 'E', 'W'}, {"N3", 'E', 'E', 'W'}, {"N4", 'E', 'E', 'W'},
    {"N5", 'E', 'E', 'W'}, {"N6", '-', 'E', '-'}, {"D1", 'E', 'E', 'E'}, {"D2", '-', 'E', '-'},
    {"D3", 'W', 'E', 'W'}, {"C1", 'E', 'E', 'W'}, {"C2", 'W', 'E', '-'}, {"M1", 'W', 'E', '-'},
    {"T1", 'W', 'E', '-'}, {"I1", 'W', 'E', '-'}, {"B1", 'W', 'E', '-'}, {"B2", 'W', 'E', '-'},
    {"B3", 'W', 'W', '-'}, {"P1", 'W', 'E', 'E'}};

}  // namespace

std::optional<Severity> severity_of(std::string_view rule, Profile profile) {
  const auto found = std::find_if(std::begin(kLevels), std::end(kLevels),
                                  [&](const Levels& levels) { return levels.rule == rule; });
  if (found == std::end(kLevels)) return Severity::error;
  const char level = profile == Profile::spec     ? found->spec
                     : profile == Profile::strict ? found->strict
                                                  : found->lenient;
  if (level == '-') return std::nullopt;
  return level == 'E' ? Severity::error : Severity::warning;
}

void FindingList::add(const std::string& rule, std::string message, int line, std::string anchor) {
  if (const auto severity = severity_of(rule, profile_)) {
    add_as(*severity, rule, std::move(message), line, std::move(anchor));
  }
}

void FindingList::add_as(Severity severity, const std::string& rule, std::string message, int line,
                         std::string anchor) {
  found_.push_back({rule, severity, std::move(message), file_, line, std::move(anchor)});
}

std::vector<Finding> check_rules(const RuleInput& input, Profile profile) {
  FindingList out(profile);
  out.set_file(input.skill_file);
  const Reading reading = read_front_matter(input.skill_md, profile);
  const auto append = [&](const std::vector<Finding>& findings) {
    for (Finding finding : findings) {
      finding.file = input.skill_file;
      out.append(std::move(finding));
    }
  };
  append(reading.errors);
  append(reading.repairs);
  if (reading.ok()) {
    check_reference_rules(input, reading, out);
    check_own_rules(input, reading, out);
  }
  for (Finding limit : input.limits) {
    limit.severity = severity_of("P1", profile).value_or(Severity::error);
    out.append(std::move(limit));
  }
  return out.take();
}

std::vector<Finding> validate(const SkillPackage& package, Profile profile) {
  if (is_set(package)) {
    std::vector<Finding> out;
    for (const SkillPackage& member : members_of(package))
      for (Finding finding : validate(member, profile)) {
        finding.file = member.folder_name() + "/" + finding.file;
        out.push_back(std::move(finding));
      }
    return out;
  }
  RuleInput input;
  input.skill_md = package.skill_md();
  input.folder_name = package.folder_name();
  input.files = &package.files();
  input.limits = check_limits(package.skill_md(), package.files());
  return check_rules(input, profile);
}

Result<std::vector<Finding>> validate(const fs::path& path, Profile profile) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (!fs::exists(status)) {
    return fail(ErrorCode::usage, "Path does not exist: " + path.string(), {},
                "give a package folder or its SKILL.md");
  }
  const auto stopped = [](std::string message) {
    return std::vector<Finding>{{"F1", Severity::error, std::move(message), "SKILL.md", 0, {}}};
  };
  const auto dir = package_folder(path);
  if (!dir) return stopped("Not a directory: " + path.string());
  SKILLGRAD_TRY(PackageFiles read, read_package_files(*dir));
  if (!read.has_skill_md) {
    auto found = stopped("Missing required file: SKILL.md");
    for (Finding& limit : read.limits)
      if (limit.file == read.skill_file) found.push_back(std::move(limit));
    return found;
  }
  RuleInput input;
  input.skill_md = read.skill_md;
  input.skill_file = read.skill_file;
  input.folder_name = folder_name_of(*dir);
  input.files = &read.files;
  input.limits = std::move(read.limits);
  return check_rules(input, profile);
}

}  // namespace skillgrad::skill
