// SPDX-License-Identifier: MIT
#include "optim/decisions/release.hpp"

#include <algorithm>
#include <cmath>

#include <skillgrad/stats/distributions.hpp>

namespace skillgrad::optim::decisions {
namespace {

std::vector<double> negated(std::vector<double> values) {
  for (double& value : values) value = -value;
  return values;
}

struct Gathered {
  std::vector<double> differences;
  double before = 0, after = 0;  // sums
  std::size_t missing = 0;
};

/// The tasks in order, those without a grade of either arm left out.
Gathered gather(const std::vector<TaskPair>& pairs) {
  Gathered out;
  for (const TaskPair& pair : pairs) {
    if (!pair.complete()) {
      ++out.missing;
      continue;
    }
    out.differences.push_back(pair.difference());
    out.before += pair.before.mean;
    out.after += pair.after.mean;
  }
  return out;
}

/// Of the two-sided interval that goes with a one-sided test of `alpha` which may stop early: that
/// of the boundary it had to pass, and of the plain test at least. Few tasks that differ can put
/// the boundary below that, or out of reach: the level is that of many tasks then.
double interval_level(const stats::SequentialResult& test, const ReleaseOptions& options) {
  const double plain = -stats::normal_quantile(options.alpha);
  const double share =
      static_cast<double>(test.look) / static_cast<double>(std::max<std::size_t>(1, options.looks));
  const double many = -stats::normal_quantile(options.alpha / 2) / std::sqrt(share);
  const double z = std::isfinite(test.boundary_z) ? std::max(plain, test.boundary_z) : many;
  return 2 * stats::normal_cdf(z) - 1;
}

void fill(ReleaseResult& out, const Gathered& found, const stats::SequentialResult& test,
          const ReleasePlan& plan, const ReleaseOptions& options) {
  out.n = test.used;
  out.missing = found.missing;
  out.look = test.look;
  out.p = test.p;
  if (out.n == 0) return;
  const auto n = static_cast<double>(out.n);
  out.before = found.before / n;
  out.after = found.after / n;
  out.difference = test.mean;
  out.interval = stats::paired_interval(found.differences, interval_level(test, options));
  // Spread as it was found; one task of +1 and one of -1 more, as in the interval.
  auto values = found.differences;
  values.push_back(1);
  values.push_back(-1);
  const double error = stats::mean_of(values).standard_error;
  const stats::Variances spread{error * error * static_cast<double>(values.size()), 0};
  out.could_show = stats::smallest_difference(plan.test_tasks.size() - found.missing, 1, spread,
                                              {options.alpha, 0.8});
}

}  // namespace

ReleaseStep release(const ReleasePlan& plan, const ReleaseOptions& options, const ScoreBook& book) {
  ReleaseStep out;
  if (plan.test_tasks.empty()) return out;
  out.result.verdict = ReleaseVerdict::not_shown;
  if (plan.initial == plan.chosen) return out;
  stats::SequentialOptions test;
  test.looks = options.looks;
  test.alpha = options.alpha;
  test.seed = plan.seed;
  auto mirrored = test;
  mirrored.futility_from = 0;
  const auto tasks = shuffled(plan.test_tasks, plan.seed);
  Comparison comparison(plan.initial, plan.chosen, plan.start, Counted::fresh);
  std::vector<std::size_t> sizes;
  std::size_t asked = 0;
  for (std::size_t look = 1; look <= options.looks; ++look) {
    std::vector<TaskRepeats> more;
    for (; asked < stats::look_size(tasks.size(), options.looks, look); ++asked)
      more.push_back({tasks[asked], options.repeats, false});
    comparison.ask(more);
    out.needs = comparison.needs(book);
    if (!out.done()) return out;
    const Gathered found = gather(comparison.pairs(book));
    sizes.push_back(found.differences.size());
    const auto up = stats::sequential_sign_flip(found.differences, sizes, test);
    fill(out.result, found, up, plan, options);
    if (up.standing == stats::Standing::open) continue;
    const auto down = stats::sequential_sign_flip(negated(found.differences), sizes, mirrored);
    out.result.verdict = up.standing == stats::Standing::shown     ? ReleaseVerdict::improved
                         : down.standing == stats::Standing::shown ? ReleaseVerdict::worse
                                                                   : ReleaseVerdict::not_shown;
    // The chance that goes with the claim.
    if (out.result.verdict == ReleaseVerdict::worse) out.result.p = down.p;
    return out;
  }
  return out;
}

}  // namespace skillgrad::optim::decisions
