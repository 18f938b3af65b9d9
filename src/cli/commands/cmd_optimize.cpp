// SPDX-License-Identifier: MIT
#include "cli/commands/cmd_optimize.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/skill_set.hpp>
#include <skillgrad/stats/stats.hpp>

#include "cli/commands/commands.hpp"
#include "cli/estimate/estimate.hpp"
#include "cli/review/approvals.hpp"
#include "cli/run/ending.hpp"
#include "cli/run/evaluate_run.hpp"
#include "cli/run/given_skill.hpp"
#include "cli/run/open_run.hpp"
#include "cli/run/optimize_settings.hpp"
#include "cli/run/spread_models.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/small_sets.hpp"

namespace skillgrad::cli {
namespace {

/// What only a repair makes readable keeps its bytes, whatever is changed beside it. A package that
/// cannot be written anew is refused.
Result<> check_repairs(const RunSetup& setup) {
  const auto& package = setup.skill;
  if (setup.resumed) say_repairs(package, setup.skill_path);  // else said when it was loaded
  auto again =
      skill::SkillPackage::from_files(package.folder_name(), package.skill_md(), package.files());
  if (again) return {};
  Error error = std::move(again).error();
  error.where = setup.skill_path + "/" + error.where;
  return tl::unexpected(std::move(error));
}

/// Queries teach a description alone, and only by the method that writes one.
Result<> check_queries(const RunSetup& setup) {
  if (setup.bench.benchmark == nullptr || setup.bench.benchmark->name() != bench::kTriggers ||
      setup.settings.get<"optimizer">() == optim::OptimizerKind::reflect)
    return {};
  return fail(ErrorCode::config, "queries say nothing of what a skill does once it is loaded",
              setup.bench.benchmark->source(),
              "let them improve the description: `skillgrad triggers " +
                  shell_word(setup.skill_path) + " --improve`");
}

Result<optim::OptimizeSettings> loop_settings(const RunSetup& setup) {
  SKILLGRAD_TRY(auto out, optimize_settings(setup.settings));
  out.recorded = setup.bench.recorded != nullptr;
  if (setup.across != nullptr) out.models = setup.across->models().size();
  return out;
}

/// The first measurements of a run are made by every optimizer, and before any of it.
Result<> check_rollouts(const RunSetup& setup, const optim::RunPlan& plan) {
  const auto most = static_cast<std::size_t>(setup.settings.get<"max_rollouts">());
  if (most == 0 || most > plan.measuring()) return {};
  return fail(ErrorCode::config,
              fmt::format("--max-rollouts {} leaves nothing to the optimizer: the base run and the "
                          "validation of the initial skill take {} rollouts",
                          most, plan.measuring()),
              setup.settings.origin<"max_rollouts">(),
              "raise it, or narrow the splits with --limit; `skillgrad estimate SKILL` shows the "
              "whole");
}

/// What has no effect in this configuration is refused: its user relies on it.
Result<> refuse_idle_options(const Settings& settings, const bench::Splits& splits) {
  const bool gated =
      settings.get<"gate">() != GateChoice::none || !settings.get<"stages.gate">().is_null();
  const bool staged = staged_level(settings).has_value();
  if (const OptionSpec& guard = option<"guard">;
      staged && settings.given(guard) && settings.raw(guard) > 0)
    return fail(ErrorCode::config,
                "--guard adds tasks to a gate of stored scores; this gate probes tasks that pass "
                "by itself",
                settings.origin(guard), "leave it out, or choose --gate no-regression");
  if (settings.get<"in_place">() && settings.get<"optimizer">() == optim::OptimizerKind::rerun)
    return fail(ErrorCode::config, "--optimizer rerun changes nothing that could be put in place",
                settings.origin<"in_place">(), "leave out --in-place");
  for (const OptionSpec* spec : options<"target_score", "patience", "guard">)
    if (!gated && settings.given(*spec) && settings.raw(*spec) > 0)
      return fail(ErrorCode::config,
                  fmt::format("--{} needs a gate, and this run has none", spec->flag),
                  settings.origin(*spec), "choose a --gate, or leave it out");
  const bool scored = settings.get<"score_test">() && !splits.test.empty();
  const char* judge = settings.get<"require_improvement">()  ? "--require-improvement"
                      : settings.get<"min_score">() > 0      ? "--min-score"
                      : settings.get<"max_error_rate">() < 1 ? "--max-error-rate"
                                                             : nullptr;
  if (judge != nullptr && !scored)
    return fail(ErrorCode::config,
                fmt::format("{} judges the test split, which is not scored here", judge), judge,
                "leave out --no-test, or name tasks for \"test\" in a --split-file");
  return {};
}

Result<> check_splits(const RunSetup& setup) {
  const auto& splits = setup.bench.splits;
  if (splits.train.empty())
    return fail(ErrorCode::dataset, "the train split has no tasks", splits.origin,
                "name tasks for \"train\" in a --split-file");
  const bool own = !setup.settings.get<"stages.gate">().is_null();
  const bool gated = own || setup.settings.get<"gate">() != GateChoice::none;
  // Guard tasks passed at the base run: alone they can show a loss, but never a gain.
  const bool guarded = setup.settings.get<"guard">() > 0 &&
                       (own || setup.settings.get<"gate">() == GateChoice::no_regression);
  if (gated && splits.val.empty() && !guarded)
    return fail(ErrorCode::dataset, "the gate needs a validation split, which has no tasks",
                splits.origin, "name tasks for \"val\" in a --split-file, or use --gate none");
  return {};
}

/// Can every task be graded? Recorded sessions have been.
Result<> check_tasks(RunSetup& setup, const std::stop_token& stop) {
  SKILLGRAD_TRY(const auto all, split_ids(setup.bench.splits, "all"));
  const auto ids = setup.bench.runnable(all);
  // No id at all would stand for every task.
  if (ids.empty() && setup.bench.recorded != nullptr) return {};
  return check_measurement(setup.settings, setup.bench, ids, stop);
}

std::vector<std::string> first_of(const std::vector<std::string>& ids, std::size_t n) {
  return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(n, ids.size()))};
}

