// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace skillgrad::skill {

/// 1-based line of `content` at which `text` stands as words. A text of four words and more is a
/// quotation also where lines break elsewhere, letters differ in case, or words are marked with
/// `*` and backticks.
[[nodiscard]] std::optional<int> line_quoting(std::string_view content, std::string_view text);

}  // namespace skillgrad::skill
