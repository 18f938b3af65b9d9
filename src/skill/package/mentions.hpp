// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// A package path that a text names.
struct Mention {
  std::string path;        ///< without "./" and fragment
  std::size_t offset = 0;  ///< of the path as written
};

/// Paths of package files that a Markdown text names: targets of relative links, names of existing
/// files, and words below a folder of the package or below scripts/, references/, assets/.
[[nodiscard]] std::vector<Mention> find_mentions(std::string_view text,
                                                 const std::map<std::string, BundledFile>& files);

}  // namespace skillgrad::skill
