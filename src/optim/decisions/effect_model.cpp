// SPDX-License-Identifier: MIT
#include "optim/decisions/effect_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <skillgrad/stats/distributions.hpp>
#include <skillgrad/stats/intervals.hpp>

#include "optim/decisions/cells.hpp"

namespace skillgrad::optim::decisions {
namespace {

/// Points of the beta(1/2, 1/2) distribution (the arcsine law) with equal weights.
constexpr std::size_t kPoints = 16;
struct Grid {
  std::array<double, kPoints> log_pass{}, log_fail{};
  double mean_step = 0;  ///< expected distance of two different draws
  Grid() {
    std::array<double, kPoints> pass{};
    for (std::size_t i = 0; i < kPoints; ++i) {
      const double angle = std::numbers::pi * (static_cast<double>(i) + 0.5) / (2.0 * kPoints);
      pass[i] = std::sin(angle) * std::sin(angle);
      log_pass[i] = std::log(pass[i]);
      log_fail[i] = std::log1p(-pass[i]);
    }
    for (std::size_t i = 0; i < kPoints; ++i)
      for (std::size_t j = 0; j < i; ++j) mean_step += pass[i] - pass[j];
    mean_step /= kPoints * (kPoints - 1) / 2.0;
  }
};

const Grid& grid() {
  static const Grid value;
  return value;
}

std::array<double, kPoints> likelihood(const TaskValue& value) {
  const auto n = static_cast<double>(value.graded);
  const double passed = std::clamp(value.mean, 0.0, 1.0) * n;
  std::array<double, kPoints> out{};
  for (std::size_t i = 0; i < kPoints; ++i)
    out[i] = std::exp(passed * grid().log_pass[i] + (n - passed) * grid().log_fail[i]);
  return out;
}

/// How likely a task's rollouts are if the candidate leaves it as it is, lifts it or breaks it.
struct Likelihoods {
  double same = 0, lifted = 0, broken = 0;
};

Likelihoods likelihoods(const TaskPair& pair) {
  const auto before = likelihood(pair.before);
  const auto after = likelihood(pair.after);
  Likelihoods out;
  double before_below = 0;
  double after_below = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    out.same += before[i] * after[i];
    out.lifted += before_below * after[i];
    out.broken += after_below * before[i];
    before_below += before[i];
    after_below += after[i];
  }
  constexpr double kOrdered = kPoints * (kPoints - 1) / 2.0;
  out.same /= kPoints;
  out.lifted /= kOrdered;
  out.broken /= kOrdered;
  return out;
}

}  // namespace

EffectModel::EffectModel(EffectPrior prior, const Across* across, double step)
    : across_(across), step_(step) {
  std::vector<double> shares = {0};
  shares.insert(shares.end(), prior.shares.begin(), prior.shares.end());
  const auto weight = [&](double share, double none) {
    return share == 0 ? none : (1 - none) / static_cast<double>(prior.shares.size());
  };
  for (const double lifted : shares) {
    for (const double broken : shares) {
      if (lifted + broken > 1) continue;
      Hypothesis item;
      item.all = {lifted, broken};
      item.source = {lifted == 0 ? 0 : std::min(std::max(lifted, prior.source_share), 1 - broken),
                     broken};
      item.log_prior =
          std::log(weight(lifted, prior.lifts_none) * weight(broken, prior.breaks_none));
      hypotheses_.push_back(item);
    }
  }
}

/// Weights of the hypotheses, which add up to 1.
std::vector<double> EffectModel::posterior(const std::vector<TaskPair>& pairs) const {
  std::vector<double> weights;
  weights.reserve(hypotheses_.size());
  for (const Hypothesis& item : hypotheses_) weights.push_back(item.log_prior);
  for (const TaskPair& pair : pairs) {
    if (!pair.complete()) continue;
    const Likelihoods task = likelihoods(pair);
    for (std::size_t i = 0; i < hypotheses_.size(); ++i) {
      const auto& [lifted, broken] = hypotheses_[i].shares(pair.source);
      weights[i] +=
          std::log((1 - lifted - broken) * task.same + lifted * task.lifted + broken * task.broken);
    }
  }
  const double highest = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - highest);
  for (double& weight : weights) weight /= sum;
  return weights;
}

