// SPDX-License-Identifier: MIT
// evals/evals.json of a skill.
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

// `assertions` and `expectations` are two names of one list; both given are joined.
Result<std::vector<std::string>> read_criteria(const Json& eval, const std::string& where) {
  std::vector<std::string> criteria;
  for (const char* list : {"assertions", "expectations"}) {
    if (!eval.contains(list)) continue;
    if (!eval[list].is_array())
      return fail(ErrorCode::dataset, std::string("\"") + list + "\" is not a list", where,
                  "write a list of texts");
    for (const Json& item : eval[list]) {
      std::string text = item.is_string() ? item.get<std::string>() : "";
      for (const char* key : {"text", "name", "description"})
        if (text.empty() && item.is_object() && item.contains(key) && item[key].is_string())
          text = item[key].get<std::string>();
      if (trim(text).empty())
        return fail(ErrorCode::dataset, "an assertion without text: " + dump_json(item), where,
                    "write a text, or an object with text, name or description");
      if (std::find(criteria.begin(), criteria.end(), text) == criteria.end())
        criteria.push_back(std::move(text));
    }
  }
  if (criteria.empty() && eval.contains("expected_output") && eval["expected_output"].is_string() &&
      !eval["expected_output"].get<std::string>().empty())
    criteria.push_back("The result is this, or means the same: " +
                       eval["expected_output"].get<std::string>());
  if (criteria.empty())
    return fail(ErrorCode::dataset, "no assertions and no expected_output", where,
                "say what a right result must fulfil");
  return criteria;
}

void warn_unknown(const Json& object, const std::vector<std::string>& known,
                  const std::string& where, std::vector<std::string>& notices) {
  for (const auto& [key, _] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto near = nearest_match(key, known);
    notices.push_back(where + ": unknown key \"" + key + "\" is not used" +
                      (near ? "; did you mean \"" + *near + "\"?" : ""));
  }
}

Result<Json> to_record(const Json& eval, const RecordPlace& place,
                       std::vector<std::string>& notices) {
  if (!eval.is_object() || !eval.contains("prompt") || !eval["prompt"].is_string())
    return fail(ErrorCode::dataset, "an eval without a \"prompt\"", place.where,
                "write {\"id\":...,\"prompt\":...,\"assertions\":[...]}");
  warn_unknown(eval, {"id", "prompt", "expected_output", "files", "assertions", "expectations"},
               place.where, notices);
  SKILLGRAD_TRY(const std::vector<std::string> criteria, read_criteria(eval, place.where));
  Json record = Json::object();
  if (eval.contains("id")) record["id"] = eval["id"];
  record["input"] = eval["prompt"];
  record["grader"] = {{"type", "llm-judge"}, {"criteria", criteria}};
  if (!eval.contains("files")) return record;
  if (!eval["files"].is_array())
    return fail(ErrorCode::dataset, "\"files\" is not a list", place.where,
                "write paths relative to the skill's folder");
  Json files = Json::object();
  for (const Json& file : eval["files"]) {
    const std::string path = file.is_string() ? file.get<std::string>() : "";
    const std::string name = fs::path(path).filename().string();
    if (name.empty() || files.contains(name))
      return fail(ErrorCode::dataset, "file " + dump_json(file) + " has no name of its own",
                  place.where, "list each file once, by its path");
    files[name] = {{"path", path}};
  }
  if (!files.empty()) record["files"] = std::move(files);
  return record;
}

}  // namespace

Result<RecordSet> load_evals(const fs::path& path, const BenchmarkOptions& options,
                             RecordLines* lines) {
  SKILLGRAD_TRY(const Json document, read_dataset_json(path));
  if (!document.is_object() || !document.contains("evals") || !document["evals"].is_array())
    return fail(ErrorCode::dataset, "no list \"evals\" in this file", path.string(),
                "write {\"skill_name\":...,\"evals\":[...]}, or use a .jsonl file of records");
  RecordSet set;
  warn_unknown(document, {"skill_name", "evals"}, path.string(), set.notices);
  const fs::path folder = fs::absolute(path).lexically_normal().parent_path();
  RecordPlace place;
  place.base_dir = folder.filename() == "evals" ? folder.parent_path() : folder;
  place.recalc = options.recalc;
  place.recalc_golden = options.recalc_golden;
  if (document["evals"].size() > kMaxTasks)
    return unexpected(too_many("evals", kMaxTasks, path.string()));
  for (const Json& eval : document["evals"]) {
    ++place.line;
    place.where = path.string() + ": eval " + std::to_string(place.line);
    SKILLGRAD_TRY(const Json object, to_record(eval, place, set.notices));
    SKILLGRAD_TRY(Record record, read_record(object, place, set.notices));
    if (lines != nullptr) lines->add(object, record, place);
    set.records.push_back(std::move(record));
  }
  return set;
}

}  // namespace skillgrad::bench
