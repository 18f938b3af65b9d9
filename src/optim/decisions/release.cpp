// SPDX-License-Identifier: MIT
#include "optim/decisions/release.hpp"

#include <algorithm>
#include <cmath>

#include <skillgrad/stats/distributions.hpp>

#include "optim/decisions/cells.hpp"

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
Gathered gather(const std::vector<TaskPair>& pairs, bool weighted) {
  Gathered out;
  for (const TaskPair& pair : pairs) {
    if (!pair.complete()) {
      ++out.missing;
      continue;
    }
    out.differences.push_back(weighted ? pair.gain() : pair.difference());
    out.before += weighted ? pair.before.value : pair.before.mean;
    out.after += weighted ? pair.after.value : pair.after.mean;
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
          std::size_t planned, const ReleaseOptions& options) {
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
  out.could_show =
      stats::smallest_difference(planned - found.missing, 1, spread, {options.alpha, 0.8});
}

/// The tests of each model, look by look.
class ModelTests {
 public:
  ModelTests(const Across& across, const ReleaseOptions& options, std::uint64_t seed)
      : across_(across), options_(options), sizes_(across.models().size()) {
    options_.alpha /= static_cast<double>(across.models().size());
    test_.looks = options.looks;
    test_.alpha = options_.alpha;
    test_.seed = seed;
    test_.futility_from = 0;
  }

  [[nodiscard]] std::vector<ModelRelease> look(const std::vector<TaskPair>& cells) {
    std::vector<ModelRelease> out;
    const auto models = pairs_by_model(cells, &across_);
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Gathered found = gather(models[i], options_.weighted);
      sizes_[i].push_back(found.differences.size());
      out.push_back(judge(across_.models()[i], found, sizes_[i]));
    }
    return out;
  }

 private:
  [[nodiscard]] ModelRelease judge(const std::string& name, const Gathered& found,
                                   const std::vector<std::size_t>& sizes) const {
    ModelRelease out;
    out.model = name;
    out.n = found.differences.size();
    if (out.n == 0) return out;
    const auto n = static_cast<double>(out.n);
    out.before = found.before / n;
    out.after = found.after / n;
    out.difference = out.after - out.before;
    const auto up = stats::sequential_sign_flip(found.differences, sizes, test_);
    const auto down = stats::sequential_sign_flip(negated(found.differences), sizes, test_);
    const bool lower = out.difference < 0;
    out.p = lower ? down.p : up.p;
    out.interval =
        stats::paired_interval(found.differences, interval_level(lower ? down : up, options_));
    out.verdict = down.standing == stats::Standing::shown ? ModelVerdict::harmed
                  : up.standing == stats::Standing::shown ? ModelVerdict::helped
                                                          : ModelVerdict::not_shown;
    return out;
  }

  const Across& across_;
  ReleaseOptions options_;
  stats::SequentialOptions test_;
  std::vector<std::vector<std::size_t>> sizes_;  ///< by model, for each look done
};

/// Where no model may be harmed: does one make the verdict, or ask for more tasks first?
struct WorstModel {
  std::optional<std::size_t> harmed;
  bool may_be_harmed = false;
};
WorstModel worst_of(const std::vector<ModelRelease>& models) {
  WorstModel out;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const ModelRelease& model = models[i];
    out.may_be_harmed = out.may_be_harmed || (model.n > 0 && model.difference < 0);
    if (model.verdict != ModelVerdict::harmed) continue;
    if (!out.harmed || model.difference < models[*out.harmed].difference) out.harmed = i;
  }
  return out;
}

}  // namespace

ReleaseStep release(const ReleasePlan& plan, const ReleaseOptions& options, const ScoreBook& book,
                    const Across* across) {
  ReleaseStep out;
  if (plan.test_tasks.empty()) return out;
  out.result.verdict = ReleaseVerdict::not_shown;
  out.result.weighted = options.weighted;
  if (plan.initial == plan.chosen) return out;
  stats::SequentialOptions test;
  test.looks = options.looks;
  test.alpha = options.alpha;
  test.seed = plan.seed;
  auto mirrored = test;
  mirrored.futility_from = 0;
  const auto tasks = drawn_order(plan.test_tasks, plan.seed, across);
  const std::size_t width = cells_of_task(across), planned = tasks.size() / width;
  const bool each = across != nullptr && across->rule() == AcrossRule::worst;
  std::optional<ModelTests> models;
  if (across != nullptr) models.emplace(*across, options, plan.seed);
  bool filled = false;
  Comparison comparison(plan.initial, plan.chosen, plan.start, Counted::fresh);
  std::vector<std::size_t> sizes;
  std::size_t asked = 0;
  for (std::size_t look = 1; look <= options.looks; ++look) {
    std::vector<TaskRepeats> more;
    for (; asked < stats::look_size(planned, options.looks, look) * width; ++asked)
      more.push_back({tasks[asked], options.repeats, false});
    comparison.ask(more);
    out.needs = comparison.needs(book);
    if (!out.done()) return out;
    const auto pairs = comparison.pairs(book);
    const Gathered found = gather(pairs_by_task(pairs, across), options.weighted);
    sizes.push_back(found.differences.size());
    const auto up = stats::sequential_sign_flip(found.differences, sizes, test);
    // What an earlier look has shown stays as it was shown.
    if (!filled) fill(out.result, found, up, planned, options);
    filled = up.standing != stats::Standing::open;
    if (models) out.result.models = models->look(pairs);
    const WorstModel worst = each ? worst_of(out.result.models) : WorstModel{};
    if (worst.harmed) {
      out.result.verdict = ReleaseVerdict::worse;
      out.result.harmed = worst.harmed;
      return out;
    }
    if (up.standing == stats::Standing::open) continue;
    if (up.standing == stats::Standing::shown && worst.may_be_harmed && look < options.looks)
      continue;
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
