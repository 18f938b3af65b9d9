// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/optim/stages.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

/// Where a finished rollout is kept: DIR/{trajectory.jsonl, skill_text.md, outputs/, loss.json}.
struct RolloutPlace {
  std::string dir;    ///< relative to the run
  std::string skill;  ///< hash of the skill it was run with
  AskAgain again;     ///< kept with a record that failed, for a resume
};

struct SavedRollout {
  std::optional<LossRecord> record;
  AskAgain again;
  std::string torn;  ///< why what is there does not count, or ""
};

/// What the place holds for this skill. The files are written without waiting for the disk, so a
/// rollout counts only with all its files: loss.json names them with their sizes. Errors: input
/// (loss.json was changed: it is whole, but no result), io.
[[nodiscard]] Result<SavedRollout> read_rollout(const store::RunStore& store,
                                                const RolloutPlace& place);

struct KeptRollout {
  LossRecord record;         ///< as read_rollout() gives it
  bool outputs_kept = true;  ///< false: some could not be read, or were too many or too large
};

/// Replaces what the place holds. Durable after RunStore::sync(). Errors: io, disk_full.
[[nodiscard]] Result<KeptRollout> save_rollout(const store::RunStore& store,
                                               const RolloutPlace& place, const bench::Task& task,
                                               const agent::Rollout& rollout,
                                               const LossRecord& record);

}  // namespace skillgrad::optim
