// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/store/run_store.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// The skills of --with, by name; none without the option. One with the name of `own` is another
/// version of it, and left out. Errors: input (no skill there, or two of one name).
[[nodiscard]] Result<std::vector<agent::Neighbour>> load_neighbours(const Settings& settings,
                                                                    const skill::SkillPackage& own);
/// With a copy of each in the run, for agents to look into; `store`: null makes none. Errors: io.
[[nodiscard]] Result<std::vector<agent::Neighbour>> publish_neighbours(
    std::vector<agent::Neighbour> neighbours, store::RunStore* store);

}  // namespace skillgrad::cli
