// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::optim {

/// Makes the package RUN/best, in one step. What somebody else wrote there is put aside, which is
/// told. Errors: io.
[[nodiscard]] Result<> publish_package(const OptimizeParts& parts,
                                       const skill::SkillPackage& package);

}  // namespace skillgrad::optim
