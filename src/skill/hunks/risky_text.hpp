// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/hunks.hpp>

namespace skillgrad::skill {

/// What one line of text brings along, whatever file it stands in; `line` is 0. Rules of thumb over
/// its words: the price of a line that is wrongly looked at twice is small.
[[nodiscard]] std::vector<Risk> risks_of_line(std::string_view line);
/// What a file is by its name, or by its first line and mode: a script, or one that other programs
/// and agents obey without being asked. `added`: it was not there before.
[[nodiscard]] std::vector<Risk> risks_of_file(const std::string& path, std::string_view text,
                                              std::uint32_t mode, bool added);

}  // namespace skillgrad::skill
