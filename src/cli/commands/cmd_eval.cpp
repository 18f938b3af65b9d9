// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/report/interchange.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/cluster/launch.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/eval_in_run.hpp"
#include "cli/estimate/estimate.hpp"
#include "cli/run/ending.hpp"
#include "cli/run/eval_result.hpp"
#include "cli/run/evaluate_run.hpp"
#include "cli/run/given_skill.hpp"
#include "cli/run/open_run.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/output_file.hpp"
#include "cli/settings/environment.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kBaselineCopy = "initial/baseline";

/// A skill to compare with: a package, or a run (its best package).
Result<skill::SkillPackage> load_baseline(const std::string& text) {
  std::error_code ignored;
  const fs::path best = fs::path(text) / "best";
  const bool run = fs::exists(fs::path(text) / "config.json", ignored) && fs::exists(best, ignored);
  return load_skill(run ? best.string() : text, SkillKind::any);
}

/// "baseline" as given, "none" or ""; the package behind a path is a part of the run's identity.
Result<> add_baseline(const std::string& text, Json& extra) {
  extra["baseline"] = text;
  if (text.empty() || text == "none") return {};
  SKILLGRAD_TRY(const auto package, load_baseline(text));
  extra["baseline"] = fs::absolute(text).lexically_normal().string();
  extra["baseline_hash"] = package.hash();
  return {};
}

}  // namespace

/// The run's own copy, so that a resumed run compares with what it began with.
Result<std::optional<skill::SkillPackage>> open_baseline(RunSetup& setup, const std::string& text) {
  if (text.empty() || text == "none") return std::nullopt;
  const fs::path copy = setup.store->path(kBaselineCopy);
  if (!skill::holds_skills(copy)) {
    SKILLGRAD_TRY(const auto package, load_baseline(text));
    SKILLGRAD_CHECK(package.save(copy));
  }
  SKILLGRAD_TRY(const auto saved, skill::load_skills(copy));
  SKILLGRAD_TRY(auto package, skill::SkillPackage::from_files(fs::path(text).filename().string(),
                                                              saved.skill_md(), saved.files()));
  return std::optional<skill::SkillPackage>(std::move(package));
}

namespace {

optim::RolloutRunner make_runner(RunSetup& setup, const StageSet& stages) {
  return optim::RolloutRunner(
      {setup.bench.benchmark.get(), stages.executor.get(), stages.loss.get(), setup.store.get(),
       setup.observer.get(), rollout_limits(setup.settings),
       static_cast<unsigned>(setup.settings.get<"jobs">()), &setup.models->accountant(), nullptr,
       setup.sharing ? setup.sharing->run() : nullptr});
}

/// Scores a batch; where an error stops it that leaves a result, the error goes to `scored` and the
/// summary is of what was finished.
Result<optim::EvalSummary> score(const RunSetup& setup, const RunRequest& request,
                                 optim::RolloutRunner& runner, const llm::CallContext& call,
                                 const optim::RolloutRunner::Batch& batch, Scored& scored) {
  optim::StageContext context;
  context.scope = batch.dir;
  context.call = call;
  context.clock = &setup.clock;
  const auto orders = orders_of_part(batch, request.shard);
  auto records = request.found ? runner.finished(orders) : runner.run(orders, context);
  if (!records) {
    Error error = optim::end_of_run(
        std::move(records).error(),
        {call, setup.clock.now(), setup.models->accountant().totals().last_failure});
    if (!optim::can_resume(error.code)) return tl::unexpected(std::move(error));
    scored.error = std::move(error);
    records = runner.finished(orders);
    if (!records) return tl::unexpected(std::move(records).error());
  }
  return optim::summarize(std::move(*records), batch.samples, setup.bench.benchmark.get());
}

}  // namespace

std::vector<optim::RolloutRunner::Batch> eval_batches(const RunRequest& request,
                                                      const std::vector<std::string>& ids) {
  std::vector<optim::RolloutRunner::Batch> out(1);
  out[0].task_ids = ids;
  out[0].samples = request.extra.value("trials", 1);
  out[0].dir = "eval";
  out[0].label = "evaluate";
  if (request.extra.value("baseline", "").empty()) return out;
  out.push_back(out[0]);
  out[1].dir = "baseline";
  out[1].label = "evaluate the baseline";
  return out;
}

