// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>

#include <skillgrad/core/error.hpp>

namespace skillgrad {

/// Puts a whole file in place for every thread and process that may look for it: written under a
/// name of its own and renamed. Readers see the old file, the new one or none. Unlike
/// write_file_atomic() it does not wait for the disk, so a crash of the machine may leave an empty
/// file: for caches, whose readers check what they find. Creates parent folders. Errors: io,
/// disk_full.
[[nodiscard]] Result<> publish_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace skillgrad
