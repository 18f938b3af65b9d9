// SPDX-License-Identifier: MIT
#include "optim/tradeoffs/pareto.hpp"

#include <algorithm>
#include <functional>

#include "optim/decisions/cells.hpp"

namespace skillgrad::optim {
namespace {

/// Mean over the rollouts of a task that were graded; nullopt where one of them is not known.
std::optional<double> mean_measure(const std::vector<decisions::Entry>& entries,
                                   std::optional<double> decisions::Measures::*part) {
  double sum = 0;
  std::size_t n = 0;
  for (const decisions::Entry& entry : entries) {
    if (!entry.score) continue;
    if (!(entry.measures.*part)) return std::nullopt;
    sum += *(entry.measures.*part);
    ++n;
  }
  if (n == 0) return std::nullopt;
  return sum / static_cast<double>(n);
}

/// Over the tasks; nullopt where one of them is not known.
class KnownMean {
 public:
  void add(const std::optional<double>& value) {
    known_ = known_ && value;
    sum_ += value.value_or(0);
    ++n_;
  }
  [[nodiscard]] std::optional<double> value() const {
    return known_ && n_ > 0 ? std::optional(sum_ / static_cast<double>(n_)) : std::nullopt;
  }

 private:
  bool known_ = true;
  double sum_ = 0;
  std::size_t n_ = 0;
};

class Table {
 public:
  Table(const AlternativesPlan& plan, const decisions::ScoreBook& book) : plan_(plan), book_(book) {
    out_.weights = plan.weights;
  }

  Tradeoffs make() {
    for (const Alternative& package : plan_.packages) out_.rows.push_back(row_of(package));
    choose_objectives();
    for (std::size_t i = 0; i < out_.rows.size(); ++i)
      if (out_.rows[i].n > 0) out_.rows[i].beaten = is_beaten(i);
    return std::move(out_);
  }

 private:
  TradeoffRow row_of(const Alternative& package) const {
    TradeoffRow out;
    out.iteration = package.iteration;
    out.what = package.what;
    out.chosen = package.chosen;
    out.size_ratio = package.size_ratio;
    out.violations = package.violations;
    const std::string& initial = plan_.packages.front().package;
    std::vector<decisions::TaskPair> cells;
    KnownMean cost, cost_before, seconds, seconds_before;
    for (const std::string& task : plan_.tasks) {
      const decisions::TaskPair pair{task, false, book_.value(initial, task),
                                     book_.value(package.package, task)};
      if (!pair.complete()) continue;
      cells.push_back(pair);
      const auto& before = book_.entries(initial, task);
      const auto& after = book_.entries(package.package, task);
      cost.add(mean_measure(after, &decisions::Measures::cost_usd));
      cost_before.add(mean_measure(before, &decisions::Measures::cost_usd));
      seconds.add(mean_measure(after, &decisions::Measures::seconds));
      seconds_before.add(mean_measure(before, &decisions::Measures::seconds));
    }
    add_quality(cells, out);
    if (!plan_.calls_are_made) return out;
    out.cost_usd = cost.value();
    out.seconds = seconds.value();
    out.cost_ratio = ratio(out.cost_usd, cost_before.value());
    out.time_ratio = ratio(out.seconds, seconds_before.value());
    return out;
  }

  void add_quality(const std::vector<decisions::TaskPair>& cells, TradeoffRow& out) const {
    std::vector<double> differences;
    double value = 0;
    for (const auto& pair : decisions::pairs_by_task(cells, plan_.across)) {
      if (!pair.complete()) continue;
      differences.push_back(pair.difference());
      out.score += pair.after.mean;
      value += pair.gain();
    }
    out.n = differences.size();
    if (out.n == 0) return;
    const auto n = static_cast<double>(out.n);
    out.score /= n;
    out.difference = stats::mean_of(differences).value;
    out.interval = stats::paired_interval(differences);
    if (plan_.weights.several()) out.value_gain = value / n;
  }

