// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {

/// Overlay value of a task whose diagnosis asks for no change of the skill.
inline constexpr const char* kNoSignal = "no-actionable-signal";

/// Adds what a patch really did to the remedy log of each pattern it addressed; `change` is one
/// line about the real diff. The only writer of that log. Recording the same entry again (a resumed
/// run) changes nothing.
void record_remedy(MomentumMemory& memory, const Patch& patch, int iteration, bool accepted,
                   const std::string& change);

}  // namespace skillgrad::optim
