// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/exec/sandbox.hpp>

namespace skillgrad::exec {

struct CommandCacheOptions {
  std::filesystem::path dir;
  std::chrono::seconds time_to_live{0};  ///< older entries are misses; 0: none is too old
  bool refresh = false;                  ///< every look-up is a miss, and its result is stored anew
  /// What else decides what a command does, e.g. the version of this program.
  std::string salt;
  std::function<void(const std::string& line)> warn;  ///< the cache cannot be used; called once
};

/// A sandbox that does not run a command again whose words, input, environment, limits, read-only
/// folders and work directory (names, modes, bytes) are equal to those of one that it ran before:
/// it gives that one's result and makes its changes to the work directory. Not kept are commands
/// that were ended by a limit or a stop, that leave or find anything but files, folders and links,
/// or more than 64 MiB or 2,000 entries, and what a command does besides: the time it took, file
/// times. The programs of this machine are no part of the comparison. Processes may share the
/// folder. `inner`, the clock and what `warn` uses must outlive it. Errors: config (`inner` shows
/// the paths of this machine, which differ from run to run).
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_command_cache(Sandbox& inner,
                                                                  CommandCacheOptions options,
                                                                  const Clock& clock);

}  // namespace skillgrad::exec
