// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// `eval --launcher`: has another program start the shards of this command, waits for them, and
/// merges what they made. Errors: usage, io; else the exit code of the first shard that has one, or
/// of the merge.
[[nodiscard]] Result<int> launch_shards(const Invocation& invocation);

}  // namespace skillgrad::cli
