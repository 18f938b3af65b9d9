// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

struct Invocation;

/// `skillgrad triggers`: for which requests a skill is activated (docs/triggers.md).
Result<int> cmd_triggers(const Invocation& invocation);

}  // namespace skillgrad::cli
