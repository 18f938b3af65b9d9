// SPDX-License-Identifier: MIT
#include "optim/stages/stage_facts.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::size_t kFileBytes = 50'000;
constexpr std::uint64_t kMostFileBytes = std::uint64_t{32} << 20;
constexpr std::size_t kListedFiles = 60;

Result<std::string> package_file(const skill::SkillPackage& skill, const std::string& path) {
  std::string inner(trim(path));
  while (inner.starts_with("./")) inner.erase(0, 2);
  const bool several = skill::is_set(skill);
  if (inner == "SKILL.md" && !several) return skill.skill_md();
  std::vector<std::string> files = skill.files_for_agent();
  if (std::find(files.begin(), files.end(), inner) == files.end()) {
    if (!several) files.insert(files.begin(), "SKILL.md");
    return fail(ErrorCode::input, "the package has no file \"" + truncate_middle(path, 200) + "\"",
                "read_file", "use one of: " + list_some(files, kListedFiles));
  }
  const std::string& bytes = skill.files().at(inner).bytes;
  if (first_invalid_utf8(bytes)) {
    return fail(ErrorCode::input, "\"" + inner + "\" is not a text file", "read_file");
  }
  return bytes;
}

tl::unexpected<Error> bad_path(const std::string& relative, const std::string& why) {
  return fail(ErrorCode::input, "\"" + truncate_middle(relative, 200) + "\" " + why, "read_file");
}

/// Tells the model which files there are.
Error with_file_list(Error error, const std::filesystem::path& root) {
  error.mend = "use a path below the task's folder";
  if (const auto files = list_files(root); files && !files->empty()) {
    error.mend += ", one of: " + list_some(*files, kListedFiles);
  }
  return error;
}

bool is_inside(const std::filesystem::path& root, const std::filesystem::path& path) {
  const auto [end, ignored] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end();
}

/// How much of each analysis is shown: all, unless those of the task are too long together.
std::size_t analysis_share(const Gradient& gradient) {
  std::size_t all = 0;
  for (const Cause& cause : gradient.causes) all += cause.analysis.size();
  return all <= kTaskAnalysesBytes ? kAnalysisBytes : kTaskAnalysesBytes / gradient.causes.size();
}

Json causes_json(const Gradient& gradient) {
  const std::size_t share = analysis_share(gradient);
  Json out = Json::array();
  for (const Cause& cause : gradient.causes) {
    Json item = {{"label", cause.label}};
    if (cause.found) item["case"] = name_of(*cause.found);
    item["analysis"] = truncate_middle(cause.analysis, share);
    if (!cause.rule.empty()) item["rule"] = cause.rule;
    if (!cause.open.empty()) item["open"] = cause.open;
    item["skipped_step"] = cause.skipped_step;
    if (!cause.steps.empty()) item["steps"] = cause.steps;
    item["known"] = cause.known;
    if (!cause.refutes.empty()) item["refutes"] = cause.refutes;
    out.push_back(std::move(item));
  }
  return out;
}

void add_facts(const TaskFacts& facts, Json& item) {
  item["task"] = facts.task;
  item["feedback"] = facts.feedback;
  if (!facts.group.empty()) item["runs"] = facts.group;
  if (!facts.skills.empty()) item["skills"] = facts.skills;
  if (facts.steps.empty()) return;
  item["cited_steps"] = Json::array();
  for (const auto& [number, text] : facts.steps) item["cited_steps"].push_back(text);
}

}  // namespace

std::string diagnoses_json(const std::vector<Gradient>& gradients,
                           const std::vector<TaskFacts>& facts) {
  Json out = Json::array();
  for (const Gradient& gradient : gradients) {
    Json item = {{"task_id", gradient.task_id}, {"kind", name_of(gradient.kind)}};
    const auto found = std::find_if(facts.begin(), facts.end(), [&](const TaskFacts& of) {
      return of.task_id == gradient.task_id;
    });
    if (found != facts.end()) add_facts(*found, item);
    item["causes"] = causes_json(gradient);
    if (!gradient.right.empty()) item["right"] = gradient.right;
    out.push_back(std::move(item));
  }
  return dump_json(out, 1);
}

Json facts_json(const std::vector<TaskFacts>& facts) {
  Json out = Json::array();
  for (const TaskFacts& of : facts) {
    Json item = {{"task_id", of.task_id}};
    add_facts(of, item);
    out.push_back(std::move(item));
  }
  return out;
}

std::string version_text(int skill_iteration) {
  const std::string which = skill_iteration == 0 ? "the initial skill"
                                                 : "as the patch of iteration " +
                                                       std::to_string(skill_iteration) + " left it";
  return "the version that ran: " + which;
}

