// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/calibrate.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/commands/commands.hpp"
#include "cli/estimate/estimate.hpp"
#include "cli/run/ending.hpp"
#include "cli/run/evaluate_run.hpp"
#include "cli/run/open_run.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kVal = "val";

/// The validation tasks that can be graded.
Result<std::vector<std::string>> tasks_of(RunSetup& setup, const std::stop_token& stop) {
  SKILLGRAD_TRY(const auto planned, split_ids(setup.bench.splits, kVal));
  if (!planned.empty())
    SKILLGRAD_CHECK(check_measurement(setup.settings, setup.bench, planned, stop));
  SKILLGRAD_TRY(auto ids, split_ids(setup.bench.splits, kVal));
  if (ids.empty())
    return fail(ErrorCode::dataset, "the validation split has no tasks", setup.bench.splits.origin,
                "name tasks for \"val\" in a --split-file, or widen --ids or --limit");
  return ids;
}

std::optional<double> usd_of(const optim::CalibrationRun& run,
                             const std::optional<double>& rollouts) {
  const auto made = static_cast<double>(run.measured.planned);
  if (!rollouts || !run.totals.cost_usd || made <= 0) return std::nullopt;
  return *rollouts * *run.totals.cost_usd / made;
}

Json result_json(const RunSetup& setup, const optim::CalibrationRun& run) {
  Json out = {{"schema", "skillgrad.calibrate/1"},
              {"command", "calibrate"},
              {"run", setup.store->dir().string()},
              {"skill", setup.skill_path},
              {"benchmark", setup.bench.benchmark->name() + ":" + setup.bench.benchmark->source()},
              {"model", setup.models->model()},
              {"simulation", setup.models->simulated()},
              {"grading", setup.bench.graded_by},
              {"test_tasks", setup.bench.splits.test.size()}};
  Json found = run.error ? Json() : optim::to_json(run.found);
  if (found.is_object())
    for (Json& price : found["prices"]) {
      const Json& rollouts = price["rollouts"];
      const auto usd =
          usd_of(run, rollouts.is_number() ? std::optional(rollouts.get<double>()) : std::nullopt);
      price["cost_usd"] = usd ? Json(*usd) : Json();
    }
  out["calibration"] = std::move(found);
  out["measured"] = optim::to_json(run.measured);
  out["tripwires"] = run.tripwires;
  out["broken"] = run.broken;
  out["stop_reason"] = run.error ? run.error->message : "all rollouts were made";
  out["error"] = optim::error_json(run.error);
  out["request_changes"] = setup.models->request_changes();
  out["notes"] = notes_json(notes().all());
  out.update(optim::spent_json(run.totals, run.parts));
  return out;
}

std::string price_line(const optim::CalibrationRun& run, const optim::decisions::Price& price) {
  constexpr double kNoRecord = 1e6;
  std::string out = fmt::format("+{:.0f} points", 100 * price.difference);
  out.resize(11, ' ');
  if (price.tasks >= kNoRecord) return out + "cannot be shown at any record\n";
  const auto usd = usd_of(run, price.rollouts);
  return out +
         fmt::format("{:.0f} test tasks would show them, {:.0f} rollouts of both skills{}{}\n",
                     price.tasks, price.rollouts,
                     usd ? ", about " + report::money(usd) : std::string(),
                     price.shown_by_plan ? "; the test split is large enough" : "");
}

std::string test_line(const optim::decisions::Calibration& found, std::size_t tasks) {
  if (tasks == 0) return "test split no tasks: an optimization could claim nothing\n";
  std::string out = fmt::format("test split {}: ", counted(tasks, "task"));
  if (!found.wins_needed) return out + "too few for any record to show an improvement\n";
  out += fmt::format("{} of {} that change must win for p <= 5 %", *found.wins_needed, tasks);
  return out + (found.smallest_shown < 1
                    ? fmt::format("; {:.0f} points are shown with 80 % power\n",
                                  100 * found.smallest_shown)
                    : "; no difference is shown with 80 % power\n");
}

