// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/estimate.hpp"
#include "cli/evaluate_run.hpp"
#include "cli/stage_set.hpp"

namespace skillgrad::cli {
namespace {

Result<int> parse_trials(const std::string& text) {
  const Json value = Json::parse(text, nullptr, false);
  if (value.is_number_integer() && value.get<std::int64_t>() >= 1 &&
      value.get<std::int64_t>() <= 1000)
    return value.get<int>();
  return fail(ErrorCode::usage, "got --trials " + text + ", expected a whole number from 1 to 1000",
              "--trials", "for example --trials 3");
}

constexpr const char* kBaselineCopy = "initial/baseline";

/// A skill to compare with: a package, or a run (its best package).
Result<skill::SkillPackage> load_baseline(const std::string& text) {
  std::error_code ignored;
  const fs::path best = fs::path(text) / "best";
  const bool run = fs::exists(fs::path(text) / "config.json", ignored) && fs::exists(best, ignored);
  return load_skill(run ? best.string() : text);
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

/// The run's own copy, so that a resumed run compares with what it began with.
Result<std::optional<skill::SkillPackage>> open_baseline(RunSetup& setup, const std::string& text) {
  if (text.empty() || text == "none") return std::nullopt;
  std::error_code ignored;
  const fs::path copy = setup.store->path(kBaselineCopy);
  if (!fs::exists(copy / "SKILL.md", ignored)) {
    SKILLGRAD_TRY(const auto package, load_baseline(text));
    SKILLGRAD_CHECK(package.save(copy));
  }
  SKILLGRAD_TRY(const auto saved, skill::SkillPackage::load(copy));
  SKILLGRAD_TRY(auto package, skill::SkillPackage::from_files(fs::path(text).filename().string(),
                                                              saved.skill_md(), saved.files()));
  return std::optional<skill::SkillPackage>(std::move(package));
}

struct Scored {
  optim::EvalSummary summary;
  std::optional<optim::EvalSummary> baseline;
  std::optional<stats::PairedResult> paired;
  double seconds = 0;
};

Result<optim::EvalSummary> score(RunSetup& setup, const StageSet& stages,
                                 const llm::CallContext& call,
                                 const optim::RolloutRunner::Batch& batch) {
  optim::RolloutRunner runner({setup.bench.benchmark.get(), stages.executor.get(),
                               stages.loss.get(), setup.store.get(), setup.observer.get(),
                               rollout_limits(setup.settings),
                               static_cast<unsigned>(setup.settings.integer("jobs"))});
  optim::StageContext context;
  context.scope = batch.dir;
  context.call = call;
  context.clock = &setup.clock;
  SKILLGRAD_TRY(auto records, runner.run(batch, context));
  return optim::summarize(std::move(records), batch.samples, setup.bench.benchmark.get());
}

/// Scores by task where the tasks have several cases, each of them a rollout.
std::optional<bench::GroupScores> by_task(const RunSetup& setup, const Scored& scored) {
  std::vector<bench::CaseScore> cases;
  for (const auto& record : scored.summary.records)
    cases.push_back({record.task_id, record.score, record.hard, record.graded()});
  return bench::score_groups(*setup.bench.benchmark, cases);
}

Json result_json(const RunSetup& setup, const RunRequest& request, const Scored& scored,
                 const char* verdict) {
  Json out = {{"schema", "skillgrad.eval/1"},
              {"command", "eval"},
              {"run", setup.store->dir().string()},
              {"skill", request.skill == "none" ? Json() : Json(setup.skill_path)},
              {"benchmark", setup.bench.benchmark->name() + ":" + setup.bench.benchmark->source()},
              {"split", request.extra.value("split", "")},
              {"model", setup.models->model()},
              {"simulation", setup.models->simulated()},
              {"grading", setup.bench.graded_by}};
  out.update(optim::to_json(scored.summary));
  if (const auto groups = by_task(setup, scored))
    out["by_task"] = {{"n_planned", groups->planned},
                      {"n_graded", groups->graded},
                      {"score", groups->score},
                      {"hard", groups->hard},
                      {"soft", groups->soft}};
  out["cached_calls"] = setup.models->accountant().totals().cached_calls;
  out["request_changes"] = setup.models->request_changes();
  out["usage_by_stage"] = optim::usage_by_stage_json(setup.models->accountant().totals());
  out["unsettled_usd"] = setup.models->accountant().totals().unsettled_usd;
  out["seconds"] = scored.seconds;
  out["verdict"] = verdict;
  if (scored.baseline) {
    Json base = optim::to_json(*scored.baseline);
    base["difference"] = scored.paired->difference;
    base["difference_ci95"] = {scored.paired->difference95.low, scored.paired->difference95.high};
    base["p"] = scored.paired->p;
    base["fixed"] = scored.paired->fixed;
    base["broken"] = scored.paired->broken;
    out["baseline"] = std::move(base);
  }
  return out;
}

std::string result_text(const RunSetup& setup, const RunRequest& request, const Scored& scored) {
  std::string out = report::eval_summary(
      scored.summary,
      {request.skill == "none" ? "none" : setup.skill_path, setup.bench.benchmark->source(),
       request.extra.value("split", ""), setup.models->model(), setup.models->simulated()});
  if (const auto groups = by_task(setup, scored)) out += report::group_line(*groups);
  const auto totals = setup.models->accountant().totals();
  out += report::cached_line(totals);
  if (!setup.models->simulated()) out += report::prompt_cache_line(totals);
  if (totals.by_stage.size() > 1) out += "\n" + report::cost_by_stage(totals) + "\n";
  if (const double lost = totals.unsettled_usd; lost > 0)
    out += fmt::format("possibly billed without a reply: {:.4f} USD\n", lost);
  if (scored.baseline)
    out += fmt::format(
        "baseline   {}\ndifference {:+.1f} points [{:+.1f}, {:+.1f}], {} fixed, {} broken, p = "
        "{:.3f}\n",
        report::percent_ci(scored.baseline->score, scored.baseline->score_ci95),
        100 * scored.paired->difference, 100 * scored.paired->difference95.low,
        100 * scored.paired->difference95.high, scored.paired->fixed, scored.paired->broken,
        scored.paired->p);
  return out + "run        " + setup.store->dir().string() + "\n";
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
  const std::string against = request.extra.value("baseline", "");
  SKILLGRAD_TRY(const auto baseline, open_baseline(setup, against));
  const auto started = setup.clock.now();
  Scored out;
  optim::RolloutRunner::Batch batch;
  batch.skill = request.skill == "none" ? nullptr : &setup.skill;
  batch.task_ids = ids;
  batch.samples = request.extra.value("trials", 1);
  batch.dir = "eval";
  batch.label = "evaluate";
  SKILLGRAD_TRY(out.summary, score(setup, *stages, call, batch));
  if (!against.empty()) {
    batch.skill = baseline ? &*baseline : nullptr;
    batch.dir = "baseline";
    batch.label = "evaluate the baseline";
    SKILLGRAD_TRY(out.baseline, score(setup, *stages, call, batch));
    out.paired = optim::compare_tasks(ids, *out.baseline, out.summary);
  }
  out.seconds = std::chrono::duration<double>(setup.clock.now() - started).count();
  return out;
}

Result<int> run_eval(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  SKILLGRAD_TRY(const auto scored, score_all(setup, invocation, request));
  setup.observer.reset();
  const bool gated =
      setup.settings.number("min_score") > 0 || setup.settings.number("max_error_rate") < 1;
  const int failed = verdict_exit(setup.settings, scored.summary);
  const Json json = result_json(setup, request, scored,
                                failed != 0 ? "fail"
                                : gated     ? "pass"
                                            : "none");
  SKILLGRAD_CHECK(setup.store->write("run.json", dump_json(json, 1) + "\n"));
  print_out(setup.settings.flag("json") ? dump_json(json, 1) + "\n"
                                        : result_text(setup, request, scored));
  return setup.settings.flag("exit_zero") ? 0 : failed;
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
  print_estimate(*setup, estimate(*setup, plan, first, facts.measured), first, facts);
  return 0;
}

}  // namespace

int verdict_exit(const Settings& settings, const optim::EvalSummary& summary) {
  const double least = settings.number("min_score"), errors = settings.number("max_error_rate");
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

int finish_eval(RunSetup& setup, const Invocation& invocation, const RunRequest& request) {
  const auto code = run_eval(setup, invocation, request);
  if (code) return *code;
  setup.observer.reset();
  print_error(code.error());
  return exit_code_of(code.error().code);
}

int cmd_eval(const Invocation& invocation) {
  RunRequest request{"eval", invocation.arguments.at(0), Json::object()};
  const auto trials = parse_trials(invocation.value("trials", "1"));
  if (!trials) {
    print_error(trials.error());
    return exit_code_of(trials.error().code);
  }
  request.extra = {{"split", invocation.value("split", "test")}, {"trials", *trials}};
  if (const auto added = add_baseline(invocation.value("baseline"), request.extra); !added) {
    print_error(added.error());
    return exit_code_of(added.error().code);
  }
  if (const auto code =
          end_as_dry_run(invocation, [&] { return estimate_eval(invocation, request); }))
    return *code;
  const auto setup = open_run(invocation, request);
  if (!setup) {
    print_error(setup.error());
    return exit_code_of(setup.error().code);
  }
  return finish_eval(**setup, invocation, request);
}

}  // namespace skillgrad::cli
