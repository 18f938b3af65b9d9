// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// "Parent / Child" of each section, by index.
[[nodiscard]] std::vector<std::string> section_paths(const std::vector<Section>& outline);

/// Index of the section that `heading` names: a title, or a path "Parent / Child"; letter case,
/// white space and outer '#' do not count, and where that finds nothing, punctuation neither.
/// Errors: input, with the near matches or the candidates.
[[nodiscard]] Result<std::size_t> find_section(const SkillPackage& package,
                                               const std::vector<Section>& outline,
                                               std::string_view heading);

/// Offset of the only occurrence of `needle`. `first_line` is the number of the text's first line
/// in its file. Errors: input, with the near match or the lines.
[[nodiscard]] Result<std::size_t> find_once(std::string_view text, std::string_view needle,
                                            const std::string& path, int first_line);

}  // namespace skillgrad::skill
