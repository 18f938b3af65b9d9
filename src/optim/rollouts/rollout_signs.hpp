// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {

/// What the rollout shows besides its grade. Its work directory, if it had one, still stands.
/// `skill`: what it ran with; null: nothing.
[[nodiscard]] RolloutSigns signs_of(const bench::Task& task, const agent::Rollout& rollout,
                                    const skill::SkillPackage* skill);

}  // namespace skillgrad::optim
