// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/random.hpp>

#include "optim/decisions/score_book.hpp"
#include "study/population.hpp"

namespace skillgrad::study {

/// What a package knows: lessons as bits, and a shift of all logits.
struct Package {
  std::uint64_t lessons = 0;
  double shift = 0;
};

/// What a patch does to whatever package it is applied to, so that it can be taken back alone.
struct Edit {
  std::uint64_t teaches = 0, breaks = 0;
  double shift = 0;
};
[[nodiscard]] Package apply(const Package& package, const Edit& edit);

/// The tasks of one run and what rollouts of them give. Outcomes are functions of seed, package,
/// task and repeat, so neither the order of rollouts nor the rule that asks for them moves them.
class World {
 public:
  World(const Population& population, std::uint64_t seed);

  [[nodiscard]] const std::vector<std::string>& train() const { return train_; }
  [[nodiscard]] const std::vector<std::string>& val() const { return val_; }
  [[nodiscard]] const std::vector<std::string>& test() const { return test_; }
  [[nodiscard]] Package initial() const { return initial_; }

  /// What the patcher makes of a batch; `number` tells the candidates of a run apart.
  [[nodiscard]] Edit draw_edit(const std::vector<std::string>& batch, const Package& current,
                               std::uint64_t number) const;
  /// Chance that a task passes; `progress` from 0 at the start of a run to 1 at its end.
  [[nodiscard]] double chance(const Package& package, const std::string& task,
                              double progress) const;
  [[nodiscard]] double mean_chance(const Package& package, const std::vector<std::string>& tasks,
                                   double progress) const;
  /// 1, 0, or nothing where the rollout could not be graded.
  [[nodiscard]] std::optional<double> play(const Package& package,
                                           const optim::decisions::Need& rollout,
                                           double progress) const;

 private:
  struct Task {
    double logit = 0;
    std::uint64_t needs = 0;
  };
  Task draw_task(PyRandom& random, const std::vector<double>& weights) const;
  [[nodiscard]] const Task& task(const std::string& name) const;

  Population population_;
  std::uint64_t seed_;
  Package initial_;
  std::vector<Task> tasks_;
  std::vector<std::string> train_, val_, test_;
};

}  // namespace skillgrad::study
