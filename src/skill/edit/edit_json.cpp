// SPDX-License-Identifier: MIT
#include <optional>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/editor.hpp>

namespace skillgrad::skill {

const std::vector<std::string>& edit_ops() {
  static const std::vector<std::string> kOps = {
      "replace_section", "insert_section", "delete_section", "edit_text",
      "write_file",      "delete_file",    "set_description"};
  return kOps;
}

Result<EditOp> parse_edit(const std::string& json_object) {
  SKILLGRAD_TRY(const Json value, parse_json(json_object, "edit"));
  if (!value.is_object()) {
    return fail(ErrorCode::input, "an edit is not a JSON object", "edit",
                R"(write {"op":"replace_section","heading":"...","text":"..."})");
  }
  StrictReader reader(value, "edit");
  EditOp out;
  out.op = reader.string("op");
  if (out.op == "replace_section") {
    out.heading = reader.string("heading");
    out.new_text = reader.string("text");
  } else if (out.op == "insert_section") {
    out.new_text = reader.string("text");
    out.after = reader.string("after", "");
    out.before = reader.string("before", "");
    if (!out.after.empty() && !out.before.empty()) {
      reader.reject("before", "`after` and `before` are both given", "give one of them");
    }
  } else if (out.op == "delete_section") {
    out.heading = reader.string("heading");
  } else if (out.op == "edit_text") {
    out.path = reader.string("path");
    out.old_text = reader.string("old");
    out.new_text = reader.string("new");
  } else if (out.op == "write_file") {
    out.path = reader.string("path");
    out.new_text = reader.string("text");
  } else if (out.op == "delete_file") {
    out.path = reader.string("path");
  } else if (out.op == "set_description") {
    out.new_text = reader.string("text");
  } else if (reader.has("op") && !out.op.empty()) {
    const auto near = nearest_match(out.op, edit_ops());
    return fail(ErrorCode::input, "unknown edit operation \"" + out.op + "\"", "edit",
                near ? "did you mean " + *near + "?" : "use one of: " + join(edit_ops(), ", "));
  }
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

std::string edit_to_json(const EditOp& op) {
  Json out = Json::object();
  out["op"] = op.op;
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  put("heading", op.heading);
  put("after", op.after);
  put("before", op.before);
  put("path", op.path);
  if (op.op == "edit_text") {
    out["old"] = op.old_text;
    out["new"] = op.new_text;
  } else if (op.op != "delete_section" && op.op != "delete_file") {
    out["text"] = op.new_text;
  }
  return dump_json(out);
}

}  // namespace skillgrad::skill
