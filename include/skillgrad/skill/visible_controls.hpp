// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skillgrad::skill {

/// Text of a package for people: control characters other than TAB and LF, and those that turn the
/// direction of a line, are written as \u{1B}. A CR before LF stays. `text` is valid UTF-8.
[[nodiscard]] std::string visible_controls(std::string_view text);

/// A code point that is not drawn and is no part of what people write: a text can hide in them.
/// Joiners (U+200C, U+200D) and variation selectors belong to scripts and emoji.
[[nodiscard]] bool is_hidden(char32_t c);

}  // namespace skillgrad::skill