namespace {

/// Both measurements, as far as they get.
Result<Scored> score_both(RunSetup& setup, const StageSet& stages, const llm::CallContext& call,
                          const RunRequest& request, const std::vector<std::string>& ids) {
  const std::string against = request.extra.value("baseline", "");
  SKILLGRAD_TRY(const auto baseline, open_baseline(setup, against));
  optim::RolloutRunner runner = make_runner(setup, stages);
  Scored out;
  auto batches = eval_batches(request, ids);
  batches[0].skill = request.skill == "none" ? nullptr : &setup.skill;
  SKILLGRAD_TRY(out.summary, score(setup, request, runner, call, batches[0], out));
  out.fresh = runner.fresh();
  if (batches.size() == 1 || out.error) return out;
  batches[1].skill = baseline ? &*baseline : nullptr;
  SKILLGRAD_TRY(out.baseline, score(setup, request, runner, call, batches[1], out));
  out.fresh = runner.fresh();
  if (!out.error) out.paired = optim::compare_tasks(ids, *out.baseline, out.summary);
  return out;
}

Result<Scored> score_all(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  const std::string split = request.extra.value("split", "test");
  SKILLGRAD_TRY(const auto planned, split_ids(setup.bench.splits, split));
  if (!planned.empty())
    SKILLGRAD_CHECK(check_measurement(setup.settings, setup.bench, planned, invocation.stop));
  SKILLGRAD_TRY(const auto ids, split_ids(setup.bench.splits, split));
  if (ids.empty())
    return fail(ErrorCode::dataset, "split \"" + split + "\" has no tasks",
                setup.bench.splits.origin, "choose another --split, or widen --ids or --limit");
  SKILLGRAD_TRY(const auto stages, make_executor_stages(setup, invocation.stop));
  SKILLGRAD_TRY(const auto call, call_context(setup, invocation));
  SKILLGRAD_CHECK(start_run(setup));
  SKILLGRAD_CHECK(share_run(setup, request, invocation.stop));
  const auto started = setup.clock.now();
  const auto earlier = optim::finished_before(*setup.store);
  SKILLGRAD_TRY(auto out, score_both(setup, *stages, call, request, ids));
  setup.sharing.reset();
  out.seconds = std::chrono::duration<double>(setup.clock.now() - started).count();
  out.idle = earlier && out.fresh == 0 && !out.error;
  out.finished_at = out.idle ? *earlier : format_utc(setup.clock.wall_now());
  if (request.found) {
    out.seconds = request.found->seconds;
    out.idle = false;
    out.finished_at = request.found->finished_at;
  }
  SKILLGRAD_TRY(out.totals, optim::run_totals(*setup.store));
  SKILLGRAD_TRY(out.parts, optim::cost_parts(*setup.store));
  return out;
}

/// What only the whole can have is asked of `merge`.
Result<> refuse_on_shard(const Invocation& invocation) {
  for (const char* flag : {"junit", "dry-run"})
    if (invocation.has(flag))
      return fail(ErrorCode::usage, "a shard is a part of an evaluation, which has none of its own",
                  std::string("--") + flag, "give it to the whole, and leave it out here");
  for (const OptionSpec* spec : options<"min_score", "max_error_rate", "exit_zero">)
    if (invocation.given.flags.contains(spec->key))
      return fail(ErrorCode::usage, "a shard is a part of an evaluation and has no verdict",
                  std::string("--") + spec->flag, "give it to `skillgrad merge RUN`");
  return {};
}

/// The exit code, and the verdict that goes with it: one that was stopped has none.
int judge(const Settings& settings, const RunRequest& request, Scored& scored) {
  scored.verdict = "none";
  if (scored.error) return exit_code_of(scored.error->code);
  if (request.shard) return 0;  // `merge` judges the whole
  const bool gated = settings.get<"min_score">() > 0 || settings.get<"max_error_rate">() < 1;
  const int failed = verdict_exit(settings, scored.summary);
  if (failed != 0)
    scored.verdict = "fail";
  else if (gated)
    scored.verdict = "pass";
  return settings.get<"exit_zero">() ? 0 : failed;
}

/// run.json, the last event, and word to who listens.
Result<Json> keep_result(RunSetup& setup, const RunRequest& request, const Scored& scored) {
  Json json = eval_json(setup, request, scored);
  SKILLGRAD_CHECK(setup.store->write("run.json", dump_json(json, 1) + "\n"));
  SKILLGRAD_CHECK(setup.store->event("result", dump_json(eval_event(scored))));
  close_run(setup, json);
  return json;
}

/// Of the files, as `report --format junit` writes it.
Result<> write_junit(RunSetup& setup, const std::string& file) {
  report::ReadOptions reading;
  reading.trace_bytes = 0;
  SKILLGRAD_TRY(auto read, report::read_run(setup.store->dir(), reading));
  // It is this process that still holds the folder.
  read.facts.condition =
      read.facts.error.empty() ? report::RunCondition::finished : report::RunCondition::stopped;
  report::ExportNotes notes;
  const std::string page = report::junit_page(setup.store->dir(), read, notes);
  for (const std::string& note : notes) print_err("note: " + strip_control(note) + "\n");
  return write_file_atomic(file, page);
}

Result<int> run_eval(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  SKILLGRAD_TRY(auto scored, score_all(setup, invocation, request));
  const int code = judge(setup.settings, request, scored);
  SKILLGRAD_TRY(const Json json, keep_result(setup, request, scored));
  if (scored.error) print_stop(*scored.error, setup);
  print_result(setup, json, eval_text(setup, request, scored));
  if (invocation.has("junit")) SKILLGRAD_CHECK(write_junit(setup, invocation.value("junit")));
  return code;
}

/// What it would do and cost, without a run directory and without a call.
Result<int> estimate_eval(const Invocation& invocation, const RunRequest& request) {
  EstimateFacts facts{"eval", 0, {}};
  SKILLGRAD_TRY(facts.measured, measured_of(invocation));
  SKILLGRAD_TRY(const auto setup, open_dry_run(invocation, request));
  const std::string split = request.extra.value("split", "test");
  SKILLGRAD_TRY(const auto planned, split_ids(setup->bench.splits, split));
  if (!planned.empty())
    SKILLGRAD_CHECK(check_measurement(setup->settings, setup->bench, planned, invocation.stop));
  SKILLGRAD_TRY(const auto ids, split_ids(setup->bench.splits, split));
  if (ids.empty())
    return fail(ErrorCode::dataset, "split \"" + split + "\" has no tasks",
                setup->bench.splits.origin, "choose another --split, or widen --ids or --limit");
  SKILLGRAD_TRY(const auto first, first_requests(*setup, ids, false, invocation.stop));
  const bool compared = !request.extra.value("baseline", "").empty();
  if (compared) facts.compared = ids.size();
  const auto plan = evaluation_plan(ids, request.extra.value("trials", 1), compared);
  Estimate out = estimate(*setup, plan, first, facts.measured);
  limit(out, setup->settings);
  print_estimate(*setup, out, first, facts);
  return 0;
}

}  // namespace

