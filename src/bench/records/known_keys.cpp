// SPDX-License-Identifier: MIT
#include "bench/records/known_keys.hpp"

#include <algorithm>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/records/assertions.hpp"
#include "bench/records/choices.hpp"

namespace skillgrad::bench {
namespace {

struct Alias {
  const char* field;
  std::vector<const char*> names;
};

const std::vector<Alias>& aliases() {
  static const std::vector<Alias> table = {
      {"input", {"question", "prompt", "query", "task", "problem", "utterance", "instruction"}},
      {"target",
       {"answer", "answers", "answerKey", "ideal", "expected", "expected_output", "expected_answer",
        "ground_truth", "reference", "reference_answer", "correct_answer", "gold"}},
      {"id", {"uid", "task_id", "question_id"}}};
  return table;
}

const std::vector<std::string>& map_fields() {
  static const std::vector<std::string> fields = {"input", "target",   "id",
                                                  "split", "category", "choices"};
  return fields;
}

/// The value at "a.b", or null.
const Json* value_at(const Json& object, const std::string& path) {
  if (const auto whole = object.find(path); whole != object.end()) return &*whole;
  const Json* at = &object;
  for (const std::string& part : split(path, '.')) {
    if (!at->is_object() || !at->contains(part)) return nullptr;
    at = &(*at)[part];
  }
  return at;
}

class Renamer {
 public:
  Renamer(Json object, const std::string& where, Notices& notices)
      : record_(std::move(object)), where_(where), notices_(notices) {}

  Result<Json> run(const KeyMap& map) {
    drop_nulls();
    SKILLGRAD_CHECK(use_map(map));
    open_vars();
    read_messages();
    join_instruction();
    for (const Alias& alias : aliases()) SKILLGRAD_CHECK(use_alias(alias));
    put_context_first();
    unwrap_target();
    SKILLGRAD_CHECK(read_assertions());
    SKILLGRAD_CHECK(show_choices(record_, where_, notices_));
    return std::move(record_);
  }

 private:
  void note(const std::string& what) { notices_.add(where_, what); }

  /// Other programs write null for what is not there.
  void drop_nulls() {
    Json kept = Json::object();
    for (const auto& [key, value] : record_.items())
      if (!value.is_null()) kept[key] = value;
    record_ = std::move(kept);
  }

