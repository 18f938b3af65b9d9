// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/json.hpp>

namespace skillgrad::optim {

/// Ends the reading of a stage's options: whatever is wrong with them is an error of the
/// configuration.
[[nodiscard]] Result<> finish_options(StrictReader& reader);

}  // namespace skillgrad::optim