optim::RolloutRunner::Orders orders_of_part(const optim::RolloutRunner::Batch& batch,
                                            const std::optional<Shard>& shard) {
  auto out = optim::RolloutRunner::orders_of(batch);
  if (shard)
    std::erase_if(out.items,
                  [&](const auto& order) { return !shard->has(order.task_id, order.sample); });
  return out;
}

int verdict_exit(const Settings& settings, const optim::EvalSummary& summary) {
  const double least = settings.get<"min_score">(), errors = settings.get<"max_error_rate">();
  if (summary.error_rate() > errors) {
    print_err(fmt::format("verdict: fail: {} errors, --max-error-rate allows {}\n",
                          report::percent(summary.error_rate()), report::percent(errors)));
    return 1;
  }
  if (summary.graded == 0 && summary.planned > 0) {
    print_err("verdict: fail: no rollout could be graded\n");
    return 3;
  }
  if (least > 0 && summary.score < least) {
    print_err(fmt::format("verdict: fail: score {} is below --min-score {}\n",
                          report::percent(summary.score), report::percent(least)));
    return 1;
  }
  return 0;
}

Result<Scored> evaluate(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  SKILLGRAD_TRY(auto scored, score_all(setup, invocation, request));
  scored.verdict = "none";
  SKILLGRAD_CHECK(keep_result(setup, request, scored));
  return scored;
}

int finish_eval(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  auto code = run_eval(setup, invocation, request);
  return code ? *code : end_run_with_error(std::move(code).error(), invocation, setup);
}

Result<int> cmd_eval(const Invocation& invocation) {
  if (is_in_run()) return eval_in_run(invocation);
  if (invocation.has("launcher")) return launch_shards(invocation);
  if (invocation.has("shards"))
    return fail(ErrorCode::usage, "--shards says how many --launcher is to start", "--shards",
                "name the launcher, as in --launcher slurm, or make one shard with --shard 1/4");
  RunRequest request{RunCommand::eval, invocation.arguments.at(0), Json::object()};
  SKILLGRAD_TRY(const int trials, count_of(invocation, {"trials", 1, "1"}));
  request.extra = {{"split", invocation.value("split", "test")}, {"trials", trials}};
  SKILLGRAD_CHECK(add_baseline(invocation.value("baseline"), request.extra));
  if (invocation.has("shard")) {
    SKILLGRAD_TRY(request.shard, parse_shard(invocation.value("shard"), environment_value));
    SKILLGRAD_CHECK(refuse_on_shard(invocation));
    if (invocation.given.flags.contains("workers"))
      return fail(ErrorCode::usage, "a shard is made by one process", "--workers",
                  "leave out --workers, or --shard");
  }
  if (invocation.has("dry-run") && invocation.has("junit"))
    return fail(ErrorCode::usage, "--dry-run runs nothing that has a result", "--junit",
                "leave out --junit, or --dry-run");
  if (invocation.has("dry-run")) return estimate_eval(invocation, request);
  SKILLGRAD_CHECK(refuse_estimate_flags(invocation));
  SKILLGRAD_CHECK(check_output_files(invocation, {"junit"}));
  SKILLGRAD_TRY(const auto setup, open_run(invocation, request));
  return finish_eval(*setup, invocation, request);
}

}  // namespace skillgrad::cli
