// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace skillgrad::exec {

/// A path that the user of a sandbox cannot reach, since a folder above it is closed to others.
struct Detour {
  std::string closed;  ///< the uppermost such folder
  std::string target;  ///< absolute, below it
  bool folder = true;
};

/// In a mount namespace of this process alone, shows in the place of each closed folder an empty
/// one with nothing but the targets. For root with CAP_SYS_ADMIN, in a child; async-signal-safe;
/// false with errno set.
[[nodiscard]] bool open_detours(const std::vector<Detour>& detours);

}  // namespace skillgrad::exec
