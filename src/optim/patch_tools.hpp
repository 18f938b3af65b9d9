// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/optim/messages.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::optim {

/// The candidate copy of a package and the edits made to it, in order. The original is never
/// touched. Not thread-safe.
class CandidateEditor {
 public:
  explicit CandidateEditor(const skill::SkillPackage& original) : candidate_(original) {}
  [[nodiscard]] const skill::SkillPackage& candidate() const { return candidate_; }
  [[nodiscard]] const std::vector<skill::EditOp>& edits() const { return edits_; }
  /// One line that says what was done; on error nothing changed.
  [[nodiscard]] Result<std::string> apply(const skill::EditOp& edit);
  /// All edits or none.
  [[nodiscard]] Result<> apply_all(const std::vector<skill::EditOp>& edits);

 private:
  skill::SkillPackage candidate_;
  std::vector<skill::EditOp> edits_;
};

/// One tool for each edit operation; `editor` outlives them.
[[nodiscard]] std::vector<std::unique_ptr<agent::Tool>> make_edit_tools(CandidateEditor& editor);

}  // namespace skillgrad::optim
