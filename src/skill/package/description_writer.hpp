// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <skillgrad/core/error.hpp>

namespace skillgrad::skill {

/// What unquoted readers of YAML 1.1 or 1.2 take for a number, bool, null or date (F8).
[[nodiscard]] bool looks_typed(std::string_view plain);

/// The bytes that stand for `text` behind `description: `, rule W2: plain where safe, else
/// double-quoted, over 120 characters a `>-` block. `newline` is the file's, `indent` its keys'.
[[nodiscard]] std::string render_description(std::string_view text, std::string_view newline,
                                             std::size_t indent = 0);

/// `skill_md` with its description replaced by `text`, rules W1-W3; the result has been read back.
/// Errors: input.
[[nodiscard]] Result<std::string> with_description(const std::string& skill_md,
                                                   std::string_view text);

[[nodiscard]] std::size_t count_words(std::string_view text);

}  // namespace skillgrad::skill
