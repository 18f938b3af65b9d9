// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad::skill {

using Lines = std::vector<std::string_view>;  ///< each with its line end

[[nodiscard]] Lines lines_of(std::string_view text);

/// A line that both texts have (' '), or one of them ('-', '+'). The other index is that of the
/// next line.
struct LineStep {
  char mark;
  std::size_t before, after;
};
/// Shortest edit script; beyond a distance the middle is removed and added whole.
[[nodiscard]] std::vector<LineStep> line_script(const Lines& before, const Lines& after);

struct StepRange {
  std::size_t first, last;  ///< [first, last)
};
/// Changed steps with three lines of context, as the hunks of a unified diff.
[[nodiscard]] std::vector<StepRange> step_groups(const std::vector<LineStep>& steps);
/// "@@ -3,4 +3,6 @@"
[[nodiscard]] std::string range_line(const std::vector<LineStep>& steps, StepRange range);

}  // namespace skillgrad::skill
