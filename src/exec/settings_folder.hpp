// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::exec {

/// What commands find as /etc, made once: a mount for each of its parts would cost every command a
/// fifth of a millisecond.
struct SettingsFolder {
  TempDir folder;  ///< readable by everyone who reaches it
  /// Of this machine's /etc, what is too large to be copied; an empty file or folder stands for it.
  std::vector<std::string> shown;
};

/// No secret, and of this machine's users only root and nobody. Errors: io, disk_full.
[[nodiscard]] Result<SettingsFolder> make_settings_folder();

}  // namespace skillgrad::exec
