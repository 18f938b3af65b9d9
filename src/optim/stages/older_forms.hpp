// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/json.hpp>

namespace skillgrad::optim {

/// What was used of a program's answer, in the form in which the answer says it: the older ones
/// (skillgrad.gradient/1, skillgrad.momentum/1, skillgrad.memory/1) name the same things otherwise.
[[nodiscard]] Json used_of_gradient(Json used, const Json& answer);
[[nodiscard]] Json used_of_momentum(Json used, const Json& answer);

}  // namespace skillgrad::optim
