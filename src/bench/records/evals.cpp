// SPDX-License-Identifier: MIT
// evals/evals.json of a skill.
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/records/assertions.hpp"
#include "bench/records/eval_files.hpp"
#include "bench/records/known_keys.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

/// Names of the list of evals, and of an eval's lists of assertions, in various collections.
constexpr const char* kLists[] = {"evals", "test_cases", "cases", "tests"};
constexpr const char* kAssertions[] = {"assertions",          "expectations",       "assert",
                                       "expected_behavior",   "expected_behaviors", "criteria",
                                       "evaluation_criteria", "success_criteria",   "rubric"};
constexpr const char* kExpected[] = {"expected_output", "expected", "expected_result"};
constexpr const char* kPrompts[] = {"prompt", "input", "query", "task", "question"};
/// Keys of an eval that are those of a record of the JSON Lines form.
constexpr const char* kOwn[] = {"setup",  "metadata", "split",  "category", "grader",
                                "checks", "output",   "golden", "target"};

class EvalReader {
 public:
  EvalReader(const Json& eval, const RecordPlace& place, EvalFolders folders, Notices& notices)
      : eval_(eval), place_(place), folders_(std::move(folders)), notices_(notices) {
    folders_.where = place.where;
  }

  Result<Json> record() {
    SKILLGRAD_TRY(const std::string prompt, read_prompt());
    Json record = Json::object();
    if (has("id")) record["id"] = eval_["id"];
    record["input"] = eval_[prompt_key_];
    for (const char* key : kOwn)
      if (has(key)) record[key] = eval_[key];
    SKILLGRAD_CHECK(read_grading(record));
    if (has("files")) {
      SKILLGRAD_TRY(Json files, eval_files(eval_["files"], prompt, folders_, notices_));
      if (!files.empty()) record["files"] = std::move(files);
    }
    note_unused();
    return record;
  }

 private:
  [[nodiscard]] bool has(const char* key) const {
    return eval_.contains(key) && !eval_[key].is_null();
  }
  void note(const std::string& what) { notices_.add(place_.where, what); }

  Result<std::string> read_prompt() {
    if (eval_.is_object())
      for (const char* key : kPrompts)
        if (has(key)) {
          prompt_key_ = key;
          return eval_[key].is_string() ? eval_[key].get<std::string>() : "";
        }
    return fail(ErrorCode::dataset, "an eval without a \"prompt\"", place_.where,
                "write {\"id\":...,\"prompt\":...,\"assertions\":[...]}");
  }

  /// The record's own grader, else its assertions, else what is expected.
  Result<> read_grading(Json& record) {
    const bool own = record.contains("grader") || record.contains("checks");
    Assertions assertions(place_.where, AssertionPlace::anything, notices_);
    bool asserted = false;
    for (const char* list : kAssertions) {
      if (!has(list)) continue;
      asserted = true;
      if (own)
        note("\"" + std::string(list) + "\" is not used beside a grader");
      else
        SKILLGRAD_CHECK(assertions.add_all(eval_[list]));
    }
    const char* decides = own                         ? "a grader"
                          : !assertions.empty()       ? "assertions"
                          : record.contains("target") ? "a target"
                                                      : nullptr;
    if (decides != nullptr)
      note_expected(decides);
    else
      SKILLGRAD_CHECK(add_expected(assertions, asserted));
    assertions.put_into(record);
    return {};
  }

  /// What is expected is the criterion: the first of the keys for it.
  Result<> add_expected(Assertions& assertions, bool asserted) {
    const char* used = nullptr;
    for (const char* key : kExpected) {
      if (!says_something(key)) continue;
      if (used != nullptr) {
        if (eval_[key] != eval_[used])
          note("\"" + std::string(key) + "\" is not graded beside \"" + used + "\"");
        continue;
      }
      used = key;
    }
    if (used == nullptr)
      return fail(ErrorCode::dataset,
                  asserted ? "no assertion that can be graded, and no expected_output"
                           : "no assertions and no expected_output",
                  place_.where,
                  eval_.contains("should_trigger")
                      ? "this is a query that tells when a skill is used, and no "
                        "task; leave it out of this file"
                      : "say what a right result must fulfil");
    const Json& expected = eval_[used];
    if (!expected.is_primitive())
      return fail(ErrorCode::dataset,
                  "\"" + std::string(used) + "\" is " + truncate_middle(dump_json(expected), 80),
                  place_.where,
                  "write it as one text, or what it must fulfil as a list of \"assertions\"");
    assertions.add_criterion(
        "The result is this, or means the same: " +
        (expected.is_string() ? expected.get<std::string>() : dump_json(expected)));
    return {};
  }

