// SPDX-License-Identifier: MIT
#include "bench/records/assertions.hpp"

#include <algorithm>
#include <set>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

/// promptfoo's types; any other word before a colon is a part of the expected text.
bool is_promptfoo_type(const std::string& type) {
  static const std::set<std::string> kTypes = {"answer-relevance",
                                               "bleu",
                                               "classifier",
                                               "contains",
                                               "contains-all",
                                               "contains-any",
                                               "contains-html",
                                               "contains-json",
                                               "contains-sql",
                                               "contains-xml",
                                               "context-faithfulness",
                                               "context-recall",
                                               "context-relevance",
                                               "cost",
                                               "equals",
                                               "eval",
                                               "f-score",
                                               "factuality",
                                               "fn",
                                               "g-eval",
                                               "gleu",
                                               "grade",
                                               "guardrails",
                                               "icontains",
                                               "icontains-all",
                                               "icontains-any",
                                               "is-html",
                                               "is-json",
                                               "is-refusal",
                                               "is-sql",
                                               "is-xml",
                                               "javascript",
                                               "latency",
                                               "levenshtein",
                                               "llm-rubric",
                                               "meteor",
                                               "model-graded-closedqa",
                                               "moderation",
                                               "perplexity",
                                               "perplexity-score",
                                               "python",
                                               "regex",
                                               "rouge-n",
                                               "ruby",
                                               "similar",
                                               "starts-with",
                                               "webhook",
                                               "word-count"};
  return kTypes.contains(type);
}

/// A word before a colon that may be meant as a type; not that of 10:30 or http://.
bool looks_like_a_type(const std::string& word, std::string_view behind) {
  return !word.empty() && !behind.starts_with("//") &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
         });
}

/// "5", "0.5", "4-5", "excellent": the name of one level of a score.
bool is_level(const std::string& name) {
  static const std::set<std::string> kLevels = {
      "excellent", "very good",  "good",      "fair",    "average",      "poor",       "bad",
      "pass",      "fail",       "full",      "partial", "none",         "high",       "medium",
      "low",       "acceptable", "incorrect", "correct", "unacceptable", "inadequate", "wrong"};
  std::string plain = to_lower_ascii(trim(name));
  for (const char* word : {"score", "level", "points", "_", " "})
    if (plain.starts_with(word)) plain.erase(0, std::string_view(word).size());
  const bool number = !plain.empty() && plain.find_first_not_of("0123456789.- ") == plain.npos;
  return number || kLevels.contains(to_lower_ascii(trim(name)));
}

/// {"5":"all right","1":"wrong"}, or a list of objects that each have another score.
bool is_scale(const Json& list) {
  std::set<std::string> levels;
  if (list.is_object()) {
    for (const auto& [name, _] : list.items())
      if (is_level(name)) levels.insert(name);
  } else {
    for (const Json& item : list)
      for (const char* key : {"score", "level", "rating"})
        if (item.is_object() && item.contains(key) && !item.contains("type"))
          levels.insert(dump_json(item[key]));
  }
  return levels.size() > 1 && levels.size() == list.size();
}

}  // namespace

std::optional<Json> assertion_expression(const std::string& text, const std::string& where,
                                         Notices& notices) {
  const std::size_t colon = text.find(':');
  std::string type(trim(text.substr(0, colon)));
  Json item = Json::object();
  const std::size_t open = type.find('(');
  if (open != std::string::npos && type.ends_with(')')) {
    item["threshold"] = type.substr(open + 1, type.size() - open - 2);
    type = std::string(trim(type.substr(0, open)));
  }
  const std::string bare = type.starts_with("not-") ? type.substr(4) : type;
  const bool alone = colon == std::string::npos;
  const bool needs_no_value = bare.starts_with("is-") || bare == "contains-json" ||
                              bare == "contains-html" || item.contains("threshold");
  if (!is_promptfoo_type(bare) || (alone && !needs_no_value)) {
    if (!alone && looks_like_a_type(type, std::string_view(text).substr(colon + 1)))
      notices.add(where, "\"" + type +
                             ":\" is no known prefix, so all of it is the target; known are "
                             "contains:, icontains:, equals:, regex:, starts-with:, llm-rubric:, "
                             "is-json, others of promptfoo, and not- before them");
    return std::nullopt;
  }
  item["type"] = type;
  if (!alone) item["value"] = std::string(trim(text.substr(colon + 1)));
  return item;
}

void Assertions::add_criterion(const std::string& text) {
  if (std::find(criteria_.begin(), criteria_.end(), text) == criteria_.end())
    criteria_.push_back(text);
}

