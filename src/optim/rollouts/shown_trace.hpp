// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/agent/tool_loop.hpp>

namespace skillgrad::optim {

/// Texts that a reader of a trace has before it already.
struct ShownElsewhere {
  std::string task;   ///< its prompt
  std::string skill;  ///< what the run loaded of the skill; "" if it is not shown
};

/// The trace without what is shown elsewhere and without standing instructions, each replaced by a
/// short line that says so. Steps keep their numbers; `read_trace` has them whole.
[[nodiscard]] agent::Trajectory without_shown(agent::Trajectory trace, const ShownElsewhere& shown);

}  // namespace skillgrad::optim
