// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::bench {

/// How far a wrong answer is right, in sentences: the lines of the expected text that it has, the
/// first line that differs, or that only letter case, white space or surrounding text is wrong. ""
/// where nothing more can be said than that the texts differ. For feedback; never a score. Takes
/// time in proportion to the texts.
[[nodiscard]] std::string how_close(const std::string& expected, const std::string& answer);

}  // namespace skillgrad::bench
