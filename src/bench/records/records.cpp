// SPDX-License-Identifier: MIT
#include "bench/records/records.hpp"

#include <algorithm>
#include <fstream>
#include <new>
#include <unordered_map>

#include <skillgrad/bench/import.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/grade_tools.hpp"
#include "bench/predicted_output.hpp"
#include "bench/records/long_integers.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

const std::vector<std::string>& split_names() {
  static const std::vector<std::string> names = {"train", "training",   "evolution", "val",
                                                 "valid", "validation", "dev",       "test"};
  return names;
}

/// Which of the three splits a data set's own name means; nullopt: none of them.
std::optional<std::size_t> split_number(const std::string& name) {
  const std::string lower = to_lower_ascii(trim(name));
  if (lower == "train" || lower == "training" || lower == "evolution") return 0;
  if (lower == "val" || lower == "validation" || lower == "valid" || lower == "dev") return 1;
  if (lower == "test") return 2;
  return std::nullopt;
}

class RecordsBenchmark final : public Benchmark {
 public:
  RecordsBenchmark(std::string source, RecordSet set)
      : source_(std::move(source)), notices_(std::move(set.notices)) {
    for (Record& record : set.records) {
      index_.emplace(record.task.id, tasks_.size());
      tasks_.push_back(record.task);
      records_.push_back(std::move(record));
    }
    find_own_splits();
  }

  [[nodiscard]] std::string name() const override { return "records"; }
  [[nodiscard]] std::string source() const override { return source_; }
  [[nodiscard]] std::string grading() const override { return "records"; }
  [[nodiscard]] const std::vector<Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const Task* find(const std::string& id) const override {
    const auto found = index_.find(id);
    return found == index_.end() ? nullptr : &tasks_[found->second];
  }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<Splits> own_splits() const override { return splits_; }

  // A set-up may make the output, and an input file may have its name: an untouched folder then
  // holds an answer.
  [[nodiscard]] bool needs_work_dir(const Task& task) const override {
    const auto record = record_of(task);
    return !record || !(*record)->setup.empty() || (*record)->grader->needs_work_dir() ||
           !(*record)->golden_files.empty() ||
           std::any_of(task.input_files.begin(), task.input_files.end(),
                       [&](const std::string& file) { return file == task.output_file; });
  }
  [[nodiscard]] bool may_recalculate() const override {
    return std::any_of(records_.begin(), records_.end(),
                       [](const Record& record) { return record.grader->may_recalculate(); });
  }

  [[nodiscard]] Result<> set_up(const Task& task, const fs::path& work_dir,
                                const GradeContext& context) const override {
    SKILLGRAD_TRY(const Record* record, record_of(task));
    SKILLGRAD_CHECK(write_sources(record->files, work_dir));
    return record->setup.empty() ? Result<>() : run_setup(*record, work_dir, context);
  }

  [[nodiscard]] Grade grade(const Task& task, const AgentAnswer& answer,
                            const GradeContext& context) const override {
    const auto record = record_of(task);
    if (!record) return error_grade(task.id, record.error());
    Grade grade;
    try {
      grade = grade_record(**record, answer, context);
    } catch (const std::bad_alloc&) {
      grade = error_grade(task.id, GradeErrorKind::infra_error, "out of memory while grading");
    }
    grade.grader = "records/" + (*record)->grader->name();
    return grade;
  }

  [[nodiscard]] std::vector<std::string> criteria(const Task& task) const override {
    const auto record = record_of(task);
    return record ? (*record)->grader->criteria() : std::vector<std::string>{};
  }

  [[nodiscard]] Result<AgentAnswer> golden_answer(const Task& task,
                                                  const fs::path& work_dir) const override {
    SKILLGRAD_TRY(const Record* record, record_of(task));
    SKILLGRAD_TRY(AgentAnswer answer, golden_of(*record, work_dir));
    answer.golden = true;
    return answer;
  }

  [[nodiscard]] Result<AgentAnswer> prediction(const Task& task, const Json& line,
                                               const fs::path& base_dir,
                                               const fs::path& work_dir) const override {
    SKILLGRAD_TRY(const Record* record, record_of(task));
    if (!work_dir.empty()) SKILLGRAD_CHECK(write_sources(record->files, work_dir));
    SKILLGRAD_TRY(const PredictedOutput output, predicted_output(line, task.id, base_dir));
    if (output.given) return output_answer(task, output, line, work_dir);
    if (!output.missing.empty()) {
      AgentAnswer none{work_dir, ""};
      none.missing = output.missing;
      return none;
    }
    if (output.answered)
      return text_answer(task, join(target_texts(line["answer"]), "\n"), work_dir);
    return fail(ErrorCode::input, "neither \"answer\" nor \"output\" is given", task.id,
                "write {\"task_id\":...,\"answer\":...} or {\"task_id\":...,\"output\":\"path\"}");
  }