  void note_expected(const std::string& decides) {
    for (const char* key : kExpected)
      if (says_something(key)) note("\"" + std::string(key) + "\" is not graded beside " + decides);
  }

  [[nodiscard]] bool says_something(const char* key) const {
    return has(key) && (!eval_[key].is_string() || !trim(eval_[key].get<std::string>()).empty());
  }

  void note_unused() {
    std::vector<std::string> known = {"id", "files", "name", prompt_key_};
    known.insert(known.end(), std::begin(kExpected), std::end(kExpected));
    known.insert(known.end(), std::begin(kAssertions), std::end(kAssertions));
    known.insert(known.end(), std::begin(kOwn), std::end(kOwn));
    for (const auto& [key, value] : eval_.items()) {
      if (value.is_null() || std::find(known.begin(), known.end(), key) != known.end()) continue;
      const auto near = nearest_match(key, known);
      note("unknown key \"" + key + "\" is not used" +
           (near ? "; did you mean \"" + *near + "\"?" : ""));
    }
  }

  const Json& eval_;
  const RecordPlace& place_;
  EvalFolders folders_;
  Notices& notices_;
  std::string prompt_key_;
};

/// The list of evals: the document itself, or what stands under one of its names.
Result<const Json*> list_of(const Json& document, const std::string& file, Notices& notices) {
  if (document.is_array()) return &document;
  if (document.is_object())
    for (const char* name : kLists) {
      if (!document.contains(name) || !document[name].is_array()) continue;
      for (const auto& [key, _] : document.items())
        if (key != name && key != "skill_name" && key != "skill")
          notices.add(file, "unknown key \"" + key + "\" is not used");
      return &document[name];
    }
  return fail(ErrorCode::dataset, "no list \"evals\" in this file", file,
              "write {\"skill_name\":...,\"evals\":[...]}, or use a .jsonl file of records");
}

bool has_any(const Json& item, const std::vector<const char*>& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const char* key) { return item.contains(key) && !item[key].is_null(); });
}

/// A record of the JSON Lines form, as data sets are often kept in lists: it has nothing of an
/// eval, or at most its prompt and a target under a name that evals do not use.
bool is_record(const Json& item) {
  if (!item.is_object() || has_any(item, {"assertions", "expectations"})) return false;
  if (!has_any(item, {"prompt", "query"})) return true;
  return has_any(item, {"answer", "answers", "answerKey", "ideal", "expected_answer",
                        "ground_truth", "reference", "reference_answer", "correct_answer", "gold",
                        "choices", "options"}) &&
         !has_any(item, {std::begin(kAssertions), std::end(kAssertions)}) &&
         !has_any(item, {std::begin(kExpected), std::end(kExpected)});
}

}  // namespace

Result<RecordSet> load_evals(const fs::path& path, const BenchmarkOptions& options,
                             RecordLines* lines) {
  SKILLGRAD_TRY(const Json document, read_dataset_json(path));
  RecordSet set;
  Notices notices;
  SKILLGRAD_TRY(const Json* list, list_of(document, path.string(), notices));
  EvalFolders folders;
  folders.file = fs::absolute(path).lexically_normal().parent_path();
  folders.skill = folders.file.filename() == "evals" ? folders.file.parent_path() : folders.file;
  RecordPlace place;
  place.base_dir = folders.skill;
  place.recalc = options.recalc;
  place.recalc_golden = options.recalc_golden;
  if (list->size() > kMaxTasks) return unexpected(too_many("evals", kMaxTasks, path.string()));
  const bool records = document.is_array() && std::all_of(list->begin(), list->end(), is_record);
  if (records) place.base_dir = folders.file;
  if (!records && !options.map.empty())
    return fail(ErrorCode::config, "a column map fits tables and records, not evals of a skill",
                path.string(), "leave --map out");
  for (const Json& eval : *list) {
    ++place.line;
    place.where = path.string() + (records ? ": record " : ": eval ") + std::to_string(place.line);
    Json object = eval;
    if (records) {
      SKILLGRAD_TRY(object, with_known_keys(eval, options.map, place.where, notices));
    } else {
      SKILLGRAD_TRY(object, EvalReader(eval, place, folders, notices).record());
    }
    SKILLGRAD_TRY(Record record, read_record(object, place, notices));
    if (lines != nullptr) lines->add(object, record, place);
    set.records.push_back(std::move(record));
  }
  set.notices = notices.list();
  return set;
}

}  // namespace skillgrad::bench
