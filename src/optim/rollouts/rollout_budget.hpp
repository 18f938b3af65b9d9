// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

/// Counts the rollouts of a run and holds them against --max-rollouts (docs/controls.md). The
/// rollout runner asks it before it starts anything, so no method gets past it. What is counted is
/// the place of a rollout in the run, once: one that was made before costs nothing at a resume, and
/// one that was in flight at a kill stays counted. The test split is not of the search and is not
/// counted. RUN/rollouts.jsonl, written ahead. Not thread-safe.
class RolloutBudget {
 public:
  explicit RolloutBudget(store::RunStore& store) : store_(store) {}
  /// What earlier processes of the run were charged. Errors: io, input (a damaged file).
  [[nodiscard]] Result<> restore();
  /// nullopt: no limit.
  void allow(std::optional<std::size_t> most) { allowed_ = most; }
  /// Of what is left, so many are for later.
  void set_aside(std::size_t rollouts) { aside_ = rollouts; }
  /// All of these (their folders below the run) or none. Errors: budget, io.
  [[nodiscard]] Result<> charge(const std::vector<std::string>& places);

  [[nodiscard]] std::size_t used() const { return charged_.size(); }
  [[nodiscard]] std::optional<std::size_t> allowed() const { return allowed_; }
  /// What may be asked for now; nullopt: any number.
  [[nodiscard]] std::optional<std::size_t> left() const;
  /// Something was asked for that is not left.
  [[nodiscard]] bool refused() const { return refused_; }
  /// The refusal was dealt with.
  void go_on() { refused_ = false; }

 private:
  store::RunStore& store_;
  std::set<std::string> charged_;
  std::optional<std::size_t> allowed_;
  std::size_t aside_ = 0;
  bool refused_ = false;
};

}  // namespace skillgrad::optim