 private:
  [[nodiscard]] Result<const Record*> record_of(const Task& task) const {
    const auto found = index_.find(task.id);
    if (found == index_.end())
      return fail(ErrorCode::internal, "no task \"" + task.id + "\" in this benchmark", source_);
    return &records_[found->second];
  }

  static Result<AgentAnswer> golden_of(const Record& record, const fs::path& work_dir) {
    const Task& task = record.task;
    if (!record.golden_files.empty()) {
      SKILLGRAD_CHECK(write_sources(record.golden_files, work_dir));
      return AgentAnswer{work_dir, ""};
    }
    if (const auto file = record.grader->golden_file(); file && !task.output_file.empty()) {
      AgentAnswer answer{work_dir, ""};
      if (work_dir.empty())
        answer.output = *file;
      else
        SKILLGRAD_CHECK(write_sources({{task.output_file, {}, *file}}, work_dir));
      return answer;
    }
    const auto text = record.golden_text ? record.golden_text : record.grader->golden_text();
    if (!text)
      return fail(ErrorCode::dataset, "no golden answer follows from the targets", task.id,
                  "give the record a \"golden\" answer");
    return text_answer(task, *text, work_dir);
  }

  static Result<> run_setup(const Record& record, const fs::path& work_dir,
                            const GradeContext& context) {
    const std::string& id = record.task.id;
    if (context.sandbox == nullptr)
      return fail(ErrorCode::infra, "the set-up command needs the sandbox", id,
                  "see which sandbox works here with \"skillgrad doctor\"");
    exec::CommandSpec spec;
    spec.argv = record.setup;
    spec.work_dir = work_dir;
    spec.env = exec::scrubbed_environment();
    SKILLGRAD_TRY(const exec::CommandResult result, context.sandbox->run(spec, context.stop));
    if (result.cancelled) return fail(ErrorCode::cancelled, "the set-up was stopped", id);
    if (result.exit_code == 0 && !result.timed_out) return {};
    return fail(ErrorCode::infra,
                result.timed_out ? "the set-up command took too long"
                                 : "the set-up command ended with exit code " +
                                       std::to_string(result.exit_code) + ": " +
                                       truncate_middle(trim(result.err), 500),
                id, "mend the record's \"setup\"");
  }

  static Grade fail_missing(const Record& record, const GraderInput& input,
                            const GradeContext& context, const std::string& why) {
    Grade grade = record.grader->missing(input, context);
    if (grade.status == GradeStatus::error) return grade;
    grade.score = 0;
    grade.matched = 0;
    settle(grade);
    grade.message = why;
    return grade;
  }

  /// nullopt: there is no such file. Error: it is not a text that can be graded.
  static Result<std::optional<std::string>> text_of_output(const Task& task,
                                                           const AgentAnswer& answer) {
    if (answer.output_text) return usable_text(*answer.output_text, task.output_file);
    if (answer.output) return read_answer_text(*answer.output);
    return read_output_text(answer.work_dir, task.output_file);
  }

  static Grade grade_record(const Record& record, const AgentAnswer& answer,
                            const GradeContext& context) {
    const Task& task = record.task;
    GraderInput input{task.id,          record.input, record.metadata,
                      task.input_files, "",           answer.work_dir};
    input.output = answer.output;
    input.golden = answer.golden;
    if (!answer.missing.empty()) return fail_missing(record, input, context, answer.missing);
    if (task.output_file.empty()) {
      input.answer = sanitize_utf8(answer.final_message);
      return record.grader->grade(input, context);
    }
    auto text = text_of_output(task, answer);
    if (text && !*text)
      return fail_missing(record, input, context,
                          "the file " + task.output_file + " was not written");
    if (!text && record.grader->needs_text())
      return fail_missing(record, input, context, "unreadable: " + text.error().message);
    if (text) input.answer = std::move(*text).value_or("");
    // A file's last line end is no part of the answer: "R105\n" is R105 for a full regex match.
    if (input.answer.ends_with('\n')) input.answer.pop_back();
    if (input.answer.ends_with('\r')) input.answer.pop_back();
    return record.grader->grade(input, context);
  }