Json conflicts_json(const skill::SkillPackage& skill) {
  Json out = Json::array();
  for (const skill::Conflict& conflict : skill::conflicts_between(skill))
    out.push_back(to_json(conflict));
  return out;
}

std::string skill_facts(const skill::SkillPackage& skill, SkillPart part, const Shown& limit,
                        const StageContext& context) {
  const auto text_of = [&](const skill::SkillPackage& one) {
    return part == SkillPart::file ? one.skill_md() : one.body();
  };
  if (!skill::is_set(skill)) return agent::tagged("skill", shown(text_of(skill), limit, context));
  const auto members = skill::members_of(skill);
  std::string out;
  for (const skill::SkillPackage& member : members) {
    const Shown share{limit.bytes / members.size(), limit.what + " of " + member.folder_name()};
    out += agent::tagged(
        "skill", member.folder_name() + "/SKILL.md\n\n" + shown(text_of(member), share, context));
  }
  const Json conflicts = conflicts_json(skill);
  return out + agent::tagged("conflicts", conflicts.empty() ? "none" : dump_json(conflicts, 1));
}

std::string bundled_files(const skill::SkillPackage& skill, bool sizes) {
  std::string out;
  for (const std::string& path : skill.files_for_agent()) {
    out += path;
    if (sizes) out += " (" + std::to_string(skill.files().at(path).bytes.size()) + " bytes)";
    out += "\n";
  }
  return out.empty() ? "none" : out;
}

std::string shown(const std::string& text, const Shown& limit, const StageContext& context) {
  if (text.size() <= limit.bytes) return text;
  context.tell(limit.what + " has " + std::to_string(text.size()) +
               " bytes, the model was shown head and tail of it (" + std::to_string(limit.bytes) +
               ")");
  return truncate_middle(text, limit.bytes);
}

agent::ToolOutcome tool_text(std::string text) {
  agent::ToolOutcome outcome;
  outcome.text = std::move(text);
  return outcome;
}

agent::ToolOutcome tool_error(const Error& error) {
  agent::ToolOutcome outcome;
  outcome.text = error.to_line();
  if (!error.mend.empty() && outcome.text.find(error.mend) == std::string::npos) {
    outcome.text += "; " + error.mend;
  }
  outcome.is_error = true;
  return outcome;
}

std::unique_ptr<agent::Tool> make_package_reader(const skill::SkillPackage& skill,
                                                 const std::string& which) {
  return agent::make_tool(
      {"read_file", "Reads one file of the skill package " + which + ".",
       R"({"type":"object","properties":{"path":{"type":"string","description":"Path in the package, for example references/x.md"}},"required":["path"]})"},
      [&skill](const std::string& arguments, const std::stop_token&) {
        const auto json = parse_json(arguments, "read_file");
        if (!json) return tool_error(json.error());
        StrictReader reader(*json, "read_file");
        const std::string path = reader.string("path");
        if (const auto read = reader.finish(); !read) return tool_error(read.error());
        auto text = package_file(skill, path);
        if (!text) return tool_error(text.error());
        agent::ToolOutcome outcome = tool_text(truncate_middle(*text, kFileBytes));
        outcome.whole = true;
        return outcome;
      });
}

Result<std::filesystem::path> confine(const std::filesystem::path& root,
                                      const std::string& relative) {
  const std::filesystem::path path(relative);
  const bool plain =
      !relative.empty() && relative.find('\0') == std::string::npos && path.is_relative() &&
      std::none_of(path.begin(), path.end(),
                   [](const auto& part) { return part.empty() || part.native().front() == '.'; });
  if (!plain) return bad_path(relative, "is not a plain relative path");
  std::error_code failed;
  const std::filesystem::path base = std::filesystem::canonical(root, failed);
  if (failed) return bad_path(relative, "cannot be read");
  std::filesystem::path real = std::filesystem::canonical(base / path, failed);
  if (failed) return bad_path(relative, "does not exist");
  if (!is_inside(base, real)) return bad_path(relative, "leads out of the folder");
  return real;
}

Result<std::string> read_confined(const std::filesystem::path& root, const std::string& relative) {
  auto text = [&]() -> Result<std::string> {
    SKILLGRAD_TRY(const std::filesystem::path path, confine(root, relative));
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed) || failed) {
      return bad_path(relative, "is not a regular file");
    }
    SKILLGRAD_TRY(std::string bytes, read_file(path, kMostFileBytes));
    if (first_invalid_utf8(bytes) || bytes.find('\0') != std::string::npos) {
      return bad_path(relative, "is not a text file");
    }
    return truncate_middle(bytes, kFileBytes);
  }();
  if (!text) return tl::unexpected(with_file_list(std::move(text).error(), root));
  return text;
}

}  // namespace skillgrad::optim
