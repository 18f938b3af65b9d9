// SPDX-License-Identifier: MIT
#include "bench/spreadsheetbench/spreadsheetbench.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/predicted_output.hpp"
#include "bench/spreadsheetbench/dataset.hpp"
#include "bench/spreadsheetbench/known_flaws.hpp"
#include "bench/spreadsheetbench/position.hpp"
#include "bench/spreadsheetbench/published_split.hpp"

namespace skillgrad::bench {
namespace {

namespace fs = std::filesystem;

// What this benchmark knows about a task besides what the contract shows.
struct Files {
  std::string answer_sheet;
  std::optional<TestCase> test_case;
  std::optional<Error> problem;  ///< set when test_case is not
};

class SpreadsheetBench final : public Benchmark {
 public:
  SpreadsheetBench(std::string source, const BenchmarkOptions& options)
      : source_(std::move(source)), options_(options) {}

  [[nodiscard]] Result<> load(const fs::path& dir);

  [[nodiscard]] std::string name() const override { return "spreadsheetbench"; }
  [[nodiscard]] std::string source() const override { return source_; }
  [[nodiscard]] std::string grading() const override {
    return fmt::format("spreadsheetbench/{}, recalc {}{}{}", name_of(options_.mode),
                       name_of(options_.recalc), options_.recalc_golden ? ", goldens too" : "",
                       options_.cases == CaseMode::all ? ", all cases" : "");
  }
  [[nodiscard]] const std::vector<Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const Task* find(const std::string& id) const override {
    const auto found = index_.find(id);
    return found == index_.end() ? nullptr : &tasks_[found->second];
  }
  [[nodiscard]] bool needs_work_dir(const Task&) const override { return false; }
  [[nodiscard]] bool may_recalculate() const override {
    return options_.recalc != RecalcMode::never;
  }
  [[nodiscard]] bool follows_published_verdicts() const override {
    return options_.mode != GradingMode::strict;
  }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<Splits> own_splits() const override { return splits_; }
  [[nodiscard]] std::optional<std::string> known_flaw(const Task& task) const override {
    return published_flaw(task.group.empty() ? task.id : task.group, task.answer_position,
                          options_.mode);
  }
  [[nodiscard]] Result<> set_up(const Task& task, const fs::path& work_dir,
                                const GradeContext& context) const override;
  [[nodiscard]] Grade grade(const Task& task, const AgentAnswer& answer,
                            const GradeContext& context) const override;
  [[nodiscard]] Result<AgentAnswer> golden_answer(const Task& task,
                                                  const fs::path& work_dir) const override;
  [[nodiscard]] Result<AgentAnswer> prediction(const Task& task, const Json& line,
                                               const fs::path& base_dir,
                                               const fs::path& work_dir) const override;

 private:
  [[nodiscard]] Result<> add_entry(const fs::path& dir, const DatasetEntry& entry);
  [[nodiscard]] Result<> add_task(const DatasetEntry& entry, const std::string& id,
                                  const std::string& group, Files files);
  [[nodiscard]] Result<> check_missing(const std::vector<std::string>& missing);
  void note_unused(const std::vector<DatasetEntry>& entries);
  [[nodiscard]] Result<const Files*> files_of(const Task& task) const;
  [[nodiscard]] Result<const TestCase*> case_of(const Task& task) const;

