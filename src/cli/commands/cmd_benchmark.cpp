// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/bench/import.hpp>
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

namespace skillgrad::cli {
namespace {

int list(const Settings& settings) {
  const auto names = bench::benchmark_names();
  if (settings.get<"json">())
    print_out(dump_json({{"schema", "skillgrad.benchmarks/1"}, {"benchmarks", names}}, 1) + "\n");
  else
    for (const auto& name : names) print_out(name + "\n");
  return 0;
}

Result<int> show(const Settings& settings, const Workbench& bench) {
  std::map<std::string, std::string> split_of;
  for (const auto& [name, ids] :
       {std::pair{"train", &bench.splits.train}, std::pair{"val", &bench.splits.val},
        std::pair{"test", &bench.splits.test}})
    for (const auto& id : *ids) split_of[id] = name;
  Json tasks = Json::array();
  for (const auto& task : bench.benchmark->tasks()) {
    const auto split = split_of.find(task.id);
    if (split == split_of.end()) continue;
    tasks.push_back({{"task_id", task.id},
                     {"split", split->second},
                     {"category", task.category},
                     {"inputs", task.input_files},
                     {"output", task.output_file}});
  }
  const Json out = {{"schema", "skillgrad.benchmark/1"},
                    {"benchmark", bench.benchmark->name()},
                    {"source", bench.benchmark->source()},
                    {"grading", bench.graded_by},
                    {"split", bench.splits.origin},
                    {"train", bench.splits.train.size()},
                    {"val", bench.splits.val.size()},
                    {"test", bench.splits.test.size()},
                    {"tasks", tasks},
                    {"notes", notes_json(notes().all())}};
  if (settings.get<"json">()) {
    print_out(dump_json(out, 1) + "\n");
    return 0;
  }
  print_out(fmt::format("{} from {}\ngrading  {}\nsplit    {} train, {} val, {} test ({})\n",
                        bench.benchmark->name(), bench.benchmark->source(), bench.graded_by,
                        bench.splits.train.size(), bench.splits.val.size(),
                        bench.splits.test.size(), bench.splits.origin));
  for (const auto& task : tasks)
    print_out(fmt::format("{:<6} {:<20} {}\n", task["split"].get<std::string>(),
                          task["task_id"].get<std::string>(), task["category"].get<std::string>()));
  return 0;
}

/// The splits in the form that --split-file reads.
int print_split(const Workbench& bench) {
  const Json out = {{"schema", "skillgrad.split/1"},
                    {"origin", bench.splits.origin},
                    {"train", bench.splits.train},
                    {"val", bench.splits.val},
                    {"test", bench.splits.test}};
  print_out(dump_json(out, 1) + "\n");
  return 0;
}

/// Another format's records as JSON Lines.
Result<int> import(const Settings& settings) {
  const std::string spec = settings.get<"benchmark">();
  if (spec.empty())
    return fail(ErrorCode::usage, "no file is named", "--benchmark",
                "give --benchmark FILE, a .csv, .tsv or evals.json file");
  auto options = benchmark_options(settings);
  SKILLGRAD_TRY(options.map, parse_map(settings.get<"map">()));
  SKILLGRAD_TRY(const auto imported, bench::import_records(spec, options));
  for (const auto& notice : imported.notices) notes().say(notice);
  for (const auto& line : imported.lines) print_out(line + "\n");
  if (!imported.files_folder.empty())
    notes().say("paths of files in these lines are relative to " + imported.files_folder.string() +
                "; keep the lines in a file there");
  return 0;
}

void print_report(const Settings& settings, const bench::CheckReport& report, std::size_t loaded) {
  if (settings.get<"json">()) {
    const auto list = [](const std::vector<bench::CheckProblem>& problems) {
      Json out = Json::array();
      for (const auto& problem : problems)
        out.push_back(
            {{"task_id", problem.task_id}, {"what", problem.what}, {"mend", problem.mend}});
      return out;
    };
    print_out(dump_json({{"schema", "skillgrad.check/1"},
                         {"tasks", report.tasks},
                         {"problems", list(report.problems)},
                         {"known", list(report.known)},
                         {"unwinnable", list(report.unwinnable)},
                         {"notices", report.notices},
                         {"not_judged", report.unjudged},
                         {"notes", notes_json(notes().all())}},
                        1) +
              "\n");
    return;
  }
  // Those of the data set itself were printed when it was loaded.
  for (std::size_t i = std::min(loaded, report.notices.size()); i < report.notices.size(); ++i)
    notes().say(report.notices[i]);
  for (const auto& problem : report.problems)
    print_out(fmt::format("{}: {}\n  fix: {}\n", problem.task_id, strip_control(problem.what),
                          problem.mend));
  for (const auto& problem : report.unwinnable)
    print_out(fmt::format("{}: nobody can win, the published evaluator fails it: {}\n  fix: {}\n",
                          problem.task_id, strip_control(problem.what), problem.mend));
  for (const auto& problem : report.known)
    print_out(fmt::format("{}: known flaw of the published data, {}\n", problem.task_id,
                          strip_control(problem.what)));
  print_out(fmt::format(
      "{} checked, {}{}{}\n", counted(report.tasks, "task"),
      counted(report.problems.size(), "problem"),
      report.unwinnable.empty() ? ""
                                : fmt::format(", {} that nobody can win", report.unwinnable.size()),
      report.known.empty() ? ""
                           : fmt::format(", {} known in the published data", report.known.size())));
}

/// A judge is asked only if a model is named; a golden answer that needs one is an error without.
Result<bench::CheckReport> run_check(const Settings& settings, const Workbench& bench,
                                     const std::vector<std::string>& ids, std::stop_token stop) {
  SystemClock clock;
  auto context = bench.grading(std::move(stop));
  std::unique_ptr<Models> models;
  const auto& tasks = bench.benchmark->tasks();
  const bool judged = std::any_of(tasks.begin(), tasks.end(), [&](const bench::Task& task) {
    return task.judged && (ids.empty() || std::find(ids.begin(), ids.end(), task.id) != ids.end());
  });
  if (judged && !settings.get<"model">().empty()) {
    SKILLGRAD_TRY(models,
                  open_judges(settings, clock, "tasks are judged by a model", context.stop));
    SKILLGRAD_CHECK(lend_judges(settings, clock, *models, context));
  }
  auto report = bench::check_benchmark(*bench.benchmark, ids, &bench.splits, context,
                                       static_cast<unsigned>(settings.get<"jobs">()));
  if (models != nullptr) print_err(report::cost_by_stage(models->accountant().totals()));
  return report;
}

Result<int> check(const Settings& settings, const Workbench& bench, std::stop_token stop) {
  std::vector<std::string> ids;
  if (settings.given<"ids">() || settings.given<"limit">() || settings.given<"split_file">()) {
    SKILLGRAD_TRY(ids, split_ids(bench.splits, "all"));
  }
  SKILLGRAD_TRY(const auto report, run_check(settings, bench, ids, std::move(stop)));
  print_report(settings, report, bench.benchmark->notices().size());
  if (!report.unjudged.empty())
    return fail(ErrorCode::config,
                "a model judges the golden answers of " + list_some(report.unjudged) +
                    ", and no model is named",
                "--model",
                "give --model NAME (with --base-url for another endpoint than OpenAI's)");
  return report.problems.empty() && report.unwinnable.empty() ? 0 : 1;
}

Result<int> run_benchmark(const Invocation& invocation) {
  const std::string& action = invocation.arguments.at(0);
  const std::vector<std::string> actions = {"list", "show", "check", "split", "import"};
  if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
    const auto near = nearest_match(action, actions);
    return fail(ErrorCode::usage, "unknown action \"" + action + "\"", "benchmark",
                near ? "did you mean \"" + *near + "\"?" : "use " + join(actions, ", "));
  }
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (action == "list") return list(settings);
  if (action == "import") return import(settings);
  SKILLGRAD_TRY(const auto bench, open_workbench(settings, "", Purpose::look));
  OptionUse use = option_use(settings, bench, "benchmark " + action);
  use.judged = use.judged && action == "check";
  for (const auto& idle : idle_options(settings, use)) notes().say(idle);
  if (action == "split") return print_split(bench);
  return action == "show" ? show(settings, bench) : check(settings, bench, invocation.stop);
}

}  // namespace

Result<int> cmd_benchmark(const Invocation& invocation) { return run_benchmark(invocation); }

}  // namespace skillgrad::cli
