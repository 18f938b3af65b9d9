// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

#include "skill/lint/body_model.hpp"

namespace skillgrad::skill {

/// One lint run: what the rules read, and where they put findings.
class LintRun {
 public:
  LintRun(const SkillPackage& package, const LintContext& context);

  void hard(const char* rule, std::string message, int line, std::string anchor);
  void soft(const char* rule, std::string message, int line, std::string anchor);
  void judgement(const char* rule, std::string message);
  /// Soft in the `procedure` profile; `general` does not ask for the form of that template.
  void in_procedure(const char* rule, std::string message, int line, std::string anchor);
  /// Hard in the `procedure` profile, soft in `general`.
  void by_profile(const char* rule, std::string message, int line, std::string anchor);
  /// Findings added from here on concern this file.
  void set_file(std::string file) { file_ = std::move(file); }

  const SkillPackage& package;
  const LintContext& context;
  const BodyModel body;
  std::vector<Finding> found;

 private:
  void add(const char* rule, Severity severity, std::string message, int line, std::string anchor);
  std::string file_ = "SKILL.md";
};

void lint_description(LintRun& run);  ///< L1
void lint_body(LintRun& run);         ///< L2
void lint_references(LintRun& run);   ///< L3
void lint_update(LintRun& run);       ///< UPD
void lint_task_values(LintRun& run);  ///< L2-03
void lint_safety(LintRun& run);       ///< SAF
void lint_leaks(LintRun& run);        ///< UPD-05, UPD-06

/// `needle` occurs in `text` and does not continue as a word on either side.
[[nodiscard]] bool contains_as_word(std::string_view text, std::string_view needle);
/// SKILL.md and all text files except evals/, one after the other.
[[nodiscard]] std::string all_text(const SkillPackage& package);

/// What earlier versions of the package already held is no value of this batch.
[[nodiscard]] std::string earlier_text(const LintContext& context);
/// A word that so many task texts hold belongs to the kind of task and to no single one.
inline constexpr std::size_t kConventionTasks = 3;

}  // namespace skillgrad::skill
