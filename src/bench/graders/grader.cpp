// SPDX-License-Identifier: MIT
#include "bench/graders/grader.hpp"

#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/registry.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

using GraderRegistry = Registry<Grader, const Json&, const GraderSetup&>;

const GraderRegistry& registry() {
  static const GraderRegistry instance = [] {
    GraderRegistry r("grader");
    r.add("exact", make_exact);
    r.add("contains", make_contains);
    r.add("starts-with", make_starts_with);
    r.add("ends-with", make_ends_with);
    r.add("regex", make_regex);
    r.add("is-json", make_is_json);
    r.add("contains-json", make_contains_json);
    r.add("not", make_not);
    r.add("on-file", make_on_file);
    r.add("anywhere", make_anywhere);
    r.add("numeric", make_numeric);
    r.add("json-equal", make_json_equal);
    r.add("denotation", make_denotation);
    r.add("xlsx-cells", make_xlsx_cells);
    r.add("command", make_command);
    r.add("llm-judge", make_judge);
    return r;
  }();
  return instance;
}

}  // namespace

Grade Grader::missing(const GraderInput& input, const GradeContext& /*context*/) const {
  Grade grade;
  grade.task_id = input.task_id;
  grade.total = 1;
  settle(grade);
  return grade;
}

Result<std::unique_ptr<Grader>> make_grader(const Json& spec, const GraderSetup& setup) {
  if (spec.is_string()) return make_grader(Json{{"type", spec}}, setup);
  if (!spec.is_object() || !spec.contains("type") || !spec["type"].is_string())
    return fail(ErrorCode::dataset, "a grader is a name or an object with \"type\"", setup.where,
                "write {\"type\":\"exact\"} or another of: " + join(registry().names(), ", "));
  auto made = registry().make(spec["type"].get<std::string>(), spec, setup);
  if (!made) {
    Error error = std::move(made).error();
    error.code = ErrorCode::dataset;
    if (error.where.empty()) error.where = setup.where;
    if (error.mend.empty()) error.mend = "docs/grading.md lists the options of each grader";
    return unexpected(std::move(error));
  }
  return made;
}

bool holds_nul(const Json& command) {
  const std::vector<std::string> words = target_texts(command);
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word.find('\0') != std::string::npos; });
}

std::vector<std::string> target_texts(const Json& value) {
  std::vector<std::string> texts;
  if (value.is_null()) return texts;
  if (value.is_array()) {
    for (const Json& item : value)
      texts.push_back(item.is_string() ? item.get<std::string>() : dump_json(item));
    return texts;
  }
  texts.push_back(value.is_string() ? value.get<std::string>() : dump_json(value));
  return texts;
}

const std::vector<std::string>& record_targets(const GraderSetup& setup) {
  if (setup.target_used != nullptr) *setup.target_used = true;
  return setup.targets;
}

std::string odd_target(const Json& value) {
  if (value.is_object()) return dump_json(value);
  if (value.is_array())
    for (const Json& item : value)
      if (!item.is_primitive() || item.is_null()) return dump_json(item);
  return "";
}

Result<std::vector<std::string>> grader_targets(const Json& spec, const GraderSetup& setup) {
  const std::string odd = spec.contains("target") ? odd_target(spec["target"]) : setup.odd_target;
  if (!odd.empty())
    return fail(ErrorCode::dataset, "the target " + truncate_middle(odd, 80) + " is no text",
                setup.where,
                "write the accepted answers as texts, or compare JSON with the grader json-equal");
  return json_targets(spec, setup);
}

Result<std::vector<std::string>> json_targets(const Json& spec, const GraderSetup& setup) {
  std::vector<std::string> targets =
      spec.contains("target") ? target_texts(spec["target"]) : record_targets(setup);
  if (targets.empty())
    return fail(ErrorCode::dataset, "this grader needs a target", setup.where,
                "give the record a \"target\"");
  return targets;
}

Result<fs::path> confined_file(const fs::path& base_dir, const std::string& name,
                               const std::string& where) {
  std::error_code error;
  const fs::path path = base_dir / name;
  if (!is_confined(name))
    return fail(ErrorCode::dataset, "\"" + name + "\" leaves the folder of the benchmark file",
                where, "use a relative path without \"..\"");
  if (!fs::is_regular_file(path, error))
    return fail(ErrorCode::dataset, "no file \"" + name + "\"", where,
                "put it beside the benchmark file, or correct the path");
  const auto inside = find_output(base_dir, name);
  if (!inside)
    return fail(ErrorCode::dataset, "\"" + name + "\" is a link, which may lead out of the folder",
                where, "copy the file there");
  return *inside;
}

Grade yes_or_no(const GraderInput& input, bool right, const std::string& expected) {
  Grade grade;
  grade.task_id = input.task_id;
  grade.matched = right ? 1 : 0;
  grade.total = 1;
  grade.score = right ? 1 : 0;
  if (!right) {
    const TypedText got =
        input.answer.empty() ? TypedText{"empty", ""} : TypedText{"string", input.answer};
    grade.differences.push_back({"answer", {"string", expected}, got});
  }
  settle(grade);
  grade.message = describe(grade);
  return grade;
}

}  // namespace skillgrad::bench
