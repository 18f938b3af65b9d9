// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "exec/process/process_tree.hpp"

namespace skillgrad::exec {

struct Usage {
  std::uint64_t bytes = 0;    ///< on the disk; holes are free
  std::uint64_t entries = 0;  ///< files and folders
  bool too_deep = false;      ///< beyond kMostDepth, which is not looked into
};

/// Measures folders that a command may change meanwhile. Async-signal-safe. Not thread-safe; too
/// large for a stack.
class FolderUsage {
 public:
  static constexpr std::size_t kMostDepth = 64;
  /// Adds what is below `folder` to `usage`; stops above `most_entries`. Folders that their owner
  /// closed are opened for the moment.
  void add(const char* folder, std::uint64_t most_entries, Usage& usage);

 private:
  struct Level {
    int fd;
    std::size_t at, end;
    alignas(std::uint64_t) std::array<char, 2048> buffer;
  };

  [[nodiscard]] bool enter(int parent, const char* name);
  void leave();
  void count(const char* name, Usage& usage);

  std::array<Level, kMostDepth> levels_{};
  std::size_t depth_ = 0;
};

/// Bytes of files of the file system of `folder` that processes of the tree hold open although they
/// have no name any more.
[[nodiscard]] std::uint64_t nameless_bytes(const ProcessTree& tree, const char* folder);

/// Free bytes of the file system of `folder`, or 0.
[[nodiscard]] std::uint64_t free_bytes(const char* folder);

}  // namespace skillgrad::exec