/// How many tasks fail, if this share of them does.
std::size_t failing(const std::vector<std::string>& train, double share) {
  return static_cast<std::size_t>(std::ceil(share * static_cast<double>(train.size()) - 1e-9));
}

/// Everything that the plan holds if these train tasks fail.
PlannedViews views(const RunSetup& setup, const optim::RunPlan& plan, double failures) {
  const auto& train = setup.bench.splits.train;
  PlannedViews out{plan.work(first_of(train, 1)),
                   plan.work(first_of(train, failing(train, failures))), plan.work(train, true)};
  for (std::size_t i = 0; i < out.low.size(); ++i) {
    // Where the batch comes out right, nothing follows it.
    if (!out.low[i].exact && out.low[i].stage != "execute") out.low[i].conversations = 0;
    // The guard is made of tasks that pass: as many as are asked for, if some do.
    if (out.high[i].stage == "gate")
      out.high[i].conversations +=
          plan.batches(train).items.size() *
          std::min(train.size(), static_cast<std::size_t>(setup.settings.get<"guard">())) *
          static_cast<std::size_t>(setup.settings.get<"rollouts">());
  }
  return out;
}

/// A run must be able to pay for the base run and three iterations, even if each
/// conversation is as short as it can be.
Result<> check_budget(RunSetup& setup, const std::stop_token& stop) {
  const Settings& given = setup.settings;
  const bool limited =
      given.get<"max_calls">() > 0 || given.get<"max_tokens">() > 0 || given.get<"max_usd">() > 0;
  if (!limited || given.get<"force">() || setup.resumed) return {};
  SKILLGRAD_TRY(auto settings, loop_settings(setup));
  settings.max_iters = settings.max_iters == 0 ? 3 : std::min(3, settings.max_iters);
  settings.score_test = false;
  settings.guard = 0;
  SKILLGRAD_TRY(const auto first, first_requests(setup, setup.bench.splits.train, true, stop));
  const optim::RunPlan plan(settings, setup.bench.splits, first.gated, first.momentum);
  const auto work = plan.work(setup.bench.splits.train);
  const Estimate least = estimate(setup, {work, work, work}, first, std::nullopt);
  const auto refuse = [](const char* flag, const std::string& limit, const std::string& needed) {
    return fail(ErrorCode::config,
                fmt::format("--{} {} cannot cover the base run and three iterations, which need at "
                            "least {}",
                            flag, limit, needed),
                std::string("--") + flag,
                "raise it, narrow the splits with --limit, or go on with --force; `skillgrad "
                "estimate SKILL` shows the whole");
  };
  if (const auto calls = given.get<"max_calls">();
      calls > 0 && static_cast<double>(calls) < least.calls.low)
    return refuse("max-calls", std::to_string(calls), fmt::format("{:.0f} calls", least.calls.low));
  const double tokens = least.input.low + least.output.low;
  if (const auto limit = given.get<"max_tokens">();
      limit > 0 && static_cast<double>(limit) < tokens)
    return refuse("max-tokens", std::to_string(limit), fmt::format("{:.0f} tokens", tokens));
  if (const double limit = given.get<"max_usd">(); limit > 0 && least.usd && limit < least.usd->low)
    return refuse("max-usd", format_double(limit), fmt::format("{:.4f} USD", least.usd->low));
  return {};
}

