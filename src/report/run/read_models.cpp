// SPDX-License-Identifier: MIT
#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

/// The row of a list with this model; null where there is none.
Json row_of_model(const Json& rows, const std::string& model) {
  for (const Json& row : rows)
    if (text_of(row, "model") == model) return row;
  return {};
}

}  // namespace

std::string tradeoff_note(const TradeoffPoint& point) {
  const char* const place = !point.dominated   ? "not measured"
                            : *point.dominated ? "dominated"
                                               : "not dominated";
  return (point.chosen ? "chosen, " : "") + std::string(place);
}

void read_models(const Json& result, RunReport& report) {
  const Json& across = member(result, "across");
  if (!across.is_object()) return;
  const Json& verdict = member(result, "verdict");
  ModelsFacts out;
  out.rule = text_of(across, "rule");
  out.harmed = text_of(verdict, "harmed");
  out.optimizer_model = text_of(result, "optimizer_model");
  for (const Json& row : items(across, "models")) {
    ModelRow model;
    model.model = text_of(row, "model");
    model.verdict = text_of(row, "verdict");
    const auto fill = [&](const char* key, std::optional<double>& score,
                          std::optional<stats::Interval>& interval) {
      score = number_of(member(row, key), "score");
      interval = interval_of(member(row, key), "score_ci95");
    };
    fill("train", model.train, model.train95);
    fill("test_before", model.before, model.before95);
    fill("test_after", model.after, model.after95);
    const Json release = row_of_model(items(verdict, "models"), model.model);
    model.difference = number_of(release, "difference");
    model.interval = interval_of(release, "interval");
    model.p = number_of(release, "p");
    model.n = count_of(release, "n");
    out.rows.push_back(std::move(model));
  }
  report.models = std::move(out);
}

void read_tradeoffs(const Json& result, RunReport& report) {
  const Json& found = member(result, "tradeoffs");
  if (!found.is_object()) return;
  TradeoffFacts out;
  out.objectives = texts_of(found, "objectives");
  const Json& weights = member(found, "weights");
  if (weights.is_object())
    for (const auto& [name, weight] : weights.items())
      if (weight.is_number()) out.weights.emplace_back(name, weight.get<double>());
  const Json& left_out = member(found, "left_out");
  if (left_out.is_object())
    for (const auto& [name, why] : left_out.items())
      out.left_out.emplace_back(name, why.is_string() ? why.get<std::string>() : "");
  for (const Json& row : items(found, "packages")) {
    TradeoffPoint point;
    point.iteration = integer_of(row, "iteration");
    point.what = text_of(row, "what");
    point.chosen = flag_of(row, "chosen");
    point.n = count_of(row, "n");
    point.score = number_of(row, "score");
    point.difference = number_of(row, "difference");
    point.interval = interval_of(row, "difference_ci95");
    point.cost_usd = number_of(row, "cost_usd");
    point.cost_of_initial = number_of(row, "cost_of_initial");
    const Json& seconds = member(row, "seconds");
    point.seconds = number_of(seconds, "mean");
    point.time_of_initial = number_of(seconds, "of_initial");
    point.size_of_initial = number_of(row, "size_of_initial");
    point.violations = number_of(row, "violations");
    point.value_gain = number_of(row, "value_gain");
    if (const Json& beaten = member(row, "dominated"); beaten.is_boolean())
      point.dominated = beaten.get<bool>();
    out.points.push_back(std::move(point));
  }
  report.tradeoffs = std::move(out);
}

}  // namespace skillgrad::report
