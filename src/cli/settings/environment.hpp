// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace skillgrad::cli {

// What a process was started with can be read by every process of its user, in /proc/PID/environ:
// also by a command of an agent that no sandbox holds. So the variables move to memory of their
// own, and secret ones are wiped where they stood.

/// "" for one that is not set.
[[nodiscard]] std::string environment_value(const std::string& name);
/// From now on getenv() and environ read copies. Before any other thread runs.
void move_environment();
/// Wipes, where they stood at the start of the process, the values for which `secret` holds, given
/// "NAME=VALUE". The copies stay. No-op before move_environment(). Thread-safe.
void wipe_environment(const std::function<bool(const std::string& entry)>& secret);
/// The same for what looks like a key, or is named like one.
void wipe_likely_secrets();

}  // namespace skillgrad::cli