/// The measurement depends on the agent being offered the skill.
Result<> check_skill_is_offered(const RunSetup& setup, const StageSet& stages) {
  const std::string prompt = stages.executor->system_prompt(&setup.skill);
  const auto names = skill::skill_names(setup.skill);
  if (std::all_of(names.begin(), names.end(),
                  [&](const std::string& name) { return prompt.find(name) != std::string::npos; }))
    return {};
  return fail(ErrorCode::config, "the skill does not appear in the executor's system prompt",
              "prompts/executor.md", "leave the place of the catalog in your prompt as it is");
}

/// A skill that no session loaded had no part in any of them but through its description.
void note_unloaded(const RunSetup& setup) {
  if (setup.bench.recorded == nullptr) return;
  const auto& sessions = setup.bench.recorded->sessions();
  const auto names = skill::skill_names(setup.skill);
  const bool loaded = std::any_of(sessions.begin(), sessions.end(), [&](const auto& session) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return session.loaded(name); });
  });
  if (!loaded)
    notes().say(
        fmt::format("no recorded session shows that it loaded the skill {}: what went "
                    "wrong in them is no fault of its text, unless its description kept "
                    "agents from it",
                    list_some(names)));
}

/// What a user should know before the first call: sizes and what they can show.
void announce(const RunSetup& setup) {
  if (setup.settings.get<"quiet">()) return;
  const auto& splits = setup.bench.splits;
  const std::size_t models = setup.across != nullptr ? setup.across->models().size() : 1;
  std::string text =
      fmt::format("splits: {} train, {} val, {} test ({})\n", splits.train.size() / models,
                  splits.val.size() / models, splits.test.size() / models, splits.origin);
  if (setup.across != nullptr)
    text += fmt::format("each task is executed with {}; {} decides\n",
                        strip_control(join(setup.across->models(), ", ")),
                        setup.across->rule() == optim::AcrossRule::worst
                            ? "the mean, and no model may be harmed (--across worst),"
                            : "the mean over them (--across mean)");
  if (const std::size_t tests = splits.test.size() / models; tests > 0)
    text += fmt::format("a difference below about {:.0f} points cannot be told from chance on {}\n",
                        100 * stats::detectable_difference(tests), counted(tests, "test task"));
  print_err(text);
}