  std::string source_;
  BenchmarkOptions options_;
  std::vector<Task> tasks_;
  std::map<std::string, Files> files_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::string> notices_;
  std::vector<std::string> on_first_sheet_;  ///< ids whose answer_sheet names no sheet
  std::optional<Splits> splits_;
};

std::string without_quotes(std::string text) {
  while (text.starts_with('\'')) text.erase(0, 1);
  while (text.ends_with('\'')) text.pop_back();
  return text;
}

/// Whether the field says on which sheet cells of the position stand that name none.
bool needs_answer_sheet(const DatasetEntry& entry) {
  if (entry.answer_sheet.empty()) return false;
  const auto parts = parse_strict(entry.answer_position);
  return parts && std::any_of(parts->begin(), parts->end(),
                              [](const StrictPart& part) { return !part.sheet.has_value(); });
}

// The sheet to tell the agent: where the position names none and the field names one that exists
// (docs/rules-grading.md 2.6). Only the list of sheets is read.
std::string told_sheet(const DatasetEntry& entry, const fs::path& golden) {
  if (!needs_answer_sheet(entry)) return {};
  const auto names = sheet::read_sheet_names(golden);
  const std::string wanted = without_quotes(entry.answer_sheet);
  return names && std::count(names->begin(), names->end(), wanted) == 1 ? wanted : "";
}

/// The checked cells in one form, whatever the data set's: each range with the sheet it stands on.
std::string checked_cells(const DatasetEntry& entry, const std::string& sheet) {
  const auto parts = parse_skillgrad(entry.answer_position);
  const auto read = parse_strict(entry.answer_position);
  if (!read || read->size() != parts.size()) return entry.answer_position;
  std::vector<std::string> out;
  for (const PositionPart& part : parts) {
    const std::string named = part.sheet ? without_quotes(*part.sheet) : sheet;
    const std::string on = named.empty() ? "the first sheet" : "sheet \"" + named + "\"";
    out.push_back(without_quotes(part.range) + " of " + on);
  }
  return join(out, ", ");
}

std::string prompt_of(const DatasetEntry& entry, const Task& task, const std::string& sheet) {
  return entry.instruction +
         fmt::format(
             "\n\nInput workbook: {} in the working directory. Leave it unchanged.\n"
             "Output workbook: write the complete result to {} in the working directory.\n"
             "Cells that will be checked: {}\n"
             "They are compared by value: a formula counts by the value that it computes. If VBA "
             "code or a macro is asked for, apply what it would do: only its effect on the output "
             "workbook is checked.\n",
             task.input_files.front(), task.output_file, checked_cells(entry, sheet));
}

void name_files(const DatasetEntry& entry, const Files& files, Task& task) {
  const int number = files.test_case ? files.test_case->number : 1;
  const fs::path input = files.test_case
                             ? files.test_case->input.filename()
                             : fs::path(fmt::format("{}_{}_input.xlsx", number, entry.id));
  task.input_files = {input.string()};
  task.output_file =
      fmt::format("{}_{}_output{}", number, entry.id, to_lower_ascii(input.extension().string()));
}

// `content` leaves out file names, so that one task under two ids is found.
Result<> hash_task(const DatasetEntry& entry, const Files& files, Task& task) {
  PartHasher all, content;
  all.add(task.prompt);
  content.add(entry.instruction).add(entry.answer_position);
  if (files.test_case) {
    SKILLGRAD_TRY(const std::string input,
                  read_dataset_bytes(files.test_case->input, kMaxWorkbookBytes));
    SKILLGRAD_TRY(const std::string golden,
                  read_dataset_bytes(files.test_case->golden, kMaxWorkbookBytes));
    all.add(input).add(golden);
    content.add(input);
  }
  task.hash = all.finish();
  task.content_hash = content.finish();
  return {};
}

Result<> SpreadsheetBench::load(const fs::path& dir) {
  SKILLGRAD_TRY(const auto entries, read_dataset(dir / "dataset.json"));
  std::vector<std::string> missing, excluded;
  std::vector<bool> valid;
  for (const DatasetEntry& entry : entries) {
    SKILLGRAD_CHECK(add_entry(dir, entry));
    valid.push_back(files_.at(entry.id).test_case.has_value());
    if (!valid.back()) missing.push_back(entry.id);
    if (!entry.exclude.empty()) excluded.push_back(entry.id);
  }
  SKILLGRAD_CHECK(check_missing(missing));
  if (!excluded.empty()) {
    notices_.push_back("the data set itself doubts these tasks (\"exclude\"); they are kept: " +
                       list_some(excluded));
  }
  note_unused(entries);
  if (const auto orphans = orphan_folders(dir, entries); !orphans.empty()) {
    notices_.push_back("folders that no task names are ignored: " + list_some(orphans));
  }
  // Its indices count entries; with a task for each further case they would mean other tasks.
  if (tasks_.size() == entries.size()) splits_ = published_split(tasks_, valid);
  return {};
}

void SpreadsheetBench::note_unused(const std::vector<DatasetEntry>& entries) {
  std::map<std::string, std::vector<std::string>> ids_of;
  for (const DatasetEntry& entry : entries)
    for (const std::string& key : entry.unused) ids_of[key].push_back(entry.id);
  for (const auto& [key, ids] : ids_of)
    notices_.push_back("member \"" + key + "\" of dataset.json is not used: " + list_some(ids));
  if (!on_first_sheet_.empty())
    notices_.push_back(
        "answer_sheet names no sheet of the golden workbook, so cells without a "
        "sheet are those of its first: " +
        list_some(on_first_sheet_));
}

/// The tasks of an entry: one, or one for each of its cases.
Result<> SpreadsheetBench::add_entry(const fs::path& dir, const DatasetEntry& entry) {
  auto found = find_test_cases(dir / entry.folder, entry.id, options_.cases);
  Files files;
  files.answer_sheet = entry.answer_sheet;
  if (!found) {
    files.problem = std::move(found).error();
    return add_task(entry, entry.id, "", std::move(files));
  }
  const std::string group = found->size() > 1 ? entry.id : "";
  for (std::size_t i = 0; i < found->size(); ++i) {
    files.test_case = std::move((*found)[i]);
    const std::string id =
        i == 0 ? entry.id : fmt::format("{}#{}", entry.id, files.test_case->number);
    SKILLGRAD_CHECK(add_task(entry, id, group, files));
  }
  return {};
}

Result<> SpreadsheetBench::add_task(const DatasetEntry& entry, const std::string& id,
                                    const std::string& group, Files files) {
  Task task;
  task.id = id;
  task.group = group;
  task.category = entry.instruction_type;
  task.fields["instruction_type"] = entry.instruction_type;
  task.answer_position = entry.answer_position;
  name_files(entry, files, task);
  Result<> hashed;
  if (!options_.for_grading) {  // both read workbooks, which takes longer than grading a few
    const std::string sheet =
        files.test_case ? told_sheet(entry, files.test_case->golden) : std::string();
    if (options_.mode == GradingMode::strict && files.test_case && sheet.empty() &&
        needs_answer_sheet(entry))
      on_first_sheet_.push_back(id);
    task.prompt = prompt_of(entry, task, sheet);
    hashed = hash_task(entry, files, task);
  }
  if (!hashed) {
    files.test_case.reset();
    files.problem = hashed.error();
  }
  if (!files_.emplace(id, std::move(files)).second)
    return fail(ErrorCode::input, "id \"" + id + "\" occurs twice", source_,
                "rename the entry, or leave --cases all out");
  index_.emplace(id, tasks_.size());
  tasks_.push_back(std::move(task));
  return {};
}

Result<> SpreadsheetBench::check_missing(const std::vector<std::string>& missing) {
  if (missing.empty()) return {};
  const std::string what = fmt::format("{} of {} tasks have no workbooks: {}", missing.size(),
                                       tasks_.size(), list_some(missing));
  if (missing.size() == tasks_.size()) {
    return fail(ErrorCode::dataset, what + "; " + files_.at(missing[0]).problem->to_line(), source_,
                "unpack the data set's archive so that dataset.json and spreadsheet/ stand side by "
                "side");
  }
  notices_.push_back(what);
  return {};
}

Result<const Files*> SpreadsheetBench::files_of(const Task& task) const {
  const auto found = files_.find(task.id);
  if (found != files_.end()) return &found->second;
  return fail(ErrorCode::input, "task \"" + task.id + "\" is not of this benchmark", source_,
              "use a task id of dataset.json");
}

Result<const TestCase*> SpreadsheetBench::case_of(const Task& task) const {
  SKILLGRAD_TRY(const Files* files, files_of(task));
  if (files->test_case) return &*files->test_case;
  return unexpected(Error(*files->problem).with_context("task " + task.id));
}

Result<> copy_to(const fs::path& from, const fs::path& to) {
  SKILLGRAD_TRY(const std::string bytes, read_dataset_bytes(from, kMaxWorkbookBytes));
  return write_file_atomic(to, bytes);
}

Result<> SpreadsheetBench::set_up(const Task& task, const fs::path& work_dir,
                                  const GradeContext& /*context*/) const {
  SKILLGRAD_TRY(const TestCase* test_case, case_of(task));
  SKILLGRAD_CHECK(copy_to(test_case->input, work_dir / task.input_files.front()));
  // A retried task must not be graded by what an earlier attempt left.
  return remove_tree(work_dir / task.output_file);
}

/// A file that the user named may be a link; one that an agent left may not. "": there is none.
fs::path output_of(const Task& task, const AgentAnswer& answer) {
  if (!answer.missing.empty()) return {};
  if (!answer.output)
    return answer.work_dir.empty() ? fs::path() : answer.work_dir / task.output_file;
  std::error_code error;
  const fs::path real = fs::canonical(*answer.output, error);
  return error ? *answer.output : real;
}

Grade SpreadsheetBench::grade(const Task& task, const AgentAnswer& answer,
                              const GradeContext& context) const {
  Grade grade;
  const auto test_case = case_of(task);
  if (!test_case) {
    grade.task_id = task.id;
    grade.status = GradeStatus::error;
    grade.kind = GradeErrorKind::dataset_error;
    grade.message = test_case.error().to_line();
  } else {
    CellGradeRequest request;
    request.task_id = task.id;
    request.golden = (*test_case)->golden;
    request.output = output_of(task, answer);
    request.missing = answer.missing;
    request.answer_is_golden = answer.golden;
    request.position = task.answer_position;
    request.answer_sheet = files_.at(task.id).answer_sheet;
    request.mode = options_.mode;
    request.recalc = options_.recalc;
    request.recalc_golden = options_.recalc_golden;
    grade = grade_cells(request, context);
  }
  grade.grader = fmt::format("spreadsheetbench/{}", name_of(options_.mode));
  return grade;
}

Result<AgentAnswer> SpreadsheetBench::golden_answer(const Task& task,
                                                    const fs::path& work_dir) const {
  SKILLGRAD_TRY(const TestCase* test_case, case_of(task));
  AgentAnswer answer{work_dir, ""};
  answer.golden = true;
  if (work_dir.empty())
    answer.output = test_case->golden;
  else
    SKILLGRAD_CHECK(copy_to(test_case->golden, work_dir / task.output_file));
  return answer;
}

// The file is read where it lies. One over the reader's cap is an unreadable output, a fail.
Result<AgentAnswer> SpreadsheetBench::prediction(const Task& task, const Json& line,
                                                 const fs::path& base_dir,
                                                 const fs::path& work_dir) const {
  SKILLGRAD_TRY(const PredictedOutput output, predicted_output(line, task.id, base_dir));
  if (!output.given) {
    return fail(ErrorCode::input, "a prediction needs \"output\": the path of a workbook, or null",
                "prediction for task " + task.id,
                R"(write lines such as {"task_id": "13-1", "output": "out/13-1.xlsx"})");
  }
  AgentAnswer answer{work_dir, ""};
  answer.output = output.file;
  answer.missing = output.missing;
  return answer;
}

}  // namespace

Result<std::unique_ptr<Benchmark>> load_spreadsheetbench(const fs::path& dir,
                                                         const BenchmarkOptions& options) {
  auto benchmark = std::make_unique<SpreadsheetBench>(dir.string(), options);
  SKILLGRAD_CHECK(benchmark->load(dir));
  return std::unique_ptr<Benchmark>(std::move(benchmark));
}

}  // namespace skillgrad::bench
