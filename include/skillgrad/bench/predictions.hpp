// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace skillgrad::bench {

/// The regular file that a prediction's "output" names: an absolute path, or one below `base_dir`
/// (the predictions file's folder), or else below the current folder.
[[nodiscard]] std::optional<std::filesystem::path> find_predicted(
    const std::string& name, const std::filesystem::path& base_dir);

}  // namespace skillgrad::bench