int verdict(const Settings& settings, const optim::OptimizeResult& result) {
  using optim::decisions::ReleaseVerdict;
  if (result.error) return exit_code_of(result.error->code);
  if (settings.get<"exit_zero">()) return 0;
  if (settings.get<"require_improvement">() && result.release.verdict != ReleaseVerdict::improved) {
    print_err(fmt::format("verdict: fail: {}; --require-improvement asks for \"improved\"\n",
                          report::verdict_line(result)));
    return 1;
  }
  for (const optim::SkillOutcome& skill : result.skills)
    if (settings.get<"require_improvement">() && skill.verdict() == "worse") {
      print_err("verdict: fail: the own tasks of " + strip_control(skill.skill) +
                " came out worse; --require-improvement asks that no skill is harmed\n");
      return 1;
    }
  return result.test ? verdict_exit(settings, result.test->after) : 0;
}

/// The files of the live skill that are not as they were when the run began.
Result<std::vector<std::string>> edited_meanwhile(const RunSetup& setup) {
  SKILLGRAD_TRY(const auto initial, skill::load_skills(setup.store->path("initial/skill")));
  SKILLGRAD_TRY(const auto live, skill::load_skills(setup.skill_path));
  return skill::changed_files(initial, live);
}

/// A run that goes on should say at once that its result cannot be put in place, not at its end.
void warn_of_edits(RunSetup& setup) {
  if (!setup.settings.get<"in_place">()) return;
  const auto best = skill::load_skills(setup.store->path("best"));
  const auto live = skill::load_skills(setup.skill_path);
  if (best && live && skill::changed_files(*best, *live).empty()) return;
  const auto files = edited_meanwhile(setup);
  if (files && files->empty()) return;
  setup.observer->notice(
      files ? "the skill was edited since the run began (" + list_some(*files, 8) +
                  "): --in-place will not replace it, the result stays in best/ of the run"
            : "--in-place will not find the skill: " + files.error().to_line());
}

/// Says "replaced" or "unchanged".
Result<std::string> write_in_place(RunSetup& setup) {
  SKILLGRAD_TRY(const auto best, skill::load_skills(setup.store->path("best")));
  if (const auto live = skill::load_skills(setup.skill_path);
      live && skill::changed_files(best, *live).empty())
    return "unchanged";  // nothing was learned, or an earlier process of this run has written it
  SKILLGRAD_TRY(const auto initial, skill::load_skills(setup.store->path("initial/skill")));
  const skill::Installation installation{&best, &initial, setup.skill_path,
                                         setup.store->path("replaced")};
  SKILLGRAD_TRY(const auto notes, skill::install_package(installation));
  for (const auto& note : notes) print_err("note: " + strip_control(note) + "\n");
  print_err("the skill was replaced in place; its previous files are in " +
            installation.old_copy.string() + "\n");
  return "replaced";
}

Json in_place_json(const Result<std::string>& placed) {
  return {{"decision", placed ? *placed : "refused"},
          {"error", optim::error_json(placed ? std::nullopt : std::optional(placed.error()))}};
}

/// `placed`: what --in-place did.
std::string next_command(const RunSetup& setup, const optim::OptimizeResult& result,
                         const std::string& placed) {
  using optim::decisions::ReleaseVerdict;
  const fs::path run = setup.store->dir();
  if (result.error && !result.refused) return "skillgrad resume " + shell_word(run.string());
  // Where nothing was kept there is nothing to compare; what the agent did says why.
  if (result.best_iteration == 0) {
    const fs::path last =
        result.iterations.empty()
            ? run / "base"
            : run / fmt::format("iter_{:03d}", result.iterations.back().iteration);
    return "ls " + shell_word((last / "rollouts").string());
  }
  // Nobody is led to accept what is not shown to help before they have seen why it is not.
  const bool doubtful = result.release.verdict == ReleaseVerdict::worse ||
                        result.release.verdict == ReleaseVerdict::not_shown;
  const char* const command = placed == "replaced" ? "skillgrad diff "
                              : doubtful           ? "skillgrad report "
                                                   : "skillgrad review ";
  return command + shell_word(run.string());
}

