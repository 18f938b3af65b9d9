// SPDX-License-Identifier: MIT
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/console.hpp"
#include "cli/models.hpp"
#include "cli/workbench.hpp"

namespace skillgrad::cli {
namespace {

struct Line {
  int number = 0;
  std::string id, text;
};

constexpr const char* kForm =
    R"(write {"task_id":"13-1","output":"path.xlsx"} or {"task_id":"nt-0","answer":["x"]})";

tl::unexpected<Error> with_mend(Error error, const char* mend) {
  if (error.mend.empty()) error.mend = mend;
  return tl::unexpected(std::move(error));
}

Result<Json> parse_line(const std::string& text, const std::string& where) {
  auto value = parse_json(text, "");
  if (value) return value;
  Error error = std::move(value).error();
  // ":1:COLUMN" of the single line becomes "file:LINE:COLUMN".
  const auto column = error.where.rfind(':');
  error.where = where + (column == std::string::npos ? "" : error.where.substr(column));
  return with_mend(std::move(error), kForm);
}

/// A path that names no file is most often a typing mistake, though it has to count as a fail.
void name_missing_output(const Json& line, const fs::path& base_dir, const std::string& where) {
  const auto output = line.find("output");
  std::error_code error;
  if (output == line.end() || !output->is_string() ||
      fs::is_regular_file(base_dir / output->get<std::string>(), error))
    return;
  print_err(fmt::format("note: {}: there is no file \"{}\"\n", where,
                        strip_control(output->get<std::string>())));
}

/// One JSON object a line with a task_id that the benchmark knows, each id once.
Result<std::vector<Line>> read_predictions(const std::string& path,
                                           const bench::Benchmark& benchmark) {
  const auto file = read_file(path);
  if (!file)
    return with_mend(file.error(), "give --predictions FILE with one JSON line for each answer");
  const std::string& text = *file;
  std::vector<Line> out;
  std::set<std::string> seen;
  int number = 0;
  for (const auto& raw : split_lines(text)) {
    ++number;
    if (trim(raw).empty()) continue;
    const std::string where = fmt::format("{}:{}", path, number);
    SKILLGRAD_TRY(const auto json, parse_line(raw, where));
    const auto id = json.is_object() ? json.find("task_id") : json.end();
    if (!json.is_object() || id == json.end() || !(id->is_string() || id->is_number_integer()))
      return fail(ErrorCode::input, "no \"task_id\" in this line", where, kForm);
    std::string name = id->is_string() ? id->get<std::string>() : dump_json(*id);
    if (benchmark.find(name) == nullptr)
      return fail(ErrorCode::input, "the benchmark has no task \"" + name + "\"", where,
                  "`skillgrad benchmark show` lists the ids");
    if (!seen.insert(name).second)
      return fail(ErrorCode::input, "task \"" + name + "\" stands there twice", where,
                  "keep one prediction for each task");
    name_missing_output(json, fs::absolute(path).parent_path(), where);
    out.push_back({number, std::move(name), raw});
  }
  if (out.empty())
    return fail(ErrorCode::input, "no predictions in the file", path, "write one JSON line each");
  return out;
}

bench::Grade grade_line(const Workbench& bench, const Line& line, const fs::path& base_dir,
                        const bench::GradeContext& context) {
  bench::Grade out;
  out.task_id = line.id;
  out.kind = bench::GradeErrorKind::infra_error;
  const bench::Task& task = *bench.benchmark->find(line.id);
  const auto work = TempDir::create("skillgrad-grade");
  if (!work) {
    out.message = work.error().to_line();
    return out;
  }
  const auto answer = bench.benchmark->prediction(task, line.text, base_dir, work->path());
  if (!answer) {
    out.message = answer.error().to_line();
    return out;
  }
  return bench.benchmark->grade(task, *answer, context);
}

/// Grades in the order of the lines, up to the first one that has none, and the error of a judge
/// call that ended the work.
struct Graded {
  std::vector<bench::Grade> grades;
  std::optional<Error> ended;
};

Graded grade_lines(const Workbench& bench, const std::vector<Line>& lines, const fs::path& base_dir,
                   const bench::GradeContext& context, unsigned jobs) {
  Graded out;
  std::vector<std::optional<bench::Grade>> grades(lines.size());
  std::mutex mutex;
  std::atomic<bool> ended{false};
  parallel_for(lines.size(), jobs, [&](std::size_t i) {
    if (ended || context.stop.stop_requested()) return;
    auto grade = grade_line(bench, lines[i], base_dir, context);
    if (grade.call_error && llm::ends_run(grade.call_error->code)) {
      const std::lock_guard lock(mutex);
      if (!out.ended) out.ended = std::move(grade.call_error);
      ended = true;
    } else {
      grades[i] = std::move(grade);
    }
  });
  for (auto& grade : grades) {
    if (!grade) break;
    out.grades.push_back(std::move(*grade));
  }
  return out;
}

/// Opens the models only when one of the tasks needs a judge.
Result<std::unique_ptr<Models>> judges_for(const Settings& settings, Clock& clock,
                                           const Workbench& bench, const std::vector<Line>& lines,
                                           const std::stop_token& stop) {
  const auto judged = std::count_if(lines.begin(), lines.end(), [&](const Line& line) {
    return bench.benchmark->find(line.id)->judged;
  });
  if (judged == 0) return nullptr;
  return open_judges(settings, clock,
                     fmt::format("{} of {} tasks are judged by a model", judged, lines.size()),
                     stop);
}

/// Cases of a task that has a prediction for another case count as failed.
std::vector<bench::CaseScore> planned_cases(const std::vector<bench::Grade>& grades,
                                            const bench::Benchmark& benchmark) {
  std::vector<bench::CaseScore> out;
  std::set<std::string> groups, given;
  for (const auto& grade : grades) {
    out.push_back(
        {grade.task_id, grade.score, grade.hard, grade.status != bench::GradeStatus::error});
    given.insert(grade.task_id);
    const auto& group = benchmark.find(grade.task_id)->group;
    if (!group.empty()) groups.insert(group);
  }
  for (const auto& task : benchmark.tasks())
    if (groups.contains(task.group) && !given.contains(task.id))
      out.push_back({task.id, 0, false, true});
  return out;
}

/// Rates by category (instruction_type of SpreadsheetBench), where there is more than one.
std::string category_lines(const std::vector<bench::Grade>& grades,
                           const bench::Benchmark& benchmark) {
  struct Sum {
    std::size_t planned = 0, graded = 0, passed = 0;
    double score = 0;
  };
  std::map<std::string, Sum> sums;
  for (const auto& grade : grades) {
    Sum& sum = sums[benchmark.find(grade.task_id)->category];
    ++sum.planned;
    if (grade.status == bench::GradeStatus::error) continue;
    ++sum.graded;
    sum.passed += grade.status == bench::GradeStatus::pass ? 1U : 0U;
    sum.score += grade.score;
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

int print_grades(const std::vector<bench::Grade>& grades, const Workbench& bench) {
  std::size_t passed = 0, errors = 0;
  double sum = 0;
  for (const auto& grade : grades) {
    print_out(bench::grade_to_json(grade) + "\n");
    passed += grade.status == bench::GradeStatus::pass ? 1U : 0U;
    errors += grade.status == bench::GradeStatus::error ? 1U : 0U;
    if (grade.status != bench::GradeStatus::error) sum += grade.score;
  }
  const std::size_t graded = grades.size() - errors;
  const std::string mean =
      graded > 0 ? fmt::format(", mean score {:.4f}", sum / static_cast<double>(graded)) : "";
  print_err(fmt::format("{} graded: {} passed{}; {} errors ({})\n", graded, passed, mean, errors,
                        bench.graded_by));
  if (errors > 0 && graded > 0)
    print_err(fmt::format("with errors as failures: mean score {:.4f}\n",
                          sum / static_cast<double>(grades.size())));
  if (graded > 0) print_err(category_lines(grades, *bench.benchmark));
  if (const auto groups =
          bench::score_groups(*bench.benchmark, planned_cases(grades, *bench.benchmark)))
    print_err(report::group_line(*groups));
  return errors > 0 && graded == 0 ? 3 : 0;
}

Result<int> run_grade(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  const std::string predictions = invocation.value("predictions");
  if (predictions.empty())
    return fail(ErrorCode::usage, "no predictions are named", "--predictions",
                "give --predictions FILE with one JSON line for each answer");
  if (settings.text("benchmark").empty())
    return fail(ErrorCode::usage, "no benchmark is named", "--benchmark",
                "give --benchmark NAME:PATH or a .jsonl file");
  SKILLGRAD_TRY(const auto bench, open_graders(settings, settings.text("benchmark")));
  for (const auto& notice : bench.benchmark->notices()) print_err("note: " + notice + "\n");
  SKILLGRAD_TRY(const auto lines, read_predictions(predictions, *bench.benchmark));
  SystemClock clock;
  SKILLGRAD_TRY(const auto models, judges_for(settings, clock, bench, lines, invocation.stop));
  auto context = bench.grading(invocation.stop);
  if (models != nullptr) SKILLGRAD_CHECK(lend_judges(settings, clock, *models, context));
  auto graded = grade_lines(bench, lines, fs::absolute(predictions).parent_path(), context,
                            static_cast<unsigned>(settings.integer("jobs")));
  if (invocation.stop.stop_requested())
    return fail(ErrorCode::cancelled, "stopped on request", predictions);
  const int code = print_grades(graded.grades, bench);
  if (models != nullptr) print_err(report::cost_by_stage(models->accountant().totals()));
  if (graded.ended)
    return tl::unexpected(std::move(*graded.ended)
                              .with_context(fmt::format("after {} of {} predictions",
                                                        graded.grades.size(), lines.size())));
  return code;
}

}  // namespace

int cmd_grade(const Invocation& invocation) {
  const auto code = run_grade(invocation);
  if (code) return *code;
  print_error(code.error());
  return exit_code_of(code.error().code);
}

}  // namespace skillgrad::cli
