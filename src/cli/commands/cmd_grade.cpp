// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/commands/commands.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/idle_options.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/open_workbench.hpp"
#include "cli/workbench/predictions.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kShownAtOnce = std::size_t{64} << 10;  // each print writes

/// What one prediction came to. There are thousands, so of the grade its line and numbers are kept.
struct Outcome {
  std::string line;  ///< the grade as JSON
  bench::GradeStatus status = bench::GradeStatus::error;
  bool hard = false;
  double score = 0;
  std::string exported;          ///< for the official evaluator; empty: no answer
  std::unique_ptr<Error> wrong;  ///< the prediction's line names no answer
};

/// The grade of one prediction; what else it came to goes to `out`.
bench::Grade grade_one(const Workbench& bench, const Prediction& prediction,
                       const fs::path& base_dir, const bench::GradeContext& context, bool exporting,
                       Outcome& out) {
  bench::Grade grade;
  grade.task_id = prediction.task->id;
  grade.kind = bench::GradeErrorKind::infra_error;
  const bench::Task& task = *prediction.task;
  std::optional<TempDir> work;
  if (bench.benchmark->needs_work_dir(task)) {
    auto made = TempDir::create("skillgrad-grade");
    if (!made) {
      grade.message = made.error().to_line();
      return grade;
    }
    work = std::move(*made);
  }
  auto answer = open_prediction(prediction, *bench.benchmark, base_dir,
                                work ? work->path() : fs::path(), context);
  if (!answer) {
    grade.message = answer.error().to_line();
    if (!prediction.kept && answer.error().code == ErrorCode::input)
      out.wrong =
          std::make_unique<Error>(std::move(answer).error().with_context(prediction.place()));
    return grade;
  }
  if (exporting)
    out.exported = bench.benchmark->official_prediction(task, *answer).value_or(std::string());
  return bench.benchmark->grade(task, *answer, context);
}

void keep_grade(const bench::Grade& grade, Outcome& out) {
  out.line = bench::grade_to_json(grade);
  out.status = grade.status;
  out.hard = grade.hard;
  out.score = grade.score;
}

/// Outcomes in the order of the predictions, up to the first one that has none, and the error of a
/// judge call that ended the work.
struct Graded {
  std::vector<Outcome> outcomes;
  std::optional<Error> ended;
};

Graded grade_all(const Workbench& bench, const std::vector<Prediction>& predictions,
                 const fs::path& base_dir, const bench::GradeContext& context, unsigned jobs,
                 bool exporting) {
  Graded out;
  out.outcomes.resize(predictions.size());
  std::mutex mutex;
  std::atomic<bool> ended{false};
  parallel_for(predictions.size(), bench::workers_for(*bench.benchmark, jobs), [&](std::size_t i) {
    if (ended || context.stop.stop_requested()) return;
    Outcome outcome;
    auto grade = grade_one(bench, predictions[i], base_dir, context, exporting, outcome);
    auto& call_error = grade.call_error;
    if (call_error && llm::ends_run(call_error->code)) {
      const std::lock_guard lock(mutex);
      if (!out.ended) out.ended = std::move(call_error);
      ended = true;
    } else {
      keep_grade(grade, outcome);
      out.outcomes[i] = std::move(outcome);
    }
  });
  const auto missing = std::find_if(out.outcomes.begin(), out.outcomes.end(),
                                    [](const Outcome& outcome) { return outcome.line.empty(); });
  out.outcomes.erase(missing, out.outcomes.end());
  return out;
}

/// Opens the models only when one of the tasks needs a judge.
Result<std::unique_ptr<Models>> judges_for(const Settings& settings, Clock& clock,
                                           const std::vector<Prediction>& predictions,
                                           const std::stop_token& stop) {
  const auto judged = std::count_if(predictions.begin(), predictions.end(),
                                    [](const auto& one) { return one.task->judged; });
  if (judged == 0) return nullptr;
  return open_judges(
      settings, clock,
      fmt::format("{} of {} tasks are judged by a model", judged, predictions.size()), stop);
}

