// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/skill/package.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// What is measured, read and checked before anything is paid for.
struct TriggerPlan {
  std::string skill_path;
  skill::SkillPackage skill;
  bench::TriggerQueries queries;
  fs::path cache;
  std::string control;  ///< the file of the requests that name the skill word for word
  int trials = 1;
  std::map<std::string, std::string> options;  ///< of its evaluations, as flags give them
  Invocation evaluation;                       ///< the command as an evaluation takes it
};

/// Errors: usage (no queries), input, dataset, invalid_skill, io (the cache cannot be written).
[[nodiscard]] Result<TriggerPlan> plan_triggers(const Invocation& invocation,
                                                const Settings& settings);
/// That the first request holds a catalogue with the skill in it, where this program's own agent
/// makes it. Errors: infra (it does not), and those of a dry run.
[[nodiscard]] Result<> check_catalogue(const TriggerPlan& plan);

}  // namespace skillgrad::cli
