// SPDX-License-Identifier: MIT
#include "bench/records/typed_assertion.hpp"

#include <algorithm>
#include <set>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

using Words = std::initializer_list<const char*>;

/// What says an assertion's meaning, the first one counts.
constexpr Words kWords = {"text",      "description", "criterion", "criteria", "assertion",
                          "statement", "expectation", "check",     "rubric",   "question"};
constexpr Words kNames = {"name", "label", "title", "id", "metric"};
/// What an assertion of a type compares with.
constexpr Words kValues = {"value",    "values",  "pattern", "regex",    "substring", "contains",
                           "keywords", "phrases", "needle",  "expected", "command",   "cmd"};
constexpr Words kPaths = {"path", "file", "filename", "target", "source"};
constexpr Words kTypes = {"type", "kind", "method", "check_type"};
/// Conditions that change what is checked, and that no grader here knows.
constexpr Words kConditions = {"threshold",     "min",       "max",       "count",
                               "min_count",     "max_count", "condition", "expect_exit",
                               "expect_output", "transform", "provider",  "fields"};

bool is_among(const std::string& word, Words words) {
  return std::any_of(words.begin(), words.end(), [&](const char* one) { return word == one; });
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? std::string(trim(found->get<std::string>()))
                                                     : "";
}

std::string plain_type(const std::string& type) {
  std::string out = to_lower_ascii(trim(type));
  std::replace(out.begin(), out.end(), '_', '-');
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

bool take_prefix(std::string& type, const std::string& prefix) {
  if (!type.starts_with(prefix + "-")) return false;
  type.erase(0, prefix.size() + 1);
  return true;
}

/// A place that means the answer itself and no file.
bool is_the_answer(const std::string& place) {
  return is_among(to_lower_ascii(place), {"output", "response", "answer", "stdout", "message",
                                          "final", "final_message", "reply", "text", "content"});
}

/// Reads one object; remembers which of its keys something was made of.
class Reader {
 public:
  explicit Reader(const Json& item) : item_(item) {
    if (item.contains("params") && item["params"].is_object()) params_ = item["params"];
    used_ = {"params", "notes", "note", "comment"};
  }

  TypedAssertion read() {
    for (const char* key : kTypes) {
      used_.insert(key);
      if (out_.given.empty()) out_.given = text_at(item_, key);
    }
    out_.type = plain_type(out_.given);
    words();
    if (!out_.type.empty()) {
      value();
      file();
    }
    options();
    for (const auto& [key, entry] : item_.items()) {
      if (used_.contains(key) || entry.is_null()) continue;
      out_.unused.push_back(key);
      if (is_among(key, kConditions)) out_.runnable = false;
    }
    return std::move(out_);
  }

 private:
  void words() {
    std::string name;
    for (const char* key : kNames) {
      used_.insert(key);
      if (name.empty()) name = text_at(item_, key);
    }
    for (const char* key : kWords) {
      const std::string text = text_at(item_, key);
      if (text.empty()) continue;
      used_.insert(key);
      // A sentence says more than an identifier under an earlier key.
      if (out_.words.empty() || (!reads_as_words(out_.words) && reads_as_words(text)))
        out_.words = text;
      else if (text != out_.words)
        out_.unused.emplace_back(key);
    }
    out_.words_given = !out_.words.empty();
    if (!out_.words_given) out_.words = name;
    out_.label = name.empty() ? out_.words : name;
  }

  void value() {
    for (const Json* from : {&item_, &std::as_const(params_)})
      for (const char* key : kValues) {
        if (!out_.value.is_null() || !from->contains(key)) continue;
        out_.value = (*from)[key];
        out_.is_pattern = is_among(key, {"pattern", "regex"});
        used_.insert(key);
      }
    if (is_for_a_model(out_.type)) return;
    for (const Json* from : {&item_, &std::as_const(params_)})
      for (const char* key : {"text", "check"})
        if (out_.value.is_null() && !text_at(*from, key).empty()) out_.value = text_at(*from, key);
  }

  void file() {
    for (const char* key : kPaths) {
      const std::string place = text_at(params_.contains(key) ? params_ : item_, key);
      if (place.empty()) continue;
      used_.insert(key);
      if (is_the_answer(place) || !out_.file.empty()) continue;
      out_.file = place.starts_with("./") ? place.substr(2) : place;
    }
  }

  [[nodiscard]] bool flag(const char* key, bool when) {
    if (!item_.contains(key) || !item_[key].is_boolean()) return false;
    used_.insert(key);
    return item_[key].get<bool>() == when;
  }

  void options() {
    for (const auto& [key, when] : {std::pair{"ignore_case", true},
                                    {"case_sensitive", false},
                                    {"caseSensitive", false},
                                    {"ci", true}})
      out_.ignore_case = flag(key, when) || out_.ignore_case;
    for (const char* key : {"negate", "negated", "not"})
      out_.negated = flag(key, true) || out_.negated;
    out_.flags = text_at(item_, "flags");
    used_.insert("flags");
    const auto weight = item_.find("weight");
    if (weight == item_.end() || !weight->is_number() || weight->get<double>() < 0) return;
    used_.insert("weight");
    out_.weight = weight->get<double>();
  }

  const Json& item_;
  Json params_ = Json::object();
  std::set<std::string> used_;
  TypedAssertion out_;
};

/// The parts of a text between commas, where a list is meant.
std::vector<std::string> values_of(const Json& value) {
  if (!value.is_string()) return target_texts(value);
  std::vector<std::string> out;
  for (const std::string& part : split(value.get<std::string>(), ','))
    if (!trim(part).empty()) out.emplace_back(trim(part));
  return out;
}

/// The exit code is the verdict; a program that cannot be started is none.
Json command_grader(const Json& command) {
  std::string line;
  if (command.is_string()) {
    line = command.get<std::string>();
  } else {
    for (const std::string& word : target_texts(command))
      line += (line.empty() ? "'" : " '") + replace_all(word, "'", "'\\''") + "'";
  }
  return {{"type", "command"},
          {"run", "( " + line +
                      "\n) >&2; code=$?; case $code in 0) echo '{\"score\":1}';; "
                      "126|127) exit $code;; *) echo '{\"score\":0}';; esac"}};
}

/// "not-", "output-" and the like tell of the type how and where it is looked for.
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

TypedAssertion read_assertion(const Json& item) { return Reader(item).read(); }

Json grader_of(TypedAssertion assertion, AssertionPlace place) {
  if (assertion.type.empty() || !assertion.runnable) return {};
  split_type(assertion);
  const std::string& file = assertion.file;
  const bool many_files = file.find_first_of("*?{[") != std::string::npos;
  if (many_files || (assertion.wants_file && file.empty())) return {};
  if (!file.empty() && !is_confined(file)) return {};
  if (is_among(assertion.type, {"exists", "exist", "created"}))
    return file.empty() ? Json()
                        : negated_if(assertion.negated, {{"type", "on-file"}, {"file", file}});
  if (is_among(assertion.type,
               {"command", "command-succeeds", "shell", "test-passes", "tests-pass"}))
    return assertion.value.is_null()
               ? Json()
               : negated_if(assertion.negated, command_grader(assertion.value));
  Json grader = inner_grader(assertion);
  if (grader.is_null()) return {};
  if (!file.empty())
    grader = {{"type", "on-file"}, {"file", file}, {"grader", std::move(grader)}};
  else if (place == AssertionPlace::anything)
    grader = {{"type", "anywhere"}, {"grader", std::move(grader)}};
  return negated_if(assertion.negated, std::move(grader));
}

}  // namespace skillgrad::bench
