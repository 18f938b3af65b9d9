// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// JSON schema of the tool submit_momentum.
[[nodiscard]] const char* momentum_schema();

/// What a submission makes of the record, before the invariants are enforced: texts are merged,
/// iterations, remedies and velocities stay what they were. `repairs` has one sentence for each
/// thing that could not be taken as it was handed in. Errors: input (a field or its type).
[[nodiscard]] Result<MomentumOutput> read_submission(const Json& object,
                                                     const MomentumInput& input);

}  // namespace skillgrad::optim
