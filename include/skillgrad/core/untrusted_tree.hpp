// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/core/files.hpp>

namespace skillgrad {

/// What a copy of a folder that somebody untrusted filled may take.
struct TreeLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;  ///< of data; the holes of files cost nothing
  std::size_t entries = 20'000;
  std::size_t depth = 48;  ///< folders in each other
  std::chrono::milliseconds time{60'000};
  Links links = Links::refuse;  ///< refuse: left out
};

struct TreeCopy {
  std::vector<std::string> files;  ///< regular files, relative, sorted by bytes
  /// Why there is no whole copy, if the source is to blame: a limit, or what its owner may not
  /// read. Such a copy is good for nothing.
  std::string refused;
};

/// Copies regular files and folders; sockets, pipes, devices and (but for Links::copy) links are
/// left out. Holes stay holes; modes keep only what lets files be executed; set-id bits are
/// dropped. Each entry is opened relative to the open folder that holds it, and no link is
/// followed, so that no name leads out. Errors: io, disk_full (of the destination), input (no
/// folder `from`).
[[nodiscard]] Result<TreeCopy> copy_untrusted_tree(const fs::path& from, const fs::path& to,
                                                   const TreeLimits& limits = {});

}  // namespace skillgrad
