// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace skillgrad {

/// A process beyond doubt: numbers are used again, a number and a start together are not.
struct ProcessStart {
  pid_t pid = -1;
  std::uint64_t ticks = 0;  ///< since boot
};

/// When the process started, or 0: there is none, or it has ended.
[[nodiscard]] std::uint64_t start_of(pid_t pid);

}  // namespace skillgrad
