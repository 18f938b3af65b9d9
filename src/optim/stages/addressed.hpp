// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// What a finished patch says about itself, held against the record and the package: a summary; of
/// each pattern addressed a name that the record or a diagnosis has, a place that the package has
/// or had, and a reason. One sentence for each fault; a patch without edits has none.
[[nodiscard]] std::vector<std::string> faults_of_hand_in(const Patch& hand_in,
                                                         const PatchInput& input,
                                                         const skill::SkillPackage& candidate);

}  // namespace skillgrad::optim
