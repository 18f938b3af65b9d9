// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// One typed edit, as in a `skillgrad.patch/1` message:
///   {"op":"replace_section","heading":"Read the data","text":"## Read the data\n..."}
///   {"op":"insert_section","after":"Overview","text":"## New\n..."}   (or "before"; neither: at
///   the end)
///   {"op":"delete_section","heading":"Old"}
///   {"op":"move_section","heading":"Pitfalls","after":"Workflow"}   (or "before"; neither: to the
///   end)
///   {"op":"edit_text","path":"SKILL.md","old":"exact text","new":"other text"}
///   {"op":"write_file","path":"references/x.md","text":"..."}
///   {"op":"delete_file","path":"references/x.md"}
///   {"op":"set_description","text":"..."}
/// A heading is a title, or a path "Parent / Child"; matching ignores case and outer '#'. Of a set
/// each names its skill, "skill":"pdf", and paths are those inside it.
struct EditOp {
  std::string op, heading, after, before, path, old_text, new_text, skill;
};

/// A part of an operation, under its name in JSON and in the arguments of its tool.
struct EditField {
  const char* key;
  std::string EditOp::*member;
  bool required;
};
/// One operation: what a model is told of it, what it takes and what it does.
struct EditOperation {
  const char* name;         ///< also of the tool that a patcher calls
  const char* description;  ///< of that tool
  const char* parameters;   ///< JSON Schema of its arguments
  std::vector<EditField> fields;
  /// As apply_edit().
  Result<std::string> (*apply)(SkillPackage& package, const EditOp& op);
};
/// All of them. Whoever reads, writes, offers or applies edits goes by this table.
[[nodiscard]] const std::vector<EditOperation>& edit_operations();
/// Names of the operations.
[[nodiscard]] const std::vector<std::string>& edit_ops();
/// Errors: input (unknown, with the nearest name).
[[nodiscard]] Result<const EditOperation*> find_edit_operation(const std::string& name);

/// JSON object -> EditOp, strict. Errors: input with the mend.
[[nodiscard]] Result<EditOp> parse_edit(const Json& object);
[[nodiscard]] Json edit_to_json(const EditOp& op);

/// Applies one edit; on error (input: ambiguous or missing anchor with near matches, forbidden
/// path, too large, ...) the package is unchanged. Returns one line that says what was done.
[[nodiscard]] Result<std::string> apply_edit(SkillPackage& package, const EditOp& op);

}  // namespace skillgrad::skill
