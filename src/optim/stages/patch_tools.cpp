// SPDX-License-Identifier: MIT
#include "optim/stages/patch_tools.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

#include <skillgrad/skill/editor.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kProcedureWords = 50;
constexpr const char* kShortDescription =
    "Sets the description in the front matter: at most 50 words.";

Result<skill::EditOp> read_edit(const std::string& name, const std::string& arguments) {
  SKILLGRAD_TRY(const Json json, parse_json(arguments, name));
  if (!json.is_object()) return fail(ErrorCode::input, "got no object", name);
  SKILLGRAD_TRY(const skill::EditOperation* const operation, skill::find_edit_operation(name));
  const auto is_optional = [&](const std::string& key) {
    return std::any_of(operation->fields.begin(), operation->fields.end(),
                       [&](const auto& field) { return !field.required && key == field.key; });
  };
  Json op = {{"op", name}};
  for (const auto& [key, value] : json.items()) {
    // Optional arguments that a model leaves empty are as good as absent.
    if (is_optional(key) && (value.is_null() || value == "")) continue;
    if (key == "op" && value == name) continue;
    if (key == "op")
      return fail(ErrorCode::input, "got \"op\" " + dump_json(value) + " in a call of " + name,
                  name, "call the tool of that name, or leave it out");
    op[key] = value;
  }
  return skill::parse_edit(op);
}

agent::ToolOutcome edit(CandidateEditor& editor, const std::string& name,
                        const std::string& arguments) {
  const auto parsed = read_edit(name, arguments);
  auto done = parsed ? editor.apply(*parsed) : Result<std::string>(tl::unexpected(parsed.error()));
  return done ? tool_text(std::move(*done)) : tool_error(done.error());
}

/// With the skill that the edit is about, where there are several.
std::string parameters_for(const skill::SkillPackage& package, const char* parameters) {
  if (!skill::is_set(package)) return parameters;
  Json schema = Json::parse(parameters);
  Json folders = Json::array();
  for (const skill::SkillPackage& member : skill::members_of(package))
    folders.push_back(member.folder_name());
  schema["properties"]["skill"] = {{"type", "string"},
                                   {"description", "The skill that is edited"},
                                   {"enum", std::move(folders)}};
  schema["required"].push_back("skill");
  return dump_json(schema);
}

}  // namespace

Result<std::string> CandidateEditor::edit(skill::SkillPackage& package,
                                          const skill::EditOp& edit) const {
  if (rules_ == EditRules::procedure && edit.op == "set_description") {
    std::istringstream text(edit.new_text);
    const auto words =
        static_cast<std::size_t>(std::distance(std::istream_iterator<std::string>(text), {}));
    if (words > kProcedureWords)
      return fail(ErrorCode::input,
                  "the description has " + std::to_string(words) + " words, at most 50 are allowed",
                  "set_description", "shorten it and call set_description again");
  }
  if (rules_ == EditRules::description && edit.op != "set_description")
    return fail(ErrorCode::input, "only the description may be changed here", edit.op,
                "call set_description");
  return skill::apply_edit(package, edit);
}

Result<std::string> CandidateEditor::apply(const skill::EditOp& edit) {
  SKILLGRAD_TRY(std::string done, this->edit(candidate_, edit));
  edits_.push_back(edit);
  return done;
}

Result<> CandidateEditor::apply_all(const std::vector<skill::EditOp>& edits) {
  skill::SkillPackage copy = candidate_;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    auto done = edit(copy, edits[i]);
    if (!done) {
      return tl::unexpected(std::move(done).error().with_context(
          "edit " + std::to_string(i + 1) + " of " + std::to_string(edits.size()) + " (" +
          edits[i].op + "), no edit was applied"));
    }
  }
  candidate_ = std::move(copy);
  edits_.insert(edits_.end(), edits.begin(), edits.end());
  return {};
}

std::vector<std::unique_ptr<agent::Tool>> make_edit_tools(CandidateEditor& editor) {
  std::vector<std::unique_ptr<agent::Tool>> out;
  for (const skill::EditOperation& tool : skill::edit_operations()) {
    const bool strict = editor.rules() == EditRules::procedure;
    const bool is_description = std::string_view(tool.name) == "set_description";
    if (editor.rules() == EditRules::description && !is_description) continue;
    const char* description = strict && is_description ? kShortDescription : tool.description;
    out.push_back(agent::make_tool(
        {tool.name, description, parameters_for(editor.candidate(), tool.parameters)},
        [&editor, name = std::string(tool.name)](const std::string& arguments,
                                                 const std::stop_token&) {
          return edit(editor, name, arguments);
        }));
  }
  return out;
}

}  // namespace skillgrad::optim
