// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/optim/observer.hpp>
#include <skillgrad/optim/stages.hpp>
#include <skillgrad/store/run_store.hpp>

#include "optim/rollouts/damaged.hpp"

namespace skillgrad::optim {

/// What a run hands over once its loop has ended.
struct ChosenPackage {
  int iteration = 0;
  std::string dir;   ///< of the run, with the package in skill/; "": the initial one
  std::string hash;  ///< of the package
};

/// What carries over from one iteration to the next; RUN/state.json, replaced atomically when an
/// iteration is complete. Everything inside an iteration is kept in its stage files, so a kill
/// loses at most the calls in flight.
struct RunState {
  int iteration = 0;          ///< last complete one
  int current_iteration = 0;  ///< whose candidate is the current skill; 0 = initial
  int best_iteration = 0;
  std::optional<double> best_score;
  std::map<std::string, double> current_scores;  ///< gate tasks under the current skill
  std::map<std::string, double> best_scores;     ///< and under the best one
  MomentumMemory memory;
  std::vector<RejectedPatch> rejected;  ///< newest last
  int all_correct_streak = 0;
  int gates_without_gain = 0;
  int additions_in_a_row = 0;  ///< accepted patches that only added text (lint UPD-03)
  std::vector<IterationRow> rows;
  std::string stop_reason;              ///< set when the loop is over
  std::optional<ChosenPackage> chosen;  ///< by staged decisions, until there is another iteration
};

/// Scores by task id as an object, and back.
[[nodiscard]] Json scores_json(const std::map<std::string, double>& scores);
[[nodiscard]] std::map<std::string, double> scores_from_json(const Json& value);
[[nodiscard]] Json to_json(const IterationRow& row);
[[nodiscard]] Result<> save_state(store::RunStore& store, const RunState& state);
/// nullopt when the run has none yet. Errors: input (a damaged file, with the mend).
[[nodiscard]] Result<std::optional<RunState>> load_state(const store::RunStore& store);

}  // namespace skillgrad::optim
