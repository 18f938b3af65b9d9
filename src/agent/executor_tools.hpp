// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <skillgrad/agent/executor.hpp>

#include "agent/work_folder.hpp"

namespace skillgrad::agent {

/// Where the skill appears to the agent: "/skills/NAME", with a name that is safe as a path part.
[[nodiscard]] std::string skill_mount(const skill::SkillPackage& skill);

/// Which parts of the skill one run has loaded, in order of loading.
class LoadedSkill {
 public:
  explicit LoadedSkill(const skill::SkillPackage* skill) : skill_(skill) {}
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
  bool activated_ = false;
  std::set<std::string> paths_;
  std::string text_;
};

/// Translates between the paths the agent is told and those of this machine.
class PathMap {
 public:
  PathMap(const std::filesystem::path& work_dir, const std::filesystem::path& skill_dir,
          const std::string& mount);
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
  std::filesystem::path skill_dir;
  std::string mount;  ///< "" without a skill
  RolloutLimits limits;
  std::string facts;  ///< measured ones, for the description; "" if not known
  std::optional<SteadyTime> deadline;
};

[[nodiscard]] std::unique_ptr<Tool> make_activate_tool(LoadedSkill& loaded);
[[nodiscard]] std::unique_ptr<Tool> make_reference_tool(LoadedSkill& loaded);
[[nodiscard]] std::unique_ptr<Tool> make_shell_tool(LoadedSkill& loaded, ShellOptions options);

}  // namespace skillgrad::agent
