// SPDX-License-Identifier: MIT
// Records in a CSV or TSV file with a header.
#include <algorithm>
#include <map>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/csv.hpp"
#include "bench/dataset_file.hpp"
#include "bench/records/assertions.hpp"
#include "bench/records/choices.hpp"
#include "bench/records/known_keys.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

using ColumnMap = std::map<std::string, std::size_t>;  ///< field to column number

constexpr const char* kExpectedColumn = "__expected";

const std::map<std::string, std::vector<std::string>>& guesses() {
  static const std::map<std::string, std::vector<std::string>> names = {
      {"input", {"input", "question", "prompt", "utterance"}},
      {"target",
       {"target", "answer", "ground_truth", "expected_output", kExpectedColumn, "ideal", "expected",
        "correct_answer", "answerKey"}},
      {"id", {"id", "uid"}},
      {"choices", {"choices", "options"}},
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

Result<> use_given(const KeyMap& given, const std::vector<std::string>& header,
                   const std::string& where, ColumnMap& columns) {
  SKILLGRAD_CHECK(check_map(given, where));
  for (const auto& [field, column] : given) {
    const auto found = std::find(header.begin(), header.end(), column);
    if (found == header.end())
      return unexpected(column_error("no column \"" + column + "\" for " + field, header, where));
    columns[field] = static_cast<std::size_t>(found - header.begin());
  }
  return {};
}

/// __expected2 and the like: further expectations of promptfoo.
bool is_expectation(const std::string& column) {
  return column.starts_with(kExpectedColumn) &&
         column.find_first_not_of("0123456789", std::string_view(kExpectedColumn).size()) ==
             std::string::npos;
}

Result<ColumnMap> map_columns(const KeyMap& given, const std::vector<std::string>& header,
                              const std::string& where) {
  ColumnMap columns;
  SKILLGRAD_CHECK(use_given(given, header, where, columns));
  const bool expectations = std::any_of(header.begin(), header.end(), is_expectation);
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
    if (found.empty() && (field == "input" || (field == "target" && !expectations)))
      return unexpected(column_error("no column for the " + field, header, where));
  }
  return columns;
}

/// One table: its columns, and what each row of it becomes.
class Table {
 public:
  Table(std::vector<std::string> header, ColumnMap columns, Notices& notices)
      : header_(std::move(header)), columns_(std::move(columns)), notices_(notices) {
    const auto has = [&](const char* name) {
      return std::find(header_.begin(), header_.end(), name) != header_.end();
    };
    lettered_ = has("A") && has("B") && !columns_.contains("choices");
  }

  Result<Json> record(const CsvRow& row, const std::string& where) {
    Json record = Json::object();
    Json metadata = Json::object();
    std::vector<std::string> expectations;
    std::string prefix, suffix;
    for (std::size_t i = 0; i < header_.size(); ++i) {
      const std::string& name = header_[i];
      const std::string& cell = row.cells[i];
      const bool mapped = use_mapped(i, cell, record);
      if (is_expectation(name) && (!mapped || is_target(i))) {
        if (!trim(cell).empty()) expectations.push_back(cell);
      } else if (mapped) {
        continue;
      } else if (lettered_ && name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
        record[name] = cell;
      } else if (name == "__prefix" || name == "__suffix") {
        (name == "__prefix" ? prefix : suffix) = cell;
      } else if (name.starts_with("__") && !name.starts_with("__metadata:")) {
        if (name != "__description" && !trim(cell).empty())
          notices_.add(where, "the column \"" + name + "\" is not used");
      } else {
        const std::string key = name.starts_with("__metadata:") ? name.substr(11) : name;
        metadata[key] = cell;
        kept_.emplace(key, i);
      }
    }
    if (record.contains("input") && !(prefix + suffix).empty())
      record["input"] = prefix + record["input"].get<std::string>() + suffix;
    if (!metadata.empty()) record["metadata"] = std::move(metadata);
    SKILLGRAD_CHECK(use_expectations(expectations, where, record));
    SKILLGRAD_CHECK(show_choices(record, where, notices_));
    return record;
  }

  /// The columns that no field has are there for --stratify only.
  void note_kept(const std::string& file) const {
    if (kept_.empty()) return;
    std::vector<std::string> names;
    for (const auto& [name, _] : kept_) names.push_back(name);
    notices_.add(file, "the columns " + list_some(names) +
                           " are kept as metadata and not shown to the agent");
  }

 private:
  [[nodiscard]] bool is_target(std::size_t column) const {
    const auto found = columns_.find("target");
    return found != columns_.end() && found->second == column;
  }

  /// One column may serve several fields.
  bool use_mapped(std::size_t column, const std::string& cell, Json& record) const {
    bool used = false;
    for (const auto& [field, place] : columns_) {
      if (place != column) continue;
      used = true;
      if (field != "target" || !is_expectation(header_[column])) record[field] = cell;
    }
    return used;
  }

  /// A single plain text is the target; anything else are assertions.
  Result<> use_expectations(const std::vector<std::string>& texts, const std::string& where,
                            Json& record) {
    Assertions assertions(where, AssertionPlace::message, notices_);
    for (const std::string& text : texts) {
      if (const auto item = assertion_expression(text, where, notices_))
        assertions.add(*item);
      else if (texts.size() == 1)
        expect_text(text, where, record);
      else
        assertions.add(Json{{"type", "equals"}, {"value", text}});
    }
    assertions.put_into(record);
    if (!texts.empty() && assertions.empty() && !record.contains("target"))
      return fail(
          ErrorCode::dataset, "no grader here does what is expected: " + list_some(texts, 3), where,
          "use contains:, icontains:, equals:, regex:, starts-with:, is-json or llm-rubric:, "
          "or a command grader in a .jsonl file");
    return {};
  }

  void expect_text(const std::string& text, const std::string& where, Json& record) {
    const Json before = record.value("target", Json(""));
    if (before != text && before.is_string() && !trim(before.get<std::string>()).empty())
      notices_.add(where, "the column \"" + header_[columns_.at("target")] +
                              "\" is not graded beside \"" + kExpectedColumn + "\"");
    record["target"] = text;
  }

  std::vector<std::string> header_;
  ColumnMap columns_;
  Notices& notices_;
  bool lettered_ = false;  ///< the choices stand in columns A, B, C ...
  std::map<std::string, std::size_t> kept_;
};

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

Result<std::vector<CsvRow>> read_rows(const fs::path& path, Notices& notices) {
  SKILLGRAD_TRY(const std::string text, read_dataset_text(path));
  const std::string file = path.string();
  if (to_lower_ascii(path.extension().string()) == ".tsv") return parse_tsv(text, file);
  std::string_view rest = text;
  const char separator = find_separator(rest);
  if (separator != ',')
    notices.add(file, separator == '\t'
                          ? "its fields are separated by tabs"
                          : "its fields are separated by \"" + std::string(1, separator) + "\"");
  return parse_csv(rest, file, separator);
}

}  // namespace

Result<RecordSet> load_table(const fs::path& path, const BenchmarkOptions& options,
                             RecordLines* lines) {
  const std::string file = path.string();
  Notices notices;
  SKILLGRAD_TRY(const std::vector<CsvRow> rows, read_rows(path, notices));
  SKILLGRAD_TRY(const std::vector<std::string> header, read_header(rows, file));
  SKILLGRAD_TRY(ColumnMap columns, map_columns(options.map, header, file));
  Table table(header, std::move(columns), notices);
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
    SKILLGRAD_TRY(const Json object, table.record(rows[i], place.where));
    SKILLGRAD_TRY(Record record, read_record(object, place, notices));
    if (lines != nullptr) lines->add(object, record, place);
    set.records.push_back(std::move(record));
  }
  table.note_kept(file);
  set.notices = notices.list();
  return set;
}

}  // namespace skillgrad::bench