  Result<> use_map(const KeyMap& map) {
    const Json original = record_;
    for (const auto& [field, key] : map)
      if (value_at(original, key) == nullptr) return no_key(key, field);
    for (const auto& [_, key] : map) record_.erase(key);
    for (const auto& [field, key] : map) {
      if (record_.contains(field))
        note("\"" + field + "\" of the record is not used: \"" + key + "\" is mapped to it");
      record_[field] = *value_at(original, key);
    }
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> no_key(const std::string& key,
                                             const std::string& field) const {
    std::vector<std::string> keys;
    for (const auto& [name, _] : record_.items()) keys.push_back(name);
    return fail(ErrorCode::dataset,
                "no key \"" + key + "\" for " + field + "; the keys are " + list_some(keys, 30),
                where_, "name a key of every record: --map input=KEY,target=KEY");
  }

  /// {"vars":{...},"assert":[...]}, a promptfoo test: its variables may be the question, what is
  /// shown with it, and the target; what a record does or is called they never are.
  void open_vars() {
    if (!record_.contains("vars") || !record_["vars"].is_object()) return;
    const Json vars = record_["vars"];
    record_.erase("vars");
    if (vars.size() == 1 && vars.begin()->is_string() && !record_.contains("input")) {
      note("the only variable, \"" + vars.begin().key() + "\", is the input");
      record_["input"] = *vars.begin();
      return;
    }
    for (const auto& [key, value] : vars.items()) {
      if (value.is_null()) continue;
      if (record_.contains(key))
        note("the variable \"" + key + "\" is not used beside the record's own");
      else if (!may_be_variable(key))
        note("the variable \"" + key + "\" is not used: it is no field of the record");
      else
        record_[key] = value;
    }
  }

  static bool may_be_variable(const std::string& key) {
    static const std::vector<std::string> never = {"setup",    "output", "files",   "grader",
                                                   "checks",   "golden", "assert",  "split",
                                                   "category", "id",     "metadata"};
    const auto& ids = aliases().back().names;
    return std::find(never.begin(), never.end(), key) == never.end() &&
           std::find(ids.begin(), ids.end(), key) == ids.end();
  }

  /// A dialog to learn from: what the assistant says last is the target.
  void read_messages() {
    if (record_.contains("input") || !record_.contains("messages")) return;
    Json messages = record_["messages"];
    if (!messages.is_array() || messages.empty()) return;
    record_.erase("messages");
    const Json last = messages.back();
    if (last.is_object() && last.value("role", Json()) == "assistant" && messages.size() > 1) {
      const Json content = last.value("content", Json());
      const bool usable = !content.is_null() && !record_.contains("target");
      if (usable) record_["target"] = content;
      note(usable ? "the last message, the assistant's, is the target"
                  : "the last message, the assistant's, is left out and not graded");
      messages.erase(messages.size() - 1);
    }
    record_["input"] = std::move(messages);
  }

  /// {"instruction","input","output"}: the answer is in "output".
  void join_instruction() {
    if (!record_.contains("instruction") || !record_["instruction"].is_string()) return;
    std::string text = record_["instruction"].get<std::string>();
    if (record_.contains("input") && record_["input"].is_string()) {
      const std::string more = record_["input"].get<std::string>();
      if (!trim(more).empty()) text += "\n\n" + more;
    } else if (record_.contains("input")) {
      return;
    }
    record_.erase("instruction");
    record_["input"] = std::move(text);
    note("\"instruction\" is read as the beginning of \"input\"");
    const bool judged = record_.contains("grader") || record_.contains("checks");
    if (!record_.contains("output")) return;
    if (record_.contains("target") || judged)
      return note("\"output\" is the file that is graded, as there is a target or a grader");
    record_["target"] = record_["output"];
    record_.erase("output");
    note("\"output\" is read as \"target\"");
  }

  Result<> use_alias(const Alias& alias) {
    if (record_.contains(alias.field)) return {};
    std::vector<std::string> found;
    for (const char* name : alias.names)
      if (record_.contains(name)) found.emplace_back(name);
    const bool judged = record_.contains("grader") || record_.contains("checks");
    if (found.empty() || (judged && alias.field == std::string("target"))) return {};
    if (found.size() > 1)
      return fail(
          ErrorCode::dataset,
          "several keys may be the " + std::string(alias.field) + ": " + join(found, ", "), where_,
          "name the one that is meant: --map " + std::string(alias.field) + "=" + found.front());
    asked_ = asked_ || found.front() == "question";
    record_[alias.field] = record_[found.front()];
    record_.erase(found.front());
    note("\"" + found.front() + "\" is read as \"" + alias.field + "\"");
    return {};
  }

  /// A question about a text cannot be answered without it.
  void put_context_first() {
    if (!asked_ || !record_.contains("context") || !record_["context"].is_string() ||
        !record_["input"].is_string())
      return;
    const std::string context = record_["context"].get<std::string>();
    record_.erase("context");
    if (trim(context).empty()) return;
    record_["input"] = context + "\n\n" + record_["input"].get<std::string>();
    note("\"context\" is put before the question");
  }

  /// {"value","aliases"}, and no other form: the value and the aliases.
  static Json accepted_answers(const Json& target) {
    static const std::vector<std::string> known = {"value",
                                                   "aliases",
                                                   "type",
                                                   "normalized_value",
                                                   "normalized_aliases",
                                                   "matched_wiki_entity_name",
                                                   "normalized_matched_wiki_entity_name"};
    for (const auto& [key, _] : target.items())
      if (std::find(known.begin(), known.end(), key) == known.end()) return {};
    const Json aliases = target.value("aliases", Json::array());
    if (!target.contains("value") || !target["value"].is_primitive() || !aliases.is_array())
      return {};
    Json out = Json::array({target["value"]});
    for (const Json& alias : aliases)
      if (std::find(out.begin(), out.end(), alias) == out.end()) out.push_back(alias);
    return out;
  }

  /// Whether the record's grader is one for which an object is a target as it is.
  [[nodiscard]] bool takes_objects() const {
    for (const char* key : {"grader", "checks"}) {
      const std::string grader = record_.contains(key) ? dump_json(record_[key]) : "";
      if (grader.find("\"json-equal\"") != std::string::npos ||
          grader.find("\"command\"") != std::string::npos)
        return true;
    }
    return false;
  }

  /// {"text":[...]} of answers found in a text; {"value","aliases"}; a solution that ends in
  /// "#### 72".
  void unwrap_target() {
    if (!record_.contains("target")) return;
    Json& target = record_["target"];
    if (target.is_object() && takes_objects()) return;
    if (target.is_object()) {
      Json accepted = accepted_answers(target);
      if (!accepted.is_null()) {
        target = std::move(accepted);
        note("of the target its \"value\" and \"aliases\" are right answers");
      }
    }
    if (target.is_object() && target.contains("text")) {
      target = Json(target["text"]);
      note("of the target its \"text\" is used");
    }
    if (!target.is_string()) return;
    const std::string text = target.get<std::string>();
    const std::size_t mark = text.rfind("\n#### ");
    if (mark == std::string::npos) return;
    target = std::string(trim(text.substr(mark + 6)));
    note("of the target what follows \"####\" is used");
  }

  Result<> read_assertions() {
    if (!record_.contains("assert") || record_.contains("grader") || record_.contains("checks"))
      return {};
    Assertions assertions(where_, AssertionPlace::message, notices_);
    SKILLGRAD_CHECK(assertions.add_all(record_["assert"]));
    record_.erase("assert");
    assertions.put_into(record_);
    return {};
  }

  Json record_;
  const std::string& where_;
  Notices& notices_;
  bool asked_ = false;
};

}  // namespace

Result<Json> with_known_keys(const Json& object, const KeyMap& map, const std::string& where,
                             Notices& notices) {
  if (!object.is_object()) return object;
  return Renamer(object, where, notices).run(map);
}

Result<> check_map(const KeyMap& map, const std::string& where) {
  for (const auto& [field, _] : map) {
    if (std::find(map_fields().begin(), map_fields().end(), field) != map_fields().end()) continue;
    const auto near = nearest_match(field, map_fields());
    return fail(ErrorCode::config, "unknown field \"" + field + "\" in the column map", where,
                near ? "did you mean \"" + *near + "\"?" : "use " + join(map_fields(), ", "));
  }
  return {};
}

}  // namespace skillgrad::bench
