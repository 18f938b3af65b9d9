// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skillgrad::skill {

/// The line end that most lines of a text have: "\n" (also for a text of one line), "\r\n", "\r".
[[nodiscard]] std::string_view newline_of(std::string_view text);
/// Every line end of the text is `newline`.
[[nodiscard]] bool has_only_newline(std::string_view text, std::string_view newline);
[[nodiscard]] std::string convert_newlines(std::string_view text, std::string_view newline);
[[nodiscard]] bool ends_with_newline(std::string_view text);

}  // namespace skillgrad::skill