Result<> Assertions::add_all(const Json& list) {
  const bool several = list.is_array() || (list.is_object() && !is_assertion(list));
  if (several && is_scale(list))
    return fail(ErrorCode::dataset,
                "the assertions are levels of a score: " + truncate_middle(dump_json(list), 80),
                where_, "write what a right result must fulfil, one text for each criterion");
  if (list.is_object() && several) return add_named(list);
  if (list.is_array())
    for (const Json& item : list) add(item);
  else
    add(list);
  return {};
}

/// {"accuracy":"The sum is right","tone":{"type":...}}: the keys are names.
Result<> Assertions::add_named(const Json& group) {
  for (const auto& [name, item] : group.items()) {
    if (item.is_array() || (item.is_object() && is_scale(item))) {
      SKILLGRAD_CHECK(add_all(item));
    } else if (item.is_object() && !item.contains("name") && !item.contains("grader")) {
      Json named = item;
      named["name"] = name;
      add(named);
    } else if (item.is_string() && !trim(item.get<std::string>()).empty() &&
               !reads_as_words(item.get<std::string>())) {
      add_criterion(name + ": " + item.get<std::string>());
    } else {
      add(item);
    }
  }
  return {};
}

void Assertions::add(const Json& item) {
  if (item.is_object()) return add_object(item);
  const std::string text = item.is_string() ? item.get<std::string>() : "";
  if (trim(text).empty())
    note("the assertion " + truncate_middle(dump_json(item), 60) + " says nothing and is left out");
  else
    add_criterion(text);
}

void Assertions::add_object(const Json& item) {
  if (item.contains("grader")) {
    checks_.push_back(item);
    return;
  }
  if (place_ == AssertionPlace::message && dump_json(item).find("{{") != std::string::npos)
    note("an assertion holds {{...}}, which is not filled in");
  const TypedAssertion assertion = read_assertion(item);
  const Json grader = grader_of(assertion, place_);
  if (grader.is_null()) return add_words(assertion);
  for (const std::string& remark : assertion.remarks) note(remark);
  for (const std::string& key : assertion.unused)
    note("\"" + key + "\" of an assertion is not used");
  checks_.push_back({{"name", assertion.label.empty() ? assertion.given : assertion.label},
                     {"weight", assertion.weight},
                     {"grader", grader}});
}

/// What no grader decides is put to the judge, if it says in words what is asked.
void Assertions::add_words(const TypedAssertion& assertion) {
  const bool opposite = assertion.type.starts_with("not-");
  const std::string type = opposite ? assertion.type.substr(4) : assertion.type;
  const bool model = is_for_a_model(type);
  std::string words = assertion.words;
  bool said = assertion.words_given;
  bool compared = false;
  if (assertion.value.is_string() && (!said || !reads_as_words(words)) &&
      (type == "similar" || type == "factuality")) {
    words = (type == "similar" ? "The answer means the same as this: "
                               : "The answer agrees in its facts with this: ") +
            assertion.value.get<std::string>();
    said = compared = true;
  }
  const bool usable = !trim(words).empty() && (said || type.empty() || reads_as_words(words));
  if (!type.empty() && !model)
    note("no grader here runs an assertion of type \"" + assertion.given + "\"" +
         (assertion.runnable ? "" : " with its conditions") + ": " +
         (usable ? "what it says is put to the judge" : "it is left out"));
  else if (!usable)
    note("an assertion without words is left out");
  if (!usable) return;
  if (!said) note("an assertion says what it means by nothing but the name \"" + words + "\"");
  for (const std::string& key : assertion.unused)
    note("\"" + key + "\" of an assertion is not used");
  for (const std::string& key : assertion.heeded)
    if (!compared || key != assertion.value_key)
      note("\"" + key + "\" of an assertion is not told to the judge");
  if (assertion.weight != 1) note("the weight of an assertion that the judge decides is not used");
  if (assertion.negated || opposite) words = "This does not hold: " + words;
  add_criterion(std::string(trim(words)));
}

void Assertions::put_into(Json& record) const {
  if (empty()) return;
  const Json judge = {{"type", "llm-judge"}, {"criteria", criteria_}};
  if (checks_.empty()) {
    record["grader"] = judge;
    return;
  }
  if (criteria_.empty() && checks_.size() == 1) {
    record["grader"] = checks_.front()["grader"];
    return;
  }
  Json checks = checks_;
  if (!criteria_.empty())
    checks.push_back({{"name", "judge"}, {"weight", criteria_.size()}, {"grader", judge}});
  record["checks"] = std::move(checks);
}

}  // namespace skillgrad::bench
