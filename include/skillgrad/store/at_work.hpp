// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

namespace skillgrad::store {

/// Does a process hold this run directory now? Looks at the lock for a moment and changes nothing.
[[nodiscard]] bool is_at_work(const std::filesystem::path& run_dir);

}  // namespace skillgrad::store