  static Result<AgentAnswer> text_answer(const Task& task, const std::string& text,
                                         const fs::path& work_dir) {
    if (task.output_file.empty()) return AgentAnswer{work_dir, text};
    if (work_dir.empty()) {
      AgentAnswer answer;
      answer.output_text = text;
      return answer;
    }
    SKILLGRAD_CHECK(write_sources({{task.output_file, text, {}}}, work_dir));
    return AgentAnswer{work_dir, ""};
  }

  static Result<AgentAnswer> output_answer(const Task& task, const PredictedOutput& output,
                                           const Json& line, const fs::path& work_dir) {
    AgentAnswer answer{work_dir, ""};
    if (!task.output_file.empty()) {
      answer.missing = output.missing;
      if (work_dir.empty()) {
        answer.output = output.file;
        return answer;
      }
      // An input file of the same name is not what the agent left.
      if (!output.file) SKILLGRAD_CHECK(remove_tree(work_dir / task.output_file));
      if (output.file) SKILLGRAD_CHECK(copy_output(*output.file, work_dir / task.output_file));
      return answer;
    }
    if (line["output"].is_null()) {
      answer.missing = output.missing;
      return answer;
    }
    // Here the path only says where the answer's text is.
    if (!output.file)
      return fail(ErrorCode::input, output.missing, "prediction for task " + task.id,
                  "name a file with the answer's text, or give it as \"answer\"");
    auto text = read_file(*output.file, kMaxAnswerBytes);
    if (text)
      answer.final_message = std::move(*text);
    else if (text.error().code == ErrorCode::input)
      answer.missing = "unreadable: " + text.error().message;
    else
      return unexpected(std::move(text).error());
    return answer;
  }

  void find_own_splits() {
    Splits splits;
    std::vector<std::string>* lists[3] = {&splits.train, &splits.val, &splits.test};
    std::size_t named = 0;
    std::vector<std::string> others;
    for (const Task& task : tasks_) {
      if (trim(task.split).empty()) continue;
      if (const auto number = split_number(task.split)) {
        lists[*number]->push_back(task.id);
        ++named;
      } else if (std::find(others.begin(), others.end(), task.split) == others.end()) {
        others.push_back(task.split);
      }
    }
    if (!others.empty())
      notices_.push_back("tasks of the split " + list_some(others) +
                         " are in none of train, val and test");
    if (named == 0) return;
    splits.origin = "named by the records of " + source_;
    if (named < tasks_.size())
      splits.origin += ", " + std::to_string(tasks_.size() - named) + " tasks in no split";
    splits_ = std::move(splits);
  }

  std::string source_;
  std::vector<std::string> notices_;
  std::vector<Task> tasks_;
  std::vector<Record> records_;
  std::unordered_map<std::string, std::size_t> index_;
  std::optional<Splits> splits_;
};

Result<> check_unique(const RecordSet& set, const fs::path& path) {
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < set.records.size(); ++i) {
    const std::string& id = set.records[i].task.id;
    const auto [first, fresh] = seen.emplace(id, i);
    if (!fresh)
      return fail(ErrorCode::dataset,
                  "id \"" + id + "\" is used by record " + std::to_string(first->second + 1) +
                      " and again by record " + std::to_string(i + 1),
                  path.string(), "give each record an id of its own");
  }
  return {};
}

/// A split of an unknown name only is a mistyped one: a shuffle would not be what was asked for.
Result<> check_splits(const RecordSet& set, const fs::path& path) {
  std::vector<std::string> others;
  for (const Record& record : set.records) {
    const std::string& name = record.task.split;
    if (trim(name).empty()) continue;
    if (split_number(name)) return {};
    if (std::find(others.begin(), others.end(), name) == others.end()) others.push_back(name);
  }
  if (others.empty()) return {};
  const auto near = nearest_match(to_lower_ascii(trim(others.front())), split_names());
  return fail(ErrorCode::dataset,
              "the records name the split " + list_some(others) +
                  ", but none of train, val and "
                  "test",
              path.string(),
              near ? "did you mean \"" + *near + "\"?"
                   : "name train, val and test, or leave \"split\" out");
}

/// What a file without records should hold.
const char* form_of(const fs::path& path) {
  const std::string extension = to_lower_ascii(path.extension().string());
  if (extension == ".csv" || extension == ".tsv")
    return "write a row for each task below the header";
  if (extension == ".json") return "put an eval with \"prompt\" and \"assertions\" into \"evals\"";
  return "write one JSON object a line";
}

