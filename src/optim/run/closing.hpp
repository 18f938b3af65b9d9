// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optim/loop/bookkeeper.hpp"

namespace skillgrad::optim {

// What follows the loop of a run with staged decisions (docs/deciding.md): which checkpoint is
// handed over, without which of its patches, and what may be claimed of it. Each is a function of
// the book, so a resumed run finds the rollouts of the first time and comes to the same.

/// A package that was current at some time: the initial one, or an accepted candidate.
struct Checkpoint {
  int iteration = 0;
  std::string hash;                       ///< known to the bookkeeper
  std::vector<std::string> source_tasks;  ///< that its patch was made from
};

struct ChosenCheckpoint {
  std::size_t index = 0;              ///< of the checkpoints
  std::optional<double> fresh_score;  ///< on the validation tasks; none: nothing was to choose
  std::vector<Finalist> rows;
};
/// Fresh rollouts of the validation tasks choose among the initial, the last, and the best
/// checkpoints between them.
[[nodiscard]] Result<ChosenCheckpoint> choose_checkpoint(
    const LoopContext& loop, const std::vector<Checkpoint>& checkpoints);

struct PrunedPackage {
  skill::SkillPackage package;
  std::vector<PrunedPatch> rows;
};
/// Takes accepted patches back, one at a time, where the skill is no worse without. `checkpoints`
/// are those up to the chosen one, which is the last.
[[nodiscard]] Result<PrunedPackage> prune_patches(const LoopContext& loop,
                                                  const std::vector<Checkpoint>& checkpoints);

struct ReleaseTest {
  decisions::ReleaseResult result;
  std::vector<LossRecord> before, after;  ///< rollouts of the tasks that were run
};
/// The initial package against the chosen one, whose rollouts are below RUN/test/NAME. One look
/// without staged decisions.
[[nodiscard]] Result<ReleaseTest> test_release(const LoopContext& loop,
                                               const skill::SkillPackage& chosen,
                                               const std::string& name,
                                               const std::vector<std::string>& tasks);

/// The same of the initial package and itself, run anew.
[[nodiscard]] Result<ReleaseTest> test_twice(const LoopContext& loop,
                                             const std::vector<std::string>& tasks);

}  // namespace skillgrad::optim
