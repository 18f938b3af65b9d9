// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::optim {

/// A pattern's slug made of a slug or a sentence: cut at a word, never one of the reserved words
/// `new`, `none` and `no-actionable-signal`, never empty.
[[nodiscard]] std::string pattern_slug(const std::string& text);

}  // namespace skillgrad::optim
