// SPDX-License-Identifier: MIT
// Records in a CSV or TSV file with a header.
#include <algorithm>
#include <map>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/csv.hpp"
#include "bench/dataset_file.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

using ColumnMap = std::map<std::string, std::size_t>;  ///< field to column number

const std::map<std::string, std::vector<std::string>>& guesses() {
  static const std::map<std::string, std::vector<std::string>> names = {
      {"input", {"input", "question", "prompt", "utterance"}},
      {"target", {"target", "answer", "ground_truth", "expected_output", "__expected"}},
      {"id", {"id", "uid"}},
      {"split", {"split"}},
      {"category", {"category"}}};
  return names;
}

Error column_error(const std::string& message, const std::vector<std::string>& header,
                   const std::string& where) {
  return {ErrorCode::dataset,
          message + "; the columns are " + list_some(header, 30),
          where,
          "name the columns: --map input=COLUMN,target=COLUMN,id=COLUMN,split=COLUMN",
          {}};
}

Result<> use_given(const std::map<std::string, std::string>& given,
                   const std::vector<std::string>& header, const std::string& where,
                   ColumnMap& columns) {
  std::vector<std::string> fields;
  for (const auto& [field, _] : guesses()) fields.push_back(field);
  for (const auto& [field, column] : given) {
    if (!guesses().contains(field)) {
      const auto near = nearest_match(field, fields);
      return fail(ErrorCode::config, "unknown field \"" + field + "\" in the column map", where,
                  near ? "did you mean \"" + *near + "\"?" : "use " + join(fields, ", "));
    }
    const auto found = std::find(header.begin(), header.end(), column);
    if (found == header.end())
      return unexpected(column_error("no column \"" + column + "\" for " + field, header, where));
    columns[field] = static_cast<std::size_t>(found - header.begin());
  }
  return {};
}

Result<ColumnMap> map_columns(const std::map<std::string, std::string>& given,
                              const std::vector<std::string>& header, const std::string& where) {
  ColumnMap columns;
  SKILLGRAD_CHECK(use_given(given, header, where, columns));
  for (const auto& [field, names] : guesses()) {
    if (columns.contains(field)) continue;
    std::vector<std::string> found;
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (std::find(names.begin(), names.end(), header[i]) == names.end()) continue;
      found.push_back(header[i]);
      columns[field] = i;
    }
    if (found.size() > 1)
      return unexpected(column_error(
          "several columns may be the " + field + ": " + join(found, ", "), header, where));
    if (found.empty() && (field == "input" || field == "target"))
      return unexpected(column_error("no column for the " + field, header, where));
  }
  return columns;
}

/// A word before the first colon that may be meant as a prefix; "" of a text such as 10:30.
std::string prefix_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.substr(colon).starts_with("://")) return "";
  const std::string word = text.substr(0, colon);
  const bool is_word = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  return is_word ? word : "";
}

// "contains:x" and the like, in the column __expected.
void use_expectation(const std::string& text, Json& record, const std::string& where,
                     std::vector<std::string>& notices) {
  static const std::map<std::string, Json> graders = {
      {"contains", {{"type", "contains"}}},
      {"icontains", {{"type", "contains"}, {"ignore_case", true}}},
      {"equals", {{"type", "exact"}}},
      {"regex", {{"type", "regex"}}}};
  const std::size_t colon = text.find(':');
  const std::string kind = colon == std::string::npos ? "" : text.substr(0, colon);
  if (kind == "llm-rubric") {
    record["grader"] = {{"type", "llm-judge"}, {"criteria", {text.substr(colon + 1)}}};
    return;
  }
  const auto grader = graders.find(kind);
  if (const std::string word = prefix_of(text); grader == graders.end() && !word.empty())
    notices.push_back(where + ": \"" + word +
                      ":\" is no known prefix, so all of it is the target; known are contains:, "
                      "icontains:, equals:, regex: and llm-rubric:");
  record["target"] = grader == graders.end() ? text : text.substr(colon + 1);
  if (grader != graders.end()) record["grader"] = grader->second;
}

Json to_record(const CsvRow& row, const std::vector<std::string>& header, const ColumnMap& columns,
               const std::string& where, std::vector<std::string>& notices) {
  Json record = Json::object();
  Json metadata = Json::object();
  for (std::size_t i = 0; i < header.size(); ++i) {
    bool used = false;  // one column may serve several fields
    for (const auto& [field, column] : columns) {
      if (column != i) continue;
      used = true;
      if (field == "target" && header[i] == "__expected")
        use_expectation(row.cells[i], record, where, notices);
      else
        record[field] = row.cells[i];
    }
    if (!used) metadata[header[i]] = row.cells[i];
  }
  if (!metadata.empty()) record["metadata"] = std::move(metadata);
  return record;
}

Result<std::vector<std::string>> read_header(const std::vector<CsvRow>& rows,
                                             const std::string& where) {
  if (rows.empty())
    return fail(ErrorCode::dataset, "the file is empty", where,
                "write a header and one row a task");
  std::vector<std::string> header;
  for (const std::string& cell : rows.front().cells) {
    const std::string name(trim(cell));
    if (std::find(header.begin(), header.end(), name) != header.end())
      return fail(ErrorCode::dataset, "column \"" + name + "\" occurs twice", where,
                  "give each column a name of its own");
    header.push_back(name);
  }
  return header;
}

}  // namespace

Result<RecordSet> load_table(const fs::path& path, const BenchmarkOptions& options,
                             RecordLines* lines) {
  SKILLGRAD_TRY(const std::string text, read_dataset_text(path));
  const std::string file = path.string();
  std::vector<CsvRow> rows;
  if (to_lower_ascii(path.extension().string()) == ".tsv") {
    SKILLGRAD_TRY(rows, parse_tsv(text, file));
  } else {
    SKILLGRAD_TRY(rows, parse_csv(text, file));
  }
  SKILLGRAD_TRY(const std::vector<std::string> header, read_header(rows, file));
  SKILLGRAD_TRY(const ColumnMap columns, map_columns(options.map, header, file));
  RecordSet set;
  RecordPlace place;
  place.base_dir = path.has_parent_path() ? path.parent_path() : fs::path(".");
  place.recalc = options.recalc;
  place.recalc_golden = options.recalc_golden;
  if (rows.size() - 1 > kMaxTasks) return unexpected(too_many("records", kMaxTasks, file));
  for (std::size_t i = 1; i < rows.size(); ++i) {
    place.line = rows[i].line;
    place.where = file + ":" + std::to_string(place.line);
    if (rows[i].cells.size() != header.size())
      return fail(ErrorCode::dataset,
                  "this row has " + std::to_string(rows[i].cells.size()) +
                      " fields, the header has " + std::to_string(header.size()),
                  place.where, "quote fields that hold a comma, and give empty fields too");
    const Json object = to_record(rows[i], header, columns, place.where, set.notices);
    SKILLGRAD_TRY(Record record, read_record(object, place, set.notices));
    if (lines != nullptr) lines->add(object, record, place);
    set.records.push_back(std::move(record));
  }
  return set;
}

}  // namespace skillgrad::bench
