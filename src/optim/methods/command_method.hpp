// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// A program of the user's edits a copy of the package, and may ask the run for measurements
/// (docs/controls.md).
[[nodiscard]] std::unique_ptr<Method> make_command_method();

}  // namespace skillgrad::optim
