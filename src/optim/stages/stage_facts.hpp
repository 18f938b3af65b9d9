// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// So much of an analysis is shown to momentum and patcher, and so much of all of one task.
inline constexpr std::size_t kAnalysisBytes = 6'000;
inline constexpr std::size_t kTaskAnalysesBytes = 12'000;

/// `<diagnoses>` of docs/stages.md: one object for each gradient, in order, with what is known of
/// its task.
[[nodiscard]] std::string diagnoses_json(const std::vector<Gradient>& gradients,
                                         const std::vector<TaskFacts>& facts);
/// The same facts for a program.
[[nodiscard]] Json facts_json(const std::vector<TaskFacts>& facts);
/// `<skill_version>`: "the version that ran", and whose patch made it.
[[nodiscard]] std::string version_text(int skill_iteration);
/// What a reflection is shown: the skill, and the attempts in place of diagnoses of them.
[[nodiscard]] std::string reflect_facts(const PatchInput& input, const StageContext& context);
/// How much of a text a model is shown, and what the text is called.
struct Shown {
  std::size_t bytes = 0;
  std::string what;
};
/// `<skill>`: SKILL.md, or its body. Of a set one for each skill, whose first line is the path of
/// its SKILL.md, and `<conflicts>`: what the skills may say against each other, as JSON, or "none".
enum class SkillPart { file, body };
[[nodiscard]] std::string skill_facts(const skill::SkillPackage& skill, SkillPart part,
                                      const Shown& limit, const StageContext& context);
[[nodiscard]] Json conflicts_json(const skill::SkillPackage& skill);
/// Bundled paths, one a line, or "none".
[[nodiscard]] std::string bundled_files(const skill::SkillPackage& skill, bool sizes);

/// `read_file` over a package in memory: SKILL.md and bundled files, never evals/. `which`: what
/// the model is told that it reads, "as it is now".
[[nodiscard]] std::unique_ptr<agent::Tool> make_package_reader(const skill::SkillPackage& skill,
                                                               const std::string& which);

/// A regular text file below `root`. Refused: absolute paths, "..", hidden parts, links that lead
/// out, binary files. Errors (input) list the files there are.
[[nodiscard]] Result<std::string> read_confined(const std::filesystem::path& root,
                                                const std::string& relative);
/// Same rules, the path only. Errors: input.
[[nodiscard]] Result<std::filesystem::path> confine(const std::filesystem::path& root,
                                                    const std::string& relative);

[[nodiscard]] agent::ToolOutcome tool_text(std::string text);
[[nodiscard]] agent::ToolOutcome tool_error(const Error& error);

/// The text, or its head and tail, which is told.
[[nodiscard]] std::string shown(const std::string& text, const Shown& limit,
                                const StageContext& context);

}  // namespace skillgrad::optim