  /// Nothing is known of what costs a multiple of nothing.
  static std::optional<double> ratio(const std::optional<double>& value,
                                     const std::optional<double>& base) {
    return value && base && *base > 0 ? std::optional(*value / *base) : std::nullopt;
  }

  void choose_objectives() {
    using Of = std::function<std::optional<double>(const TradeoffRow&)>;
    const auto offer = [&](const char* name, const Of& less_is_better, const char* why_not) {
      const bool known = std::all_of(out_.rows.begin(), out_.rows.end(), [&](const auto& row) {
        return row.n == 0 || less_is_better(row).has_value();
      });
      if (!known) {
        out_.left_out.push_back({name, why_not});
        return;
      }
      out_.objectives.emplace_back(name);
      objectives_.push_back(less_is_better);
    };
    offer(
        "quality", [](const auto& row) { return std::optional(-row.difference); }, "");
    constexpr const char* kNotMade =
        "a cache or a recording answers calls, at no cost and in no time";
    offer(
        "cost", [](const auto& row) { return row.cost_ratio; },
        plan_.calls_are_made
            ? "the price of a rollout is not known, or the initial skill's rollouts cost nothing"
            : kNotMade);
    if (!plan_.calls_are_made)
      out_.left_out.push_back({"time", kNotMade});
    else if (plan_.weights.time > 0)
      offer(
          "time", [](const auto& row) { return row.time_ratio; }, "it is not known");
    else
      out_.left_out.push_back({"time",
                               "measured time is never twice the same; give it a weight in "
                               "--loss to have it compared"});
    offer(
        "size", [](const auto& row) { return std::optional(row.size_ratio); }, "");
    offer(
        "violations", [](const auto& row) { return std::optional(row.violations); }, "");
  }

  /// By another one that is no worse in anything and better in something.
  [[nodiscard]] bool is_beaten(std::size_t i) const {
    return std::any_of(out_.rows.begin(), out_.rows.end(), [&](const TradeoffRow& other) {
      if (&other == &out_.rows[i] || other.n == 0) return false;
      bool better = false;
      for (const auto& of : objectives_) {
        const double mine = of(out_.rows[i]).value_or(0), its = of(other).value_or(0);
        if (its > mine) return false;
        better = better || its < mine;
      }
      return better;
    });
  }

  const AlternativesPlan& plan_;
  const decisions::ScoreBook& book_;
  std::vector<std::function<std::optional<double>(const TradeoffRow&)>> objectives_;
  Tradeoffs out_;
};

Json known_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

Tradeoffs tradeoffs(const AlternativesPlan& plan, const decisions::ScoreBook& book) {
  if (plan.packages.empty()) return {};
  return Table(plan, book).make();
}

Json to_json(const Tradeoffs& value) {
  Json rows = Json::array();
  for (const TradeoffRow& row : value.rows) {
    const bool any = row.n > 0;
    rows.push_back(
        {{"iteration", row.iteration},
         {"what", row.what},
         {"chosen", row.chosen},
         {"n", row.n},
         {"score", any ? Json(row.score) : Json()},
         {"difference", any ? Json(row.difference) : Json()},
         {"difference_ci95", any ? Json({row.interval.low, row.interval.high}) : Json()},
         {"cost_usd", known_or_null(row.cost_usd)},
         {"cost_of_initial", known_or_null(row.cost_ratio)},
         {"seconds",
          {{"mean", known_or_null(row.seconds)}, {"of_initial", known_or_null(row.time_ratio)}}},
         {"size_of_initial", row.size_ratio},
         {"violations", row.violations},
         {"value_gain", known_or_null(row.value_gain)},
         {"dominated", row.beaten ? Json(*row.beaten) : Json()}});
  }
  Json left_out = Json::object();
  for (const auto& [name, why] : value.left_out) left_out[name] = why;
  return {{"weights",
           {{"quality", value.weights.quality},
            {"cost", value.weights.cost},
            {"time", value.weights.time},
            {"size", value.weights.size},
            {"violations", value.weights.violations}}},
          {"objectives", value.objectives},
          {"left_out", std::move(left_out)},
          {"packages", std::move(rows)}};
}

}  // namespace skillgrad::optim
