// SPDX-License-Identifier: MIT
#include "cli/workbench/open_workbench.hpp"

#include <algorithm>
#include <future>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/models/models.hpp"
#include "cli/models/simulated_tasks.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/traces/recorded.hpp"
#include "cli/workbench/small_sets.hpp"

namespace skillgrad::cli {
namespace {

const std::vector<std::string> kPrompts = {
    "executor", "diagnose_failure", "diagnose_success", "momentum", "patcher", "reflect",
    "judge",    "synthesize",       "describe",         "queries"};

/// '*' stands for any run of characters.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), text) || (!text.empty() && matches(pattern, text.substr(1)));
  return !text.empty() && pattern.front() == text.front() &&
         matches(pattern.substr(1), text.substr(1));
}

Result<> narrow(const Settings& settings, const bench::Benchmark& benchmark,
                bench::Splits& splits) {
  const std::string wanted = settings.get<"ids">();
  const auto limit = static_cast<std::size_t>(settings.get<"limit">());
  if (!wanted.empty()) {
    const auto patterns = skillgrad::split(wanted, ',');
    for (const auto& pattern : patterns) {
      const auto& tasks = benchmark.tasks();
      if (std::none_of(tasks.begin(), tasks.end(),
                       [&](const auto& task) { return matches(trim(pattern), task.id); }))
        return fail(ErrorCode::config, "no task matches \"" + pattern + "\"", "--ids",
                    "`skillgrad benchmark show -b BENCHMARK` lists the ids");
    }
    for (auto* ids : {&splits.train, &splits.val, &splits.test})
      std::erase_if(*ids, [&](const std::string& id) {
        return std::none_of(patterns.begin(), patterns.end(),
                            [&](const std::string& pattern) { return matches(trim(pattern), id); });
      });
    splits.origin += "; only --ids " + wanted;
  }
  if (limit > 0) {
    for (auto* ids : {&splits.train, &splits.val, &splits.test})
      if (ids->size() > limit) ids->resize(limit);
    splits.origin += fmt::format("; at most {} of each", limit);
  }
  return {};
}

/// The splits before anything is selected from them.
Result<> draw_splits(const Settings& settings, Workbench& out) {
  bench::SplitOptions options;
  options.seed = static_cast<std::uint64_t>(settings.get<"split_seed">());
  options.split_file = settings.get<"split_file">();
  options.stratify = settings.get<"stratify">();
  auto drawn = bench::make_splits(*out.benchmark, options);
  if (!drawn && options.split_file.empty() && options.stratify.empty() &&
      !out.benchmark->own_splits() && drawn.error().code == ErrorCode::input) {
    // Too few to draw from: they can still be scored and checked.
    out.too_few_to_split = true;
    drawn = bench::Splits{{}, {}, {}, "too few different tasks to split: all are test"};
    for (const auto& task : out.benchmark->tasks()) drawn->test.push_back(task.id);
  }
  if (!drawn) return tl::unexpected(std::move(drawn).error());
  out.splits = std::move(*drawn);
  return {};
}

/// The split of the simulation that plays the agent, unless the user names another one; in any case
/// only tasks that it has scripts for.
Result<> choose_splits(const Settings& settings, Workbench& out) {
  SKILLGRAD_TRY(const auto simulated, SimulatedTasks::open(settings, *out.benchmark));
  if (!simulated) return draw_splits(settings, out);
  const bool named = settings.given<"split_file">() || settings.given<"stratify">();
  const auto own = named ? std::nullopt : simulated->own_split();
  out.scenario_split = own.has_value();
  if (own)
    out.splits = *own;
  else
    SKILLGRAD_CHECK(draw_splits(settings, out));
  SKILLGRAD_TRY(const auto said, simulated->keep_played(out.splits));
  if (!said.empty())
    notes().say(said + (own ? " and to its split (--split-file names another)" : ""));
  return {};
}

/// A task that nobody can grade is no evidence about a skill: it is taken out of the splits,
/// loudly.
void leave_out_ungradable(bench::Splits& splits, std::vector<bench::CheckProblem>& problems) {
  std::map<std::string, std::string> ungradable;
  for (const auto& problem : problems)
    if (problem.kind == bench::GradeErrorKind::dataset_error)
      ungradable.try_emplace(problem.task_id, problem.what);
  for (const auto& [id, what] : ungradable) {
    notes().say("task " + id + " is left out, nobody can grade it: " + what);
    for (auto* ids : {&splits.train, &splits.val, &splits.test}) std::erase(*ids, id);
  }
  std::erase_if(problems, [&](const auto& item) { return ungradable.contains(item.task_id); });
}

/// A file whose name is no prompt's would be ignored in silence.
Result<> check_prompts_folder(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path file = it->path();
    if (file.extension() != ".md" ||
        std::find(kPrompts.begin(), kPrompts.end(), file.stem().string()) != kPrompts.end())
      continue;
    const auto near = nearest_match(file.stem().string(), kPrompts);
    return fail(ErrorCode::config, "no prompt has this name", file.string(),
                near ? "did you mean " + *near + ".md?" : "prompts are " + join(kPrompts, ", "));
  }
  if (!error) return {};
  return tl::unexpected(errno_error(error.value(), "cannot list", folder.string()));
}

}  // namespace

