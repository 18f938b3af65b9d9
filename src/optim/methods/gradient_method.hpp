// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// The published method: a diagnosis per task, momentum over them, a patch of both. Without a
/// momentum stage it is a batch of diagnoses and a patch, which is what `one-shot` is, too.
[[nodiscard]] std::unique_ptr<Method> make_gradient_method();

}  // namespace skillgrad::optim
