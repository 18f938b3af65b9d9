// SPDX-License-Identifier: MIT
#include <skillgrad/optim/decisions.hpp>

namespace skillgrad::optim {
namespace {

/// Where so many tasks would be needed, no record shows the difference.
constexpr double kNoRecord = 1e6;

}  // namespace

Json to_json(const decisions::Calibration& value) {
  Json prices = Json::array();
  for (const auto& price : value.prices) {
    const bool can = price.tasks < kNoRecord;
    prices.push_back({{"difference", price.difference},
                      {"tasks", can ? Json(price.tasks) : Json()},
                      {"rollouts", can ? Json(price.rollouts) : Json()},
                      {"shown_by_plan", price.shown_by_plan}});
  }
  return {{"tasks", value.tasks},
          {"missing", value.missing},
          {"score", value.score},
          {"flip_rate", value.within.flip_rate},
          {"variance_within", value.within.variance},
          {"always_pass", value.always_pass},
          {"always_fail", value.always_fail},
          {"least_p", value.least_p},
          {"wins_needed", value.wins_needed ? Json(*value.wins_needed) : Json()},
          {"smallest_shown", value.smallest_shown < 1 ? Json(value.smallest_shown) : Json()},
          {"prices", prices}};
}

Json to_json(const decisions::ReleaseResult& value) {
  const bool any = value.n > 0;
  Json out = {{"verdict", name_of(value.verdict)},
              {"before", any ? Json(value.before) : Json()},
              {"after", any ? Json(value.after) : Json()},
              {"difference", any ? Json(value.difference) : Json()},
              {"interval", any ? Json({value.interval.low, value.interval.high}) : Json()},
              {"p", any ? Json(value.p) : Json()},
              {"n", value.n},
              {"missing", value.missing},
              {"look", value.look},
              {"could_show", any ? Json(value.could_show) : Json()}};
  if (value.weighted) out["of"] = "weighted loss";
  if (value.models.empty()) return out;
  out["models"] = Json::array();
  for (const auto& model : value.models) {
    const bool compared = model.n > 0;
    out["models"].push_back(
        {{"model", model.model},
         {"verdict", name_of(model.verdict)},
         {"before", compared ? Json(model.before) : Json()},
         {"after", compared ? Json(model.after) : Json()},
         {"difference", compared ? Json(model.difference) : Json()},
         {"interval", compared ? Json({model.interval.low, model.interval.high}) : Json()},
         {"p", compared ? Json(model.p) : Json()},
         {"n", model.n}});
  }
  out["harmed"] = value.harmed ? Json(value.models.at(*value.harmed).model) : Json();
  return out;
}

Json to_json(const std::vector<Finalist>& value) {
  Json out = Json::array();
  for (const auto& row : value) {
    const bool any = row.tasks > 0;
    out.push_back({{"iteration", row.iteration},
                   {"better", row.better ? Json(*row.better) : Json()},
                   {"fresh_score", any ? Json(row.fresh_score) : Json()},
                   {"optimistic_score", any ? Json(row.all_score) : Json()},
                   {"tasks", row.tasks},
                   {"chosen", row.chosen}});
  }
  return out;
}

Json to_json(const std::vector<PrunedPatch>& value) {
  Json out = Json::array();
  for (const auto& row : value)
    out.push_back({{"iteration", row.iteration},
                   {"verdict", name_of(row.verdict)},
                   {"reason", row.reason},
                   {"within_margin", row.verdict == decisions::PruneVerdict::not_looked_at
                                         ? Json()
                                         : Json(row.within_margin)}});
  return out;
}

}  // namespace skillgrad::optim