Result<int> run_optimize(RunSetup& setup, const Invocation& invocation) {
  SKILLGRAD_CHECK(check_repairs(setup));
  SKILLGRAD_CHECK(check_queries(setup));
  if (setup.settings.get<"models">().empty()) SKILLGRAD_CHECK(check_budget(setup, invocation.stop));
  SKILLGRAD_CHECK(check_tasks(setup, invocation.stop));
  SKILLGRAD_CHECK(spread_models(setup));
  if (setup.across != nullptr) SKILLGRAD_CHECK(check_budget(setup, invocation.stop));
  SKILLGRAD_CHECK(check_weights(setup));
  SKILLGRAD_CHECK(check_splits(setup));
  SKILLGRAD_CHECK(refuse_idle_options(setup.settings, setup.bench.splits));
  if (setup.settings.get<"in_place">()) SKILLGRAD_CHECK(skill::check_install(setup.skill_path));
  SKILLGRAD_TRY(const auto stages, make_stages(setup, invocation.stop));
  SKILLGRAD_CHECK(check_skill_is_offered(setup, *stages));
  SKILLGRAD_TRY(auto program, optimizer_program(setup));
  announce(setup);
  note_unloaded(setup);
  note_limits(setup.settings, setup.bench);
  SKILLGRAD_TRY(const auto settings, loop_settings(setup));
  const bool gated = stages->gate == nullptr || stages->gate->needs_scores();
  SKILLGRAD_CHECK(
      check_rollouts(setup, {settings, setup.bench.splits, gated, stages->momentum != nullptr}));
  optim::OptimizeParts parts = stages->parts(setup);
  parts.program = std::move(program);
  SKILLGRAD_TRY(const auto call, call_context(setup, invocation));
  SKILLGRAD_TRY(const auto approver, make_approver(setup, invocation.stop));
  parts.approver = approver.get();
  SKILLGRAD_CHECK(start_run(setup));
  SKILLGRAD_CHECK(share_run(setup, {}, invocation.stop));
  if (setup.sharing) parts.shared = setup.sharing->run();
  warn_of_edits(setup);
  SKILLGRAD_TRY(auto result, optim::optimize(settings, parts, call));
  setup.sharing.reset();
  Result<std::string> placed = "unchanged";
  if (!result.error && setup.settings.get<"in_place">()) {
    placed = write_in_place(setup);
    result.facts["in_place"] = in_place_json(placed);
  }
  const Json json = optim::to_json(result, setup.store->dir().string());
  const std::string text = report::optimize_summary(
      result, {next_command(setup, result, placed.value_or("refused")), setup.models->simulated(),
               notes_text(notes().all(), setup.store->path("run.json").string())});
  close_run(setup, json);
  if (result.refused)
    print_error(*result.error);
  else if (result.error)
    print_stop(*result.error, setup);
  print_result(setup, json, text);
  if (!placed) return tl::unexpected(std::move(placed).error());
  return verdict(setup.settings, result);
}

/// The share of the train tasks that fail: known of recorded sessions, else measured or assumed.
double failing_share(const RunSetup& setup, const EstimateFacts& facts) {
  if (setup.bench.recorded != nullptr) {
    const auto& sessions = setup.bench.recorded->sessions();
    const auto failed = std::count_if(sessions.begin(), sessions.end(),
                                      [](const auto& one) { return one.outcome->score < 1; });
    return static_cast<double>(failed) / static_cast<double>(sessions.size());
  }
  return facts.measured && facts.measured->failures ? *facts.measured->failures
                                                    : setup.settings.get<"assume.failures">();
}