std::string result_text(const RunSetup& setup, const optim::CalibrationRun& run) {
  const auto& found = run.found;
  std::string out;
  if (setup.models->simulated()) out += report::simulation_banner() + "\n";
  out += fmt::format("skill      {}\nbenchmark  {}, split {}\nmodel      {}\n", setup.skill_path,
                     setup.bench.benchmark->name() + ":" + setup.bench.benchmark->source(), kVal,
                     setup.models->model());
  if (run.error) return out + "stopped    " + strip_control(run.error->message) + "\n";
  const auto& measured = run.measured;
  out += fmt::format("score      {} over {} of {} rollouts of {}\n",
                     measured.graded > 0 ? report::percent_ci(measured.score, measured.score_ci95)
                                         : std::string("none"),
                     measured.graded, measured.planned,
                     counted(setup.bench.splits.val.size(), "task"));
  if (found.tasks > 0)
    out += fmt::format(
        "noise      {} of identical rollouts of a task differ; {} of the tasks always "
        "pass, {} never\n",
        report::percent(found.within.flip_rate), report::percent(found.always_pass),
        report::percent(found.always_fail));
  if (found.missing > 0)
    out += fmt::format("missing    {} without two grades\n", counted(found.missing, "task"));
  out += test_line(found, setup.bench.splits.test.size());
  for (const auto& price : found.prices) out += price_line(run, price);
  for (const auto& wire : run.tripwires) out += "tripwire   " + strip_control(wire) + "\n";
  return out + "\n" + report::cost_by_stage(run.totals);
}

Result<int> run_calibrate(RunSetup& setup, const Invocation& invocation,
                          const RunRequest& request) {
  SKILLGRAD_CHECK(tasks_of(setup, invocation.stop));
  SKILLGRAD_TRY(const auto stages, make_executor_stages(setup, invocation.stop));
  SKILLGRAD_TRY(const auto call, call_context(setup, invocation));
  SKILLGRAD_CHECK(start_run(setup));
  optim::OptimizeSettings settings;
  settings.rollouts = request.extra.value("trials", 1);
  const auto passes = static_cast<std::size_t>(request.extra.value("passes", 2));
  SKILLGRAD_TRY(const auto run, optim::calibrate(settings, stages->parts(setup), passes, call));
  const Json json = result_json(setup, run);
  SKILLGRAD_CHECK(setup.store->write("run.json", dump_json(json, 1) + "\n"));
  SKILLGRAD_CHECK(setup.store->event(
      "result", dump_json({{"command", "calibrate"},
                           {"stop_reason", json["stop_reason"]},
                           {"error", json["error"]},
                           {"flip_rate", run.error ? Json() : Json(run.found.within.flip_rate)},
                           {"cost_usd", json["cost_usd"]},
                           {"calls", run.totals.usage.calls}})));
  close_run(setup, json);
  if (run.error) print_stop(*run.error, setup);
  print_result(
      setup, json,
      result_text(setup, run) + notes_text(notes().all(), setup.store->path("run.json").string()));
  if (run.error) return exit_code_of(run.error->code);
  return run.broken ? 1 : 0;
}

Result<int> estimate_calibrate(const Invocation& invocation, const RunRequest& request) {
  EstimateFacts facts{"calibrate", 0, {}};
  SKILLGRAD_TRY(facts.measured, measured_of(invocation));
  SKILLGRAD_TRY(const auto setup, open_dry_run(invocation, request));
  SKILLGRAD_TRY(const auto ids, tasks_of(*setup, invocation.stop));
  SKILLGRAD_TRY(const auto first, first_requests(*setup, ids, false, invocation.stop));
  const int passes = std::max(request.extra.value("passes", 2), request.extra.value("trials", 1));
  Estimate out = estimate(*setup, evaluation_plan(ids, passes, false), first, facts.measured);
  limit(out, setup->settings);
  print_estimate(*setup, out, first, facts);
  return 0;
}

}  // namespace

int finish_calibrate(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  auto code = run_calibrate(setup, invocation, request);
  return code ? *code : end_run_with_error(std::move(code).error(), invocation, setup);
}

Result<int> cmd_calibrate(const Invocation& invocation) {
  const std::string& skill = invocation.arguments.at(0);
  RunRequest request{RunCommand::calibrate, skill == "none" ? "./none" : skill, Json::object()};
  SKILLGRAD_TRY(const int passes, count_of(invocation, {"passes", 2, "2"}));
  SKILLGRAD_TRY(const int trials, count_of(invocation, {"trials", 1, "1"}));
  request.extra = {{"passes", passes}, {"trials", trials}};
  if (invocation.has("dry-run")) return estimate_calibrate(invocation, request);
  SKILLGRAD_CHECK(refuse_estimate_flags(invocation));
  SKILLGRAD_TRY(const auto setup, open_run(invocation, request));
  return finish_calibrate(*setup, invocation, request);
}

}  // namespace skillgrad::cli
