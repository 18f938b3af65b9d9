// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// One reflection over each batch, which writes new text for the part of the skill at fault; what
/// does not beat the current package on that batch goes no further (docs/controls.md).
[[nodiscard]] std::unique_ptr<Method> make_reflect_method();

}  // namespace skillgrad::optim
