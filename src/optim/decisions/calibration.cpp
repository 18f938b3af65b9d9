// SPDX-License-Identifier: MIT
#include "optim/decisions/calibration.hpp"

#include <array>

#include <skillgrad/stats/paired.hpp>

namespace skillgrad::optim::decisions {
namespace {

/// Differences whose price is told.
constexpr std::array<double, 2> kAsked = {0.05, 0.10};

/// Variance of the tasks' true differences that a gain by lifting a share of tasks wholly makes:
/// gain (1 - gain), by no less than which tasks can differ if any is lifted.
double between_for(double gain) { return gain * (1 - gain); }

double smallest_shown(const CalibrationPlan& plan, double within) {
  // The difference and the spread that it makes depend on each other: halve.
  double low = 0;
  double high = 1;
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    const double shown = stats::smallest_difference(plan.test_tasks, plan.test_repeats,
                                                    {between_for(middle), within});
    (shown > middle ? low : high) = middle;
  }
  return high;
}

}  // namespace

CalibrationStep calibrate(const CalibrationPlan& plan, const ScoreBook& book) {
  CalibrationStep step;
  for (std::size_t pass = 1; pass <= plan.passes; ++pass)
    for (const auto& task : plan.tasks) {
      const Need need{plan.package, task, pass - 1};
      if (!book.has(need)) step.needs.push_back(need);
    }
  if (!step.done()) return step;
  Calibration& out = step.result;
  std::vector<std::vector<double>> scores;
  std::size_t scored = 0;
  for (const auto& task : plan.tasks) {
    std::vector<double> graded;
    for (const Entry& entry : book.entries(plan.package, task))
      if (entry.score && entry.repeat < plan.passes) graded.push_back(*entry.score);
    const TaskValue value = book.value(plan.package, task);
    if (value.graded > 0) out.score += (value.mean - out.score) / static_cast<double>(++scored);
    if (graded.size() < 2) {
      ++out.missing;
      continue;
    }
    ++out.tasks;
    bool passed = true;
    bool failed = true;
    for (const double score : graded) {
      passed = passed && score >= 1;
      failed = failed && score <= 0;
    }
    out.always_pass += passed ? 1 : 0;
    out.always_fail += failed ? 1 : 0;
    scores.push_back(std::move(graded));
  }
  if (out.tasks > 0) {
    out.always_pass /= static_cast<double>(out.tasks);
    out.always_fail /= static_cast<double>(out.tasks);
  }
  out.within = stats::within_task(scores);
  if (plan.test_tasks > 0) {
    out.least_p = stats::least_sign_p(plan.test_tasks);
    out.wins_needed = stats::wins_needed(plan.test_tasks);
    out.smallest_shown = smallest_shown(plan, out.within.variance);
    out.spread_between = between_for(out.smallest_shown);
  }
  for (const double difference : kAsked) {
    Price price{difference, 0, 0, false};
    price.tasks = stats::tasks_needed(difference, plan.test_repeats,
                                      {between_for(difference), out.within.variance});
    price.rollouts = 2 * price.tasks * static_cast<double>(plan.test_repeats);
    price.shown_by_plan = plan.test_tasks > 0 && out.smallest_shown <= difference;
    out.prices.push_back(price);
  }
  return step;
}

}  // namespace skillgrad::optim::decisions
