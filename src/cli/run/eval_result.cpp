// SPDX-License-Identifier: MIT
#include "cli/run/eval_result.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/run/stage_set.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"

namespace skillgrad::cli {
namespace {

/// Scores by task where the tasks have several cases, each of them a rollout.
std::optional<bench::GroupScores> by_task(const RunSetup& setup, const Scored& scored) {
  std::vector<bench::CaseScore> cases;
  for (const auto& record : scored.summary.records)
    cases.push_back({record.task_id, record.score, record.hard, record.graded()});
  return bench::score_groups(*setup.bench.benchmark, cases);
}

std::string stop_reason(const Scored& scored) {
  return scored.error ? scored.error->message : "all tasks were run";
}

std::string next_command(const RunSetup& setup, const Scored& scored) {
  const std::string run = shell_word(setup.store->dir().string());
  // A resume asks again for what ended as an error, and for nothing else.
  const bool errors = scored.summary.errors() > 0;
  return scored.error || errors ? "skillgrad resume " + run : "ls " + run + "/eval/rollouts";
}

Json baseline_json(const Scored& scored) {
  Json out = optim::to_json(*scored.baseline);
  const auto spent = scored.parts.find("baseline");
  out.update(optim::spent_json(spent == scored.parts.end() ? llm::LedgerTotals{} : spent->second));
  if (spent == scored.parts.end()) out["cost_usd"] = 0.0;
  if (!scored.paired) return out;
  const auto& paired = *scored.paired;
  const bool any = paired.n > 0;
  out["difference"] = any ? Json(paired.difference) : Json();
  out["difference_ci95"] = any ? Json({paired.difference95.low, paired.difference95.high}) : Json();
  out["p"] = any ? Json(paired.p) : Json();
  out["n"] = paired.n;
  out["fixed"] = paired.fixed;
  out["broken"] = paired.broken;
  return out;
}

std::string baseline_lines(const Scored& scored) {
  const auto& baseline = *scored.baseline;
  std::string out = "baseline   " +
                    (baseline.graded > 0 ? report::percent_ci(baseline.score, baseline.score_ci95)
                                         : std::string("none")) +
                    "\n";
  if (!scored.paired) return out;
  const auto& paired = *scored.paired;
  if (paired.n == 0) return out + "difference none: no task was graded under both\n";
  return out +
         fmt::format("difference {:+.1f} points [{:+.1f}, {:+.1f}], {} fixed, {} broken, {}\n",
                     100 * paired.difference, 100 * paired.difference95.low,
                     100 * paired.difference95.high, paired.fixed, paired.broken,
                     report::p_text(paired.p));
}

std::string usage_line(const llm::LedgerTotals& totals) {
  return fmt::format("usage      {}, {} input and {} output tokens, {}\n",
                     counted(static_cast<std::size_t>(totals.usage.calls), "call"),
                     totals.usage.input_tokens, totals.usage.output_tokens,
                     report::money(totals.cost_usd));
}

}  // namespace

Json eval_json(const RunSetup& setup, const RunRequest& request, const Scored& scored) {
  Json out = {{"schema", "skillgrad.eval/1"},
              {"command", "eval"},
              {"run", setup.store->dir().string()},
              {"skill", request.skill == "none" ? Json() : Json(setup.skill_path)},
              {"benchmark", setup.bench.benchmark->name() + ":" + setup.bench.benchmark->source()},
              {"split", request.extra.value("split", "")},
              {"model", setup.models->model()},
              {"simulation", setup.models->simulated()},
              {"grading", setup.bench.graded_by}};
  if (request.shard) out["shard"] = request.shard->text();
  if (setup.agent) out["executor"] = agent_facts(setup);
  out.update(optim::to_json(scored.summary));
  if (const auto groups = by_task(setup, scored))
    out["by_task"] = {{"n_planned", groups->planned},
                      {"n_graded", groups->graded},
                      {"score", groups->graded > 0 ? Json(groups->score) : Json()},
                      {"hard", groups->graded > 0 ? Json(groups->hard) : Json()},
                      {"soft", groups->graded > 0 ? Json(groups->soft) : Json()}};
  out.update(optim::spent_json(scored.totals, scored.parts));
  out["request_changes"] = setup.models->request_changes();
  out["notes"] = notes_json(notes().all());
  out["finished_at"] = scored.finished_at;
  out["nothing_run"] = scored.idle;
  out["seconds"] = scored.seconds;
  out["verdict"] = scored.verdict;
  out["stop_reason"] = stop_reason(scored);
  out["error"] = optim::error_json(scored.error);
  if (scored.baseline) out["baseline"] = baseline_json(scored);
  return out;
}

Json eval_event(const Scored& scored) {
  const bool any = scored.summary.graded > 0;
  Json by_status = Json::object();
  for (const auto& [status, count] : scored.summary.by_status) by_status[name_of(status)] = count;
  return {{"command", "eval"},
          {"verdict", scored.verdict},
          {"stop_reason", stop_reason(scored)},
          {"score", any ? Json(scored.summary.score) : Json()},
          {"n_planned", scored.summary.planned},
          {"n_graded", scored.summary.graded},
          {"by_status", by_status},
          {"calls", scored.totals.usage.calls},
          {"cost_usd", scored.totals.cost_usd ? Json(*scored.totals.cost_usd) : Json()},
          {"error", optim::error_json(scored.error)},
          {"seconds", scored.seconds}};
}

std::string eval_text(const RunSetup& setup, const RunRequest& request, const Scored& scored) {
  std::string out = report::eval_summary(
      scored.summary,
      {request.skill == "none" ? "none" : setup.skill_path, setup.bench.benchmark->source(),
       request.extra.value("split", ""), setup.models->model(), setup.models->simulated()});
  if (setup.agent)
    out += "executor   " + setup.agent->profile.title + ", " +
           (setup.agent->version.empty() ? "which tells no version"
                                         : strip_control(setup.agent->version)) +
           "\n";
  if (const auto groups = by_task(setup, scored)) out += report::group_line(*groups);
  if (scored.baseline) out += baseline_lines(scored);
  out += usage_line(scored.totals) + report::cached_line(scored.totals);
  if (!setup.models->simulated()) out += report::prompt_cache_line(scored.totals);
  out += "\n" + report::cost_by_stage(scored.totals);
  out += notes_text(notes().all(), setup.store->path("run.json").string()) + "\n";
  out += "run        " + setup.store->dir().string() + "\n";
  out += "stopped    " + strip_control(stop_reason(scored));
  out += scored.idle ? " (finished at " + scored.finished_at + "; nothing was run now)\n" : "\n";
  return out + "next       " + next_command(setup, scored) + "\n";
}

}  // namespace skillgrad::cli
