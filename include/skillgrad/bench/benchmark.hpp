// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/bench/judging.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/exec/sandbox.hpp>
#include <skillgrad/sheet/workbook.hpp>

namespace skillgrad::bench {

/// What the agent is asked. Holds nothing that the agent must not see except `category`, `split`
/// and `metadata`, which never reach a prompt.
struct Task {
  std::string id;
  std::string prompt;        ///< complete task text, with the names of input and output files
  std::string category;      ///< e.g. instruction_type; "" if none
  std::string split;         ///< split named by the data set, or ""
  std::string hash;          ///< SHA-256 of prompt, input files and expected results
  std::string content_hash;  ///< SHA-256 of prompt and input files only: split overlap by content
  std::vector<std::string> input_files;  ///< names in the work directory
  std::string output_file;               ///< name the agent must write, or ""
  std::string answer_position;           ///< spreadsheet tasks: for lint L2-03; or ""
  std::string group;  ///< the task that this is one test case of, when its others are tasks, too
  std::map<std::string, std::string>
      fields;           ///< what splits can be stratified by, besides category
  bool judged = false;  ///< a model judges the answer, or a part of it
  int judge_calls = 0;  ///< at most, for one answer
  /// Nothing counts but whether the skill is activated: a run ends as soon as it is.
  bool activation_decides = false;
  /// A session that was recorded: it is never run, and came out as it did whatever the skill is.
  bool recorded = false;
};

enum class GradeStatus { pass, fail, error };
enum class GradeErrorKind { none, dataset_error, infra_error };

struct TypedText {
  std::string type;  ///< empty, number, bool, string, error, date, datetime, time, duration
  std::string text;  ///< shortest round-trip form for numbers
  bool operator==(const TypedText&) const = default;
};
struct Difference {
  std::string where;
  TypedText expected, got;
  bool operator==(const Difference&) const = default;
};
struct Check {
  std::string name;
  double weight = 1, score = 0;
  std::string message;
};

/// Result of one grading (docs/rules-grading.md G1-G5). An error is never a score: `score` is 0
/// then and must not be used.
struct Grade {
  std::string task_id;
  GradeStatus status = GradeStatus::error;
  GradeErrorKind kind = GradeErrorKind::none;
  double score = 0;
  bool hard = false;
  std::size_t matched = 0, total = 0;
  std::string message;  ///< first 20 differences and a count, or the error with its mend
  std::vector<Difference> differences;
  std::vector<Check> checks;
  std::string grader;  ///< e.g. "spreadsheetbench/strict"
  /// Of the recalculation program where it was to compute the verdict's values, or "".
  std::string version;
  bool recalculated = false;  ///< the output or the golden workbook was
  bool judged = false;        ///< a model gave the verdict, or a part of it
  /// The failed call behind an infra_error, for callers that must know whether it ends the run.
  std::optional<Error> call_error = std::nullopt;
};
[[nodiscard]] std::string grade_to_json(const Grade& grade);
[[nodiscard]] Result<Grade> grade_from_json(const std::string& text);

/// What an agent left behind.
struct AgentAnswer {
  std::filesystem::path work_dir;  ///< "": there is none (Benchmark::needs_work_dir)
  std::string final_message;
  /// A list of items given as such (`grade --predictions`), where the benchmark's answers are
  /// lists: taken as it is, whatever file or message there may be.
  std::optional<std::vector<std::string>> items = std::nullopt;
  /// Why there is no answer, where that is certain (`grade --predictions`): a fail, whatever lies
  /// in the work directory.
  std::string missing = {};
  /// The output where it already lies (`grade --predictions`, golden answers without a work
  /// directory): read there instead of in the work directory.
  std::optional<std::filesystem::path> output = std::nullopt;
  std::optional<std::string> output_text = std::nullopt;  ///< its text, where it is in no file
  bool golden = false;  ///< the task's own: what is computed of it is computed of both sides
  std::optional<bool> activated = std::nullopt;  ///< the skill was; nullopt: nobody knows
};

/// Programs that grading may need. Pointers may be null: then a task that needs one is an
/// infra_error. All are thread-safe.
struct GradeContext {
  sheet::Recalculator* recalculator = nullptr;
  exec::Sandbox* sandbox = nullptr;  ///< for command graders
  std::stop_token stop;
  Judging judging = {};
};

struct Splits {
  std::vector<std::string> train, val, test;  ///< task ids; train = evolution pool
  std::string origin;                         ///< one sentence: how they came about
};

enum class GradingMode { strict, official, skillgrad };
enum class RecalcMode { automatic, always, never };
/// Test cases of a SpreadsheetBench task: the first one alone, or each as a task of its own.
enum class CaseMode { first, all };

struct BenchmarkOptions {
  GradingMode mode = GradingMode::strict;
  RecalcMode recalc = RecalcMode::automatic;
  bool recalc_golden = false;              ///< golden workbooks, too, on a copy
  std::map<std::string, std::string> map;  ///< column map of CSV/TSV benchmarks
  CaseMode cases = CaseMode::first;
  /// Only what grading answers needs: Task::prompt, hash and content_hash stay empty, split and
  /// input_files may, and files that only they need are not read.
  bool for_grading = false;
  /// With for_grading: ids of the tasks that there are answers to. A benchmark may leave the others
  /// out of its tasks(); its ids() are all.
  std::optional<std::vector<std::string>> only = std::nullopt;
};

/// A set of tasks with a grader. Immutable after loading, hence thread-safe.
class Benchmark {
 public:
  virtual ~Benchmark() = default;
  [[nodiscard]] virtual std::string name() const = 0;     ///< "spreadsheetbench", "records", ...
  [[nodiscard]] virtual std::string source() const = 0;   ///< path as given
  [[nodiscard]] virtual std::string grading() const = 0;  ///< mode, recalculation: kept with scores
  [[nodiscard]] virtual const std::vector<Task>& tasks() const = 0;  ///< data set order
  [[nodiscard]] virtual const std::vector<std::string>& notices() const = 0;
  /// Splits that the data set itself defines (published lists, `split` fields); nullopt: none.
  [[nodiscard]] virtual std::optional<Splits> own_splits() const = 0;
  /// Fills the empty folder with this task's input files and runs its set-up.
  [[nodiscard]] virtual Result<> set_up(const Task& task, const std::filesystem::path& work_dir,
                                        const GradeContext& context) const = 0;
  /// Whether grading this task needs a folder with its files, because a program runs there or more
  /// than the output is looked at. Elsewhere golden_answer(), prediction() and grade() get along
  /// without: their `work_dir` may be "".
  [[nodiscard]] virtual bool needs_work_dir(const Task&) const { return true; }
  /// Whether a verdict may depend on the program that recalculates workbooks.
  [[nodiscard]] virtual bool may_recalculate() const { return false; }
  /// Grades a copy of the answer; never changes it; never throws. Same answer, same bytes.
  [[nodiscard]] virtual Grade grade(const Task& task, const AgentAnswer& answer,
                                    const GradeContext& context) const = 0;
  /// Puts the golden answer of a task into an otherwise set-up work directory, for `benchmark
  /// check`. Error (dataset) when the task has none, e.g. a command grader without a target.
  [[nodiscard]] virtual Result<AgentAnswer> golden_answer(
      const Task& task, const std::filesystem::path& work_dir) const = 0;
  /// Turns an object of `grade --predictions` ("output" path or "answer" list) into an answer.
  [[nodiscard]] virtual Result<AgentAnswer> prediction(
      const Task& task, const Json& line, const std::filesystem::path& base_dir,
      const std::filesystem::path& work_dir) const = 0;
  /// The answer as a line of the predictions file that the benchmark's official evaluator reads.
  /// Error (config) where there is no such format.
  [[nodiscard]] virtual Result<std::string> official_prediction(const Task& task,
                                                                const AgentAnswer& answer) const;
  /// Whether verdicts are those of a published evaluator, right or wrong.
  [[nodiscard]] virtual bool follows_published_verdicts() const { return false; }
  /// Why nobody can win this task, if that is documented for the published data: a check names it
  /// and does not fail for it.
  [[nodiscard]] virtual std::optional<std::string> known_flaw(const Task&) const {
    return std::nullopt;
  }
  /// What a judge model is asked to check of an answer, in words; of other tasks nothing.
  [[nodiscard]] virtual std::vector<std::string> criteria(const Task&) const { return {}; }
  /// The one of tasks() with this id, or null.
  [[nodiscard]] virtual const Task* find(const std::string& id) const;
  /// Of all tasks that the data set has.
  [[nodiscard]] virtual std::vector<std::string> ids() const;
};

/// "NAME:PATH", or a path to .jsonl/.csv/.tsv/evals.json or a skill's evals folder.
/// Errors: config (unknown name, nearest match), input, dataset.
[[nodiscard]] Result<std::unique_ptr<Benchmark>> load_benchmark(const std::string& spec,
                                                                const BenchmarkOptions& options);
[[nodiscard]] std::vector<std::string> benchmark_names();

struct SplitOptions {
  std::uint64_t seed = 0;
  std::string
      split_file;  ///< JSON {"train":[...],"val":[...],"test":[...]}, or "builtin:..." resource
  double train = 0.5, val = 0.1;  ///< shares when nothing else says; the rest is test
  std::string stratify;  ///< a field of the tasks whose values each split gets its share of
};
/// The split file, else a seeded shuffle stratified by a field if one is named, else own splits of
/// the data set, else a seeded shuffle. Ids are disjoint and exist. Errors: config, input, dataset.
[[nodiscard]] Result<Splits> make_splits(const Benchmark& benchmark, const SplitOptions& options);

/// One graded case of a task that has several (docs/rules-grading.md 2.11).
struct CaseScore {
  std::string task_id;
  double score = 0;
  bool hard = false;
  bool graded = true;  ///< false: an error, which is no score
};
/// Scores by task: each is the mean over its cases.
struct GroupScores {
  std::size_t planned = 0;  ///< tasks
  std::size_t graded = 0;   ///< tasks all of whose cases were graded
  double score = 0;         ///< mean over graded tasks
  double hard = 0;          ///< share of graded tasks with every case all right
  double soft = 0;          ///< mean share of cases that are all right
};
/// nullopt when no task of the benchmark has several cases.
[[nodiscard]] std::optional<GroupScores> score_groups(const Benchmark& benchmark,
                                                      const std::vector<CaseScore>& cases);

/// How many of `jobs` workers grading is worth: as many as there are cores where it only computes,
/// all where answers wait for a program or a model.
[[nodiscard]] unsigned workers_for(const Benchmark& benchmark, unsigned jobs);

struct CheckProblem {
  std::string task_id;
  std::string what;  ///< "golden scores 0.5, expected 1", ...
  std::string mend;
  GradeErrorKind kind = GradeErrorKind::none;  ///< dataset_error: nobody can grade this task
};
struct CheckReport {
  std::size_t tasks = 0;
  std::vector<CheckProblem> problems;
  std::vector<CheckProblem> known;  ///< of tasks with a Benchmark::known_flaw(), which `what` tells
  /// The published evaluator whose verdicts the mode gives fails the golden answer: the verdict is
  /// right and nobody can win. Kept in runs, because published numbers count such tasks.
  std::vector<CheckProblem> unwinnable;
  std::vector<std::string> notices;
  std::vector<std::string>
      unjudged;  ///< golden answers that only a model can judge; none was given
};
/// Golden must score 1, an empty answer 0, two grades of one output must be equal bytes, splits
/// must not share ids or contents. A model that judges is asked twice, and its two verdicts must
/// agree. `ids` empty = all tasks. Errors: input, cancelled, and those of a judge call that end a
/// run.
[[nodiscard]] Result<CheckReport> check_benchmark(const Benchmark& benchmark,
                                                  const std::vector<std::string>& ids,
                                                  const Splits* splits, const GradeContext& context,
                                                  unsigned jobs);

}  // namespace skillgrad::bench