Result<std::map<std::string, std::string>> parse_map(const std::string& text) {
  std::map<std::string, std::string> out;
  if (text.empty()) return out;
  for (const auto& part : skillgrad::split(text, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorCode::config, "got \"" + part + "\", expected field=column", "--map",
                  "for example --map input=question,target=answer");
    const std::string field(trim(part.substr(0, equals)));
    if (!out.emplace(field, trim(part.substr(equals + 1))).second)
      return fail(ErrorCode::config, "field \"" + field + "\" is given twice", "--map",
                  "name one column for each field");
  }
  return out;
}

bench::BenchmarkOptions benchmark_options(const Settings& settings) {
  bench::BenchmarkOptions out;
  out.mode = settings.get<"grading_mode">();
  out.recalc = settings.get<"recalc">();
  out.recalc_golden = settings.get<"recalc_golden">();
  out.cases = settings.get<"cases">();
  return out;
}

namespace {

using OpenedSandbox = Result<std::unique_ptr<exec::Sandbox>>;

OpenedSandbox with_weaknesses_said(OpenedSandbox sandbox) {
  if (!sandbox) return sandbox;
  const auto info = (*sandbox)->info();
  for (const auto& weakness : info.weaknesses)
    notes().say("sandbox \"" + info.backend + "\": " + weakness);
  return sandbox;
}

/// What is loaded for a command.
struct Needs {
  bool prompts = true;  ///< and hashes of the tasks
  bool sandbox = true;  ///< also where no task of the benchmark executes anything
  std::optional<std::vector<std::string>> only =
      std::nullopt;  ///< tasks, where no prompts are needed
};

Result<Workbench> open_benchmark(const Settings& settings, const std::string& spec, Needs needs) {
  Workbench out;
  auto options = benchmark_options(settings);
  if (options.recalc_golden && options.recalc == bench::RecalcMode::never)
    return fail(ErrorCode::config, "--recalc-golden has no effect with --recalc never",
                "--recalc-golden", "leave one of the two out");
  SKILLGRAD_TRY(options.map, parse_map(settings.get<"map">()));
  options.for_grading = !needs.prompts;
  options.only = std::move(needs.only);
  // Trying the sandbox out takes as long as reading a thousand tasks, or grading their answers.
  std::future<OpenedSandbox> tried;
  if (needs.sandbox)
    tried = std::async(std::launch::async, exec::make_sandbox, settings.get<"sandbox">());
  SKILLGRAD_TRY(out.benchmark, bench::load_benchmark(spec, options));
  const auto& tasks = out.benchmark->tasks();
  if (tried.valid()) {
    SKILLGRAD_TRY(out.sandbox, with_weaknesses_said(tried.get()));
  } else if (std::any_of(tasks.begin(), tasks.end(), [&](const bench::Task& task) {
               return out.benchmark->needs_work_dir(task);
             })) {
    SKILLGRAD_TRY(out.sandbox, open_sandbox(settings));
  }
  out.recalculator = sheet::make_libreoffice_recalculator(2, settings.get<"sandbox">());
  if (out.sandbox && out.sandbox->info().backend == "landlock" && out.benchmark->may_recalculate())
    notes().say(
        "LibreOffice, which recalculates workbooks that a model wrote, is not kept in: that takes "
        "bubblewrap");
  SKILLGRAD_TRY(out.judge_prompt, load_prompt(settings, "judge"));
  out.graded_by = out.benchmark->grading();
  if (std::any_of(tasks.begin(), tasks.end(), [](const auto& task) { return task.judged; }))
    out.graded_by += fmt::format("; {}, prompt {}", judge_description(settings),
                                 sha256_hex(out.judge_prompt).substr(0, 12));
  return out;
}

}  // namespace

