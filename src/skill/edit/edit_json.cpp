// SPDX-License-Identifier: MIT
// Edits as JSON, by the table of operations.
#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/editor.hpp>

namespace skillgrad::skill {

const std::vector<std::string>& edit_ops() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const EditOperation& operation : edit_operations()) out.emplace_back(operation.name);
    return out;
  }();
  return names;
}

Result<const EditOperation*> find_edit_operation(const std::string& name) {
  const auto& all = edit_operations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const EditOperation& operation) {
    return operation.name == name;
  });
  if (found != all.end()) return &*found;
  const auto near = nearest_match(name, edit_ops());
  return fail(ErrorCode::input, "unknown edit operation \"" + name + "\"", "edit",
              near ? "did you mean " + *near + "?" : "use one of: " + join(edit_ops(), ", "));
}

Result<EditOp> parse_edit(const Json& object) {
  if (!object.is_object()) {
    return fail(ErrorCode::input, "an edit is not a JSON object", "edit",
                R"(write {"op":"replace_section","heading":"...","text":"..."})");
  }
  StrictReader reader(object, "edit");
  EditOp out;
  out.op = reader.string("op");
  out.skill = reader.string("skill", "");
  if (!out.op.empty()) {
    SKILLGRAD_TRY(const EditOperation* const operation, find_edit_operation(out.op));
    for (const EditField& field : operation->fields)
      out.*field.member = field.required ? reader.string(field.key) : reader.string(field.key, "");
  }
  if (!out.after.empty() && !out.before.empty())
    reader.reject("before", "`after` and `before` are both given", "give one of them");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Json edit_to_json(const EditOp& op) {
  Json out = {{"op", op.op}};
  if (!op.skill.empty()) out["skill"] = op.skill;
  const auto operation = find_edit_operation(op.op);
  if (!operation) return out;
  for (const EditField& field : (*operation)->fields) {
    const std::string& value = op.*field.member;
    if (field.required || !value.empty()) out[field.key] = value;
  }
  return out;
}

}  // namespace skillgrad::skill
