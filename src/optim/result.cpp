// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>

#include "optim/run_state.hpp"

namespace skillgrad::optim {
namespace {

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

/// A split of which nothing could be graded has no score: null, never 0.
Json score_json(const EvalSummary& summary) {
  return summary.graded > 0 ? Json(summary.score) : Json();
}

Json interval_json(const EvalSummary& summary) {
  return summary.graded > 0 ? Json({summary.score_ci95.low, summary.score_ci95.high}) : Json();
}

Json baseline_json(const OptimizeResult& result) {
  Json out = Json::object();
  const auto add = [&](const char* name, const std::optional<EvalSummary>& summary) {
    if (!summary) return;
    out[name] = {{"score", score_json(*summary)},
                 {"score_ci95", interval_json(*summary)},
                 {"score_errors_as_failures", summary->score_errors_fail},
                 {"n_planned", summary->planned},
                 {"n_graded", summary->graded},
                 {"by_category", by_category_json(*summary)}};
  };
  add("train", result.base_train);
  add("val", result.base_val);
  return out;
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

Json usage_by_stage_json(const llm::LedgerTotals& totals) {
  Json out = Json::object();
  for (const auto& [stage, usage] : totals.by_stage) {
    out[stage] = to_json(usage);
    const auto cost = totals.cost_by_stage.find(stage);
    out[stage]["cost_usd"] =
        totals.cost_usd && cost != totals.cost_by_stage.end() ? Json(cost->second) : Json();
  }
  return out;
}

Json to_json(const OptimizeResult& result, const std::string& run_dir) {
  Json iterations = Json::array();
  for (std::size_t i = 0; i < result.iterations.size(); ++i) {
    Json row = to_json(result.iterations[i]);
    const double cost = i < result.iteration_cost.size() ? result.iteration_cost[i] : -1;
    row["cost_usd"] = cost >= 0 ? Json(cost) : Json();
    if (result.iterations[i].train_n == 0) row["train_score"] = Json();
    iterations.push_back(std::move(row));
  }
  const auto& totals = result.totals;
  Json out = {{"schema", "skillgrad.run/1"}, {"command", "optimize"}, {"run", run_dir}};
  out.update(result.facts);
  out.update(Json{{"iterations", iterations},
                  {"baseline", baseline_json(result)},
                  {"best",
                   {{"iteration", result.best_iteration},
                    {"score", optional_json(result.best_score)},
                    {"path", result.best_path}}},
                  {"test", result.test ? test_json(*result.test) : Json()},
                  {"stop_reason", result.stop_reason},
                  {"error", result.error ? Json({{"code", to_string(result.error->code)},
                                                 {"message", result.error->message},
                                                 {"where", result.error->where},
                                                 {"mend", result.error->mend}})
                                         : Json()},
                  {"usage", to_json(totals.usage)},
                  {"usage_by_stage", usage_by_stage_json(totals)},
                  {"cost_usd", optional_json(totals.cost_usd)},
                  {"attempts", totals.attempts},
                  {"retries", totals.retries},
                  {"cached_calls", totals.cached_calls},
                  {"unsettled_usd", totals.unsettled_usd},
                  {"seconds", result.seconds}});
  return out;
}

}  // namespace skillgrad::optim