namespace {

/// Recorded sessions need no task that can be run.
Result<Workbench> open_without_tasks(const Settings& settings) {
  Workbench out;
  SKILLGRAD_TRY(out.sandbox, open_sandbox(settings));
  out.recalculator = sheet::make_libreoffice_recalculator(2, settings.get<"sandbox">());
  SKILLGRAD_TRY(out.judge_prompt, load_prompt(settings, "judge"));
  for (const OptionSpec* spec : options<"ids", "split_file", "stratify", "split_seed", "map",
                                        "cases", "grading_mode", "recalc", "recalc_golden">)
    if (settings.given(*spec))
      notes().say(fmt::format("--{} has no effect here: no task can be run", spec->flag));
  return out;
}

/// What a recorded session cannot be used for.
Result<> check_traces_options(const Settings& settings, const bench::Splits& splits) {
  using optim::OptimizerKind;
  const auto optimizer = settings.get<"optimizer">();
  if (optimizer == OptimizerKind::rerun || optimizer == OptimizerKind::command)
    return fail(ErrorCode::config,
                std::string("--optimizer ") + name_of(optimizer) +
                    " measures train tasks, and recorded sessions cannot be run again",
                settings.origin<"optimizer">(),
                "leave --traces out, or choose --optimizer skillgrad, one-shot or reflect");
  if (const Json& loss = settings.get<"stages.loss">();
      !loss.is_object() || loss.value("name", Json()) != Json("grader"))
    return fail(ErrorCode::config,
                "a loss of your own looks at what an agent left, of which a recorded session keeps "
                "nothing",
                settings.origin<"stages.loss">(),
                "leave --traces or --loss out; `skillgrad traces grade DIR` labels sessions");
  if (settings.get<"in_place">() && splits.val.empty() && splits.test.empty())
    return fail(ErrorCode::config,
                "--in-place needs a measurement, and without tasks that can be run the patch is "
                "only proposed",
                settings.origin<"in_place">(),
                "leave it out and look at the patch with `skillgrad review RUN`, or give tasks "
                "with --benchmark");
  return {};
}

}  // namespace

