// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/approver.hpp>
#include <skillgrad/optim/messages.hpp>
#include <skillgrad/stats/intervals.hpp>

/// What a run folder tells, read once, and the pages that are written of it. Scores, intervals and
/// costs are those that the run saved (run.json, or events.jsonl while there is none): nothing here
/// computes a figure of the result a second time.
namespace skillgrad::report {

/// `stopped`: the result names an error. `working`: a process holds the folder. `interrupted`:
/// there is no result and nobody is at work.
enum class RunCondition { finished, stopped, working, interrupted };

struct RunFacts {
  std::string run, command, skill, benchmark, split, model, grading, recalculation, version;
  bool simulation = false;
  RunCondition condition = RunCondition::finished;
  std::string finished_at, stop_reason, error, mend;
  std::optional<double> seconds;
};
struct Note {
  std::string text;
  std::size_t count = 1;
};

/// The claim of a run: the same sentence that the terminal printed first, and what it means.
struct Verdict {
  std::string name;         ///< improved, not shown, worse, not tested; of an eval pass, fail, none
  std::string line;         ///< "improved: +12.5 points [+1.0, +24.0] on 40 test tasks, p = 0.012"
  std::string explanation;  ///< in words: what it rests on, and what so many tasks could have shown
  std::optional<double> before, after, difference, p, could_show;
  std::optional<stats::Interval> interval;  ///< of the difference
  std::size_t n = 0, missing = 0, planned = 0;
};
/// Two skills on the same tasks, as they were saved.
struct Comparison {
  std::optional<double> before, after, difference, p;
  std::optional<stats::Interval> before95, after95, difference95;
  std::size_t n = 0, fixed = 0, broken = 0;
};
struct Best {
  int iteration = 0;  ///< 0: the initial skill
  std::optional<double> score, fresh_score;
  std::string path;
};

/// A point of the score curve. `optimistic`: the score chose what is shown, so it is too high.
struct ScorePoint {
  std::string series;  ///< base, train, screen, gate before, gate after, fresh, release
  int iteration = 0;   ///< 0: the initial skill
  double score = 0;
  std::optional<stats::Interval> interval;
  std::size_t n = 0;
  bool optimistic = false;
};

/// One patch of a step on the batch that it was made from.
struct Screened {
  std::string package;
  std::optional<double> better, worse, fixes, breaks;
  std::size_t rounds = 0;
  bool dropped = false;
};
/// Why a place of the package changed.
struct Reason {
  int iteration = 0;
  std::string pattern, line;  ///< its slug, and what it says
  std::string anchor, reason, inferred;
  std::vector<std::string> tasks, against;  ///< that show it, that contradict it
};
/// Changed lines at one place of one file. Each line begins with ' ', '+' or '-'.
struct Change {
  std::string id;  ///< "H3", as `diff` and `review` name it
  std::string file, anchor;
  int layer = 2;                           ///< 1 front matter, 2 body, 3 other files
  std::size_t old_line = 0, new_line = 0;  ///< of the first line
  std::vector<std::string> lines;
  std::vector<Reason> reasons;
};
struct Size {
  std::size_t l1 = 0, l2 = 0, l3 = 0;  ///< tokens, estimated
};
struct Step {
  int iteration = 0;
  std::string decision, reason, summary;
  std::optional<double> train_score, cost_usd;
  std::size_t train_n = 0;
  std::optional<optim::GateDecision> gate;
  std::vector<Screened> screened;
  std::size_t candidate = 0, candidates = 0;
  std::optional<Size> size;
  std::vector<std::string> batch;
  std::vector<optim::Gradient> diagnoses;
  std::vector<Change> changes;
  std::string pruned;  ///< what became of taking it back, "" where that was not asked
  std::optional<optim::Approval> approval;  ///< where a person was asked
};

/// One of several models that executed the tasks (docs/across.md): its scores with the initial
/// skill on the train split, and on the test split before and after, and the release test of it
/// alone.
struct ModelRow {
  std::string model, verdict;  ///< helped, harmed, not shown, not compared
  std::optional<double> train, before, after, difference, p;
  std::optional<stats::Interval> train95, before95, after95, interval;
  std::size_t n = 0;  ///< test tasks that were compared
};
struct ModelsFacts {
  std::string rule;    ///< worst, mean
  std::string harmed;  ///< the model that the verdict is `worse` for, or ""
  std::string optimizer_model;
  std::vector<ModelRow> rows;
};

/// One package of the run among the others (docs/tradeoffs.md): validation scores, which are
/// optimistic, beside the initial skill on the same tasks.
struct TradeoffPoint {
  int iteration = 0;  ///< 0: the initial skill
  std::string what;   ///< initial, accepted, rejected, undecided, chosen
  bool chosen = false;
  std::size_t n = 0;
  std::optional<double> score, difference, cost_usd, cost_of_initial, seconds, time_of_initial,
      size_of_initial, violations, value_gain;
  std::optional<stats::Interval> interval;  ///< of the difference
  std::optional<bool> dominated;            ///< nullopt: it was not measured
};
struct TradeoffFacts {
  std::vector<std::pair<std::string, double>> weights;
  std::vector<std::string> objectives;                        ///< that were compared
  std::vector<std::pair<std::string, std::string>> left_out;  ///< and why not
  std::vector<TradeoffPoint> points;
};

struct NoiseFacts {
  std::size_t tasks = 0, missing = 0;
  std::optional<double> flip_rate, variance_within, always_pass, always_fail, smallest_shown;
  struct Price {
    double difference = 0;
    std::optional<double> tasks, rollouts;
    bool shown_by_plan = false;
  };
  std::vector<Price> prices;
};
struct FinalistRow {
  int iteration = 0;
  std::optional<double> better, fresh_score, optimistic_score;
  std::size_t tasks = 0;
  bool chosen = false;
};

struct Spent {
  std::string name;
  std::size_t calls = 0;
  double input_tokens = 0, cached_tokens = 0, output_tokens = 0;
  std::optional<double> cost_usd;
};
struct Trouble {
  std::string what;
  std::size_t count = 0, of = 0;
  std::vector<std::string> tasks;
};

/// A pattern of the memory, as it was last, and its velocity after each iteration.
struct PatternHistory {
  optim::Pattern pattern;
  std::vector<std::pair<int, double>> velocity;
};
/// A result that speaks against what a remedy says.
struct Contradiction {
  int iteration = 0;
  std::string task, pattern, text;
};

/// Where a rollout stands: a stage of the run, in the order of the run.
struct Column {
  std::string key, label;  ///< "base", "iter_003", "finalists", "test"
  int iteration = 0;       ///< of an iteration, else 0
};
/// `before`: the skill that a stage began with; `after`: the one that it decided on; `other`: a
/// candidate that it did not decide on.
enum class Arm { before, after, other };
/// Place, expected and found value, of a message of the grader.
struct Difference {
  std::string place, expected, got;
  bool cell = false;  ///< a cell of a workbook
};
struct Rollout {
  std::size_t column = 0;
  Arm arm = Arm::before;
  int trial = 0;
  std::string status;
  std::optional<double> score, cost_usd, seconds;
  std::string message;  ///< of the grader, without the differences; or the error
  std::vector<Difference> differences;
  std::string path;     ///< folder below the run
  std::string package;  ///< first twelve digits of its hash
};
/// All rollouts of a task in one column under one arm.
struct Cell {
  std::size_t column = 0;
  Arm arm = Arm::before;
  std::size_t pass = 0, fail = 0, error = 0;
  std::optional<double> score;  ///< mean over what was graded
};
struct TraceStep {
  std::string kind, name;
  int turn = 0;
  std::size_t text = 0;  ///< index into TaskTraces::texts
  bool is_error = false;
};
struct Trace {
  std::string path, label, status;
  std::vector<TraceStep> steps;
};
struct TaskRow {
  std::string id, split;
  std::vector<Cell> cells;
  std::vector<Rollout> rollouts;
  std::optional<Trace> before, after;
  std::string change;  ///< of before to after: fixed, broken, "" where neither is known
};
/// Texts that many trajectories have in common are kept once.
struct TaskTraces {
  std::vector<std::string> texts;
  std::size_t left_out = 0;  ///< tasks whose trajectories did not fit
};

struct RunReport {
  RunFacts facts;
  std::vector<std::string> missing;  ///< sentences: what could not be read, and why
  std::vector<Note> notes;
  Verdict verdict;
  std::optional<Comparison> test;  ///< of an eval: `before` is its baseline, if it has one
  std::optional<Best> best;
  std::vector<ScorePoint> scores;
  std::vector<Step> steps;
  std::optional<NoiseFacts> noise;
  std::vector<FinalistRow> finalists;
  std::optional<ModelsFacts> models;  ///< where several executed the tasks
  std::optional<TradeoffFacts> tradeoffs;
  Spent spent;
  std::vector<Spent> stages, parts;
  std::optional<std::size_t> attempts, retries, cached_calls;
  std::vector<Trouble> went_wrong;  ///< of the initial skill
  std::vector<PatternHistory> patterns;
  std::vector<Contradiction> contradictions;
  std::vector<Size> sizes;      ///< of the current skill, before the first and after each iteration
  std::vector<Change> changes;  ///< from the initial package to the best one, or that was asked for
  std::vector<Column> columns;
  std::vector<TaskRow> tasks;
  TaskTraces traces;
};

struct ReadOptions {
  std::size_t trace_bytes = std::size_t{1} << 20;  ///< of trajectories, in all
  std::optional<int> iteration;  ///< changes: to the package of this one instead of the best
  /// An iteration whose patch waits for a person: it is a step without a decision, and changes are
  /// those of its patch.
  std::optional<int> waiting;
};
/// Reads a run of optimize, eval or calibrate, finished or not; what is missing or damaged is named
/// in the report. Takes no lock and writes nothing. Errors: input (no such folder, not a run).
[[nodiscard]] Result<RunReport> read_run(const std::filesystem::path& dir,
                                         const ReadOptions& options = {});

/// `skillgrad.report/1` (docs/results.md).
[[nodiscard]] Json to_json(const RunReport& report);
/// What makes a page ask the server that it came from, and nobody else.
struct Served {
  Json review = nullptr;  ///< review_block() of review.hpp: its changes can be decided on
  Json view = nullptr;    ///< what the server's "version" answers: the page follows the run
};
/// One page that needs nothing else: styles, scripts and data are in it, and its policy forbids
/// everything else.
[[nodiscard]] std::string html_page(const RunReport& report, const Served& served = {});
/// The blocks of data of that page, by their names: "data", "rollouts", "traces".
[[nodiscard]] Json page_blocks(const RunReport& report);
/// As all texts of a page: valid, and what acts unseen is written out.
[[nodiscard]] Json shown_texts(const Json& value);
[[nodiscard]] std::string markdown_page(const RunReport& report);
/// "chosen, not dominated", "dominated", "not measured".
[[nodiscard]] std::string tradeoff_note(const TradeoffPoint& point);
/// Tables that CSV can hold, one at a time.
enum class CsvTable { rollouts, steps, scores, costs, patterns };
[[nodiscard]] std::string csv_page(const RunReport& report, CsvTable table);

}  // namespace skillgrad::report

namespace skillgrad {

template <>
struct EnumText<report::RunCondition> {
  using enum report::RunCondition;
  static constexpr EnumName<report::RunCondition> kTable[] = {{finished, "finished"},
                                                              {stopped, "stopped"},
                                                              {working, "working"},
                                                              {interrupted, "interrupted"}};
};
template <>
struct EnumText<report::Arm> {
  using enum report::Arm;
  static constexpr EnumName<report::Arm> kTable[] = {
      {before, "before"}, {after, "after"}, {other, "other"}};
};
template <>
struct EnumText<report::CsvTable> {
  using enum report::CsvTable;
  static constexpr EnumName<report::CsvTable> kTable[] = {{rollouts, "rollouts"},
                                                          {steps, "steps"},
                                                          {scores, "scores"},
                                                          {costs, "costs"},
                                                          {patterns, "patterns"}};
};

}  // namespace skillgrad