namespace skillgrad {

template <>
struct EnumText<bench::GradeStatus> {
  using enum bench::GradeStatus;
  static constexpr EnumName<bench::GradeStatus> kTable[] = {
      {pass, "pass"}, {fail, "fail"}, {error, "error"}};
};

template <>
struct EnumText<bench::GradeErrorKind> {
  using enum bench::GradeErrorKind;
  static constexpr EnumName<bench::GradeErrorKind> kTable[] = {
      {none, "none"}, {dataset_error, "dataset_error"}, {infra_error, "infra_error"}};
};

template <>
struct EnumText<bench::GradingMode> {
  using Mode = bench::GradingMode;
  static constexpr EnumName<Mode> kTable[] = {
      {Mode::strict, "strict"}, {Mode::official, "official"}, {Mode::skillgrad, "skillgrad"}};
};

template <>
struct EnumText<bench::RecalcMode> {
  using enum bench::RecalcMode;
  static constexpr EnumName<bench::RecalcMode> kTable[] = {
      {automatic, "auto"}, {always, "always"}, {never, "never"}};
};

template <>
struct EnumText<bench::CaseMode> {
  using enum bench::CaseMode;
  static constexpr EnumName<bench::CaseMode> kTable[] = {{first, "first"}, {all, "all"}};
};

}  // namespace skillgrad