/// A JSON list of records, whatever the file's name says.
bool is_list(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  while (std::getline(file, line) && trim(line).empty()) {
  }
  const std::string_view text = trim(line);
  if (!text.starts_with('[')) return false;
  const auto whole = parse_json(text, "");
  return !whole || (!whole->empty() && whole->front().is_object());
}

Result<RecordSet> load_set(const fs::path& path, const BenchmarkOptions& options,
                           RecordLines* lines = nullptr) {
  const std::string extension = to_lower_ascii(path.extension().string());
  if (extension == ".csv" || extension == ".tsv") return load_table(path, options, lines);
  if (extension == ".yaml" || extension == ".yml")
    return fail(ErrorCode::dataset, "YAML is not read", path.string(),
                "write the tasks as JSON Lines, one {\"input\":...,\"target\":...} a line, or as "
                "CSV");
  if (extension == ".json" || is_list(path)) return load_evals(path, options, lines);
  return load_json_lines(path, options, lines);
}

Result<fs::path> file_of_folder(const fs::path& folder, std::vector<std::string>& notices) {
  std::error_code error;
  const bool tasks = fs::is_regular_file(folder / "tasks.jsonl", error);
  const bool evals = fs::is_regular_file(folder / "evals.json", error);
  if (tasks && evals)
    notices.push_back(folder.string() + ": tasks.jsonl is used, evals.json beside it is not");
  if (tasks) return folder / "tasks.jsonl";
  if (evals) return folder / "evals.json";
  return fail(ErrorCode::input, "neither tasks.jsonl nor evals.json in this folder",
              folder.string(), "name a benchmark file, or give NAME:PATH");
}

}  // namespace

namespace {

Result<> note_long_integers(const fs::path& file, std::vector<std::string>& notices) {
  const std::string extension = to_lower_ascii(file.extension().string());
  if (extension == ".csv" || extension == ".tsv") return {};  // texts there
  SKILLGRAD_TRY(const std::string text, read_dataset_text(file));
  if (const auto found = long_integers(text); !found.empty())
    notices.push_back(file.string() + ": integers of more digits than a number keeps, which are " +
                      "rounded: " + list_some(found) +
                      "; write them as texts (\"...\") where each digit counts");
  return {};
}

Result<RecordSet> load_checked(const fs::path& path, const BenchmarkOptions& options,
                               RecordLines* lines) {
  std::error_code error;
  if (!fs::exists(path, error))
    return fail(ErrorCode::input, "no benchmark file", path.string(),
                "give the path of a .jsonl, .csv, .tsv or evals.json file");
  std::vector<std::string> notices;
  fs::path file = path;
  if (fs::is_directory(path, error)) {
    SKILLGRAD_TRY(file, file_of_folder(path, notices));
  }
  SKILLGRAD_TRY(RecordSet set, load_set(file, options, lines));
  if (set.records.empty())
    return fail(ErrorCode::dataset, "no record in this file", file.string(), form_of(file));
  SKILLGRAD_CHECK(check_unique(set, file));
  SKILLGRAD_CHECK(check_splits(set, file));
  SKILLGRAD_CHECK(note_long_integers(file, notices));
  set.notices.insert(set.notices.begin(), notices.begin(), notices.end());
  return set;
}

}  // namespace

Result<std::unique_ptr<Benchmark>> load_records(const fs::path& path,
                                                const BenchmarkOptions& options) {
  SKILLGRAD_TRY(RecordSet set, load_checked(path, options, nullptr));
  return std::make_unique<RecordsBenchmark>(path.string(), std::move(set));
}

Result<ImportedRecords> import_records(const std::string& spec, const BenchmarkOptions& options) {
  constexpr std::string_view kName = "records:";
  for (const std::string& name : benchmark_names())
    if (name != "records" && spec.starts_with(name + ":"))
      return fail(ErrorCode::config, "a data set of " + name + " is read as it is", spec,
                  "import a .csv, .tsv or evals.json file");
  const std::string path = spec.starts_with(kName) ? spec.substr(kName.size()) : spec;
  RecordLines lines;
  SKILLGRAD_TRY(RecordSet set, load_checked(path, options, &lines));
  ImportedRecords out{std::move(lines.lines), std::move(set.notices), {}};
  if (lines.has_files) out.files_folder = lines.base_dir;
  return out;
}

}  // namespace skillgrad::bench