Belief EffectModel::of_values(const std::vector<TaskPair>& pairs, double margin, double step) {
  constexpr double kWorth =
      0.02;  // a mean up to this is no gain, as one above its negative is no loss
  std::vector<double> others, all;
  for (const TaskPair& pair : pairs) {
    if (!pair.complete()) continue;
    all.push_back(pair.gain());
    if (!pair.source) others.push_back(pair.gain());
  }
  std::vector<double> gains = others.size() >= 2 ? std::move(others) : std::move(all);
  gains.push_back(step);
  gains.push_back(-step);
  const auto mean = stats::mean_of(gains);
  const auto chance_above = [&](double bound) {
    return stats::student_t_cdf((mean.value - bound) / mean.standard_error,
                                static_cast<double>(gains.size() - 1));
  };
  Belief out;
  out.gain = mean.value;
  out.better = out.together = chance_above(kWorth);
  out.worse = 1 - chance_above(-kWorth);
  out.above_margin = chance_above(margin);
  return out;
}

Belief EffectModel::plain(const std::vector<TaskPair>& pairs, double margin) const {
  if (weighted()) return of_values(pairs, margin, step_);
  const auto weights = posterior(pairs);
  Belief out;
  for (std::size_t i = 0; i < hypotheses_.size(); ++i) {
    const double net = hypotheses_[i].all.lifted - hypotheses_[i].all.broken;
    const double gain = net * grid().mean_step;
    out.gain += weights[i] * gain;
    if (net > 0) out.better += weights[i];
    if (net < 0) out.worse += weights[i];
    if (gain > margin) out.above_margin += weights[i];
  }
  out.together = out.better;
  return out;
}

Belief EffectModel::belief(const std::vector<TaskPair>& pairs, double margin) const {
  if (across_ == nullptr) return plain(pairs, margin);
  // One model alone moves the mean by its share of that.
  const double step = (weighted() ? step_ : 1) / static_cast<double>(across_->models().size());
  Belief out = of_values(pairs_by_task(pairs, across_), margin, step);
  if (across_->rule() != AcrossRule::worst) return out;
  const auto models = pairs_by_model(pairs, across_);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Belief model = plain(models[i], margin);
    out.worse = std::max(out.worse, model.worse);
    out.above_margin = std::max(out.above_margin, model.above_margin);
    if (1 - model.worse >= out.better) continue;
    out.better = 1 - model.worse;
    out.weakest = i;
  }
  return out;
}

std::vector<Belief> EffectModel::by_model(const std::vector<TaskPair>& pairs) const {
  std::vector<Belief> out;
  for (const auto& model : pairs_by_model(pairs, across_)) out.push_back(plain(model));
  return out;
}

std::vector<TaskBelief> EffectModel::by_task(const std::vector<TaskPair>& pairs) const {
  const auto weights = posterior(pairs);
  std::vector<TaskBelief> out;
  for (const TaskPair& pair : pairs) {
    const Likelihoods task = pair.complete() ? likelihoods(pair) : Likelihoods{1, 1, 1};
    TaskBelief belief;
    for (std::size_t i = 0; i < hypotheses_.size(); ++i) {
      const auto& [lifted, broken] = hypotheses_[i].shares(pair.source);
      const double all =
          (1 - lifted - broken) * task.same + lifted * task.lifted + broken * task.broken;
      belief.lifted += weights[i] * lifted * task.lifted / all;
      belief.broken += weights[i] * broken * task.broken / all;
    }
    out.push_back(belief);
  }
  return out;
}

}  // namespace skillgrad::optim::decisions
