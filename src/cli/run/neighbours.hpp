// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/store/run_store.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// The skills of --with, by name, without `own` itself; none without the option. Errors: input (no
/// skill there, two of one name, or a neighbour that has the name of `own`).
[[nodiscard]] Result<std::vector<agent::Neighbour>> load_neighbours(const Settings& settings,
                                                                    const skill::SkillPackage& own);
/// With a copy of each in the run, for agents to look into; `store`: null makes none. Errors: io.
[[nodiscard]] Result<std::vector<agent::Neighbour>> publish_neighbours(
    std::vector<agent::Neighbour> neighbours, store::RunStore* store);

}  // namespace skillgrad::cli
