// SPDX-License-Identifier: MIT
#include "study/study.hpp"

#include <algorithm>
#include <cmath>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/intervals.hpp>

namespace skillgrad::study {
namespace {

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double upper_bound(std::size_t count, std::size_t n) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    const double at_most = 1 - stats::binomial_upper_tail(count + 1, n, middle);
    (at_most > 0.05 ? low : high) = middle;
  }
  return high;
}

double decile(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = 0.1 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

struct Counts {
  std::size_t good = 0, good_kept = 0, other = 0, other_kept = 0;
  std::size_t worse = 0, worse_by_a_point = 0, released = 0, false_release = 0;
};

Counts count(const std::vector<Outcome>& outcomes) {
  Counts out;
  for (const Outcome& run : outcomes) {
    out.good += run.good;
    out.good_kept += run.good_kept;
    out.other += run.other;
    out.other_kept += run.other_kept;
    out.worse_by_a_point += run.gain < -0.01 ? 1U : 0U;
    out.worse += run.gain < -1e-12 ? 1U : 0U;
    const bool released = run.verdict == decisions::ReleaseVerdict::improved;
    out.released += released ? 1U : 0U;
    out.false_release += released && run.gain <= 1e-12 ? 1U : 0U;
  }
  return out;
}

Summary summarize(const std::string& population, const std::string& rule,
                  const std::vector<Outcome>& outcomes) {
  Summary out;
  out.population = population;
  out.rule = rule;
  out.runs = outcomes.size();
  std::vector<double> gains, rollouts, release_rollouts, optimism;
  for (const Outcome& run : outcomes) {
    gains.push_back(run.gain);
    rollouts.push_back(static_cast<double>(run.rollouts));
    release_rollouts.push_back(static_cast<double>(run.release_rollouts));
    if (run.optimism) optimism.push_back(*run.optimism);
  }
  const auto mean = stats::mean_of(gains);
  out.gain = mean.value;
  out.gain_error = mean.standard_error;
  out.gain_p10 = decile(gains);
  out.rollouts = stats::mean_of(rollouts).value;
  out.release_rollouts = stats::mean_of(release_rollouts).value;
  if (!optimism.empty()) out.optimism = stats::mean_of(optimism).value;
  const Counts counts = count(outcomes);
  out.worse = share(counts.worse, out.runs);
  out.worse_by_a_point = share(counts.worse_by_a_point, out.runs);
  out.good_kept = share(counts.good_kept, counts.good);
  out.false_kept = share(counts.other_kept, counts.other);
  out.released = share(counts.released, out.runs);
  out.false_release = share(counts.false_release, out.runs);
  out.false_release_high = upper_bound(counts.false_release, out.runs);
  out.calibration = calibration_of(outcomes);
  return out;
}

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json calibration_json(const std::vector<Calibrated>& rows) {
  Json out = Json::array();
  for (const Calibrated& row : rows)
    out.push_back({{"candidates", row.candidates},
                   {"believed", rounded(row.believed)},
                   {"better", rounded(row.better)}});
  return out;
}

}  // namespace

std::vector<Calibrated> calibration_of(const std::vector<Outcome>& outcomes) {
  std::vector<Calibrated> out(10);
  for (const Outcome& run : outcomes) {
    for (const auto& [believed, better] : run.beliefs) {
      Calibrated& row =
          out[std::min<std::size_t>(out.size() - 1, static_cast<std::size_t>(believed * 10))];
      ++row.candidates;
      const auto n = static_cast<double>(row.candidates);
      row.believed += (believed - row.believed) / n;
      row.better += ((better ? 1.0 : 0.0) - row.better) / n;
    }
  }
  return out;
}

std::vector<Summary> run_study(const Population& population, const std::vector<Rule>& rules,
                               const StudyOptions& options) {
  std::vector<std::vector<Outcome>> outcomes(rules.size(), std::vector<Outcome>(options.runs));
  const bool equal =
      std::any_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.equal_rollouts; });
  const Rule reference = *rule_named("default");
  parallel_for(options.runs, options.jobs, [&](std::size_t run) {
    const std::uint64_t seed = options.seed + run;
    const std::size_t most = equal ? run_process(population, reference, seed).rollouts : 0;
    for (std::size_t i = 0; i < rules.size(); ++i)
      outcomes[i][run] = run_process(population, rules[i], seed, most);
  });
  std::vector<Summary> out;
  for (std::size_t i = 0; i < rules.size(); ++i)
    out.push_back(summarize(population.name, rules[i].name, outcomes[i]));
  return out;
}

Json to_json(const Summary& summary) {
  return {{"population", summary.population},
          {"rule", summary.rule},
          {"runs", summary.runs},
          {"gain", rounded(summary.gain)},
          {"gain_p10", rounded(summary.gain_p10)},
          {"worse", rounded(summary.worse)},
          {"good_kept", rounded(summary.good_kept)},
          {"false_kept", rounded(summary.false_kept)},
          {"rollouts", rounded(summary.rollouts)},
          {"optimism", summary.optimism ? Json(rounded(*summary.optimism)) : Json()},
          {"released", rounded(summary.released)},
          {"false_release", rounded(summary.false_release)},
          {"gain_error", rounded(summary.gain_error)},
          {"worse_by_a_point", rounded(summary.worse_by_a_point)},
          {"release_rollouts", rounded(summary.release_rollouts)},
          {"false_release_high", rounded(summary.false_release_high)},
          {"calibration", calibration_json(summary.calibration)}};
}

}  // namespace skillgrad::study
