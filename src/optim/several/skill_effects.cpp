// SPDX-License-Identifier: MIT
#include "optim/several/skill_effects.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::optim {

std::vector<SkillEffect> skill_effects(const OwnTasks& own,
                                       const std::vector<decisions::TaskPair>& pairs,
                                       const decisions::EffectModel& model) {
  std::vector<SkillEffect> out;
  for (const std::string& skill : own.skills()) {
    std::vector<decisions::TaskPair> mine;
    SkillEffect effect;
    effect.skill = skill;
    for (const decisions::TaskPair& pair : pairs) {
      if (!pair.complete() || !own.is_own(skill, pair.task)) continue;
      effect.before += pair.before.mean;
      effect.after += pair.after.mean;
      effect.fixed += pair.difference() > 0 ? 1U : 0U;
      effect.broken += pair.difference() < 0 ? 1U : 0U;
      mine.push_back(pair);
    }
    if (mine.empty()) continue;
    effect.n = mine.size();
    effect.before /= static_cast<double>(effect.n);
    effect.after /= static_cast<double>(effect.n);
    effect.worse = model.belief(mine).worse;
    effect.harmed = effect.after < effect.before && effect.worse >= kHarmedFrom;
    out.push_back(std::move(effect));
  }
  return out;
}

void protect_each_skill(std::vector<SkillEffect> effects, GateDecision& decision) {
  decision.skills = std::move(effects);
  if (decision.decision != Decision::accepted) return;
  std::vector<std::string> harmed;
  for (const SkillEffect& effect : decision.skills)
    if (effect.harmed)
      harmed.push_back(
          fmt::format("{} (its own {}: {:.2f} before, {:.2f} after, worse with chance "
                      "{:.2f})",
                      effect.skill, counted(effect.n, "validation task"), effect.before,
                      effect.after, effect.worse));
  if (harmed.empty()) return;
  decision.decision = Decision::rejected;
  decision.reason = "harms " + join(harmed, " and ") + ", though of all tasks: " + decision.reason;
}

}  // namespace skillgrad::optim
