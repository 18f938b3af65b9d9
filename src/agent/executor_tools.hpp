// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/agent/executor.hpp>

#include "agent/work_folder.hpp"

namespace skillgrad::agent {

/// Where the skill appears to the agent: "/skills/NAME", with a name that is safe as a path part.
[[nodiscard]] std::string skill_mount(const skill::SkillPackage& skill);

/// Which parts of the skill one run has loaded, in order of loading.
class LoadedSkill {
 public:
  /// `prefix`: of the paths in text(), "pdf/" of one of several.
  explicit LoadedSkill(const skill::SkillPackage* skill, std::string prefix = {})
      : skill_(skill), prefix_(std::move(prefix)) {}
  [[nodiscard]] const skill::SkillPackage* skill() const { return skill_; }
  [[nodiscard]] bool activated() const { return activated_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The body; true the first time.
  bool activate();
  /// A file of the package; "SKILL.md" is the body.
  void add(const std::string& path, const std::string& content);
  /// Files that a command named and whose beginning its output shows count as loaded as well.
  void note_command(const std::string& command, const std::string& output);

 private:
  const skill::SkillPackage* skill_;
  std::string prefix_;
  bool activated_ = false;
  std::set<std::string> paths_;
  std::string text_;
};

/// The skills of one run: that of the request, where there is one, or those of its set, and their
/// neighbours.
class OfferedSkills {
 public:
  /// `skill`: may be null; `neighbours` must outlive this.
  OfferedSkills(const skill::SkillPackage* skill, const std::vector<Neighbour>& neighbours);
  OfferedSkills(const OfferedSkills&) = delete;
  OfferedSkills& operator=(const OfferedSkills&) = delete;
  ~OfferedSkills() = default;
  /// One of the request, and no neighbour.
  [[nodiscard]] bool is_own(const LoadedSkill& loaded) const;
  /// What the request's skills loaded, and whether any of them was activated.
  [[nodiscard]] std::string own_text() const;
  [[nodiscard]] bool own_activated() const;
  /// By name, without regard to blanks and letter case; null: there is none.
  [[nodiscard]] LoadedSkill* find(const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;  ///< sorted
  /// Files that a command named and its output shows count as loaded.
  void note_command(const std::string& command, const std::string& output);
  [[nodiscard]] std::vector<std::string> activated() const { return activated_; }  ///< in order
  /// Takes note of what has been activated since.
  void note_activated();
  [[nodiscard]] std::vector<LoadedSkill*> all();

 private:
  std::vector<skill::SkillPackage> members_;  ///< of the request's set
  std::vector<LoadedSkill> own_;              ///< of each
  std::vector<LoadedSkill> others_;
  std::vector<std::string> activated_;
};

/// Where a package of the request lies on this machine, and where the agent sees it; of a set each
/// of its skills. None without a skill.
[[nodiscard]] std::vector<std::pair<std::filesystem::path, std::string>> mounts_of(
    const skill::SkillPackage* skill, const std::filesystem::path& dir);

/// The catalogue as a prompt shows it, by name.
[[nodiscard]] std::string catalogue(const skill::SkillPackage* skill,
                                    const std::vector<Neighbour>& neighbours);

/// Translates between the paths the agent is told and those of this machine.
class PathMap {
 public:
  /// `skills`: folder of this machine and where the agent sees it.
  PathMap(const std::filesystem::path& work_dir,
          const std::vector<std::pair<std::filesystem::path, std::string>>& skills);
  /// Paths of the agent to host paths, for a sandbox that cannot remap.
  [[nodiscard]] std::string to_host(const std::string& command) const;
  /// Host paths to those of the agent: outputs must not depend on where the run lives.
  [[nodiscard]] std::string to_agent(std::string output) const;

 private:
  struct Pair {
    std::string host, inside;
  };
  std::vector<Pair> pairs_;  ///< longest host path first
};

struct ShellOptions {
  exec::Sandbox* sandbox = nullptr;
  const Clock* clock = nullptr;
  WorkFolder* work = nullptr;  ///< opened with the first command
  /// Folder of this machine and where the agent sees it.
  std::vector<std::pair<std::filesystem::path, std::string>> skills;
  RolloutLimits limits;
  std::string facts;  ///< measured ones, for the description; "" if not known
  std::optional<SteadyTime> deadline;
};

/// What becomes of a run once the skill of its request is activated.
enum class WhenActivated { goes_on, ends };

[[nodiscard]] std::unique_ptr<Tool> make_activate_tool(OfferedSkills& offered, WhenActivated then);
[[nodiscard]] std::unique_ptr<Tool> make_reference_tool(OfferedSkills& offered);
[[nodiscard]] std::unique_ptr<Tool> make_shell_tool(OfferedSkills& offered, ShellOptions options);

}  // namespace skillgrad::agent
