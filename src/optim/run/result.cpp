// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/troubles.hpp>

#include "optim/across/across_scores.hpp"
#include "optim/loop/iteration.hpp"
#include "optim/loop/reruns.hpp"
#include "optim/tradeoffs/pareto.hpp"

namespace skillgrad::optim {
namespace {

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json interval_json(const EvalSummary& summary) {
  return summary.graded > 0 ? Json({summary.score_ci95.low, summary.score_ci95.high}) : Json();
}

Json baseline_json(const OptimizeResult& result) {
  Json out = Json::object();
  const auto add = [&](const char* name, const std::optional<EvalSummary>& summary) {
    if (!summary) return;
    out[name] = {{"score", score_json(*summary)},
                 {"score_ci95", interval_json(*summary)},
                 {"score_errors_as_failures", optional_json(summary->score_errors_fail)},
                 {"n_planned", summary->planned},
                 {"n_graded", summary->graded},
                 {"by_category", by_category_json(*summary)},
                 {"went_wrong", to_json(troubles(summary->records))}};
  };
  add("train", result.base_train);
  add("val", result.base_val);
  return out;
}

Json rollouts_json(const RolloutCount& count) {
  return {{"used", count.used}, {"allowed", count.allowed ? Json(*count.allowed) : Json()}};
}

Json test_json(const TestScore& test) {
  const bool paired = test.paired.n > 0;
  const auto& ci = test.paired.difference95;
  return {{"before", score_json(test.before)},
          {"after", score_json(test.after)},
          {"before_ci95", interval_json(test.before)},
          {"after_ci95", interval_json(test.after)},
          {"difference", paired ? Json(test.paired.difference) : Json()},
          {"difference_ci95", paired ? Json({ci.low, ci.high}) : Json()},
          {"p", paired ? Json(test.paired.p) : Json()},
          {"n", test.paired.n},
          {"by_category",
           {{"before", by_category_json(test.before)}, {"after", by_category_json(test.after)}}},
          {"fixed", test.paired.fixed},
          {"broken", test.paired.broken},
          {"detail", {{"before", to_json(test.before)}, {"after", to_json(test.after)}}}};
}

}  // namespace

Json score_json(const EvalSummary& summary) {
  return summary.graded > 0 ? Json(summary.score) : Json();
}

Json result_event(const OptimizeResult& result) {
  return {{"command", "optimize"},
          {"stop_reason", result.stop_reason},
          {"refused", result.refused},
          {"iterations", result.iterations.size()},
          {"best_iteration", result.best_iteration},
          {"optimizer", name_of(result.optimizer)},
          {"rollouts", rollouts_json(result.rollouts)},
          {"verdict", name_of(result.release.verdict)},
          {"proposed", result.proposed},
          {"base_score", result.base_train ? score_json(*result.base_train) : Json()},
          {"test_before", result.test ? score_json(result.test->before) : Json()},
          {"test_after", result.test ? score_json(result.test->after) : Json()},
          {"cost_usd", optional_json(result.totals.cost_usd)},
          {"calls", result.totals.usage.calls},
          {"error", error_json(result.error)},
          {"seconds", result.seconds}};
}

std::optional<std::string> finished_before(const store::RunStore& store) {
  const auto text = store.read("run.json");
  if (!text || !*text) return std::nullopt;
  const auto json = parse_json(**text, "run.json");
  if (!json || !json->is_object() || !json->value("error", Json()).is_null()) return std::nullopt;
  const Json time = json->value("finished_at", Json());
  return time.is_string() ? std::optional(time.get<std::string>()) : std::nullopt;
}

Json error_json(const std::optional<Error>& error) {
  if (!error) return {};
  return {{"code", name_of(error->code)},
          {"message", error->message},
          {"where", error->where},
          {"mend", error->mend}};
}

std::optional<double> iteration_cost(const OptimizeResult& result, int iteration) {
  return cost_of_part(result.parts, iteration_name(iteration));
}

Json to_json(const OptimizeResult& result, const std::string& run_dir) {
  Json iterations = Json::array();
  for (const auto& iteration : result.iterations) {
    Json row = to_json(iteration);
    const auto spent = result.parts.find(iteration_name(iteration.iteration));
    row["cost_usd"] = optional_json(iteration_cost(result, iteration.iteration));
    row["unsettled_usd"] =
        spent == result.parts.end() ? Json(0.0) : optional_json(spent->second.unsettled_usd);
    iterations.push_back(std::move(row));
  }
  Json out = {{"schema", "skillgrad.run/1"}, {"command", "optimize"}, {"run", run_dir}};
  out.update(result.facts);
  out.update(Json{{"optimizer", name_of(result.optimizer)},
                  {"rollouts", rollouts_json(result.rollouts)},
                  {"iterations", iterations},
                  {"baseline", baseline_json(result)},
                  {"best",
                   {{"iteration", result.best_iteration},
                    {"score", optional_json(result.best_score)},
                    {"fresh_score", optional_json(result.best_fresh_score)},
                    {"path", result.best_path}}},
                  {"verdict", to_json(result.release)},
                  {"calibration", result.calibration ? to_json(*result.calibration) : Json()},
                  {"finalists", to_json(result.finalists)},
                  {"pruned", to_json(result.pruned)},
                  {"rerun", result.reruns ? to_json(*result.reruns) : Json()},
                  {"test", result.test ? test_json(*result.test) : Json()},
                  {"stop_reason", result.stop_reason},
                  {"error", error_json(result.error)},
                  {"refused", result.refused},
                  {"proposed", result.proposed},
                  {"finished_at", result.finished_at},
                  {"nothing_run", result.idle},
                  {"seconds", result.seconds}});
  if (!result.skills.empty()) {
    out["skills"] = Json::array();
    out["conflicts"] = Json::array();
    for (const SkillOutcome& outcome : result.skills) out["skills"].push_back(to_json(outcome));
    for (const ConflictOutcome& outcome : result.conflicts)
      out["conflicts"].push_back(to_json(outcome));
  }
  if (result.tradeoffs) out["tradeoffs"] = to_json(*result.tradeoffs);
  if (result.across) out["across"] = to_json(*result.across);
  out.update(spent_json(result.totals, result.parts));
  return out;
}

}  // namespace skillgrad::optim