/// What the run would do, from the plan that the loop executes.
Result<int> estimate_optimize(const Invocation& invocation, const RunRequest& request) {
  EstimateFacts facts{"optimize", 0, {}};
  SKILLGRAD_TRY(facts.measured, measured_of(invocation));
  SKILLGRAD_TRY(const auto setup, open_dry_run(invocation, request));
  SKILLGRAD_CHECK(check_repairs(*setup));
  SKILLGRAD_CHECK(check_queries(*setup));
  SKILLGRAD_CHECK(check_tasks(*setup, invocation.stop));
  SKILLGRAD_CHECK(spread_models(*setup));
  SKILLGRAD_CHECK(check_weights(*setup));
  SKILLGRAD_CHECK(check_splits(*setup));
  SKILLGRAD_CHECK(refuse_idle_options(setup->settings, setup->bench.splits));
  note_limits(setup->settings, setup->bench);
  SKILLGRAD_TRY(const auto loop, loop_settings(*setup));
  const auto& splits = setup->bench.splits;
  SKILLGRAD_TRY(const auto first, first_requests(*setup, splits.train, true, invocation.stop));
  const optim::RunPlan plan(loop, splits, first.gated, first.momentum);
  SKILLGRAD_TRY([[maybe_unused]] const auto program, optimizer_program(*setup));
  SKILLGRAD_CHECK(check_rollouts(*setup, plan));
  const double failures = failing_share(*setup, facts);
  const auto planned = views(*setup, plan, failures);
  facts.optimizer = name_of(loop.optimizer);
  facts.rollouts_allowed = plan.allowed(first_of(splits.train, failing(splits.train, failures)));
  Estimate out = estimate(*setup, planned, first, facts.measured);
  out.loop = true;
  out.failures = failures;
  const auto iterations = [&](std::size_t failed) {
    return static_cast<double>(plan.batches(first_of(splits.train, failed)).items.size());
  };
  out.iterations = {0, iterations(failing(splits.train, failures)),
                    iterations(splits.train.size())};
  if (setup->settings.get<"score_test">()) facts.compared = splits.test.size() / loop.models;
  limit(out, setup->settings);
  print_estimate(*setup, out, first, facts);
  if (const auto covered = check_budget(*setup, invocation.stop); !covered)
    print_err("warning: the run would be refused: " + covered.error().message + "\n");
  return 0;
}

}  // namespace

int finish_optimize(RunSetup& setup, const Invocation& invocation) {
  auto code = run_optimize(setup, invocation);
  return code ? *code : end_run_with_error(std::move(code).error(), invocation, setup);
}

Result<int> cmd_optimize(const Invocation& invocation) {
  // Only eval knows "none" as no skill; here it is a folder's name.
  const std::string& skill = invocation.arguments.at(0);
  const RunRequest request{RunCommand::optimize, skill == "none" ? "./none" : skill};
  if (invocation.has("dry-run")) return estimate_optimize(invocation, request);
  SKILLGRAD_CHECK(refuse_estimate_flags(invocation));
  SKILLGRAD_TRY(const auto setup, open_run(invocation, request));
  return finish_optimize(*setup, invocation);
}

Result<int> cmd_estimate(const Invocation& invocation) {
  Invocation optimize = invocation;
  optimize.local["dry-run"] = "true";
  return cmd_optimize(optimize);
}

Result<int> cmd_resume(const Invocation& invocation) {
  RunRequest request;
  SKILLGRAD_TRY(const auto setup, reopen_run(invocation, invocation.arguments.at(0), request));
  switch (request.command) {
    case RunCommand::eval:
      return finish_eval(*setup, invocation, request);
    case RunCommand::calibrate:
      return finish_calibrate(*setup, invocation, request);
    case RunCommand::optimize:
      break;
  }
  return finish_optimize(*setup, invocation);
}

}  // namespace skillgrad::cli
