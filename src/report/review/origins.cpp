// SPDX-License-Identifier: MIT
// Lines that came from a stranger (lint SAF-06), found again in what a run proposes.
#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/run_files.hpp"

namespace skillgrad::report {
namespace {

constexpr const char* kRule = "SAF-06";

std::string text_of_file(const skill::SkillPackage& package, const std::string& name) {
  if (name == "SKILL.md" && !skill::is_set(package)) return package.skill_md();
  const auto found = package.files().find(name);
  return found == package.files().end() ? std::string() : found->second.bytes;
}

void add_of_patch(const fs::path& dir, std::vector<ForeignLine>& out) {
  const auto patch = read_json(dir / "patch.json");
  if (!patch) return;
  std::optional<skill::SkillPackage> package;
  for (const Json& finding : member(*patch, "findings")) {
    if (text_of(finding, "rule") != kRule) continue;
    if (!package) {
      auto loaded = skill::load_skills(dir / "skill");
      if (!loaded) return;
      package = std::move(*loaded);
    }
    const std::string file = text_of(finding, "file");
    const auto lines = split_lines(text_of_file(*package, file));
    const Json line = member(finding, "line");
    if (!line.is_number_unsigned() && !line.is_number_integer()) continue;
    const auto number = line.get<std::int64_t>();
    if (number < 1 || number > static_cast<std::int64_t>(lines.size())) continue;
    out.push_back({file, std::string(trim(lines[static_cast<std::size_t>(number - 1)])),
                   text_of(finding, "message")});
  }
}

bool holds_line(const std::string& text, const ForeignLine& line) {
  const auto lines = split_lines(text);
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& one) { return trim(one) == line.text; });
}

}  // namespace

std::vector<ForeignLine> foreign_lines(const std::filesystem::path& run) {
  std::vector<fs::path> dirs;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(run, ignored)) {
    if (!entry.path().filename().string().starts_with("iter_")) continue;
    dirs.push_back(entry.path());
    for (const auto& inner : fs::directory_iterator(entry.path(), ignored))
      if (fs::exists(inner.path() / "patch.json", ignored)) dirs.push_back(inner.path());
  }
  std::sort(dirs.begin(), dirs.end());
  std::vector<ForeignLine> out;
  for (const fs::path& dir : dirs) add_of_patch(dir, out);
  return out;
}

std::vector<skill::Risk> risks_in(const Proposal& proposal, const skill::Hunk& hunk,
                                  const std::optional<std::string>& text) {
  auto out = skill::risks_of(hunk, text);
  std::vector<std::string> told;
  for (const ForeignLine& line : proposal.foreign) {
    if (line.file != hunk.file || !holds_line(text ? *text : hunk.new_text, line)) continue;
    if (std::find(told.begin(), told.end(), line.text) != told.end()) continue;
    told.push_back(line.text);
    std::size_t number = 0;
    if (!text)
      for (std::size_t i = 0, at = hunk.new_line; i < hunk.lines.size(); ++i) {
        if (hunk.lines[i].mark == '-') continue;
        if (hunk.lines[i].mark == '+' && number == 0 && trim(hunk.lines[i].text) == line.text)
          number = at;
        ++at;
      }
    out.push_back({skill::RiskKind::origin, line.what, number, false});
  }
  return out;
}

}  // namespace skillgrad::report