Result<> add_recorded(Settings& settings, Workbench& bench) {
  if (settings.get<"traces">().empty()) return {};
  auto& splits = bench.splits;
  // A set that is too small to be split trains on what validates; sessions train in its place.
  if (is_shared(splits)) splits.origin = "all tasks are val";
  SKILLGRAD_CHECK(check_traces_options(settings, splits));
  SKILLGRAD_TRY(Recorded recorded, read_recorded(settings, bench.benchmark.get(), splits));
  if (!splits.train.empty() && splits.train != splits.val)
    notes().say(
        fmt::format("{} of the train split {} not run: recorded sessions are what is "
                    "learned from",
                    counted(splits.train.size(), "task"), splits.train.size() == 1 ? "is" : "are"));
  splits.train.clear();
  for (const auto& session : recorded.sessions) splits.train.push_back(session.id);
  splits.origin =
      fmt::format("train: {} of {}{}{}", counted(splits.train.size(), "recorded session"),
                  settings.get<"traces">(), splits.origin.empty() ? "" : "; ", splits.origin);
  bench.traces = std::move(recorded.facts);
  auto benchmark = std::make_unique<traces::TraceBenchmark>(
      std::move(bench.benchmark), settings.get<"traces">(), std::move(recorded.sessions));
  bench.recorded = benchmark.get();
  bench.graded_by =
      bench.graded_by.empty()
          ? benchmark->grading()
          : bench.graded_by + "; recorded sessions by their records, labels and notes";
  bench.benchmark = std::move(benchmark);
  if (!splits.val.empty() || !settings.get<"stages.gate">().is_null()) return {};
  if (bench.recorded->executable() == nullptr && !settings.given<"gate">())
    return settings.set(option<"gate">, "none", "no task can be run");
  return {};
}

Result<std::unique_ptr<exec::Sandbox>> open_sandbox(const Settings& settings) {
  return with_weaknesses_said(exec::make_sandbox(settings.get<"sandbox">()));
}

Result<Workbench> open_graders(const Settings& settings, const std::string& spec,
                               std::optional<std::vector<std::string>> only) {
  return open_benchmark(settings, spec,
                        {.prompts = false, .sandbox = false, .only = std::move(only)});
}

Result<Workbench> open_workbench(const Settings& settings, const std::string& default_spec,
                                 Purpose purpose) {
  Workbench out;
  const std::string spec =
      settings.get<"benchmark">().empty() ? default_spec : settings.get<"benchmark">();
  if (spec.empty() && purpose == Purpose::learn && !settings.get<"traces">().empty())
    return open_without_tasks(settings);
  if (spec.empty())
    return fail(ErrorCode::config, "no benchmark is named and the skill has no evals/ folder",
                "--benchmark", "give --benchmark NAME:PATH or a .jsonl file, or add evals/ to it");
  SKILLGRAD_TRY(out, open_benchmark(settings, spec, {.sandbox = purpose != Purpose::look}));
  for (const auto& notice : out.benchmark->notices()) notes().say(notice);
  // Who only looks runs no task, so what a simulation can play does not matter.
  SKILLGRAD_CHECK(purpose == Purpose::look ? draw_splits(settings, out)
                                           : choose_splits(settings, out));
  SKILLGRAD_CHECK(narrow(settings, *out.benchmark, out.splits));
  return out;
}

Result<> check_measurement(const Settings& settings, Workbench& bench,
                           const std::vector<std::string>& ids, std::stop_token stop) {
  // Splits that share their tasks on purpose were said to.
  const bench::Splits* splits = is_shared(bench.splits) ? nullptr : &bench.splits;
  SKILLGRAD_TRY(const auto report,
                bench::check_benchmark(*bench.benchmark, ids, splits, bench.grading(stop),
                                       static_cast<unsigned>(settings.get<"jobs">())));
  for (std::size_t i = bench.benchmark->notices().size(); i < report.notices.size(); ++i)
    notes().say(report.notices[i]);
  if (!report.unjudged.empty())
    notes().say(
        fmt::format("the golden answers of {} tasks that a model judges are not checked here "
                    "(`skillgrad benchmark check -b BENCHMARK -m JUDGE` asks the judge)",
                    report.unjudged.size()));
  auto problems = report.problems;
  leave_out_ungradable(bench.splits, problems);
  auto known = report.known;
  leave_out_ungradable(bench.splits, known);
  known.insert(known.end(), report.unwinnable.begin(), report.unwinnable.end());
  for (const auto& problem : known)
    notes().say("task " + problem.task_id +
                " cannot be won and stays, as published scores count it: " + problem.what);
  if (problems.empty()) return {};
  std::vector<std::string> lines;
  std::set<std::string> broken;
  for (const auto& problem : problems) {
    lines.push_back(problem.task_id + ": " + problem.what);
    broken.insert(problem.task_id);
  }
  const std::string text = fmt::format("the measurement is broken for {} of {} tasks: {}",
                                       broken.size(), report.tasks, list_some(lines, 5));
  if (!settings.get<"force">())
    return fail(ErrorCode::dataset, text, bench.benchmark->source(),
                "mend the data (`skillgrad benchmark check -b BENCHMARK` lists everything), leave "
                "the tasks out "
                "with --ids, or go on with --force");
  notes().say(text + " (going on because of --force)");
  return {};
}

