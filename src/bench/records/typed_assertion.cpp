// SPDX-License-Identifier: MIT
#include "bench/records/typed_assertion.hpp"

#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"
#include "bench/records/assertion_types.hpp"

namespace skillgrad::bench {
namespace {

bool take_prefix(std::string& type, const std::string& prefix) {
  if (!type.starts_with(prefix + "-")) return false;
  type.erase(0, prefix.size() + 1);
  return true;
}

/// The parts of a text between commas, where a list is meant.
std::vector<std::string> values_of(const Json& value) {
  if (!value.is_string()) return target_texts(value);
  std::vector<std::string> out;
  for (const std::string& part : split(value.get<std::string>(), ','))
    if (!trim(part).empty()) out.emplace_back(trim(part));
  return out;
}

/// The exit code is the verdict; a program that cannot be started is none.
Json command_grader(const Json& command, const std::string& right) {
  std::string line;
  if (command.is_string()) {
    line = command.get<std::string>();
  } else {
    for (const std::string& word : target_texts(command))
      line += (line.empty() ? "'" : " '") + replace_all(word, "'", "'\\''") + "'";
  }
  return {{"type", "command"},
          {"run", "( " + line + "\n) >&2; code=$?; case $code in " + right +
                      ") echo '{\"score\":1}';; "
                      "126|127) exit $code;; *) echo '{\"score\":0}';; esac"}};
}

Json regex_grader(const TypedAssertion& assertion) {
  const std::string& flags = assertion.flags;
  if (flags.find_first_not_of("gimsu") != std::string::npos) return {};
  std::string group;
  for (const char flag : {'i', 'm', 's'})
    if (flags.find(flag) != std::string::npos) group += flag;
  Json patterns = Json::array();
  for (const std::string& pattern : target_texts(assertion.value))
    patterns.push_back(group.empty() ? pattern : "(?" + group + ":" + pattern + ")");
  return {{"type", "regex"}, {"pattern", patterns}, {"ignore_case", assertion.ignore_case}};
}

Json text_grader(const TypedAssertion& assertion, const std::string& type) {
  if (assertion.flags.find_first_not_of("i") != std::string::npos) return {};
  const bool listed = is_among(type, {"contains-all", "contains-any", "keywords", "keyword"});
  const bool contains =
      listed || is_among(type, {"contains", "contain", "includes", "include", "has"});
  Json grader;
  if (contains)
    grader["type"] = "contains";
  else if (is_among(type, {"equals", "equal", "exact", "exact-match", "is"}))
    grader["type"] = "exact";
  else if (is_among(type, {"starts-with", "startswith"}))
    grader["type"] = "starts-with";
  else if (is_among(type, {"ends-with", "endswith"}))
    grader["type"] = "ends-with";
  else
    return {};
  const auto targets = listed ? values_of(assertion.value) : target_texts(assertion.value);
  if (targets.empty() || std::any_of(targets.begin(), targets.end(),
                                     [](const std::string& text) { return trim(text).empty(); }))
    return {};
  grader["target"] = targets;
  if (assertion.ignore_case || !assertion.flags.empty()) grader["ignore_case"] = true;
  // Where the opposite is asked for, none of the values may occur.
  if (contains && type != "contains-any" && targets.size() > 1 && !assertion.negated)
    grader["all"] = true;
  return grader;
}

Json inner_grader(TypedAssertion& assertion) {
  std::string& type = assertion.type;
  const bool no_value = assertion.value.is_null() || target_texts(assertion.value).empty();
  // A schema beside them is not checked here.
  if (is_among(type, {"is-json", "json-valid", "valid-json", "json"}))
    return no_value ? Json{{"type", "is-json"}} : Json();
  if (type == "contains-json") return no_value ? Json{{"type", "contains-json"}} : Json();
  if (no_value) return {};
  if (type.starts_with("icontains") || type == "iequals") {
    type.erase(0, 1);
    assertion.ignore_case = true;
  }
  const bool pattern_inside =
      assertion.is_pattern && is_among(type, {"contains", "contain", "includes", "include"});
  if (pattern_inside ||
      is_among(type, {"regex", "regexp", "match", "matches", "pattern", "contains-regex"}))
    return regex_grader(assertion);
  return text_grader(assertion, type);
}

Json negated_if(bool negated, Json grader) {
  return negated ? Json{{"type", "not"}, {"grader", std::move(grader)}} : grader;
}

}  // namespace

void split_type(TypedAssertion& assertion) {
  std::string& type = assertion.type;
  for (bool again = true; again;) {
    again = take_prefix(type, "not") || take_prefix(type, "does-not");
    if (again) assertion.negated = true;
    for (const char* place : {"output", "content", "response", "answer", "text", "should", "must"})
      again = take_prefix(type, place) || again;
    if (take_prefix(type, "file")) again = assertion.wants_file = true;
  }
  if (type != "excludes" && type != "absent") return;
  assertion.negated = true;
  type = type == "excludes" ? "contains" : "exists";
}

bool is_for_a_model(const std::string& type) {
  return is_among(type, {"llm",
                         "llm-judge",
                         "llm-rubric",
                         "llm-graded",
                         "llm-as-judge",
                         "model",
                         "judge",
                         "model-graded",
                         "rubric",
                         "semantic",
                         "qualitative",
                         "behavioral",
                         "behavior",
                         "behaviour",
                         "manual",
                         "human",
                         "grade",
                         "g-eval",
                         "quality",
                         "natural-language",
                         "text",
                         "criterion",
                         "model-graded-closedqa"});
}

bool reads_as_words(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return c == ' ' || c == '\n' || static_cast<unsigned char>(c) >= 0x80;
  });
}

Json grader_of(TypedAssertion assertion, AssertionPlace place) {
  if (assertion.type.empty() || !assertion.runnable) return {};
  split_type(assertion);
  const std::string& file = assertion.file;
  const bool many_files = file.find_first_of("*?{[") != std::string::npos;
  if (many_files || (assertion.wants_file && file.empty())) return {};
  if (!file.empty() && !is_confined(file)) return {};
  if (is_among(assertion.type, kExistence))
    return file.empty() ? Json()
                        : negated_if(assertion.negated, {{"type", "on-file"}, {"file", file}});
  if (is_among(assertion.type, kCommandTypes))
    return assertion.value.is_null()
               ? Json()
               : negated_if(assertion.negated,
                            command_grader(assertion.value, assertion.exit_code));
  Json grader = inner_grader(assertion);
  if (grader.is_null()) return {};
  if (!file.empty())
    grader = {{"type", "on-file"}, {"file", file}, {"grader", std::move(grader)}};
  else if (place == AssertionPlace::anything)
    grader = {{"type", "anywhere"}, {"grader", std::move(grader)}};
  return negated_if(assertion.negated, std::move(grader));
}

}  // namespace skillgrad::bench
