// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer_kind.hpp>
#include <skillgrad/report/comparison.hpp>
#include <skillgrad/report/triggers.hpp>

#include "cli/ci/measure.hpp"
#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/transfer/preview.hpp"
#include "cli/triggers/queries_file.hpp"
#include "cli/triggers/trigger_plan.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/neighbours.hpp"

namespace skillgrad::cli {
namespace {

std::string kept_at(const TriggerPlan& plan, const Settings& settings) {
  // What a recording says is never taken for what a model said.
  return (plan.cache / (settings.get<"replay">().empty() ? "evals" : "replayed")).string();
}

Result<Measurement> measure_queries(Measurer& measurer, const TriggerPlan& plan,
                                    const Settings& settings, const std::string& file, int trials) {
  return measurer.measure(
      {plan.skill_path, "triggers:" + file, kept_at(plan, settings), "all", trials, plan.options});
}

/// Requests that name the skill: where none activates it, nothing that is measured means anything.
Result<> measure_control(Measurer& measurer, const TriggerPlan& plan, const Settings& settings,
                         report::TriggerReport& report) {
  print_err("skillgrad triggers: requests that name the skill\n");
  SKILLGRAD_TRY(const auto done, measure_queries(measurer, plan, settings, plan.control, 1));
  for (const auto& record : done.measured.summary.records) {
    if (!record.graded()) continue;
    ++report.controls;
    report.controls_activated += record.hard ? 1U : 0U;
  }
  const std::string run = shell_word(done.measured.run);
  if (report.controls == 0)
    return fail(ErrorCode::infra,
                "the measurement is broken: every request that names the skill ended as an error",
                done.measured.run, "`skillgrad report " + run + "` says what went wrong");
  if (report.controls_activated == 0)
    return fail(
        ErrorCode::infra,
        fmt::format("the measurement is broken: the agent activated {} for none of {} that name it "
                    "word for word, so it does not see the catalogue, or cannot call a tool",
                    plan.skill.name(), counted(report.controls, "request")),
        done.measured.run,
        "`skillgrad report " + run + "` shows what it did; `skillgrad doctor` checks the endpoint");
  if (report.controls_activated < report.controls)
    report.notes.push_back(fmt::format(
        "the skill was not activated for {} of {} that name it word for word: rates are low for "
        "other reasons than the description, too",
        report.controls - report.controls_activated, counted(report.controls, "request")));
  return {};
}

Result<report::TriggerReport> measure_triggers(const TriggerPlan& plan, const Settings& settings) {
  SKILLGRAD_CHECK(check_catalogue(plan));
  report::TriggerReport out;
  SKILLGRAD_TRY(const auto neighbours, load_neighbours(settings, plan.skill));
  for (const auto& neighbour : neighbours) out.neighbours.push_back(neighbour.package.name());
  SKILLGRAD_TRY(auto measurer, Measurer::create(plan.evaluation, settings));
  SKILLGRAD_CHECK(measure_control(measurer, plan, settings, out));
  print_err(fmt::format("skillgrad triggers: queries: {}\n", plan.queries.items.size()));
  SKILLGRAD_TRY(const auto done,
                measure_queries(measurer, plan, settings, plan.queries.source, plan.trials));
  if (done.measured.kept) print_err("note: measured before: nothing is paid\n");
  out.skill = plan.skill_path;
  out.model = done.model;
  out.executor = settings.get<"executor">();
  out.run = done.measured.run;
  out.trials = plan.trials;
  out.simulation = done.simulated;
  SKILLGRAD_TRY(const auto scored, report::read_scored_skill(done.measured.run));
  out.cost_usd = scored.cost_usd;
  report::judge_triggers(plan.queries.items, done.measured.summary, out);
  if (out.queries.size() < plan.queries.items.size())
    out.notes.push_back(
        fmt::format("{} of {} queries were measured: the configuration selects tasks",
                    out.queries.size(), plan.queries.items.size()));
  return out;
}

/// The description is changed by the machinery of `optimize`: candidates from the requests that
/// went wrong, a screen, the gate, and the release test on requests that no candidate has seen.
Result<int> improve(const Invocation& invocation, const TriggerPlan& plan,
                    const Settings& settings) {
  SKILLGRAD_CHECK(check_catalogue(plan));
  SKILLGRAD_TRY(auto measurer, Measurer::create(plan.evaluation, settings));
  report::TriggerReport control;
  SKILLGRAD_CHECK(measure_control(measurer, plan, settings, control));
  for (const std::string& note : control.notes) notes().say(note);
  MeasureRequest request;
  request.tasks = "triggers:" + plan.queries.source;
  request.options = plan.options;
  request.options["optimizer"] = name_of(optim::OptimizerKind::reflect);
  request.options["stratify"] = "category";
  if (invocation.has("trials")) request.options["rollouts"] = std::to_string(plan.trials);
  SKILLGRAD_TRY(Invocation own, measurer.evaluation(request));
  own.command = "optimize";
  own.local.clear();
  return cmd_optimize(own);
}

/// What goes with measuring alone, or with both.
Result<> check_improving(const Invocation& invocation) {
  if (!invocation.has("improve") || !invocation.has("dry-run")) return {};
  return fail(ErrorCode::usage, "--dry-run says what measuring would cost", "--improve",
              "leave one of them out; --max-usd bounds what improving may cost");
}

Result<Preview> preview_triggers(const TriggerPlan& plan, const Settings& settings,
                                 const Invocation& invocation) {
  Invocation own = plan.evaluation;
  own.local = invocation.local;
  for (const auto& [key, text] : plan.options) own.given.flags[key] = text;
  std::vector<PreviewPart> parts;
  for (const auto& [name, file, trials] :
       {std::tuple{"requests that name the skill", plan.control, 1},
        std::tuple{"queries", plan.queries.source, plan.trials}}) {
    own.given.flags["benchmark"] = "triggers:" + file;
    SKILLGRAD_TRY(auto part, preview_part(own, {name, plan.skill_path, "all", trials}));
    parts.push_back(std::move(part));
  }
  return sum_up("triggers", std::move(parts), settings);
}

}  // namespace

Result<int> cmd_triggers(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (!invocation.has("dry-run")) SKILLGRAD_CHECK(refuse_estimate_flags(invocation));
  SKILLGRAD_CHECK(check_improving(invocation));
  if (invocation.has("make-queries")) return make_queries_file(invocation, settings);
  if (invocation.has("to"))
    return fail(ErrorCode::usage, "--to says where --make-queries writes", "--to", "leave it out");
  SKILLGRAD_TRY(const auto plan, plan_triggers(invocation, settings));
  const bool json = settings.get<"json">();
  if (invocation.has("dry-run")) {
    SKILLGRAD_TRY(const auto preview, preview_triggers(plan, settings, invocation));
    print_out(json ? dump_json(to_json(preview), 1) + "\n" : preview_text(preview));
    return 0;
  }
  if (invocation.has("improve")) return improve(invocation, plan, settings);
  SKILLGRAD_TRY(const auto report, measure_triggers(plan, settings));
  print_out(json ? dump_json(report::to_json(report), 1) + "\n" : report::triggers_text(report));
  return report.verdict == report::TriggerVerdict::tells_apart ? 0 : 1;
}

}  // namespace skillgrad::cli
