// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "optim/decisions/effect_model.hpp"
#include "optim/rollouts/foreign_texts.hpp"
#include "optim/stages/expected_texts.hpp"

namespace skillgrad::optim {

class Bookkeeper;
class RolloutBudget;

/// What every iteration of a run shares.
struct LoopContext {
  const OptimizeSettings* settings = nullptr;
  const OptimizeParts* parts = nullptr;
  RolloutRunner* runner = nullptr;
  llm::CallContext call;
  std::vector<std::string> gate_tasks;      ///< val, then guard
  std::vector<LossRecord> base;             ///< evolution pool under the initial skill
  ObjectiveFacts baseline;                  ///< cost0, time0
  std::shared_ptr<ExpectedTexts> expected;  ///< of the train tasks
  std::shared_ptr<ForeignTexts> foreign;    ///< of their rollouts
  std::shared_ptr<OwnTasks> own;            ///< of several skills; null: there is one
  Bookkeeper* book = nullptr;
  RolloutBudget* budget = nullptr;  ///< null: rollouts are not counted
  decisions::EffectModel model;     ///< what staged decisions believe
  /// A person was waited for, which is no time of the run: the deadline of later calls moves.
  std::function<void(Duration waited)> wait_longer;
};

/// Trials of each train task: a recorded session has one.
[[nodiscard]] inline int samples_of_train(const OptimizeSettings& settings) {
  return settings.recorded ? 1 : settings.rollouts;
}
/// Name of an iteration's folder below the run: "iter_003".
[[nodiscard]] std::string iteration_name(int iteration);
/// Where in the run the package of an iteration lies: "iter_003", or "iter_003/approved" where a
/// person made another one of its patch.
[[nodiscard]] std::string candidate_dir(const OptimizeParts& parts, int iteration);
/// The skill of an iteration (0 = initial), as a person approved it where one was asked, loaded
/// from the run directory. Errors: input (among others: it is not what the run wrote).
[[nodiscard]] Result<skill::SkillPackage> load_candidate(const OptimizeParts& parts, int iteration);
[[nodiscard]] StageContext stage_context(const LoopContext& loop, const std::string& scope,
                                         int iteration);

/// What the loss of a rollout with this package is computed from.
[[nodiscard]] ObjectiveFacts package_facts(const LoopContext& loop,
                                           const skill::SkillPackage& package);
/// The endpoint is away or a stage's program fails: nothing that another iteration could mend.
[[nodiscard]] bool waits_for_mend(ErrorCode code);

}  // namespace skillgrad::optim