/// Cases of a task that has a prediction for another case count as failed.
std::vector<bench::CaseScore> planned_cases(const std::vector<Outcome>& outcomes,
                                            const std::vector<Prediction>& predictions,
                                            const bench::Benchmark& benchmark) {
  std::vector<bench::CaseScore> out;
  if (std::all_of(predictions.begin(), predictions.end(),
                  [](const auto& one) { return one.task->group.empty(); }))
    return out;
  std::set<std::string> groups;
  std::unordered_set<const bench::Task*> given;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& outcome = outcomes[i];
    const bench::Task& task = *predictions[i].task;
    if (!task.group.empty()) groups.insert(task.group);
    given.insert(&task);
    out.push_back(
        {task.id, outcome.score, outcome.hard, outcome.status != bench::GradeStatus::error});
  }
  for (const auto& task : benchmark.tasks())
    if (groups.contains(task.group) && !given.contains(&task))
      out.push_back({task.id, 0, false, true});
  return out;
}

/// Rates by category (instruction_type of SpreadsheetBench), where there is more than one.
std::string category_lines(const std::vector<Outcome>& outcomes,
                           const std::vector<Prediction>& predictions) {
  struct Sum {
    std::size_t planned = 0, graded = 0, passed = 0;
    double score = 0;
  };
  std::map<std::string, Sum> sums;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& outcome = outcomes[i];
    Sum& sum = sums[predictions[i].task->category];
    ++sum.planned;
    if (outcome.status == bench::GradeStatus::error) continue;
    ++sum.graded;
    sum.passed += outcome.status == bench::GradeStatus::pass ? 1U : 0U;
    sum.score += outcome.score;
  }
  if (sums.size() < 2) return {};
  std::string out;
  for (const auto& [name, sum] : sums) {
    const std::string mean =
        sum.graded > 0
            ? fmt::format(", mean score {:.4f}", sum.score / static_cast<double>(sum.graded))
            : "";
    out += fmt::format("  {}: {} graded, {} passed{}; with errors as failures {:.4f}\n",
                       name.empty() ? "no category" : strip_control(name), sum.graded, sum.passed,
                       mean, sum.score / static_cast<double>(sum.planned));
  }
  return out;
}

/// Outcomes are those of the first predictions.
int print_outcomes(const std::vector<Outcome>& outcomes, const std::vector<Prediction>& predictions,
                   const Workbench& bench) {
  std::size_t passed = 0, errors = 0;
  double sum = 0;
  std::string lines;
  for (const auto& outcome : outcomes) {
    lines.append(outcome.line).append(1, '\n');
    if (lines.size() > kShownAtOnce) {
      print_out(lines);
      lines.clear();
    }
    passed += outcome.status == bench::GradeStatus::pass ? 1U : 0U;
    errors += outcome.status == bench::GradeStatus::error ? 1U : 0U;
    if (outcome.status != bench::GradeStatus::error) sum += outcome.score;
  }
  print_out(lines);
  const std::size_t graded = outcomes.size() - errors;
  const std::string mean =
      graded > 0 ? fmt::format(", mean score {:.4f}", sum / static_cast<double>(graded)) : "";
  print_err(fmt::format("{} graded: {} passed{}; {} ({})\n", graded, passed, mean,
                        counted(errors, "error"), bench.graded_by));
  if (errors > 0 && graded > 0)
    print_err(fmt::format("with errors as failures: mean score {:.4f}\n",
                          sum / static_cast<double>(outcomes.size())));
  if (graded > 0) print_err(category_lines(outcomes, predictions));
  if (const auto groups = bench::score_groups(
          *bench.benchmark, planned_cases(outcomes, predictions, *bench.benchmark)))
    print_err(report::group_line(*groups));
  return errors > 0 && graded == 0 ? 3 : 0;
}

