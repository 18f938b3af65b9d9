// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/optim/messages.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::optim {

/// How strict the edits of a run are.
enum class EditRules {
  general,     ///< what the format allows
  procedure,   ///< the lint profile of that name: a description of at most 50 words
  description  ///< nothing but the description changes
};

/// The candidate copy of a package and the edits made to it, in order. The original is never
/// touched. Not thread-safe.
class CandidateEditor {
 public:
  explicit CandidateEditor(const skill::SkillPackage& original,
                           EditRules rules = EditRules::general)
      : candidate_(original), rules_(rules) {}
  [[nodiscard]] EditRules rules() const { return rules_; }
  [[nodiscard]] const skill::SkillPackage& candidate() const { return candidate_; }
  [[nodiscard]] const std::vector<skill::EditOp>& edits() const { return edits_; }
  /// One line that says what was done; on error nothing changed.
  [[nodiscard]] Result<std::string> apply(const skill::EditOp& edit);
  /// All edits or none.
  [[nodiscard]] Result<> apply_all(const std::vector<skill::EditOp>& edits);

 private:
  [[nodiscard]] Result<std::string> edit(skill::SkillPackage& package,
                                         const skill::EditOp& edit) const;

  skill::SkillPackage candidate_;
  EditRules rules_;
  std::vector<skill::EditOp> edits_;
};

/// One tool for each edit operation; `editor` outlives them.
[[nodiscard]] std::vector<std::unique_ptr<agent::Tool>> make_edit_tools(CandidateEditor& editor);

}  // namespace skillgrad::optim
