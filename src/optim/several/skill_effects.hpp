// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <skillgrad/optim/several.hpp>

#include "optim/decisions/effect_model.hpp"

namespace skillgrad::optim {

/// Of several skills the chance of being worse from which a patch is refused for what it does to
/// one of them, whatever it does to the others: as sure as the gate is of what it rejects.
inline constexpr double kHarmedFrom = 0.8;

/// What the compared tasks say of each skill that has own ones among them.
[[nodiscard]] std::vector<SkillEffect> skill_effects(const OwnTasks& own,
                                                     const std::vector<decisions::TaskPair>& pairs,
                                                     const decisions::EffectModel& model);
/// Fills `decision.skills`, and turns an acceptance that harms a skill into a rejection, which its
/// reason names.
void protect_each_skill(std::vector<SkillEffect> effects, GateDecision& decision);

}  // namespace skillgrad::optim