/// Answers for the official evaluator, one a line.
Result<> write_exported(const std::vector<Outcome>& outcomes, const std::string& file) {
  std::string text;
  for (const auto& outcome : outcomes)
    if (!outcome.exported.empty()) text += outcome.exported + "\n";
  return write_file_atomic(file, text);
}

/// Before anything is graded: is there a format to export to?
Result<> check_export(const bench::Benchmark& benchmark, const std::string& file) {
  if (file.empty() || benchmark.tasks().empty()) return {};
  bench::AgentAnswer empty;
  empty.items.emplace();
  SKILLGRAD_CHECK(benchmark.official_prediction(benchmark.tasks().front(), empty));
  return {};
}

/// The verdict of lines without an answer comes last: the others have been graded and printed.
Result<int> finish(Graded graded, std::size_t planned, int code) {
  if (graded.ended)
    return tl::unexpected(std::move(*graded.ended)
                              .with_context(fmt::format("after {} of {} predictions",
                                                        graded.outcomes.size(), planned)));
  const auto is_wrong = [](const Outcome& outcome) { return outcome.wrong != nullptr; };
  const auto count = std::count_if(graded.outcomes.begin(), graded.outcomes.end(), is_wrong);
  if (count == 0) return code;
  const auto found = std::find_if(graded.outcomes.begin(), graded.outcomes.end(), is_wrong);
  Error first = std::move(*found->wrong);
  if (count > 1) first.message += fmt::format(" (and {} more)", count - 1);
  return tl::unexpected(std::move(first));
}

Result<int> run_grade(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  const std::string path = invocation.value("predictions"), exported = invocation.value("export");
  if (path.empty())
    return fail(ErrorCode::usage, "no predictions are named", "--predictions",
                "give --predictions FILE with one JSON line for each answer");
  if (invocation.has("export") && exported.empty())
    return fail(ErrorCode::usage, "no file is named", "--export", "give --export FILE");
  if (settings.get<"benchmark">().empty())
    return fail(ErrorCode::usage, "no benchmark is named", "--benchmark",
                "give --benchmark NAME:PATH or a .jsonl file");
  auto source = PredictionSource::read(path, invocation.stop);
  SKILLGRAD_TRY(const auto bench,
                open_graders(settings, settings.get<"benchmark">(), source.ids()));
  SKILLGRAD_CHECK(check_export(*bench.benchmark, exported));
  for (const auto& notice : bench.benchmark->notices()) notes().say(notice);
  for (const auto& idle : idle_options(settings, option_use(settings, bench, "grade")))
    notes().say(idle);
  SKILLGRAD_TRY(const auto predictions, std::move(source).predictions(*bench.benchmark));
  SKILLGRAD_CHECK(check_outputs(predictions, path));
  SystemClock clock;
  SKILLGRAD_TRY(const auto models, judges_for(settings, clock, predictions, invocation.stop));
  auto context = bench.grading(invocation.stop);
  if (models != nullptr) SKILLGRAD_CHECK(lend_judges(settings, clock, *models, context));
  auto graded = grade_all(bench, predictions, fs::absolute(path).parent_path(), context,
                          static_cast<unsigned>(settings.get<"jobs">()), !exported.empty());
  if (invocation.stop.stop_requested())
    return fail(ErrorCode::cancelled, "stopped on request", path);
  const int code = print_outcomes(graded.outcomes, predictions, bench);
  if (!exported.empty()) SKILLGRAD_CHECK(write_exported(graded.outcomes, exported));
  if (models != nullptr) print_err(report::cost_by_stage(models->accountant().totals()));
  return finish(std::move(graded), predictions.size(), code);
}

}  // namespace

Result<int> cmd_grade(const Invocation& invocation) { return run_grade(invocation); }

}  // namespace skillgrad::cli