agent::RolloutLimits rollout_limits(const Settings& settings) {
  const auto ms = [&](Key<double> seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(settings.get(seconds) * 1000));
  };
  agent::RolloutLimits out;
  out.loop.turns = static_cast<int>(settings.get<"task_turns">());
  out.loop.time = ms(option<"task_timeout_s">);
  out.loop.tokens = settings.get<"task_tokens">();
  out.command_time = ms(option<"command_timeout_s">);
  out.memory_bytes = static_cast<std::uint64_t>(settings.get<"command_memory_mb">()) << 20;
  out.disk_bytes = static_cast<std::uint64_t>(settings.get<"command_disk_mb">()) << 20;
  return out;
}

Result<std::string> load_prompt(const Settings& settings, const std::string& name) {
  const std::string folder = settings.get<"prompts">();
  std::error_code ignored;
  if (!folder.empty()) {
    if (!fs::is_directory(folder, ignored))
      return fail(ErrorCode::input, "no such folder", folder, "give --prompts an existing folder");
    SKILLGRAD_CHECK(check_prompts_folder(folder));
    const fs::path file = fs::path(folder) / (name + ".md");
    if (fs::exists(file, ignored)) return read_file(file);
  }
  const auto text = resource("configs/prompts/" + name + ".md");
  if (!text)
    return fail(ErrorCode::input, "unknown prompt \"" + name + "\"", "prompts",
                "prompts are " + join(kPrompts, ", "));
  return std::string(*text);
}

Result<std::string> prompts_hash(const Settings& settings) {
  PartHasher hasher;
  for (const auto& name : kPrompts) {
    SKILLGRAD_TRY(const auto text, load_prompt(settings, name));
    hasher.add(name).add(text);
  }
  return hasher.finish();
}

Result<std::vector<std::string>> split_ids(const bench::Splits& splits, const std::string& name) {
  if (name == "train" || name == "evolution") return splits.train;
  if (name == "val") return splits.val;
  if (name == "test") return splits.test;
  if (name == "all") {
    auto all = splits.train;
    if (!is_shared(splits)) all.insert(all.end(), splits.val.begin(), splits.val.end());
    all.insert(all.end(), splits.test.begin(), splits.test.end());
    return all;
  }
  return fail(ErrorCode::usage, "unknown split \"" + name + "\"", "--split",
              "use train, val, test or all");
}

OptionUse option_use(const Settings& settings, const Workbench& bench, const std::string& command) {
  const auto& tasks = bench.benchmark->tasks();
  OptionUse out;
  out.command = command;
  out.benchmark = bench.benchmark->name();
  out.split_origin = bench.splits.origin;
  out.judged =
      std::any_of(tasks.begin(), tasks.end(), [](const auto& task) { return task.judged; });
  // --recalc never says itself that no verdict depends on it.
  out.recalculates =
      bench.benchmark->may_recalculate() || (settings.get<"recalc">() == bench::RecalcMode::never &&
                                             out.benchmark != "wikitablequestions");
  return out;
}

}  // namespace skillgrad::cli
