// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {

/// Overlay value of a task whose diagnosis asks for no change of the skill.
inline constexpr const char* kNoSignal = "no-actionable-signal";

}  // namespace skillgrad::optim
