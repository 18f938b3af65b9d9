// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

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

std::string unknown_skill(const OfferedSkills& offered, const std::string& name) {
  const std::string asked = "there is no skill \"" + truncate_middle(name, 100) + "\"; ";
  const auto names = offered.names();
  return asked + (names.empty() ? "no skill is available for this task"
                                : "available: " + join(names, ", "));
}

ToolOutcome activate(OfferedSkills& offered, WhenActivated then, const std::string& arguments) {
  const auto json = parse_json(arguments, "activate_skill");
  if (!json) return failed(json.error().to_line());
  StrictReader reader(*json, "activate_skill");
  const std::string name = reader.string("skill");
  if (const auto read = reader.finish(true); !read) return failed(read.error().to_line());
  LoadedSkill* const found = offered.find(name);
  if (found == nullptr) return failed(unknown_skill(offered, name));
  LoadedSkill& loaded = *found;
  ToolOutcome outcome;
  outcome.whole = true;
  outcome.ends_loop = then == WhenActivated::ends && offered.is_own(loaded);
  const skill::SkillPackage& skill = *loaded.skill();
  const bool first = loaded.activate();
  offered.note_activated();
  if (!first) {
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

ToolOutcome read_reference(OfferedSkills& offered, const std::string& arguments) {
  const auto json = parse_json(arguments, "read_reference");
  if (!json) return failed(json.error().to_line());
  StrictReader reader(*json, "read_reference");
  const std::string name = reader.string("skill");
  const std::string path = reader.string("path");
  if (const auto read = reader.finish(true); !read) return failed(read.error().to_line());
  LoadedSkill* const found = offered.find(name);
  if (found == nullptr) return failed(unknown_skill(offered, name));
  LoadedSkill& loaded = *found;
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
  offered.note_activated();
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
  text_ += "## " + prefix_ + path + "\n" +
           std::string(trim(path == "SKILL.md" ? skill_->body() : content)) + "\n";
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

OfferedSkills::OfferedSkills(const skill::SkillPackage* skill,
                             const std::vector<Neighbour>& neighbours) {
  if (skill != nullptr && !skill::is_set(*skill)) own_.emplace_back(skill);
  if (skill != nullptr && skill::is_set(*skill)) members_ = skill::members_of(*skill);
  for (const skill::SkillPackage& member : members_)
    own_.emplace_back(&member, member.folder_name() + "/");
  for (const Neighbour& neighbour : neighbours) others_.emplace_back(&neighbour.package);
}

LoadedSkill* OfferedSkills::find(const std::string& name) {
  const auto loaded = all();
  const auto found = std::find_if(loaded.begin(), loaded.end(), [&](const LoadedSkill* one) {
    return is_named(one->skill(), name);
  });
  return found == loaded.end() ? nullptr : *found;
}

std::vector<std::string> OfferedSkills::names() const {
  std::vector<std::string> out;
  for (const LoadedSkill& own : own_) out.push_back(own.skill()->name());
  for (const LoadedSkill& other : others_) out.push_back(other.skill()->name());
  std::sort(out.begin(), out.end());
  return out;
}

bool OfferedSkills::is_own(const LoadedSkill& loaded) const {
  return std::any_of(own_.begin(), own_.end(),
                     [&](const LoadedSkill& own) { return &own == &loaded; });
}

std::string OfferedSkills::own_text() const {
  std::string out;
  for (const LoadedSkill& own : own_) {
    if (!out.empty() && !own.text().empty()) out += "\n";
    out += own.text();
  }
  return out;
}

bool OfferedSkills::own_activated() const {
  return std::any_of(own_.begin(), own_.end(),
                     [](const LoadedSkill& own) { return own.activated(); });
}

void OfferedSkills::note_command(const std::string& command, const std::string& output) {
  for (LoadedSkill* loaded : all()) loaded->note_command(command, output);
  note_activated();
}

void OfferedSkills::note_activated() {
  for (const LoadedSkill* loaded : all()) {
    if (!loaded->activated()) continue;
    const std::string& name = loaded->skill()->name();
    if (std::find(activated_.begin(), activated_.end(), name) == activated_.end())
      activated_.push_back(name);
  }
}

std::vector<LoadedSkill*> OfferedSkills::all() {
  std::vector<LoadedSkill*> out;
  for (LoadedSkill& own : own_) out.push_back(&own);
  for (LoadedSkill& other : others_) out.push_back(&other);
  return out;
}

std::vector<std::pair<std::filesystem::path, std::string>> mounts_of(
    const skill::SkillPackage* skill, const std::filesystem::path& dir) {
  std::vector<std::pair<std::filesystem::path, std::string>> out;
  if (skill == nullptr) return out;
  skill::for_each_member(*skill, [&](const skill::SkillPackage& member) {
    out.emplace_back(skill::is_set(*skill) ? dir / member.folder_name() : dir, skill_mount(member));
  });
  return out;
}

std::string catalogue(const skill::SkillPackage* skill, const std::vector<Neighbour>& neighbours) {
  static constexpr std::string_view kOpen = "<available_skills>\n", kClose = "</available_skills>";
  std::vector<std::pair<std::string, std::string>> entries;  // by name
  const auto add = [&](const skill::SkillPackage& package) {
    std::string entry = skill::catalog_entry(package, skill_mount(package) + "/SKILL.md");
    entries.emplace_back(package.name(),
                         entry.substr(kOpen.size(), entry.size() - kOpen.size() - kClose.size()));
  };
  if (skill != nullptr) skill::for_each_member(*skill, add);
  for (const Neighbour& neighbour : neighbours) add(neighbour.package);
  std::sort(entries.begin(), entries.end());
  std::string out(kOpen);
  for (const auto& [name, entry] : entries) out += entry;
  return out.append(kClose);
}

namespace {

/// `skill` with the names there are; without a skill any text, which is then answered so.
Json skill_parameter(const OfferedSkills& offered) {
  Json out = {{"type", "string"},
              {"description", "Name of the skill as listed in available_skills"}};
  if (const auto names = offered.names(); !names.empty()) out["enum"] = names;
  return out;
}

std::string skill_parameters(const OfferedSkills& offered, const char* path) {
  Json properties = {{"skill", skill_parameter(offered)}};
  Json required = Json::array({"skill"});
  if (path != nullptr) {
    properties["path"] = {{"type", "string"}, {"description", path}};
    required.push_back("path");
  }
  return dump_json({{"type", "object"}, {"properties", properties}, {"required", required}});
}

}  // namespace

std::unique_ptr<Tool> make_activate_tool(OfferedSkills& offered, WhenActivated then) {
  return make_tool(
      {"activate_skill",
       "Loads the instructions of an available skill. Call it before writing any code.",
       skill_parameters(offered, nullptr)},
      [&offered, then](const std::string& arguments, const std::stop_token&) {
        return activate(offered, then, arguments);
      });
}

std::unique_ptr<Tool> make_reference_tool(OfferedSkills& offered) {
  return make_tool(
      {"read_reference",
       "Reads one text file of a skill, for example a reference that its instructions point to.",
       skill_parameters(offered,
                        "Path of the file relative to the skill folder, for example "
                        "references/x.md")},
      [&offered](const std::string& arguments, const std::stop_token&) {
        return read_reference(offered, arguments);
      });
}

}  // namespace skillgrad::agent
