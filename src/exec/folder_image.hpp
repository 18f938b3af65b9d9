// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::exec {

/// One entry of a folder: a file with its bytes' hash, a link with its text, or a folder.
struct ImageEntry {
  char kind = 'f';  ///< f, l or d
  std::uint32_t mode = 0;
  std::string content;  ///< hash of a file's bytes, text of a link, "" of a folder
  bool operator==(const ImageEntry&) const = default;
};

/// By relative name.
using FolderImage = std::map<std::string, ImageEntry>;

struct ImageLimits {
  std::size_t entries = 2'000;
  std::uintmax_t bytes = std::uintmax_t{64} << 20;
};

/// What is below a folder; nullopt: more than the limits, something that cannot be read, or is
/// neither file, folder nor link. Each file's bytes are read once.
[[nodiscard]] std::optional<FolderImage> image_of(const std::filesystem::path& root,
                                                  const ImageLimits& limits = {});
/// One hash of all of it.
[[nodiscard]] std::string hash_of(const FolderImage& image);

}  // namespace skillgrad::exec
