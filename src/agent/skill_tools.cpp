// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "agent/executor_tools.hpp"

namespace skillgrad::agent {
namespace {

constexpr std::size_t kReferenceBytes = 50'000;
constexpr std::size_t kListedFiles = 200;
/// So much of a file's beginning must be in a command's output for the file to count as loaded.
constexpr std::size_t kRecogniseBytes = 200;

ToolOutcome failed(std::string text) {
  ToolOutcome outcome;
  outcome.text = std::move(text);
  outcome.is_error = true;
  return outcome;
}

std::string file_list(const skill::SkillPackage& skill) {
  const std::vector<std::string> files = skill.files_for_agent();
  std::string out;
  for (std::size_t i = 0; i < std::min(files.size(), kListedFiles); ++i) out += files[i] + "\n";
  if (files.size() > kListedFiles) {
    out += "(" + std::to_string(files.size() - kListedFiles) + " more files are not listed)\n";
  }
  return files.empty() ? "(no other files)\n" : out;
}

/// Names are compared without the blanks and letter case a model may change.
bool is_named(const skill::SkillPackage* skill, const std::string& name) {
  return skill != nullptr && to_lower_ascii(trim(name)) == to_lower_ascii(trim(skill->name()));
}

std::string unknown_skill(const LoadedSkill& loaded, const std::string& name) {
  const std::string asked = "there is no skill \"" + truncate_middle(name, 100) + "\"; ";
  return asked + (loaded.skill() == nullptr ? "no skill is available for this task"
                                            : "available: " + loaded.skill()->name());
}

ToolOutcome activate(LoadedSkill& loaded, const std::string& arguments) {
  const auto json = parse_json(arguments, "activate_skill");
  if (!json) return failed(json.error().to_line());
  StrictReader reader(*json, "activate_skill");
  const std::string name = reader.string("skill");
  if (const auto read = reader.finish(true); !read) return failed(read.error().to_line());
  if (!is_named(loaded.skill(), name)) return failed(unknown_skill(loaded, name));
  ToolOutcome outcome;
  outcome.whole = true;
  const skill::SkillPackage& skill = *loaded.skill();
  if (!loaded.activate()) {
    outcome.text =
        "The skill " + skill.name() + " is already active; its text is above in this conversation.";
    return outcome;
  }
  outcome.text = std::string(trim(skill.body())) + "\n\n---\nSkill folder: " + skill_mount(skill) +
                 "\nFiles in it (load one with read_reference):\n" + file_list(skill);
  return outcome;
}

/// A path as the model may write it, relative to the package; "" when it leads out of it.
std::string inner_path(const skill::SkillPackage& skill, std::string_view path) {
  path = trim(path);
  const std::string mount = skill_mount(skill) + "/";
  if (path.substr(0, mount.size()) == mount) path.remove_prefix(mount.size());
  while (path.substr(0, 2) == "./") path.remove_prefix(2);
  return std::string(path);
}

/// At most `most` bytes, ending on a code point border.
std::string_view head_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

ToolOutcome read_reference(LoadedSkill& loaded, const std::string& arguments) {
  const auto json = parse_json(arguments, "read_reference");
  if (!json) return failed(json.error().to_line());
  StrictReader reader(*json, "read_reference");
  const std::string name = reader.string("skill");
  const std::string path = reader.string("path");
  if (const auto read = reader.finish(true); !read) return failed(read.error().to_line());
  if (!is_named(loaded.skill(), name)) return failed(unknown_skill(loaded, name));
  const skill::SkillPackage& skill = *loaded.skill();
  const std::string inner = inner_path(skill, path);
  // The package in memory is the whole world of this tool: nothing on the disk can be reached.
  const std::vector<std::string> files = skill.files_for_agent();
  const bool is_file = std::find(files.begin(), files.end(), inner) != files.end();
  if (inner != "SKILL.md" && !is_file) {
    return failed("the skill has no file \"" + truncate_middle(path, 200) +
                  "\"; paths are relative to the skill folder. Its files:\n" + file_list(skill));
  }
  const std::string& bytes = is_file ? skill.files().at(inner).bytes : skill.skill_md();
  if (first_invalid_utf8(bytes) || bytes.find('\0') != std::string::npos) {
    return failed("\"" + inner + "\" is not a text file; use it from a script through shell at " +
                  skill_mount(skill) + "/" + inner);
  }
  ToolOutcome outcome;
  outcome.whole = true;
  outcome.text = std::string(head_of(bytes, kReferenceBytes));
  loaded.add(inner, outcome.text);
  if (outcome.text.size() < bytes.size()) {
    outcome.text += "\n[only the first " + std::to_string(outcome.text.size()) + " of " +
                    std::to_string(bytes.size()) + " bytes are shown]";
  }
  return outcome;
}

}  // namespace

std::string skill_mount(const skill::SkillPackage& skill) {
  const std::string name(trim(skill.name()));
  const bool safe =
      !name.empty() && name.front() != '.' && std::none_of(name.begin(), name.end(), [](char c) {
        return c == '/' || c == '\\' || static_cast<unsigned char>(c) <= ' ';
      });
  const std::string slug = slugify(name);
  return "/skills/" + (safe ? name : slug.empty() ? "skill" : slug);
}

bool LoadedSkill::activate() {
  if (activated_) return false;
  add("SKILL.md", skill_->body());
  return true;
}

void LoadedSkill::add(const std::string& path, const std::string& content) {
  if (path == "SKILL.md") activated_ = true;
  if (!paths_.insert(path).second) return;
  if (!text_.empty()) text_ += "\n";
  text_ +=
      "## " + path + "\n" + std::string(trim(path == "SKILL.md" ? skill_->body() : content)) + "\n";
}

void LoadedSkill::note_command(const std::string& command, const std::string& output) {
  if (skill_ == nullptr || command.find("/skills/") == std::string::npos) return;
  const auto shown = [&](const std::string& path, const std::string& content) {
    const std::string_view beginning = trim(head_of(trim(content), kRecogniseBytes));
    return !beginning.empty() && command.find(path) != std::string::npos &&
           output.find(beginning) != std::string::npos;
  };
  if (shown("SKILL.md", skill_->body())) add("SKILL.md", skill_->body());
  for (const std::string& path : skill_->files_for_agent()) {
    const std::string& bytes = skill_->files().at(path).bytes;
    if (!first_invalid_utf8(bytes) && shown(path, bytes)) add(path, bytes);
  }
}

namespace {

/// `skill` with the names there are; without a skill any text, which is then answered so.
Json skill_parameter(const LoadedSkill& loaded) {
  Json out = {{"type", "string"},
              {"description", "Name of the skill as listed in available_skills"}};
  if (loaded.skill() != nullptr) out["enum"] = Json::array({loaded.skill()->name()});
  return out;
}

std::string skill_parameters(const LoadedSkill& loaded, const char* path) {
  Json properties = {{"skill", skill_parameter(loaded)}};
  Json required = Json::array({"skill"});
  if (path != nullptr) {
    properties["path"] = {{"type", "string"}, {"description", path}};
    required.push_back("path");
  }
  return dump_json({{"type", "object"}, {"properties", properties}, {"required", required}});
}

}  // namespace

std::unique_ptr<Tool> make_activate_tool(LoadedSkill& loaded) {
  return make_tool(
      {"activate_skill",
       "Loads the instructions of an available skill. Call it before writing any code.",
       skill_parameters(loaded, nullptr)},
      [&loaded](const std::string& arguments, const std::stop_token&) {
        return activate(loaded, arguments);
      });
}

std::unique_ptr<Tool> make_reference_tool(LoadedSkill& loaded) {
  return make_tool(
      {"read_reference",
       "Reads one text file of a skill, for example a reference that its instructions point to.",
       skill_parameters(loaded,
                        "Path of the file relative to the skill folder, for example "
                        "references/x.md")},
      [&loaded](const std::string& arguments, const std::stop_token&) {
        return read_reference(loaded, arguments);
      });
}

}  // namespace skillgrad::agent
