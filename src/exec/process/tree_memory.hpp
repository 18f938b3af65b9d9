// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "exec/process/process_tree.hpp"

namespace skillgrad::exec {

/// Whether the processes of a tree use more memory than `most` bytes together. What they share
/// counts once, as far as the kernel tells. Async-signal-safe.
[[nodiscard]] bool uses_more_memory(const ProcessTree& tree, std::uint64_t most);

}  // namespace skillgrad::exec
